# A C++ program with libraries of the machine that built it runs in a minimal Debian where none of them is installed,
# and in a newer Debian that has newer ones. It uses the libraries in the image, lowered and as the baseline.
. "$(dirname "$0")/../lib.sh"
need_root
need_fuse
need_mount_namespace -m
mkdir -p "$work/share/bin" "$work/topology-1.0"
cp "$XAAS_BIN/xaas-mount" "$work/share/bin"
cat >"$work/topology-1.0/main.cc" <<'S'
#include <hwloc.h>
#include <iostream>
#include <zlib.h>
int main() {
  hwloc_topology_t topology;
  hwloc_topology_init(&topology);
  hwloc_topology_load(topology);
  std::cout << std::hex << hwloc_get_api_version() << " zlib " << zlibVersion() << ", "
            << (hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU) > 0 ? "a" : "no") << " CPU" << std::endl;
}
S
printf 'all:\n\t$(CXX) -O2 main.cc -lhwloc -lz -o topology\ninstall:\n\tinstall -D topology $(DESTDIR)$(PREFIX)/bin/topology\n' \
  >"$work/topology-1.0/Makefile"
mkxaas -q --report "$work/report.json" "$work/topology-1.0" "$work/share/topology.xaas"
contains "$(cat "$work/report.json")" '"libhwloc.so.15"'

cat >"$work/share/commands" <<'S'
set -ex
export PATH=/mnt/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=$(mktemp -d) XAAS_CACHE=
cd "$HOME"
mkdir app baseline
xaas-mount /mnt/topology.xaas app
xaas-mount -o lower=never /mnt/topology.xaas baseline
app/bin/topology
baseline/bin/topology
LD_TRACE_LOADED_OBJECTS=1 app/bin/topology
cat app/.xaas/status
fusermount3 -u app
fusermount3 -u baseline
S
chmod -R a+rX "$work/share"
expected=$(clang++-19 -O2 "$work/topology-1.0/main.cc" -lhwloc -lz -o "$work/plain" && "$work/plain")
# check NAME PACKAGE...
check() {
  local root output
  root=$("$XAAS_SOURCE/tests/debian-root" "$1" "$XAAS_FIXTURES/roots" "${@:2}")
  output=$(in_root "$root" "$work/share") || die "$1: $output"
  equal 4 "$(grep -cx "$expected" <<<"$output")"
  contains "$output" "ready     bin/topology"
  for library in libhwloc.so.15 libz.so.1; do contains "$output" "$library => /tmp/"; done
  [ -e "$root/usr/lib/x86_64-linux-gnu/libhwloc.so.15" ] && echo "has hwloc" || echo "has no hwloc"
}
equal "has no hwloc" "$(check bookworm fuse3)"
equal "has hwloc" "$(check trixie fuse3 libhwloc15)"
