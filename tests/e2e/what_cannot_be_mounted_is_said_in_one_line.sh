# If an image cannot be mounted, xaas-mount says on one line what, where and how to mend it, and mounts nothing.
. "$(dirname "$0")/lib.sh"
need_fuse
need_nobody
cp "$XAAS_FIXTURES/heat.xaas" "$XAAS_BIN/xaas-mount" "$work"
chmod 0755 "$work/heat.xaas" "$work/xaas-mount"
image=$work/heat.xaas
mkdir "$work/app" "$work/full" "$work/nobody"
chown nobody "$work/nobody"
touch "$work/full/file" "$work/plain"

fails_with 1 "$work/absent" xaas-mount "$image" "$work/absent"
fails_with 1 "not a directory" xaas-mount "$image" "$work/plain"
fails_with 1 "nonempty" xaas-mount "$image" "$work/full"
mount_image "$image" "$work/full" nonempty
[ -x "$work/full/bin/heat" ] || die "not mounted over the file"
# A second mount at one place would hide the first. The place is not empty either.
fails_with 1 "not empty" xaas-mount "$image" "$work/full"

export XAAS_CACHE=$work/nobody
# confined COMMAND...: runs the command without rights, in a private namespace whose devices and programs $prepare has
# changed.
confined() { unshare -m sh -c "${prepare:-:} && shift && exec $as_nobody"' "$@"' sh "$work" "$@"; }
names_other_ways() { contains "$(cat "$work/stderr")" "xaas-lower install IMAGE DIR"; }
chmod 0755 "$work/app"
prepare='mount --bind "$1/fuse" /dev/fuse' fails_with 1 "$work/app" confined "$work/xaas-mount" "$image" "$work/app"
mkdir -m 0777 "$work/own"
chown nobody "$work/own"
chmod 0600 "$work/fuse"
prepare='mount --bind "$1/fuse" /dev/fuse' fails_with 1 "/dev/fuse" confined "$work/xaas-mount" "$image" "$work/own"
names_other_ways
chmod 0666 "$work/fuse"
prepare='mount --bind "$1/fuse" /dev/fuse && mount --bind /dev/null "$(command -v fusermount3)"'
fails_with 1 "install the package fuse3" confined "$work/xaas-mount" "$image" "$work/own"
names_other_ways
prepare='mount -t tmpfs none /dev' fails_with 1 "modprobe fuse" confined "$work/xaas-mount" "$image" "$work/own"
names_other_ways
# In this namespace nobody may make another user namespace.
prepare='echo 0 >/proc/sys/user/max_user_namespaces'
if unshare -Urm sh -c "$prepare" 2>/dev/null; then
  fails_with 1 "xaas-mount IMAGE MOUNTPOINT -- CMD" unshare -Urm sh -c "$prepare"' && exec setpriv --bounding-set=-sys_admin --inh-caps=-all --securebits=+noroot "$@"' \
    sh "$work/xaas-mount" "$image" -- true
fi
for place in app own; do
  is_mounted "$work/$place" && die "something is mounted at $place" || :
done
