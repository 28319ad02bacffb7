# One image, and two systems: one has only Open MPI, the other only MPICH. On each, `xaas-lower build` builds the
# configuration that the image leaves to the host. The second build finds it in the cache. Two ranks run from the mount,
# lowered, and agree with each other and with the serial program of the image.
. "$(dirname "$0")/../lib.sh"
need_root
need_fuse
need_mount_namespace -m
command -v mpicc.openmpi mpicc.mpich mpirun.openmpi mpirun.mpich >/dev/null || skip "needs Open MPI and MPICH"
source=$work/series-1.0
mkdir -p "$source" "$work/share"
cat >"$source/xaas.toml" <<'S'
build = 'make MPI="$MPI"'
install = 'install -D -t "$DESTDIR$PREFIX/bin" series'
levels = "none"
[[points]]
name = "mpi"
values = [
  {name = "none", substitute = ""},
  {name = "host", substitute = "1", rank = 1, build = "host", tools = ["mpicc"], libraries = ["libmpi.so"], headers = ["mpi.h"]},
]
S
cat >"$source/Makefile" <<'S'
series: series.c sum.c ; $(if $(MPI),mpicc -DWITH_MPI,$(CC)) -O2 series.c sum.c -lm -o series
S
cat >"$source/sum.c" <<'S'
#include <math.h>
double part(long from, long to) {
  double sum = 0;
  for (long i = from; i < to; i++) sum += 1.0 / (1 + (double)i * i) + 1e-9 * sqrt((double)i);
  return sum;
}
S
cat >"$source/series.c" <<'S'
#include <stdio.h>
#ifdef WITH_MPI
#include <mpi.h>
#endif
double part(long from, long to);
enum { parts = 8, size = 250000 };
int main(int argc, char** argv) {
  int rank = 0, ranks = 1;
  double mine[parts] = {0}, all[parts] = {0};
#ifdef WITH_MPI
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
#endif
  for (int i = rank; i < parts; i += ranks) mine[i] = part((long)i * size, (long)(i + 1) * size);
#ifdef WITH_MPI
  MPI_Reduce(mine, all, parts, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  MPI_Finalize();
#else
  for (int i = 0; i < parts; i++) all[i] = mine[i];
#endif
  double sum = 0;
  for (int i = 0; i < parts; i++) sum += all[i];
  if (rank == 0) printf("ranks %d\nsum %.15g\n", ranks, sum);
  return argv == 0 || argc == 0;
}
S
mkxaas -q "$source" "$work/share/series.xaas"
mkdir "$work/share/tools"
cp -r "$XAAS_BIN" "$XAAS_BIN/../lib" "$work/share/tools"

cat >"$work/share/commands" <<'S'
set -e
family=$1
shift
dpkg --remove --force-depends "$@" >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
mkdir /tmp/home
export HOME=/tmp/home XAAS_CACHE=/tmp/cache PATH=/mnt/tools/bin:$PATH
xaas-lower explain /mnt/series.xaas | grep '^build'
xaas-lower build /mnt/series.xaas >/tmp/built
grep -o 'host  built' /tmp/built
xaas-lower build /mnt/series.xaas | grep -o 'host  cached'
xaas-lower build --dry-run /mnt/series.xaas | grep '^library'
mkdir /tmp/none /tmp/host
xaas-mount -o config=none /mnt/series.xaas /tmp/none </dev/null >/dev/null 2>&1
xaas-mount -o lower=wait /mnt/series.xaas /tmp/host </dev/null >/dev/null 2>&1
/tmp/none/bin/series
oversubscribe=
[ "$family" = mpich ] || oversubscribe=--oversubscribe
mpirun $oversubscribe -np 2 /tmp/host/bin/series
echo "state $(getfattr --only-values -n user.xaas.state /tmp/host/bin/series 2>/dev/null)"
umount /tmp/none /tmp/host
S
# with_only FAMILY PACKAGE...: runs the commands in a copy of this system without the packages.
with_only() {
  mkdir -p "$work/$1"
  unshare -m sh -ec '
    share=$1 layers=$2
    shift 2
    mount -t tmpfs tmpfs "$layers"
    mkdir "$layers/upper" "$layers/work" "$layers/root"
    mount -t overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" overlay "$layers/root"
    cd "$layers/root"
    mount --bind "$share" mnt
    mount --rbind /proc proc
    mount --rbind /sys sys
    mount --rbind /dev dev
    mount -t tmpfs -o mode=1777 tmpfs tmp
    mkdir tmp/old
    pivot_root . tmp/old
    umount -l /tmp/old
    exec sh /mnt/commands "$@"' sh "$work/share" "$work/$1" "$@" 2>&1
}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
packages() { dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" | sed -n 's/ installed$//p'; }
for family in openmpi mpich; do
  case $family in
    openmpi) others=$(packages 'mpich' 'libmpich*') soname=libmpi.so.40 ;;
    mpich) others=$(packages 'openmpi-*' 'libopenmpi*') soname=libmpich.so.12 ;;
  esac
  output=$(with_only $family $others) || die "$family: $output"
  contains "$output" "build     host  can be built here"
  contains "$output" "host  built"
  contains "$output" "host  cached"
  contains "$output" "library   $soname"
  contains "$output" "ranks 1"
  contains "$output" "ranks 2"
  contains "$output" "state ready"
  equal 2 "$(grep -c '^sum ' <<<"$output")"
  equal 1 "$(grep '^sum ' <<<"$output" | sort -u | wc -l)"
done
