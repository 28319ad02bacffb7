# xaas-info lists, extracts and verifies what was installed. The sources that the build read are there.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
listing=$(xaas-info list "$image" && xaas-info list "$image" .xaas)
for path in bin/heat bin/heat-demo lib/libheatkernels.so.1.0 share/heat/plate.txt include/heat/kernels.h \
  .xaas/src/src/main.cc .xaas/src/src/plate.h .xaas/src/lib/kernels.c .xaas/src/lib/checksum.S; do
  contains "$listing" "$path"
done
equal "$(xaas-info list "$image" bin)" "$(xaas-info list "$image" //bin/)"
# If nobody can receive the output, xaas-info prints one line and ends with status 1.
for command in "" list verify --help; do
  status=0
  xaas-info $command "$image" >/dev/full 2>"$work/stderr" || status=$?
  equal 1 $status
  equal "xaas-info: cannot write to standard output: No space left on device" "$(cat "$work/stderr")"
done
xaas-info extract "$image" "$work/tree"
"$work/tree/bin/heat-demo" 3 >/dev/null 2>&1
cmp "$work/tree/.xaas/src/lib/kernels.c" "$XAAS_SOURCE/tests/example/lib/kernels.c"
xaas-info --json "$image" | python3 -c '
import json, sys
summary = json.load(sys.stdin)["manifest"]
assert summary["name"] == "heat" and summary["version"] == "1.0" and summary["prefix"] == "/opt/heat", summary'
# Lowered files are linked from IR of C and C++, and from a native object of the assembly.
recipe=$(getfattr --absolute-names --only-values -n user.xaas.recipe "$work/tree/lib/libheatkernels.so.1.0")
python3 - "$work/tree/.xaas/recipe/${recipe#sha256:}.json" <<'PY'
import json, sys
recipe = json.load(open(sys.argv[1]))
inputs = [a for a in recipe["arguments"] if isinstance(a, dict)]
assert any("kernels.c" in a.get("name", "") for a in inputs if "ir" in a), inputs
assert any("checksum.S" in a.get("name", "") for a in inputs if "object" in a), inputs
PY
