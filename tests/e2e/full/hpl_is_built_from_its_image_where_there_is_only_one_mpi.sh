# HPL, as it is in hpcc 1.5, and MPICH are in an image that also has the source. In a minimal Debian that has only Open
# MPI, and in one that has only MPICH, an ordinary user has the image built with the MPI that is there. Two ranks run
# from the mount, lowered for this host. All of HPL's checks pass, and its numbers are the same on both systems.
. "$(dirname "$0")/../lib.sh"
need_root
need_fuse
need_mount_namespace -m
mkdir -p "$work/share/tools"
cp -r "$XAAS_BIN" "$XAAS_BIN/../lib" "$work/share/tools"
"$XAAS_SOURCE/tests/apps/hpcc/unpack" "$XAAS_FIXTURES/sources" "$work/hpcc-1.5.0"
cp "$work/hpcc-1.5.0/hpccinf.txt" "$work/share"
cat >"$work/hpcc-1.5.0/xaas.toml" <<'S'
build = 'make -j$JOBS arch=here CC="$MPI"'
install = 'install -D -t "$DESTDIR$PREFIX/bin" hpcc'
main = "bin/hpcc"
[[points]]
name = "mpi"
values = [
  {name = "mpich", substitute = "mpicc.mpich"},
  {name = "host", substitute = "mpicc", rank = 1, build = "host", tools = ["make", "mpicc"], libraries = ["libmpi.so", "libopenblas.so"], headers = ["cblas.h", "mpi.h"]},
]
S
mkxaas -q "$work/hpcc-1.5.0" "$work/share/hpcc.xaas"

cat >"$work/share/commands" <<'S'
[ "$(id -u)" != 0 ] || exit 0
set -e
export HOME=$(mktemp -d) PATH=/mnt/tools/bin:/usr/bin:/bin OPENBLAS_NUM_THREADS=1
export XAAS_CACHE=$HOME/cache
cd "$HOME"
xaas-lower explain /mnt/hpcc.xaas | sed -n 's/^build  */explained: /p; s/^config  */explained: /p'
xaas-lower build -v /mnt/hpcc.xaas >built 2>&1 || { tail -n 50 built; exit 1; }
sed -n 's/^host  \([a-z]*\) .*/first: \1/p' built
ls -l --time-style=full-iso cache/addons/*/* >before
# With -v, a build shows what its commands print.
xaas-lower build -v /mnt/hpcc.xaas 2>&1 | sed 's/^\(host  [a-z]*\) .*/\1/; s/^/second: /'
ls -l --time-style=full-iso cache/addons/*/* >after
cmp before after
mkdir app
xaas-mount -o lower=wait /mnt/hpcc.xaas app </dev/null >log 2>&1
cp /mnt/hpccinf.txt .
mpiexec $(cat /mnt/options) -n 2 app/bin/hpcc >log 2>&1 || { tail -n 50 log; exit 1; }
sed -n -E 's/^(CommWorldProcs|Success|HPL_(N|NB|nprow|npcol|eps|RnormI|Anorm1|AnormI|Xnorm1|XnormI))=/number: &/p' hpccoutf.txt
sed -n -E 's/^\|\|.*(PASSED|FAILED)/check: &/p; s/^ *[0-9]+ tests completed and /check: &/p' hpccoutf.txt
LD_TRACE_LOADED_OBJECTS=1 app/bin/hpcc | sed -n 's/^[ \t]*\(libmpi[^ ]*\) => \([^ ]*\).*/library: \1 \2/p'
sed 's/^/status: /' app/.xaas/status
fusermount3 -u app
S
# check FAMILY LIBRARY OPTIONS PACKAGE...: builds and runs in a minimal Debian with these packages and what a host has to
# build with. mpiexec has the options.
check() {
  local root output
  echo "$3" >"$work/share/options"
  # What libltdl-dev calls automake-1.16 is no package of that name, so debootstrap does not find it.
  root=$("$XAAS_SOURCE/tests/debian-root" bookworm "$XAAS_FIXTURES/roots" clang-19 llvm-19 lld-19 patchelf make gcc \
    libopenblas-dev fuse3 automake "${@:4}")
  output=$(in_root "$root" "$work/share") || die "$1: $output"
  contains "$output" "explained: host  can be built here"
  contains "$output" "explained: mpich  chosen"
  equal "first: built" "$(grep ^first: <<<"$output")"
  equal "second: host  cached" "$(grep ^second: <<<"$output")"
  for line in CommWorldProcs=2 Success=1 HPL_N=1000 HPL_nprow=1 HPL_npcol=2; do contains "$output" "number: $line"; done
  contains "$output" PASSED
  ! grep -q FAILED <<<"$output" || die "$1: $output"
  contains "$output" "library: $2 /lib/"
  contains "$output" "configuration  host"
  contains "$output" "ready     bin/hpcc"
  grep -E '^(number|check):' <<<"$output" >"$work/$1"
}
check openmpi libmpi.so.40 --oversubscribe libopenmpi-dev openmpi-bin
check mpich libmpich.so.12 "" libmpich-dev mpich
diff "$work/openmpi" "$work/mpich"
