# What a site has lowered ahead into a cache that its users may only read, no user lowers again, and each can run.
. "$(dirname "$0")/lib.sh"
need_fuse
need_nobody
mkdir "$work/bin"
cp "$XAAS_FIXTURES/heat.xaas" "$work/heat.xaas"
cp "$XAAS_BIN/xaas-mount" "$work/bin/"
chmod 0755 "$work/bin" "$work/bin/xaas-mount"
chmod 0644 "$work/heat.xaas"
xaas-lower --cache="$work/site" "$work/heat.xaas"
chmod -R go+rX "$work/site"

cat >"$work/as-root" <<'S2'
set -e
work=$1 user=$2
mount --bind "$work/fuse" /dev/fuse
[ -e /etc/mtab ] || {
  cp -a /etc "$work/$user/etc"
  ln -s /proc/self/mounts "$work/$user/etc/mtab"
  mount --bind "$work/$user/etc" /etc
}
cd "$work/$user"
export HOME=$work/$user/home XAAS_CACHE= XAAS_SITE_CACHES=$work/site
exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups sh -ec '
  "$1/bin/xaas-mount" "$1/heat.xaas" app
  trap "fusermount3 -u app" EXIT
  app/bin/heat 5 2>/dev/null
  cat app/.xaas/status' sh "$work"
S2
for user in nobody games; do
  mkdir -p "$work/$user/home" "$work/$user/app"
  chown "$user" "$work/$user" "$work/$user/home" "$work/$user/app"
  output=$(unshare -m sh "$work/as-root" "$work" "$user")
  contains "$output" checksum
  contains "$output" "ready     bin/heat, from the cache"
  equal "" "$(find "$work/$user/home" -name '*.elf')"
done
