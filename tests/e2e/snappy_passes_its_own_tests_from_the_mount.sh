# snappy 1.1.9 as Debian has the source: CMake, C++, a shared library. Its own tests pass with the mounted, lowered
# library.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/snappy-1.1.9
cp -r "$("$XAAS_SOURCE/tests/debian-source" snappy 1.1.9-3 "$XAAS_FIXTURES/sources")" "$source"
# No release holds this submodule.
cp -r /usr/src/googletest "$source/third_party/"
options='-DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DSNAPPY_BUILD_BENCHMARKS=OFF -DCMAKE_INSTALL_LIBDIR=lib -DINSTALL_GTEST=OFF
  -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON'
mkxaas -q --levels=none --keep-build --work "$work/build" --report "$work/report.json" "$source" "$work/snappy.xaas" \
  --configure 'cmake -S "$SRC" -B "$BUILD" -DCMAKE_INSTALL_PREFIX="$PREFIX" '"$(echo $options)" \
  --build 'cmake --build "$BUILD" -j "$JOBS" --target snappy_unittest' \
  --install 'DESTDIR="$DESTDIR" cmake --install "$BUILD" && install -D -t "$DESTDIR$PREFIX/bin" "$BUILD/snappy_unittest" && \
    cp -a "$BUILD"/libsnappy_test_support.so "$BUILD"/lib/lib*.so* "$DESTDIR$PREFIX/lib"'

# Configuring gives the same answers as without us.
CC=clang-19 CXX=clang++-19 cmake -S "$source" -B "$work/plain" $options >"$work/log" 2>&1 || die "$(cat "$work/log")"
answers() { grep -E '^[A-Z_]*(HAVE|HAS|FOUND|FLAG)[A-Z_]*:' "$1/CMakeCache.txt"; }
contains "$(answers "$work/plain")" HAVE_
equal "$(answers "$work/plain")" "$(answers "$work/build/build")"
cmp "$work/plain/config.h" "$work/build/build/config.h"

# Everything that the project compiled is captured.
python3 - "$work/report.json" <<'P'
import json, sys
programs = {program["path"]: program for program in json.load(open(sys.argv[1]))["programs"]}
library = programs["lib/libsnappy.so.1.1.9"]
assert library["ir"] == 4, library
assert all(native["reason"] == "not a part of the project" for native in library["native"]), library
assert "recipe" in programs["bin/snappy_unittest"], programs
P

mount_image "$work/snappy.xaas" "$work/app"
cd "$source"
LD_LIBRARY_PATH=$work/app/lib "$work/app/bin/snappy_unittest" >"$work/tests.log" 2>&1 || die "$(tail -n 40 "$work/tests.log")"
contains "$(cat "$work/tests.log")" "[  PASSED  ]"
equal ready "$(state_of "$work/app/lib/libsnappy.so.1.1.9")"
equal ready "$(state_of "$work/app/bin/snappy_unittest")"
