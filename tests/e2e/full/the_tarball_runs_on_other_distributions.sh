# The tarball's xaas-mount and xaas-info run on an older and on a newer distribution, with another libc and another libfuse: an
# image is mounted, a program is compiled for that host and run, and the image is unmounted, by root and by an ordinary user.
. "$(dirname "$0")/../lib.sh"
need_root
need_fuse
need_mount_namespace -m
cpack --config "$XAAS_BIN/../CPackConfig.cmake" -G TGZ -B "$work/packages" >"$work/log" 2>&1 || die "$(cat "$work/log")"
mkdir -p "$work/share/old" "$work/project"
tar -C "$work/share" --transform 's,^[^/]*,tools,' -xf "$work"/packages/*.tar.gz
# A program in C: an older distribution has no C++ runtime that is new enough for one in C++.
echo 'int puts(const char*); int main(void) { puts("forty-two"); return 42; }' >"$work/project/answer.c"
printf 'all: answer\ninstall:\n\tinstall -D answer $(DESTDIR)$(PREFIX)/bin/answer\n' >"$work/project/Makefile"
mkxaas -q "$work/project" "$work/share/answer.xaas"

cat >"$work/share/commands" <<'S'
set -ex
export PATH=/mnt/tools/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=$(mktemp -d) XAAS_CACHE=
cd "$HOME"
mkdir app
xaas-info /mnt/answer.xaas
xaas-mount /mnt/answer.xaas app
status=0
app/bin/answer || status=$?
cat app/.xaas/status
fusermount3 -u app
! mountpoint -q app || exit 1
echo "$(id -un): $status"
S
cat >"$work/enter" <<'S'
set -e
root=$1
mount --bind "$root" "$root"
mount --bind "$2" "$root/mnt"
mount --rbind /proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
mknod -m 0666 "$root/dev/fuse" c 10 229
mknod -m 0666 "$root/dev/null" c 1 3
cd "$root"
pivot_root . mnt/old
umount -l mnt/old
sh /mnt/commands
exec setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all sh /mnt/commands
S
chmod -R a+rX "$work/share"
for suite in bullseye trixie; do
  root=$("$XAAS_SOURCE/tests/debian-root" $suite "$XAAS_FIXTURES/roots" fuse3)
  output=$(unshare -m sh "$work/enter" "$root" "$work/share" 2>&1) || die "$suite: $output"
  contains "$output" "ready     bin/answer"
  for user in root nobody; do contains "$output" "$user: 42"; done
done
