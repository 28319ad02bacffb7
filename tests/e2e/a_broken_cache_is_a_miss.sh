# An entry of the cache that was truncated or changed is made again, never served.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
xaas-lower -o "$work/first" "$image" bin/heat >/dev/null
entry=$(find "$XAAS_CACHE" -name '*.elf')
for damage in 'truncate -s 100' 'truncate -s 0' 'dd if=/dev/urandom bs=1 seek=5000 count=64 conv=notrunc status=none of='; do
  chmod u+w "$entry"
  case $damage in *=) ${damage}"$entry" ;; *) $damage "$entry" ;; esac
  xaas-lower -o "$work/again" "$image" bin/heat >/dev/null
  cmp "$work/first" "$work/again"
done
for record in $(find "$XAAS_CACHE" -name '*.json'); do echo '{"sha256": 7}' >"$record"; done
xaas-lower -o "$work/again" "$image" bin/heat >/dev/null
cmp "$work/first" "$work/again"
