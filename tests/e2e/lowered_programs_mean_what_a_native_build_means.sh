# What linkers and loaders promise holds for lowered programs as for a plain build: versions of symbols, --wrap,
# --defsym, weak and common symbols, models of thread-local storage, the order of constructors, exceptions across
# libraries, -Bsymbolic, plugins that use the program's symbols, interposition by LD_PRELOAD, static programs, IFUNC.
# Each program, lowered and as the baseline, prints what a plain build prints.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/semantics-1.0
mkdir -p "$source"
cat >"$source/Makefile" <<'S'
CC ?= cc
CXX ?= c++
B ?= .
D = $(DESTDIR)$(PREFIX)
C = $(CC) -O2
X = $(CXX) -O2
so = $(C) -shared -fPIC
libraries = libversions.so libsymbolic.so libplain.so libthrow.so libtls.so libplugin.so libweak.so
programs = versions wrap defsym weak common tls constructors exceptions symbolic plugin static ifunc order
all: $(libraries:%=$B/%) $(programs:%=$B/%)
$(shell mkdir -p $B)
run = -L$B -Wl,-rpath,'$$ORIGIN/../lib'
$B/libversions.so: versions.c versions.map
	$(so) versions.c -Wl,--version-script=versions.map -Wl,-soname,libversions.so -o $@
# There are two units, so that a plain build calls one from the other as the loader says.
two = $C -fPIC -DNAME='"$(1)"' -c who.c -o $@.1.o && $C -fPIC -c asked.c -o $@.2.o && $(so) $@.1.o $@.2.o -Wl,-soname,lib$(1).so -o $@
$B/libsymbolic.so: who.c asked.c ; $(call two,symbolic) -Wl,-Bsymbolic
$B/libplain.so: who.c asked.c ; $(call two,plain)
$B/libthrow.so: throw.cc ; $X -shared -fPIC throw.cc -o $@ -Wl,-soname,libthrow.so
$B/libtls.so: tls.c ; $(so) tls.c -o $@ -Wl,-soname,libtls.so
$B/libplugin.so: plugin.c ; $(so) plugin.c -o $@
$B/libweak.so: weak_library.c ; $(so) weak_library.c -o $@ -Wl,-soname,libweak.so
$B/versions: versions_main.c $B/libversions.so ; $C versions_main.c $(run) -lversions -o $@
# There are two units each, so that something can be inlined across them where it must not be.
pair = $C -c $(1).c -o $B/$(1)_1.o && $C -c $(1)_other.c -o $B/$(1)_2.o && $C $B/$(1)_1.o $B/$(1)_2.o
$B/wrap: wrap.c wrap_other.c ; $(call pair,wrap) -Wl,--wrap=answer -o $@
$B/defsym: defsym.c defsym_other.c ; $(call pair,defsym) -Wl,--defsym=alias=original -o $@
$B/weak: weak.c weak_other.c $B/libweak.so ; $(call pair,weak) $(run) -lweak -o $@
$B/common: common.c common_other.c
	$C -fcommon -c common.c -o $B/common_1.o && $C -fcommon -c common_other.c -o $B/common_2.o && $C $B/common_1.o $B/common_2.o -o $@
$B/tls: tls_main.c $B/libtls.so ; $C -ftls-model=initial-exec tls_main.c $(run) -ltls -o $@
$B/constructors: constructors.cc constructors_other.cc
	$X -c constructors.cc -o $B/c1.o && $X -c constructors_other.cc -o $B/c2.o && $X $B/c2.o $B/c1.o -o $@
$B/exceptions: exceptions.cc $B/libthrow.so ; $X exceptions.cc $(run) -lthrow -o $@
$B/symbolic: symbolic.c $B/libsymbolic.so $B/libplain.so ; $C symbolic.c $(run) -lsymbolic -lplain -o $@
$B/plugin: plugin_main.c ; $C plugin_main.c -rdynamic -ldl -o $@
$B/static: static.c ; $C -static static.c -lm -o $@
$B/ifunc: ifunc.c ; $C ifunc.c -o $@
# An archive member needs one from another archive, and one definition comes first.
$B/order: order.c order_a.c order_b.c
	$C -c order.c -o $B/o.o && $C -c order_a.c -o $B/oa.o && $C -c order_b.c -o $B/ob.o
	rm -f $B/liboa.a $B/libob.a && ar cr $B/liboa.a $B/oa.o && ar cr $B/libob.a $B/ob.o
	$C $B/o.o $B/liboa.a $B/libob.a $B/liboa.a -o $@
install:
	mkdir -p $D/bin $D/lib && cp $(programs:%=$B/%) $D/bin && cp $(libraries:%=$B/%) $D/lib
S
cat >"$source/versions.c" <<'S'
#include <stdio.h>
int old_f(void) { return 1; }
int new_f(void) { return 2; }
__asm__(".symver old_f,f@V1\n.symver new_f,f@@V2");
int hidden_by_script(void) { return 3; }
int shown(void) { return hidden_by_script() + 1; }
S
echo 'V1 { global: f; local: *; }; V2 { global: f; shown; } V1;' >"$source/versions.map"
cat >"$source/versions_main.c" <<'S'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int f(void);
int shown(void);
int old(void);
__asm__(".symver old,f@V1");
int main(void) { return printf("%d %d %d %d\n", f(), old(), shown(), dlsym(RTLD_DEFAULT, "hidden_by_script") == 0) < 0; }
S
cat >"$source/wrap.c" <<'S'
#include <stdio.h>
int answer(void);
int __real_answer(void);
int __wrap_answer(void) { return __real_answer() + 1000; }
int main(void) { return printf("%d\n", answer()) < 0; }
S
echo 'int answer(void) { return 42; }' >"$source/wrap_other.c"
cat >"$source/defsym.c" <<'S'
#include <stdio.h>
int alias(int);
int main(void) { return printf("%d\n", alias(4)) < 0; }
S
echo 'int original(int x) { return x * 11; }' >"$source/defsym_other.c"
cat >"$source/weak.c" <<'S'
#include <stdio.h>
__attribute__((weak)) int choose(void) { return 1; }
__attribute__((weak)) int absent(void);
int from_library(void);
int main(void) { return printf("%d %d %d\n", choose(), absent ? absent() : -1, from_library()) < 0; }
S
echo 'int choose(void) { return 2; }' >"$source/weak_other.c"
echo '__attribute__((weak)) int choose(void) { return 3; } int from_library(void) { return choose() * 10; }' >"$source/weak_library.c"
cat >"$source/common.c" <<'S'
#include <stdio.h>
int shared;
double large[1000];
int set(void);
int main(void) { return printf("%d %d %g\n", set(), shared, large[999]) < 0; }
S
echo 'int shared; double large[1000]; int set(void) { large[999] = 2.5; return shared = 7; }' >"$source/common_other.c"
cat >"$source/tls.c" <<'S'
__thread int counter = 5;
static __thread int hidden = 1;
int count(void) { return ++counter + hidden++; }
S
cat >"$source/tls_main.c" <<'S'
#include <pthread.h>
#include <stdio.h>
extern __thread int counter;
static __thread int own = 3;
int count(void);
static void* other(void* result) { own += 10; counter = 100; *(int*)result = count() + own; return 0; }
int main(void) {
  pthread_t thread;
  int result = 0;
  pthread_create(&thread, 0, other, &result);
  pthread_join(thread, 0);
  return printf("%d %d %d %d\n", result, count(), counter, own) < 0;
}
S
cat >"$source/constructors.cc" <<'S'
#include <cstdio>
struct Says { const char* text; explicit Says(const char* t) : text(t) { std::printf("+%s ", t); } ~Says() { std::printf("-%s ", text); } };
Says one("one"), two("two");
__attribute__((constructor(101))) static void early() { std::printf("early "); }
__attribute__((constructor)) static void plain() { std::printf("plain "); }
__attribute__((destructor)) static void last() { std::printf("last\n"); }
int main() { std::printf("main "); }
S
sed 's/int main.*//; s/one/three/g; s/two/four/g; s/101/102/; s/early/second/g; s/last\\n/before/' "$source/constructors.cc" >"$source/constructors_other.cc"
cat >"$source/throw.cc" <<'S'
#include <stdexcept>
#include <string>
struct Own : std::runtime_error { int code; Own(int c) : std::runtime_error("own"), code(c) {} };
void thrower(int what) {
  if (what == 0) throw Own(7);
  if (what == 1) throw std::string("text");
  throw what;
}
S
cat >"$source/exceptions.cc" <<'S'
#include <cstdio>
#include <stdexcept>
#include <string>
struct Own : std::runtime_error { int code; Own(int c); };
void thrower(int what);
struct Unwound { int& count; ~Unwound() { ++count; } };
int main() {
  int unwound = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      Unwound here{unwound};
      thrower(i);
    } catch (const Own& own) {
      std::printf("own %d %s ", own.code, own.what());
    } catch (const std::string& text) {
      std::printf("%s ", text.c_str());
    } catch (int number) {
      std::printf("%d ", number);
    }
  }
  std::printf("%d\n", unwound);
}
S
cat >"$source/who.c" <<'S'
const char* who(void) { return NAME; }
S
echo 'const char* who(void); const char* asked(void) { return who(); }' >"$source/asked.c"
cat >"$source/symbolic.c" <<'S'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
const char* who(void) { return "program"; }
static const char* ask(const char* library) {
  void* handle = dlopen(library, RTLD_NOW);
  return ((const char* (*)(void))dlsym(handle, "asked"))();
}
int main(void) { return printf("%s %s %s\n", ask("libsymbolic.so"), ask("libplain.so"), who()) < 0; }
S
cat >"$source/plugin.c" <<'S'
int of_program(int);
extern int variable_of_program;
int run(int x) { return of_program(x) + variable_of_program; }
S
cat >"$source/plugin_main.c" <<'S'
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
int variable_of_program = 3;
int of_program(int x) { return x * 2; }
int main(int argc, char** argv) {
  char path[4096];
  (void)argc;
  snprintf(path, sizeof path, "%s", argv[0]);
  *strrchr(path, '/') = 0;
  strcat(path, "/../lib/libplugin.so");
  void* handle = dlopen(path, RTLD_NOW);
  if (handle == 0) return puts(dlerror());
  return printf("%d\n", ((int (*)(int))dlsym(handle, "run"))(20)) < 0;
}
S
cat >"$source/static.c" <<'S'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char** argv) { (void)argv; return printf("static %.6f %s\n", cos(argc), getenv("HOME") ? "home" : "none") < 0; }
S
cat >"$source/ifunc.c" <<'S'
#include <stdio.h>
static int plain(int x) { return x + 1; }
static int fancy(int x) { return x + 1; }
static int (*resolve(void))(int) { __builtin_cpu_init(); return __builtin_cpu_supports("sse2") ? fancy : plain; }
int chosen(int) __attribute__((ifunc("resolve")));
int main(void) { int (*pointer)(int) = chosen; return printf("%d %d %d\n", chosen(1), pointer(2), pointer == chosen) < 0; }
S
cat >"$source/order.c" <<'S'
#include <stdio.h>
int a(void);
int twice(void) { return 1; }
int main(void) { return printf("%d\n", a()) < 0; }
S
echo 'int b(void); int twice(void); int a(void) { return b() * 10 + twice(); }' >"$source/order_a.c"
echo 'int b(void) { return 5; }' >"$source/order_b.c"

make="make -s -j2 -C \"\$SRC\" B=\"\$BUILD\""
mkxaas -q --build "$make" --install "$make install PREFIX=\"\$PREFIX\" DESTDIR=\"\$DESTDIR\"" "$source" "$work/semantics.xaas"
(cd "$source" && make -s -j2 CC=clang-19 CXX=clang++-19 B="$work/b" && make -s install B="$work/b" PREFIX="$work/plain" DESTDIR=)

programs="versions wrap defsym weak common tls constructors exceptions symbolic plugin static ifunc order"
# says DIRECTORY: prints the output of each program of that directory.
says() {
  for program in $programs; do
    echo "$program: $(LD_LIBRARY_PATH= "$1/bin/$program" 2>&1) $?"
  done
}
says "$work/plain" >"$work/expected"
grep -q 'wrap: 1042 0' "$work/expected" || die "the plain build is not what it should be: $(cat "$work/expected")"
mount_image "$work/semantics.xaas" "$work/baseline" lower=never
says "$work/baseline" >"$work/actual"
diff "$work/expected" "$work/actual" || die "the baseline differs"
for policy in default fast max; do
  mount_image "$work/semantics.xaas" "$work/lowered" policy=$policy,strict
  says "$work/lowered" >"$work/actual"
  diff "$work/expected" "$work/actual" || die "lowered with the policy $policy, programs differ"
  for file in "$work"/lowered/bin/* "$work"/lowered/lib/*.so; do equal ready "$(state_of "$file")"; done

  # LD_PRELOAD replaces an exported function, also for calls from the library that defines it, but not under -Bsymbolic.
  echo 'const char* who(void) { return "preloaded"; }' | clang-19 -shared -fPIC -x c - -o "$work/preload.so"
  cat >"$work/ask.c" <<'S'
#include <stdio.h>
const char* asked(void);
int main(void) { return puts(asked()) < 0; }
S
  for library in plain symbolic; do
    clang-19 "$work/ask.c" -o "$work/ask" "$work/lowered/lib/lib$library.so" -Wl,-rpath,"$work/lowered/lib"
    asked=$(LD_PRELOAD=$work/preload.so "$work/ask")
    clang-19 "$work/ask.c" -o "$work/ask" "$work/plain/lib/lib$library.so" -Wl,-rpath,"$work/plain/lib"
    equal "$(LD_PRELOAD=$work/preload.so "$work/ask")" "$asked"
    equal "$([ $library = plain ] && echo preloaded || echo symbolic)" "$asked"
  done
  unmount "$work/lowered"
done
