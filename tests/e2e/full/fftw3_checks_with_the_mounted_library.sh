# fftw3 3.3.10 as Debian has the source: autotools and libtool, shared and static libraries, OpenMP, and units with
# -mavx2 of their own, which the library chooses at run time. Its own checks pass with the mounted library, even on a
# CPU without AVX2.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" fftw3 3.3.10-1 "$XAAS_FIXTURES/sources")
options='--enable-shared --enable-static --enable-openmp --enable-sse2 --enable-avx2 --disable-fortran'
mkxaas -q --keep-build --work "$work/build" --report "$work/report.json" "$source" "$work/fftw3.xaas" \
  --configure './configure --prefix=$PREFIX '"$options" \
  --build 'make -j$JOBS' --install 'make install DESTDIR=$DESTDIR'

python3 - "$work/report.json" <<'P'
import json, sys
programs = {p["path"]: p for p in json.load(open(sys.argv[1]))["programs"]}
for name in ("lib/libfftw3.so.3.6.10", "lib/libfftw3_omp.so.3.6.10", "bin/fftw-wisdom"):
    assert "recipe" in programs[name], (name, programs[name].get("reason"))
    own = [o for o in programs[name]["native"] if o["reason"] != "not a part of the project"]
    assert not own, own
P

# Configuring gives the same answers as without us.
mkdir "$work/plain"
(cd "$work/plain" && CC=clang-19 "$source/configure" $options >"$work/log" 2>&1) || die "$(tail "$work/log")"
# Answers that name a compiler name ours, and answers that tell where the build ran differ. Both are left out.
answers() { sed -n '/^ac_cv_/p' "$1/config.log" | grep -vE '^ac_cv_(env|prog|path)_|^ac_cv_(build|host)'; }
contains "$(answers "$work/plain")" ac_cv_func_
equal "$(answers "$work/plain")" "$(answers "$work/build/src")"
equal "$(grep -v FFTW_CC "$work/plain/config.h")" "$(grep -v FFTW_CC "$work/build/src/config.h")"

# check ROOT: does what `make check` does, for the library in ROOT.
check() {
  local problem
  for problem in obc1024 ibf3600 ok8e10x7o11 obrd6x4x5 //ik44o01*3 ocf13x16 ib531441; do
    LD_LIBRARY_PATH=$1/lib "$work/build/src/tests/.libs/bench" --verify "$problem" >>"$work/log" 2>&1 || die "$(tail "$work/log")"
  done
}
mount_image "$work/fftw3.xaas" "$work/app"
check "$work/app"
equal ready "$(state_of "$work/app/lib/libfftw3.so.3.6.10")"

# On a CPU without AVX2, the units that require AVX2 are linked as the build compiled them, and the rest is lowered.
mount_image "$work/fftw3.xaas" "$work/old" cpu=nehalem
check "$work/old"
equal ready "$(state_of "$work/old/lib/libfftw3.so.3.6.10")"
