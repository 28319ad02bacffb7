# `mount -t fuse.xaas IMAGE DIRECTORY` and a line of fstab mount an image. They take options for xaas-mount and options
# for mount(8).
. "$(dirname "$0")/lib.sh"
need_root
need_fuse
need_mount_namespace -m
cmake --install "$XAAS_BIN/.." --component mount --prefix "$work/tools" >/dev/null
mkdir "$work/sbin" "$work/app"
ln -s "$work/tools/sbin/mount.fuse.xaas" "$work/sbin/"
cp "$XAAS_FIXTURES/heat.xaas" "$work/heat.xaas"
echo "$work/heat.xaas $work/app fuse.xaas defaults,nofail,user,exec,x-systemd.automount,noatime,lower=never,uid=7 0 0" >"$work/fstab"

# In a private mount namespace, mount(8) finds our helper and our fstab.
cat >"$work/commands" <<'S'
set -eux
mount --bind sbin /sbin
mount --bind fstab /etc/fstab

mount "$PWD/app"
findmnt -n -o FSTYPE,SOURCE,OPTIONS app
stat -c 'owner %u' app/bin/heat
getfattr --only-values -n user.xaas.state app/bin/heat
app/bin/heat 5
mount -a  # it is mounted already
umount app
! mountpoint -q app || exit 1

mount -f app
! mountpoint -q app || exit 1
mount -t fuse.xaas -r -o features=-avx512f,-fma,jobs=1 heat.xaas app
app/bin/heat 5
umount app
S
output=$(cd "$work" && PATH=${PATH#*:} unshare -m sh "$work/commands" 2>&1) || die "$output"
contains "$output" "fuse.xaas $work/heat.xaas ro,nosuid,nodev,relatime"
contains "$output" "owner 7"
contains "$output" "baseline"
contains "$output" "checksum"

# ends_with STATUS TEXT OPTION...: checks the status with which such a mount ends, and the text that it prints.
ends_with() {
  local expected=$1 text=$2 status=0 output
  shift 2
  output=$(unshare -m sh -c 'mount --bind "$1" /sbin && shift && exec mount -t fuse.xaas "$@"' sh "$work/sbin" "$@" 2>&1) || status=$?
  equal "$expected $output" "$status $output"
  contains "$output" "$text"
}
ends_with 32 "xaas-mount: " "$work/no-such.xaas" "$work/app"
ends_with 1 "no_such" -o ro,no_such "$work/heat.xaas" "$work/app"
