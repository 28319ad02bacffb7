# The tarball's xaas-mount and xaas-info run on an older and on a newer distribution, with another libc and another
# libfuse. An image is mounted, a program is compiled for that host and run, and the image is unmounted, by root and by
# an ordinary user.
. "$(dirname "$0")/../lib.sh"
need_root
need_fuse
need_mount_namespace -m
cpack --config "$XAAS_BIN/../CPackConfig.cmake" -G TGZ -B "$work/packages" >"$work/log" 2>&1 || die "$(cat "$work/log")"
mkdir -p "$work/share" "$work/project"
tar -C "$work/share" --transform 's,^[^/]*,tools,' -xf "$work"/packages/*.tar.gz
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
chmod -R a+rX "$work/share"
for suite in bullseye trixie; do
  root=$("$XAAS_SOURCE/tests/debian-root" $suite "$XAAS_FIXTURES/roots" fuse3)
  output=$(in_root "$root" "$work/share") || die "$suite: $output"
  contains "$output" "ready     bin/answer"
  for user in root nobody; do contains "$output" "$user: 42"; done
done
