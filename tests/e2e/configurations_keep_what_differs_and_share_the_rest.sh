# Two configurations of one project. Each program differs between them in its own way: by code for a CPU, OpenMP,
# options, headers, names of objects, generated sources, debug information. In each configuration, each program prints
# what its plain build prints, lowered and as the baseline. What is the same in both is stored and compiled once.
. "$(dirname "$0")/lib.sh"
need_fuse
grep -qw avx2 /proc/cpuinfo || skip "this CPU has no AVX2, which one of the configurations needs"
source=$work/differs-1.0
mkdir -p "$source/inc1" "$source/inc2" "$source/same1" "$source/same2"
cat >"$source/xaas.toml" <<'S'
build = "make -j$JOBS B=$BUILD/$KIND KIND=$KIND ISA=\"$ISA\""
install = "make install B=$BUILD/$KIND KIND=$KIND PREFIX=$PREFIX DESTDIR=$DESTDIR"
sources_left_out = ["secret.h", "inc2/*"]
files = [{from = "notes", to = "share/notes"}]
levels = "none"  # a plain build is for x86-64

[[points]]
name = "kind"
values = [{name = "one", substitute = "1", rank = 1}, {name = "two", substitute = "2", rank = 2}]

[[points]]
name = "isa"
values = [{name = "plain", substitute = ""}, {name = "avx2", substitute = "-mavx2 -mfma"}]

[[leave_out]]
kind = "one"
isa = "avx2"

[[leave_out]]
kind = "two"
isa = "plain"
S
cat >"$source/Makefile" <<'S'
CC ?= cc
KIND ?= 1
ISA ?=
B ?= .
D = $(DESTDIR)$(PREFIX)
C = $(CC) -O2 $(ISA)
programs = isa openmp target header fast standard quoted members partial generated names debug vectors
same = directories defines warnings includes levels
all: $(programs:%=$B/%) $(same:%=$B/same-%)
$(shell mkdir -p $B)
omp = $(if $(filter 2,$(KIND)),-fopenmp)
# $(call one,OPTIONS): compiles the first prerequisite and links it.
one = $C $(1) -c $< -o $@.o && $C $(1) $@.o -o $@
$B/isa: isa.c ; $(call one)
$B/openmp: openmp.c ; $(call one,$(omp))
$B/target: target.c ; $(call one)
$B/header: header.c ; $(call one,-Iinc$(KIND))
$B/fast: fast.c ; $(call one,$(if $(filter 2,$(KIND)),-ffast-math))
$B/standard: standard.c ; $(call one,-std=$(if $(filter 2,$(KIND)),gnu99,gnu17))
$B/quoted: quoted.c ; $(call one,'-DTEXT="a  '\''$(KIND)'\'' \"$(KIND)\""')
# The archive has the same name twice.
$B/members: members.c part.c
	mkdir -p $B/x $B/y && $C -DPART=first -DVALUE=$(KIND) -c part.c -o $B/x/part.o && $C -DPART=second -DVALUE=1$(KIND) -c part.c -o $B/y/part.o
	rm -f $B/lib.a && ar cq $B/lib.a $B/x/part.o $B/y/part.o && $C members.c $B/lib.a -o $@
$B/partial: members.c part.c
	mkdir -p $B/z && $C -DPART=first -DVALUE=2$(KIND) -c part.c -o $B/z/1.o && $C -DPART=second -DVALUE=3$(KIND) -c part.c -o $B/z/2.o
	ld -r $B/z/1.o $B/z/2.o -o $B/z/both.o && $C members.c $B/z/both.o -o $@
$B/generated.c: ; echo '#include <stdio.h>\nint main(void) { return puts("generated $(KIND), from " __FILE__) < 0; }' >$@
$B/generated: $B/generated.c ; $(call one)
$B/names: names.c secret.h ; $(call one)
$B/debug: debug.c ; $(call one,-g -DKIND=$(KIND))
$B/vectors: vectors.c vectors2.c
	$C -c vectors.c -o $B/v1.o && $C -c vectors2.c -o $B/v2.o && $C $B/v1.o $B/v2.o -o $@
# These programs must be the same in both configurations.
$B/same-directories: same.c ; mkdir -p $B/d$(KIND) && cp same.c $B/d$(KIND)/unit.c && $C -DNUMBER=1 -c $B/d$(KIND)/unit.c -o $B/d.o && $C $B/d.o -o $@
$B/same-defines: same.c ; $C -DUNUSED_$(KIND) -DNUMBER=2 -c same.c -o $B/e.o && $C $B/e.o -o $@
$B/same-warnings: same.c ; $C $(if $(filter 2,$(KIND)),-Wall) -DNUMBER=3 -c same.c -o $B/f.o && $C $B/f.o -o $@
$B/same-includes: same.c ; $C -Isame$(KIND) -include number.h -c same.c -o $B/g.o && $C $B/g.o -o $@
$B/same-levels: same.c ; $C -O$(if $(filter 2,$(KIND)),3,2) -DNUMBER=5 -c same.c -o $B/h.o && $C $B/h.o -o $@
install: all
	mkdir -p $D/bin && cp $(programs:%=$B/%) $(same:%=$B/same-%) $D/bin
S
echo 'as it is' >"$source/notes"
echo '#define SECRET 5' >"$source/secret.h"
for kind in 1 2; do
  echo "#define WHICH $kind" >"$source/inc$kind/config.h"
  echo "#define NUMBER 4" >"$source/same$kind/number.h"
done
cat >"$source/isa.c" <<'S'
#include <stdio.h>
#ifdef __AVX2__
#include <immintrin.h>
static int sum(const int* p) {
  __m256i v = _mm256_loadu_si256((const __m256i*)p);
  int out[8], s = 0;
  _mm256_storeu_si256((__m256i*)out, _mm256_add_epi32(v, v));
  for (int i = 0; i < 8; ++i) s += out[i];
  return s;
}
static const char name[] = "avx2";
#else
static int sum(const int* p) { int s = 0; for (int i = 0; i < 8; ++i) s += 2 * p[i]; return s; }
static const char name[] = "plain";
#endif
int main(void) { int a[8] = {1, 2, 3, 4, 5, 6, 7, 8}; return printf("%s %d\n", name, sum(a)) < 0; }
S
cat >"$source/openmp.c" <<'S'
#include <stdio.h>
static int counter;
#pragma omp threadprivate(counter)
#pragma omp declare simd
__attribute__((noinline)) static int next(int x) { return x + 1; }
static void work(void* (*start)(void*)) { (void)start; counter = next(counter); }
#include <pthread.h>
static void* other(void* at) { *(int**)at = &counter; return 0; }
int main(void) {
  pthread_t thread;
  int* place;
  work(0);
  pthread_create(&thread, 0, other, &place);
  pthread_join(thread, 0);
  return printf("%d %s\n", counter, place == &counter ? "shared" : "of each thread") < 0;
}
S
cat >"$source/target.c" <<'S'
#include <stdio.h>
__attribute__((target("avx512f"))) static int wide(void) { return 512; }
__attribute__((target_clones("avx2", "default"))) int cloned(int x) { return 3 * x; }
int main(void) {
  __builtin_cpu_init();
  int width = __builtin_cpu_supports("avx512f") ? wide() : 128;
#ifdef __FMA__
  return printf("with fma %d %d\n", width, cloned(14)) < 0;
#else
  return printf("without fma %d %d\n", width, cloned(14)) < 0;
#endif
}
S
printf '#include <stdio.h>\n#include "config.h"\nint main(void) { return printf("config %%d\\n", WHICH) < 0; }\n' >"$source/header.c"
cat >"$source/fast.c" <<'S'
#include <stdio.h>
int main(int argc, char** argv) {
  volatile double zero = argc - 1;
  double nan = zero / zero;
  return printf("%s\n", nan == nan ? "fast" : "precise") < 0;
}
S
printf '#include <stdio.h>\nint main(void) { return printf("%%ld\\n", __STDC_VERSION__) < 0; }\n' >"$source/standard.c"
printf '#include <stdio.h>\nint main(void) { return puts(TEXT) < 0; }\n' >"$source/quoted.c"
printf 'int PART(void) { return VALUE; }\n' >"$source/part.c"
printf '#include <stdio.h>\nint first(void), second(void);\nint main(void) { return printf("%%d %%d\\n", first(), second()) < 0; }\n' >"$source/members.c"
cat >"$source/names.c" <<'S'
#include <assert.h>
#include <stdio.h>
#include "secret.h"
int main(int argc, char** argv) {
  printf("%s %s %d\n", __FILE__, __DATE__, SECRET);
  fflush(stdout);
  assert(argc == 100);
  return argv[0] == 0;
}
S
printf '#include <stdio.h>\nint main(void) { return printf("debug %%d\\n", KIND) < 0; }\n' >"$source/debug.c"
# The options for the CPU decide how these arguments are passed.
cat >"$source/vectors.c" <<'S'
typedef double vector __attribute__((vector_size(32)));
vector twice(vector x);
double get(double x) { vector v = {x, x, x, x}; v = twice(v); return v[0] + v[3]; }
S
cat >"$source/vectors2.c" <<'S'
#include <stdio.h>
typedef double vector __attribute__((vector_size(32)));
vector twice(vector x);
double get(double x);
vector twice(vector x) { return x + x; }
int main(void) { return printf("vectors %g\n", get(10.5)) < 0; }
S
printf '#include <stdio.h>\n/* Which number it is. */\nint main(void) { return printf("same %%d\\n", NUMBER) < 0; }\n' >"$source/same.c"

commands='build      make -j$JOBS B=$BUILD/$KIND KIND=$KIND ISA="$ISA"
install    make install B=$BUILD/$KIND KIND=$KIND PREFIX=$PREFIX DESTDIR=$DESTDIR
'
equal "$commands
one+plain  (default)  rank 1  KIND='1'  ISA=''
two+avx2  rank 2  KIND='2'  ISA='-mavx2 -mfma'" "$(mkxaas --print-configurations "$source")"
equal "$commands
two+avx2  (default)  rank 2  KIND='2'  ISA='-mavx2 -mfma'" "$(mkxaas --print-configurations -D kind=two -D isa=avx2,plain "$source")"
fails_with 1 "no value \"three\"" mkxaas --print-configurations -D kind=three "$source"
sed 's/name = "avx2", /&features = ["avx3"], /' "$source/xaas.toml" >"$work/wrong.toml"
fails_with 1 "requires +avx3 for the configuration two+avx2" mkxaas -q -f "$work/wrong.toml" -D kind=two "$source" "$work/wrong.xaas"
mkxaas -q --report "$work/report.json" "$source" "$work/differs.xaas"

programs=$(sed -n 's/^programs = //p' "$source/Makefile")
same=$(sed -n 's/^same = //p' "$source/Makefile")
unsquashfs -q -n -d "$work/tree" "$work/differs.xaas" .xaas/recipe >/dev/null
python3 - "$work/report.json" "$work/tree/.xaas/recipe" $same <<'P'
import collections, json, sys
report = json.load(open(sys.argv[1]))
recipes = collections.defaultdict(set)
for program in report["programs"]:
    recipes[program["path"]].add(program["recipe"])
def modules(recipe):
    text = json.load(open(f"{sys.argv[2]}/{recipe.removeprefix('sha256:')}.json"))
    return [argument["ir"] for argument in text["arguments"] if isinstance(argument, dict) and "ir" in argument]
for name in sys.argv[3:]:
    of_both = recipes["bin/same-" + name]
    assert len({tuple(modules(recipe)) for recipe in of_both}) == 1, (name, of_both)
    # There are two recipes for other directories, because each has the name of its source.
    assert len(of_both) == (2 if name == "directories" else 1), (name, of_both)
one, two = report["configurations"]
assert one["features"] == [], one
assert "+avx2" in two["features"] and "+fma" in two["features"], two
merged = report["merged"]
# Four units are not compiled again: those with other directories, -D and -I, and one that tells its own name. Units
# with other warnings or levels must be compiled again.
assert merged["compiled"] == merged["units"] - 4, merged
assert not merged["differences"].get("not preprocessed by itself"), merged
assert merged["stored_modules"] <= merged["distinct_texts"] <= merged["units"], merged
P
# The image has the generated file of each configuration, and no source that the recipe leaves out.
listing=$(xaas-info list "$work/differs.xaas" .xaas/src)
contains "$listing" ".build-two+avx2/2/generated.c"
for file in secret.h inc2/config.h; do [[ $listing != *$file* ]] || die "$file is in the image"; done
contains "$listing" inc1/config.h

# plain NUMBER ISA: makes the plain build of a configuration.
plain() { (cd "$source" && make -s B="$work/plain$1" KIND="$1" ISA="$2" CC=clang-19 SOURCE_DATE_EPOCH=315532800) >"$work/log" 2>&1 || die "$(cat "$work/log")"; }
export SOURCE_DATE_EPOCH=315532800
plain 1 ""
plain 2 "-mavx2 -mfma"
# says PROGRAM: prints the output of a program. If an assertion fails, the shell may print something too, which is lost.
says() { { "$1" 2>&1 || true; } 2>/dev/null | tr -s /; }
check() {  # check DIRECTORY KIND
  local program
  for program in $programs $(printf 'same-%s ' $same); do
    equal "$(says "$work/plain$2/$program" | sed "s,$work/plain,BUILD/,")" \
      "$(says "$1/bin/$program" | sed -E "s,$1/.xaas/src/.build,BUILD,; s,$1/.xaas/src/,,")"
  done
  equal "as it is" "$(cat "$1/share/notes")"
}
mount_image "$work/differs.xaas" "$work/best"
equal two+avx2 "$(xattr_of config "$work/best/bin/isa")"
check "$work/best" 2
contains "$(cat "$work/best/.xaas/src/.build/2/generated.c")" "generated 2"
[ ! -e "$work/best/.xaas/src/.build-two+avx2" ] || die "the sources of the chosen configuration stand there twice"
[ -s "$work/best/.xaas/src/.build-one+plain/1/generated.c" ] || die "the other configuration's sources are missing"
find "$work/best" -ls >/dev/null
# Only the tree of the chosen configuration was stored there, and the mount shows it at its root.
[ -d "$work/best/.xaas/tree/x86_64-pc-linux-gnu" ] || die "the directory of the other configurations' trees is missing"
equal "" "$(ls "$work/best/.xaas/tree/x86_64-pc-linux-gnu")"
equal ready "$(state_of "$work/best/bin/isa")"
mount_image "$work/differs.xaas" "$work/old" cpu=nehalem
equal one+plain "$(xattr_of config "$work/old/bin/isa")"
check "$work/old" 1
mount_image "$work/differs.xaas" "$work/forced" config=one+plain
check "$work/forced" 1
mkdir "$work/none"
fails_with 1 "two+avx2 needs +avx" xaas-mount -o cpu=nehalem,config=two+avx2 "$work/differs.xaas" "$work/none"
fails_with 1 "two+avx2 needs +avx" xaas-lower --cpu=nehalem --config=two+avx2 "$work/differs.xaas"
mount_image "$work/differs.xaas" "$work/base1" lower=never,config=one+plain
mount_image "$work/differs.xaas" "$work/base2" lower=never,config=two+avx2
check "$work/base1" 1
check "$work/base2" 2
# Programs that are the same in both configurations are the same file in the cache.
equal "$(xattr_of key "$work/best/bin/same-defines")" "$(xaas-lower --json --config=one+plain "$work/differs.xaas" bin/same-defines | sed 's/.*"key":"\([^"]*\)".*/\1/')"

explained=$(xaas-lower explain "$work/differs.xaas")
contains "$explained" "config    two+avx2  chosen"
contains "$explained" "with      x86-64-v2  one+plain"
contains "$explained" "with      x86-64-v3  two+avx2"
contains "$(xaas-lower explain --cpu=nehalem "$work/differs.xaas")" "config    two+avx2  refused: needs +avx"
xaas-info verify "$work/differs.xaas" >/dev/null

contains "$(cat "$work/forced/.xaas/src/.build/1/generated.c")" "generated 1"
equal two+avx2 "$(ls "$work/forced"/.xaas/tree/*)"

# Any SquashFS tool shows working programs of all configurations.
unsquashfs -q -n -d "$work/whole" "$work/differs.xaas" >/dev/null
equal "$(says "$work/plain1/isa")" "$(says "$work/whole/bin/isa")"
two=$work/whole/.xaas/tree/x86_64-pc-linux-gnu/two+avx2
equal "$(says "$work/plain2/isa")" "$(says "$two/bin/isa")"
[ -e "$two/.xaas/manifest.json" ]
contains "$(cat "$work/whole/.xaas/src/.build/1/generated.c")" "generated 1"

# The directory and the number of jobs do not matter.
mkdir "$work/elsewhere" && cp -a "$source" "$work/elsewhere/differs-1.0"
mkxaas -q -j 1 "$work/elsewhere/differs-1.0" "$work/elsewhere/differs.xaas"
cmp "$work/differs.xaas" "$work/elsewhere/differs.xaas"
