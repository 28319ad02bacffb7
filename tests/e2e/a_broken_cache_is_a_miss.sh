# An entry of the cache that was truncated or changed is made again and never served.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
# expect WHAT: lowers again, and checks that the bytes are the same as the first time. WHAT is what the tool did for it:
# "lowered" or "cached".
expect() {  # expect WHAT
  contains "$(xaas-lower -o "$work/again" "$image" bin/heat)" "  $1  "
  cmp "$work/first" "$work/again"
}
xaas-lower -o "$work/first" "$image" bin/heat >/dev/null
expect cached
entry=$(find "$XAAS_CACHE" -name '*.elf')
for damage in 'truncate -s 100' 'truncate -s 0' 'dd if=/dev/urandom bs=1 seek=5000 count=64 conv=notrunc status=none of='; do
  chmod u+w "$entry"
  case $damage in *=) ${damage}"$entry" ;; *) $damage "$entry" ;; esac
  expect lowered
  cmp -n "$(stat -c %s "$work/first")" "$work/first" "$entry" || die "the entry was not made again"
  expect cached
done
for record in $(find "$XAAS_CACHE" -name '*.json'); do echo '{"sha256": 7}' >"$record"; done
expect lowered
expect cached
