# Wrong usage gives status 2, and a line says what is wrong. Help and version give status 0.
. "$(dirname "$0")/lib.sh"
for tool in mkxaas xaas-info xaas-lower xaas-mount; do
  fails_with 2 "no-such-option" $tool --no-such-option "$work/a" "$work/b"
  fails_with 2 "" $tool
  contains "$($tool --help)" "$tool"
  contains "$($tool --version)" "."
done
fails_with 2 "compression" mkxaas --compression=0 "$work" "$work/a.xaas"
fails_with 2 "no_such" xaas-mount -o no_such=1 "$XAAS_FIXTURES/heat.xaas" "$work"
fails_with 1 "sparc9" xaas-lower --cpu=sparc9 "$XAAS_FIXTURES/heat.xaas"
fails_with 1 "no/such" xaas-lower "$XAAS_FIXTURES/heat.xaas" no/such
