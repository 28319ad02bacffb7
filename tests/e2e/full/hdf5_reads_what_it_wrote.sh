# hdf5 1.10 as Debian has the source: configure and libtool, C and C++ libraries, and compiler wrappers that are
# scripts. A program that the mounted wrapper compiles writes a file with the mounted libraries. The mounted tools print
# of this file what the baseline prints.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" hdf5 1.10.8+repack1-1 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" --build-system configure "$source" "$work/hdf5.xaas" -- \
  --enable-cxx --disable-tests --disable-static
all_can_be_lowered "$work/report.json"

use() {  # use TREE DIRECTORY
  (
    mkdir "$2"
    cd "$2"
    "$1/bin/h5c++" -o example "$source/c++/examples/h5tutr_cmprss.cpp" >log 2>&1 || die "$(cat log)"
    LD_LIBRARY_PATH=$1/lib ./example
    "$1/bin/h5ls" -v h5tutr_cmprss.h5
    "$1/bin/h5dump" h5tutr_cmprss.h5
    "$1/bin/h5repack" -f GZIP=9 h5tutr_cmprss.h5 packed.h5
    "$1/bin/h5diff" -v h5tutr_cmprss.h5 packed.h5
    "$1/bin/h5dump" -pH packed.h5
  )
}
mount_image "$work/hdf5.xaas" "$work/app" strict
mount_image "$work/hdf5.xaas" "$work/baseline" lower=never
expected=$(use "$work/baseline" "$work/a")
contains "$expected" "Filter-0:  deflate-1 OPT {6}"
equal "$expected" "$(use "$work/app" "$work/b")"
for name in bin/h5dump bin/h5repack lib/libhdf5.so.103.3.1 lib/libhdf5_cpp.so.103.4.0; do
  equal ready "$(state_of "$work/app/$name")"
done
