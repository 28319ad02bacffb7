# One image for MPICH and for Open MPI, as two values of a point. The units that do not see mpi.h are there once. From a
# mount, each configuration runs on two ranks with the host's MPI, started by the mpirun of its family. The other
# family's library is refused, although it has functions of all these names.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$work/ring-1.0
mkdir "$source"
cat >"$source/xaas.toml" <<'S'
slots = ["mpi"]
build = 'make MPICC="$MPI"'
install = 'install -D ring "$DESTDIR$PREFIX/bin/ring"'

[[points]]
name = "mpi"
values = [{name = "mpich", substitute = "mpicc.mpich"}, {name = "openmpi", substitute = "mpicc.openmpi"}]
S
cat >"$source/main.c" <<'S'
#include <mpi.h>
#include <stdio.h>
double smoothed(double left, double own, double right);
double first_value(int rank);
int main(int count, char** words) {
  int rank, size;
  MPI_Init(&count, &words);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  double own = first_value(rank), other = 0, sum = 0;
  for (int i = 0; i < 10; ++i) {
    MPI_Sendrecv(&own, 1, MPI_DOUBLE, (rank + 1) % size, 7, &other, 1, MPI_DOUBLE, (rank + size - 1) % size, 7,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    own = smoothed(other, own, other);
  }
  MPI_Allreduce(&own, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) printf("%d ranks, sum %.12f\n", size, sum);
  MPI_Finalize();
}
S
echo 'double smoothed(double left, double own, double right) { return 0.25 * left + 0.5 * own + 0.25 * right; }' >"$source/smoothed.c"
echo 'double first_value(int rank) { return 1.5 + rank; }' >"$source/first.c"
cat >"$source/Makefile" <<'S'
ring: main.o smoothed.o first.o
	$(MPICC) main.o smoothed.o first.o -o ring
main.o: main.c
	$(MPICC) -O2 -c main.c
S
mkxaas -q --report "$work/report.json" "$source" "$work/ring.xaas"
python3 - "$work/report.json" <<'P'
import json, sys
report = json.load(open(sys.argv[1]))
programs = report["programs"]
assert [program.get("ir") for program in programs] == [3, 3], programs
assert all("recipe" in program for program in programs), programs
assert report["distinct_units"] == 4, report["distinct_units"]
P
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# runs CONFIGURATION LIBRARY OPTIONS COMMAND...: COMMAND starts two ranks. The program must have loaded LIBRARY.
runs() {
  local configuration=$1 library=$2 options=$3
  shift 3
  mount_image "$work/ring.xaas" "$work/$configuration" "config=$configuration,lower=wait,$options"
  equal "2 ranks, sum 4.000000000000" "$("$@" "$work/$configuration/bin/ring" 2>"$work/log")"
  equal ready "$(state_of "$work/$configuration/bin/ring")"
  contains "$(LD_TRACE_LOADED_OBJECTS=1 "$work/$configuration/bin/ring")" "$library"
  unmount "$work/$configuration"
}
# host_library SONAME: prints the path that the loader has for it.
host_library() { ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ { print $NF; exit }'; }
mpich=$(host_library libmpich.so.12) openmpi=$(host_library libmpi.so.40)
contains "$(xaas-lower explain --config mpich "$work/ring.xaas")" "slot      mpi  $mpich"
contains "$(xaas-lower explain --config openmpi "$work/ring.xaas")" "slot      mpi  $openmpi"
runs mpich $'\t'"$mpich " strict mpirun.mpich -n 2
runs openmpi $'\t'"$openmpi " strict mpirun.openmpi --oversubscribe -n 2
runs mpich "slot/mpi/libucp.so.0 " slot.mpi=bundled mpirun.mpich -n 2
runs openmpi "slot/mpi/libopen-rte.so.40 " slot.mpi=bundled mpirun.openmpi --oversubscribe -n 2

fails_with 1 "libmpi.so.40, which cannot stand for libmpich.so.12" \
  xaas-mount -o "config=mpich,slot.mpi=$openmpi" "$work/ring.xaas" "$work/mpich"
fails_with 1 "libmpich.so.12, which cannot stand for libmpi.so.40" \
  xaas-mount -o "config=openmpi,slot.mpi=$mpich" "$work/ring.xaas" "$work/openmpi"
