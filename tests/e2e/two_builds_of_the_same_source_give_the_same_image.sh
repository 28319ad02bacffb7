# The same source built twice, in another directory and with another number of jobs, gives the same bytes.
. "$(dirname "$0")/lib.sh"
mkdir "$work/a" "$work/elsewhere"
cp -a "$XAAS_SOURCE/tests/example" "$work/elsewhere/source"
mkxaas -q -j 1 "$XAAS_SOURCE/tests/example" "$work/a/heat.xaas"
mkxaas -q -j 3 "$work/elsewhere/source" "$work/elsewhere/other.xaas"
cmp "$work/a/heat.xaas" "$work/elsewhere/other.xaas"
