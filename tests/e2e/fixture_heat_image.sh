# Fixture: the image of the bundled example.
. "$(dirname "$0")/lib.sh"
rm -f "$XAAS_FIXTURES/heat.xaas"
mkdir -p "$XAAS_FIXTURES"
mkxaas "$XAAS_SOURCE/tests/example" "$XAAS_FIXTURES/heat.xaas"
xaas-info verify "$XAAS_FIXTURES/heat.xaas"
