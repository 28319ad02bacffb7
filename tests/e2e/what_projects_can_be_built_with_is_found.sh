# `explain --system` finds the compilers of this host with the versions that they say themselves, runs nothing out of
# the current directory, and does not wait for a compiler that hangs.
. "$(dirname "$0")/lib.sh"
# says CODE: evaluates Python on the JSON `s`, where `p` maps names to programs.
says() {
  python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
p = {q["name"]: q for q in s["programs"]}
print(eval(sys.argv[2]))' "$work/system.json" "$1"
}
xaas-lower explain --system --json >"$work/system.json"
equal "$(clang-19 --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)" "$(says 'p["clang-19"]["version"]')"
equal clang "$(says 'p["clang-19"]["family"]')"
contains "$(says 's["processor"]["simd"]')" SSE2
# Without the driver's files there is no NVIDIA GPU, and its libraries are not usable.
[ -e /proc/driver/nvidia/version ] || ls /sys/bus/pci/drivers/nvidia >/dev/null 2>&1 ||
  equal "[]" "$(says '[l["soname"] for l in s["libraries"] if l["family"] in ("cuBLAS", "cuFFT") and l["usable"]]')"
contains "$(xaas-lower explain --system)" "compiler  clang-19 "

mkdir "$work/here" "$work/tools"
printf '#!/bin/sh\ntouch "%s/ran"; echo gcc\n' "$work" >"$work/here/gcc"
printf '#!/bin/sh\nexec sleep 1000\n' >"$work/tools/icx"
chmod +x "$work/here/gcc" "$work/tools/icx"
cd "$work/here"
PATH=.::$work/tools:$PATH xaas-lower explain --system --json >"$work/system.json"
[ ! -e "$work/ran" ] || die "a program in the current directory was run"
contains "$(says 'p["icx"]["problem"]')" "does not end"
fails_with 2 "" xaas-lower explain
fails_with 2 "" xaas-lower explain --system "$XAAS_FIXTURES/heat.xaas"
