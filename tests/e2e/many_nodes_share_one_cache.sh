# Sixteen nodes, each with a network of its own, use one cache directory on a file system whose locks do not reach the
# others. A program is compiled once for all of them. If a node dies while it compiles, another one takes its place
# within seconds. A cache has few files.
. "$(dirname "$0")/lib.sh"
need_root
need_fuse
need_mount_namespace -mn
image=$XAAS_FIXTURES/heat.xaas
mkdir "$work/shared"

# A view of the shared directory has locks of its own, as a node has for a home that is mounted without remote locks.
view() { mkdir -p "$work/$1" && bindfs "$work/shared" "$work/$1"; }
cat >"$work/node" <<'S'
set -e
mkdir "$1" "$1/home" "$1/app"
cd "$1"
bindfs "$2/shared" home
XAAS_CACHE=$1/home/cache xaas-mount -o lower=wait "$3" app
app/bin/heat >/dev/null 2>&1
cat app/.xaas/status >status
umount app
umount -l home  # the mount's server may still be ending
S
for node in {1..16}; do unshare -mn sh "$work/node" "$work/$node" "$work" "$image" & done
wait
equal 16 "$(cat "$work"/*/status | grep -c '^ready  *bin/heat')"
equal 15 "$(cat "$work"/*/status | grep -c '^ready  *bin/heat, from the cache')"
[ "$(find "$work/shared" -type f | wc -l)" -lt 20 ] || die "$(find "$work/shared" -type f)"
equal "" "$(find "$work/shared" -name '*.lease')"

rm -r "$work/shared/cache"
view first
XAAS_CACHE=$work/first/cache catch_lowering "$image" bin/heat lower=wait
kill -KILL "$server"
kill -KILL "$worker" 2>/dev/null || true
wait_until 10 is_gone "$program"
[ -n "$(find "$work/shared" -name '*.lease')" ] || die "no lease: $(find "$work/shared")"
umount -l "$work/app"
view second
begin=$SECONDS
XAAS_CACHE=$work/second/cache mount_image "$image" "$work/next" lower=wait
"$work/next/bin/heat" >/dev/null
equal ready "$(state_of "$work/next/bin/heat")"
[ $((SECONDS - begin)) -lt 30 ] || die "the dead node was waited for: $((SECONDS - begin)) s"
equal "" "$(find "$work/shared" -name '*.lease')"
