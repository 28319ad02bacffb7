# With -o idle, a mount that nobody uses goes away with its server. One in use stays. What lowering took of memory is
# given back before.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$XAAS_FIXTURES/heat.xaas

fails_with 2 "0 seconds would unmount at once" xaas-mount -o idle=0 "$image" "$work"
mount_image "$image" "$work/app" idle=1
server=$(servers_of "$work/app" | head -n 1)
"$work/app/bin/heat" 1 >"$work/out" 2>&1
# Its own memory in KiB, and files in memory that it has open, such as the worker's program.
has_given_back() {
  [ "$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$server/status")" -le 20480 ] && ! ls -l "/proc/$server/fd" | grep -q memfd:xaas-lower
}
exec 7<"$work/app/bin/heat"  # keeps it mounted
wait_until 30 has_given_back
began=$SECONDS
while [ $((SECONDS - began)) -lt 4 ]; do  # nothing tells that it did not go away
  is_mounted "$work/app" || die "a mount in use went away"
  pause
done
cat <&7 >"$work/copy"
cmp "$work/copy" "$work/app/bin/heat"
exec 7<&-
wait_until 30 has_no_server "$work/app"
! is_mounted "$work/app" || die "the mount is left without its server"

# Also without rights, by fusermount3.
need_nobody
mkdir -m 0777 "$work/nobody"
unshare -m sh -ec "$as_distributions_have_it"'
  cd /
  mkdir "$1/nobody/app"
  chmod 0777 "$1/nobody/app" "$1/nobody"
  '"$as_nobody"' env XAAS_CACHE="$1/nobody/cache" xaas-mount -o idle=1,lower=never "$2" "$1/nobody/app"
  # Root cannot look into the mount of somebody else, so the table of mounts says whether it is there.
  grep -q " $1/nobody/app " /proc/self/mounts
  tries=0
  while grep -q " $1/nobody/app " /proc/self/mounts; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { echo "still mounted"; exit 1; }
    sleep 0.1
  done' sh "$work" "$image"
