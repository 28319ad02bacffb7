# hpcc 1.5 as Debian has the source, built with the compiler wrappers of MPICH and of Open MPI. Every unit is captured.
# The lowered program runs on two ranks and passes its own checks.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$work/hpcc-1.5.0
"$XAAS_SOURCE/tests/apps/hpcc/unpack" "$XAAS_FIXTURES/sources" "$source"

# check NAME COMMAND...: builds with mpicc.NAME; COMMAND starts two ranks.
check() {
  local name=$1
  shift
  mkxaas -q --report "$work/$name.json" "$source" "$work/$name.xaas" --build "make -j\$JOBS arch=here CC=mpicc.$name" \
    --install 'install -D -t "$DESTDIR$PREFIX/bin" hpcc'
  python3 - "$work/$name.json" <<'P'
import json, sys
program, = json.load(open(sys.argv[1]))["programs"]
assert program["ir"] > 100, program
assert all(native["reason"] == "not a part of the project" for native in program["native"]), program
P
  mount_image "$work/$name.xaas" "$work/$name"
  mkdir "$work/run-$name"
  cp "$source/hpccinf.txt" "$work/run-$name"
  (cd "$work/run-$name" && "$@" "$work/$name/bin/hpcc") >"$work/log" 2>&1 || die "$(tail "$work/log")"
  contains "$(cat "$work/run-$name/hpccoutf.txt")" "Success=1"
  equal "CommWorldProcs=2" "$(grep ^CommWorldProcs "$work/run-$name/hpccoutf.txt")"
  equal ready "$(state_of "$work/$name/bin/hpcc")"
}
export OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
check mpich mpirun.mpich -np 2
check openmpi mpirun.openmpi --oversubscribe -np 2
