# A site has lowered files ahead into a cache that its users may only read. No user lowers these files again, and each
# user can run them.
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

{
  echo "set -e$as_distributions_have_it"
  cat <<'S'
cd "$1/$2"
export HOME=$1/$2/home XAAS_CACHE= XAAS_SITE_CACHES=$1/site
exec setpriv --reuid="$2" --regid="$(id -g "$2")" --clear-groups sh -ec '
  "$1/bin/xaas-mount" "$1/heat.xaas" app
  trap "fusermount3 -u app" EXIT
  app/bin/heat 5 2>/dev/null
  cat app/.xaas/status' sh "$1"
S
} >"$work/as-root"
for user in nobody games; do
  mkdir -p "$work/$user/home" "$work/$user/app"
  chown "$user" "$work/$user" "$work/$user/home" "$work/$user/app"
  output=$(unshare -m sh "$work/as-root" "$work" "$user")
  contains "$output" checksum
  contains "$output" "ready     bin/heat, from the cache"
  equal "" "$(find "$work/$user/home" -name '*.elf')"
done
