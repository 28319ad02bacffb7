# One image with the reference BLAS and LAPACK, and with OpenMP. On this host it uses OpenBLAS for both, the installed
# alternative of Debian or the library itself, and the host's OpenMP. The results are equal to rounding, and OpenBLAS is
# faster.
. "$(dirname "$0")/../lib.sh"
need_fuse
unset LD_LIBRARY_PATH
export OPENBLAS_NUM_THREADS=1
libraries=/usr/lib/x86_64-linux-gnu
source=$work/algebra-1.0
mkdir "$source"
cp "$XAAS_SOURCE/tests/bench/algebra.c" "$source"
cat >"$source/Makefile" <<S
all:
	\$(CC) -O2 -fopenmp algebra.c -L$libraries/lapack -L$libraries/blas -llapack -lblas -o algebra
install:
	install -D algebra \$(DESTDIR)\$(PREFIX)/bin/algebra
S
echo 'slots = ["blas", "lapack", "openmp"]' >"$source/xaas.toml"
mkxaas -q "$source" "$work/algebra.xaas"

# runs NAME OPTIONS LIBRARY...: leaves the results in $work/NAME, and the seconds of the multiplication in
# $work/NAME.time. The program must load each LIBRARY.
runs() {
  local name=$1 options=$2 library loaded
  shift 2
  mount_image "$work/algebra.xaas" "$work/app" "strict,$options"
  OMP_NUM_THREADS=3 "$work/app/bin/algebra" 700 >"$work/$name" 2>"$work/$name.time"
  loaded=$(LD_TRACE_LOADED_OBJECTS=1 "$work/app/bin/algebra")
  for library; do contains "$loaded" "$library"; done
  unmount "$work/app"
}
runs bundled slot.blas=bundled,slot.lapack=bundled,slot.openmp=bundled \
  "slot/blas/libblas.so.3 " "slot/lapack/liblapack.so.3 " "slot/openmp/libomp.so.5 "
runs host lower=wait $'\t/lib/x86_64-linux-gnu/libblas.so.3 ' $'\t/lib/x86_64-linux-gnu/libomp.so.5 ' "libopenblas.so.0 => "
runs openblas "slot.blas=$libraries/libopenblas.so.0,slot.lapack=$libraries/libopenblas.so.0" $'\t'"$libraries/libopenblas.so.0 "
runs mixed "slot.blas=$libraries/libopenblas.so.0,slot.lapack=$libraries/lapack" $'\t'"$libraries/lapack/liblapack.so.3 "
python3 - "$work" <<'P'
import sys
read = lambda name: [float(word) for word in open(f"{sys.argv[1]}/{name}").read().split()]
expected = read("bundled")
assert expected[-2:] == [0, 3], expected
for name in "host", "openblas", "mixed":
    for one, other in zip(read(name), expected):
        assert abs(one - other) <= 1e-11 * abs(other), (name, read(name), expected)
    assert read(name + ".time")[0] < read("bundled.time")[0] / 2, (name, read(name + ".time"), read("bundled.time"))
P
# GNU's library has none of the functions that clang calls for OpenMP.
fails_with 1 "libgomp.so.1, which cannot stand for libomp.so.5" \
  xaas-lower explain --slot "openmp=$libraries/libgomp.so.1" "$work/algebra.xaas"
# The reference BLAS has no LAPACK.
fails_with 1 "lacks dgesv_" xaas-lower explain --slot "lapack=$libraries/blas/libblas.so.3" "$work/algebra.xaas"
