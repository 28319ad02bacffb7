# Without root: a user mounts through fusermount3, runs programs, and unmounts.
. "$(dirname "$0")/lib.sh"
need_root
need_fuse
need_mount_namespace -m
id nobody >/dev/null || skip "there is no user 'nobody' to become"
chmod 0755 "$work"
mkdir "$work/home" "$work/app"
chown nobody "$work/home" "$work/app"
cp "$XAAS_FIXTURES/heat.xaas" "$work/heat.xaas"
chmod 0644 "$work/heat.xaas"
mkdir "$work/bin"
cp "$XAAS_BIN/xaas-mount" "$work/bin/"
chmod 0755 "$work/bin" "$work/bin/xaas-mount"

cat >"$work/as-user" <<'S'
set -e
cd "$1"
"$1/bin/xaas-mount" "$1/heat.xaas" "$1/app"
trap 'fusermount3 -u "$1/app"' EXIT
"$1/app/bin/heat" 5 2>/dev/null
getfattr --absolute-names --only-values -n user.xaas.state "$1/app/bin/heat"
S
mknod -m 0666 "$work/fuse" c 10 229
# In a private mount namespace /dev/fuse may be opened by everybody, as distributions have it.
output=$(unshare -m sh -c 'mount --bind "$1/fuse" /dev/fuse && HOME=$1/home XAAS_CACHE= \
  setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all sh "$1/as-user" "$1"' sh "$work")
contains "$output" checksum
contains "$output" ready
[ -n "$(find "$work/home/.cache/xaas" -name '*.elf')" ] || die "the user's own cache was not used"
