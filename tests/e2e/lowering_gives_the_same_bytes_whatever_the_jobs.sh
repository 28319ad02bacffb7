# The same job gives the same bytes with one thread or many, and in another cache.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
for jobs in 1 3; do
  xaas-lower -j $jobs --cache "$work/cache-$jobs" -o "$work/heat-$jobs" "$image" bin/heat >/dev/null
done
cmp "$work/heat-1" "$work/heat-3"
# The lowered file has a build-id of its own.
xaas-info extract "$image" "$work/tree"
id_of() { readelf -n "$1" | awk '/Build ID/ { print $3 }'; }
[ -n "$(id_of "$work/heat-1")" ]
[ "$(id_of "$work/heat-1")" != "$(id_of "$work/tree/bin/heat")" ] || die "a lowered file has the build-id of the baseline"
