# What cannot be built on a host is refused in one line that names the cause, and leaves nothing behind: the source is
# absent or damaged, a tool is missing or too old, a header stands there without its library, MPI's header and library
# are of two families, the build wants the network, the disk or the memory is short, the result lacks what was asked
# for, or a library has changed since. An interrupted build leaves nothing either.
. "$(dirname "$0")/lib.sh"
need_mount_namespace -Urnpi --fork
source=$work/picky-1.0
mkdir -p "$source" "$work/thing/include" "$work/thing/lib"
cat >"$source/xaas.toml" <<'S'
build = 'sh build "$KIND"'
install = 'install -D -t "$DESTDIR$PREFIX/bin" picky'
levels = "none"
[[points]]
name = "kind"
values = [
  "plain",
  {name = "tool", build = "host", tools = ["no-such-tool"]},
  {name = "old", build = "host", tools = ["make>=99.1"]},
  {name = "header", build = "host", headers = ["stdio.h"], libraries = ["libnosuch.so"]},
  {name = "mpi", build = "host", tools = ["mpicc"], libraries = ["libmpi.so"]},
  {name = "device", build = "host", devices = ["nvidia-gpu"]},
  {name = "network", build = "host"},
  {name = "nothing", build = "host", libraries = ["libz.so"]},
  {name = "broken", build = "host"},
  {name = "slow", build = "host"},
  {name = "thing", rank = 3, build = "host", headers = ["thing.h"], libraries = ["libthing.so.1"]},
]
S
cat >"$source/build" <<'S'
set -e
flags=
case $1 in
  network) python3 -c 'import socket; socket.create_connection(("192.0.2.1", 9), 5)' ;;
  slow) sleep 98765 ;;
  broken) echo "this build is broken" >&2; exit 7 ;;
  thing) flags="-DTHING -lthing" ;;
esac
$CC picky.c $flags -o picky
S
cat >"$source/picky.c" <<'S'
#include <stdio.h>
#ifdef THING
#include <thing.h>
#else
static int thing(void) { return 0; }
#endif
int main(void) { return printf("thing %d\n", thing()) < 0; }
S
mkxaas -q --toolchain=none "$source" "$work/picky.xaas"
# refused TEXT VALUE OPTION...: building with this value is refused, and nothing is left.
refused() {
  local text=$1 value=$2
  shift 2
  fails_with 1 "$text" xaas-lower build -D "kind=$value" "$@" "$work/picky.xaas"
  equal "" "$(find "$XAAS_CACHE/addons" "$XAAS_CACHE/tmp" -type f 2>/dev/null)"
}
refused "tool needs no-such-tool, which is not in PATH" tool
refused "old needs make 99.1, and " old
refused "needs libnosuch.so to link with, which is not there, but its header /usr/include/stdio.h is" header
[ -e /proc/driver/nvidia ] || refused "needs the device nvidia-gpu" device
refused "-D kind=plain: no configuration that is built on a host has this, but kind=" plain
refused "wants the network" network
refused "nothing in it is linked with libz.so.1" nothing
refused "build failed (exit status 7)" broken
refused "too little memory" network --memory 100M
is_slow() { pgrep -fx "sleep 98765" >/dev/null; }
is_over() { ! is_slow; }
xaas-lower build -D kind=slow "$work/picky.xaas" 2>/dev/null &
builder=$!
wait_until 60 is_slow
kill -TERM $builder
wait $builder && die "an interrupted build has succeeded"
wait_until 30 is_over
equal "" "$(find "$XAAS_CACHE/addons" "$XAAS_CACHE/tmp" -type f)"
explained=$(xaas-lower explain "$work/picky.xaas")
contains "$explained" "build     tool  cannot be built here: needs no-such-tool"
contains "$explained" "build     network  can be built here"
refused "has no bin/mpicc" mpi --mpi "$work"
if command -v mpicc.openmpi >/dev/null && command -v mpicc.mpich >/dev/null; then
  mkdir -p "$work/mixed/bin"
  mpich=$(mpicc.mpich -show | tr ' ' '\n' | sed -n 's/^-I//p' | head -n 1)
  printf '#!/bin/sh\nexec mpicc.openmpi -I%s "$@"\n' "$mpich" >"$work/mixed/bin/mpicc"
  chmod +x "$work/mixed/bin/mpicc"
  refused "compiles with the header of MPICH and links with" mpi --mpi "$work/mixed"
fi

fails_with 1 "does not have its source: make it with mkxaas --with-source" xaas-lower build "$XAAS_FIXTURES/heat.xaas"
unsquashfs -q -n -d "$work/tree" "$work/picky.xaas" >/dev/null
echo '/* changed */' >>"$work/tree/.xaas/source/picky.c"
mksquashfs "$work/tree" "$work/changed.xaas" -quiet -no-progress
fails_with 1 "is damaged" xaas-lower build -D kind=network "$work/changed.xaas"
rm "$work/tree/.xaas/source/build" "$work/tree/.xaas/source/picky.c"
mksquashfs "$work/tree" "$work/lost.xaas" -quiet -no-progress
fails_with 1 "is damaged: its digest is not that of the manifest" xaas-lower build -D kind=network "$work/lost.xaas"
rm -r "$work/tree/.xaas/source"
mksquashfs "$work/tree" "$work/gone.xaas" -quiet -no-progress
fails_with 1 "is missing: fetch the image again" xaas-lower build -D kind=network "$work/gone.xaas"

# A library of the host that changes.
thing() {
  echo "int thing(void) { return $1; }" >"$work/thing/thing.c"
  clang-19 -shared -fPIC -Wl,-soname,libthing.so.1 -Wl,--build-id=sha1 "$work/thing/thing.c" -o "$work/thing/lib/libthing.so.1"
}
thing 1
echo 'int thing(void);' >"$work/thing/include/thing.h"
export CPATH=$work/thing/include LIBRARY_PATH=$work/thing/lib LD_LIBRARY_PATH=$work/thing/lib
refused "needs libthing.so to link with, which is not there, but its header $work/thing/include/thing.h is" thing
ln -s libthing.so.1 "$work/thing/lib/libthing.so"
contains "$(xaas-lower build -D kind=thing "$work/picky.xaas")" "thing  built in"
contains "$(xaas-lower explain "$work/picky.xaas")" "config    thing  chosen"
thing 2
contains "$(xaas-lower explain "$work/picky.xaas")" "config    thing  refused: was built with another $work/thing/lib/libthing.so.1"
fails_with 1 "was built with another" xaas-lower --config=thing "$work/picky.xaas"
contains "$(xaas-lower build -D kind=thing "$work/picky.xaas")" "thing  built in"
contains "$(xaas-lower explain "$work/picky.xaas")" "config    thing  chosen"

need_root
mkdir "$work/small"
mount -t tmpfs -o size=32m tmpfs "$work/small"
export TMPDIR=$work/small XAAS_CACHE=$work/small/cache
fails_with 1 "the disk is too full to build" xaas-lower build -D kind=network "$work/picky.xaas"
