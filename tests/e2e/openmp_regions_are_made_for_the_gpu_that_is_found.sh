#!/bin/bash
# A program with OpenMP target regions for GPUs gets, when it is lowered, a program for each GPU of the host: LLVM makes
# PTX of the bitcode of its units, and the host's ptxas makes the rest. Where no GPU is known, it gets what the build
# made, and the regions run on the host. A ptxas and an nvlink of our own stand in for CUDA, so that this runs
# everywhere.
. "$(dirname "$0")/lib.sh"
runtime=$(dirname "$(clang-19 -print-file-name=libomptarget.so)")
mkdir "$work/cuda" "$work/regions-1.0" "$work/regions-1.0/part"

# Writes a file for GPUs that holds the PTX. Takes clang's options and ours.
cat >"$work/ptxas.c" <<'END'
#include <stdio.h>
#include <string.h>
int main(int argc, char** argv) {
  static unsigned char head[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0x33, 7, [16] = 1, [18] = 190, [20] = 1, [52] = 64};
  static char text[1 << 22];
  FILE *in = NULL, *out = NULL;
  const char* gpu = "";
  for (int i = 1; i < argc; ++i) {
    if (!strcmp(argv[i], "-o") || !strcmp(argv[i], "--output-file")) out = fopen(argv[++i], "w");
    else if (!strcmp(argv[i], "--gpu-name")) gpu = argv[++i];
    else if (!strncmp(argv[i], "-arch=", 6)) gpu = argv[i] + 6;
    else if (argv[i][0] != '-') in = fopen(argv[i], "r");
  }
  if (!in || !out) return 1;
  size_t size = fread(text, 1, sizeof text, in);
  fwrite(head, sizeof head, 1, out);
  fprintf(out, "made for %s:\n", gpu);
  fwrite(text, size, 1, out);
  return fclose(out);
}
END
clang-19 -o "$work/cuda/ptxas" "$work/ptxas.c"
# Puts files for GPUs together.
cat >"$work/cuda/nvlink" <<'END'
#!/bin/bash
while [ $# -gt 0 ]; do
  case $1 in -o) out=$2; shift ;; -arch | -L) shift ;; -*) ;; *) in+=("$1") ;; esac
  shift
done
cat "${in[@]}" >"$out"
END
chmod +x "$work/cuda/nvlink"

cd "$work/regions-1.0"
cat >main.c <<'END'
#include <omp.h>
#include <stdio.h>
#pragma omp declare target
double scaled(double x);
#pragma omp end declare target
int first(void);
int second(void);
int main(void) {
  double sum = 0;
  int is_host = 0;
#pragma omp target teams distribute parallel for reduction(+ : sum) map(tofrom : sum)
  for (int i = 0; i < 1000; ++i) sum += scaled(i);
#pragma omp target map(from : is_host)
  is_host = omp_is_initial_device();
  printf("sum %.1f, %d and %d on the %s\n", sum, first(), second(), is_host ? "host" : "device");
}
END
cat >scaled.c <<'END'
#pragma omp declare target
double scaled(double x) { return x * 0.5; }
#pragma omp end declare target
END
# Two sources of one name, with regions in the same line of equal functions.
for part in . part; do
  cat >"$part/part.c" <<END
static int number(void) {
  int result = 0;
#pragma omp target map(from : result)
  result = $([ $part = . ] && echo 1 || echo 2);
  return result;
}
int $([ $part = . ] && echo first || echo second)(void) { return number(); }
END
done
cat >Makefile <<END
OFFLOAD = -O2 -fopenmp --offload-arch=sm_80 --offload-arch=sm_90 -nocudalib --cuda-path=/nonexistent
all: main.o part.o part/part.o libscaled.a
	\$(CC) \$(OFFLOAD) main.o part.o part/part.o -L. -lscaled -Wl,-rpath,$runtime -o regions
libscaled.a: scaled.o
	\$(AR) rcs \$@ scaled.o
part/part.o: part/part.c
	cd part && \$(CC) \$(OFFLOAD) -c part.c
%.o: %.c
	\$(CC) \$(OFFLOAD) -c \$<
install:
	install -D regions \$(DESTDIR)\$(PREFIX)/bin/regions
END
echo 'bundle = false' >xaas.toml  # the runtime brings the whole of LLVM
cd "$work"
# image NAME: makes NAME.xaas in a work directory of its own. Neither a prefix that can be moved nor flang asks for the
# plugin that names the regions.
image() {
  PATH=$work/cuda:$PATH XAAS_REAL_FC=gfortran mkxaas -q --prefix /opt/regions --report "$1.json" regions-1.0 "$1.xaas"
}
image app
all_can_be_lowered app.json
xaas-info verify app.xaas
export XAAS_PTXAS=$work/cuda/ptxas

echo "two builds give the same image, although their sources are different files"
image again
cmp app.xaas again.xaas || die "a second build gives another image"

echo "the devices' code of a unit is stored once for both architectures"
xaas-info extract app.xaas tree >/dev/null
python3 - tree/.xaas/recipe/*.json <<'END'
import json, sys
recipe = json.load(open(sys.argv[1]))
inputs = [i for a in recipe["arguments"] if isinstance(a, dict) for i in a.get("members", [a])]
units = [i for i in inputs if "regions" in i]
assert len(units) == 4, units
for unit in units:
    assert sorted(r["architecture"] for r in unit["regions"]) == ["sm_80", "sm_90"], unit
    assert len({r["ir"] for r in unit["regions"]}) == 1, unit
images = [i for i in inputs if "images" in i]
assert sorted(i["architecture"] for i in images[0]["images"]) == ["sm_80", "sm_90"] and len(images) == 1, images
assert len({r["ir"] for r in images[0]["runtime"]}) < len(images[0]["runtime"]), images
END

# lower NAME OPTION...: lowers the program into the file NAME, runs it, and lists in NAME.images for which GPUs it has
# programs.
lower() {
  xaas-lower -o "$1" "${@:2}" app.xaas bin/regions >"$1.log" 2>&1 || die "$(cat "$1.log")"
  llvm-objdump-19 --offloading "$1" | awk '$1 == "arch" {print $2}' | sort | xargs >"$1.images"
  equal "sum 249750.0, 1 and 2 on the host" "$(OMP_TARGET_OFFLOAD=DISABLED "./$1")"
}
# made NAME: for which GPUs ptxas was called, and the targets of the PTX.
made() { grep -aoE 'made for sm_[0-9]+|^\.target sm_[0-9]+' "$1" | sed 's/^\.//' | tr '\n' ' '; }
echo "no GPU: what the build made"
lower none --gpu none
equal "sm_80 sm_90" "$(cat none.images)"
echo "a GPU between two architectures, and one that LLVM does not know"
lower two --gpu sm_86,sm_120
equal "sm_120 sm_86" "$(cat two.images)"
equal "made for sm_86 target sm_86 made for sm_120 target sm_90 " "$(made two)"
echo "no ptxas, or a GPU that is older than all code: what the build made"
XAAS_PTXAS=none lower plain --gpu sm_90
equal "sm_80 sm_90" "$(cat plain.images)"
lower older --gpu sm_75
equal "sm_80 sm_90" "$(cat older.images)"
contains "$(cat older.log)" "target regions stay as they were built: there is no code for sm_75 or an older GPU"
echo "explain says it"
contains "$(xaas-lower explain --gpu sm_90 app.xaas)" "gpus      sm_90  code is made by $work/cuda/ptxas"
contains "$(XAAS_PTXAS=none xaas-lower explain --gpu sm_90 app.xaas)" \
  "gpus      sm_90  there is no ptxas: OpenMP's target regions stay as they were built"

echo "the PTX is what clang makes for the GPU"
lower newest --gpu sm_90
mkdir native && cd native
offload=(-fopenmp --offload-arch=sm_90 -nocudalib --cuda-path=/nonexistent -foffload-lto)
for source in main.c part.c part/part.c scaled.c; do
  clang-19 -O2 "${offload[@]}" -c "../regions-1.0/$source" -o "${source/\//-}.o"
done
PATH=$work/cuda:$PATH clang-19 -O3 "${offload[@]}" main.c.o part.c.o part-part.c.o scaled.c.o \
  -L"$runtime" -lomptarget.devicertl -save-temps -o regions >link.log 2>&1 || die "$(cat link.log)"
python3 - ../newest regions.nvptx64-nvidia-cuda.sm_90.s <<'END'
import re, sys
# clang links its runtime first, and names regions after the inode of the source, and strings after those names.
def lines(text):
    text = re.sub(rb"__omp_offloading_[0-9a-f]+_[0-9a-f]+_", b"region_", text)
    return sorted(re.sub(rb"anon_\$_[0-9a-f]+", b"anon", text).split(b"\n"))
ours = open(sys.argv[1], "rb").read().split(b"made for sm_90:\n")[1].split(b"\0")[0]
theirs = open(sys.argv[2], "rb").read()
assert lines(ours) == lines(theirs), set(lines(ours)) ^ set(lines(theirs))
END
