# An ordinary user without a home runs an image that runs itself, where nothing may be executed in the directory for
# temporary files. Without user namespaces it is mounted by fusermount3. Where that is missing too, one line says so and
# names the way without a mount.
. "$(dirname "$0")/lib.sh"
need_fuse
need_nobody
mkdir "$work/one" "$work/tmp" "$work/root"
echo 'int puts(const char*); int main(int argc, char** argv) { puts(argv[0]); return 40 + argc; }' >"$work/one/one.c"
printf 'all: one\ninstall:\n\tinstall -D one $(DESTDIR)$(PREFIX)/bin/one\n' >"$work/one/Makefile"
mkxaas -q --executable --toolchain=none "$work/one" "$work/app"
mkxaas -q --executable --toolchain=none --prefix /opt/fixed "$work/one" "$work/fixed"
chmod 0555 "$work/app" "$work/fixed"

# as_user COMMAND...: runs it as a user without a home, a cache and rights. $prepare changes the machine before.
cat >"$work/as-root" <<S
set -e$as_distributions_have_it
mount -t tmpfs -o mode=1777,noexec tmpfs "\$1/tmp"
cd "\$1"
eval "\$prepare"
TMPDIR=\$1/tmp
shift
export TMPDIR
exec \$chroot $as_nobody env -u HOME -u XAAS_CACHE -u XDG_CACHE_HOME "\$@"
S
as_user() { prepare=${prepare:-} chroot=${chroot:-} unshare -m sh "$work/as-root" "$work" "$@"; }
# is_run AT COMMAND...: the command prints that it is the program, shown at AT, and has its exit status.
is_run() {
  local at=$1 status=0
  shift
  as_user "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
  [ $status = 41 ] || die "status $status: $(cat "$work/stderr")"
  grep -qx "$at/bin/one" "$work/stdout" || die "not run at $at: $(cat "$work/stdout")"
}

if unshare -m $as_nobody unshare -Urm true 2>/dev/null; then
  is_run /opt/one "$work/app"
  is_run /opt/fixed "$work/fixed"
  equal /opt/one/bin/one "$(as_user sh -c 'cat "$1" | "$2" | cat' sh "$work/app" "$work/app" 2>/dev/null)"
else
  echo "a user cannot make user namespaces here: the private mount was not tried"
fi

# In a chroot nobody can make a user namespace.
prepare='mount --rbind / root'
chroot="chroot $work/root"
is_run "$work/tmp/.xaas-.*" "$work/app"
# The mount and its directory are gone with the program.
as_user sh -c '"$1"; ls -A "$TMPDIR"; grep -c "$TMPDIR/" /proc/mounts' sh "$work/app" >"$work/left" 2>/dev/null || :
equal 0 "$(tail -n +2 "$work/left")"
fails_with 1 "the image is for /opt/fixed only: install it with $work/fixed --xaas-install DIR" as_user "$work/fixed"
prepare='mount --bind /dev/null "$(command -v fusermount3)" && mount --rbind / root'
fails_with 1 "nor fusermount3 are to be had: install it with $work/app --xaas-install DIR" as_user "$work/app"
prepare='mount -t tmpfs none /dev && mount --rbind / root'
fails_with 1 "/dev/fuse: No such file or directory: install it with $work/app --xaas-install DIR" as_user "$work/app"
