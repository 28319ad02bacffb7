# A project that does everything awkward on purpose. Every program prints the same in four forms: built without us,
# built by us, mounted as the baseline, and lowered for this host. What cannot be captured costs only speed, and the
# report has the reason.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/awkward-1.0
mkdir -p "$source/sub"
cd "$source"

cat >Makefile <<'S'
PREFIX ?= /usr/local
CC ?= cc
CFLAGS = -O2
D = $(DESTDIR)$(PREFIX)
programs = response quotes members partial blob whole layout static static-pie nostdlib debug split sizes lto profile sanitize \
  generated absolute order sub/sub tail outer modules cleared
all: $(programs) libversioned.so.1 uses-versioned plugin.so host

response: main.c value.c ; echo '-O2 "-DNAME=\"response file\"" main.c' >args && $(CC) @args -DVALUE=1 value.c -o $@
quotes: main.c value.c ; $(CC) $(CFLAGS) '-DNAME="a b '\''c'\'' $$d \"e\" \\"' -DVALUE=2 main.c value.c -o $@
# An archive keeps two members of one name.
members: main.c value.c extra.c
	mkdir -p one two && $(CC) $(CFLAGS) -DVALUE=3 -c value.c -o one/same.o && $(CC) $(CFLAGS) -c extra.c -o two/same.o
	rm -f libmembers.a && ar cq libmembers.a one/same.o two/same.o
	$(CC) $(CFLAGS) -DNAME='"members"' -DEXTRA main.c libmembers.a -o $@
partial: main.c value.c extra.c
	$(CC) $(CFLAGS) -DVALUE=4 -c value.c -o pv.o && $(CC) $(CFLAGS) -c extra.c -o pe.o && ld -r pv.o pe.o -o both.o
	$(CC) $(CFLAGS) -DNAME='"ld -r"' -DEXTRA main.c both.o -o $@
blob: blob.c
	printf 'contents of the blob' >blob.txt && ld -r -b binary blob.txt -o blob-data.o
	$(CC) $(CFLAGS) -c blob.c -o blob-code.o && objcopy --redefine-sym before=after blob-code.o
	$(CC) blob-code.o blob-data.o -o $@
whole: main.c value.c registers.c
	$(CC) $(CFLAGS) -c registers.c -o registers.o && rm -f libregisters.a && ar cq libregisters.a registers.o
	$(CC) $(CFLAGS) -DNAME='"whole archive"' -DVALUE=5 main.c value.c -Wl,--whole-archive libregisters.a -Wl,--no-whole-archive -o $@
layout: main.c value.c table.c
	printf 'SECTIONS { .tab : { PROVIDE(first = .); KEEP(*(.tab)) PROVIDE(last = .); } } INSERT AFTER .rodata;' >layout.ld
	$(CC) $(CFLAGS) -DNAME='"layout"' -DVALUE=6 -DTABLE main.c value.c table.c -Wl,-T,layout.ld -o $@
static: main.c value.c ; $(CC) $(CFLAGS) -static -DNAME='"static"' -DVALUE=7 main.c value.c -o $@
static-pie: main.c value.c ; $(CC) $(CFLAGS) -fPIE -static-pie -DNAME='"static-pie"' -DVALUE=8 main.c value.c -o $@
nostdlib: bare.c ; $(CC) $(CFLAGS) -nostdlib -static -fno-stack-protector bare.c -o $@
debug: main.c value.c ; $(CC) -g $(CFLAGS) -DNAME='"debug"' -DVALUE=9 main.c value.c -o $@
split: main.c value.c ; $(CC) -gsplit-dwarf $(CFLAGS) -DNAME='"split"' -DVALUE=10 -c main.c -o sm.o && $(CC) $(CFLAGS) -DVALUE=10 -c value.c -o sv.o && $(CC) sm.o sv.o -o $@
sizes: main.c value.c ; $(CC) -O0 -DNAME='"sizes"' -c main.c -o zm.o && $(CC) -Os -DVALUE=11 -c value.c -o zv.o && $(CC) zm.o zv.o -o $@
lto: main.c value.c ; $(CC) $(CFLAGS) -flto -DNAME='"lto"' -DVALUE=12 main.c value.c -o $@
profile: main.c value.c ; $(CC) $(CFLAGS) -fprofile-instr-generate -DNAME='"profile"' -DVALUE=13 main.c value.c -o $@
sanitize: main.c value.c ; $(CC) $(CFLAGS) -fsanitize=undefined -DNAME='"sanitize"' -DVALUE=14 main.c value.c -o $@
generator: generator.c ; $(CC) $(CFLAGS) generator.c -o $@
generated.c: generator ; ./generator >$@
generated: generated.c main.c ; $(CC) $(CFLAGS) -DNAME='"generated"' main.c generated.c -o $@
absolute: main.c value.c ; $(REAL) $(CFLAGS) -DNAME='"absolute"' -DVALUE=16 main.c value.c -o $@
# The order of the link decides the order in which constructors run, those of units and those of an object that is no
# unit.
order: a.c b.c c.c
	$(CC) $(CFLAGS) -c a.c && $(CC) $(CFLAGS) -c b.c && ld -r b.o -o b-native.o && $(CC) $(CFLAGS) -c c.c && $(CC) a.o b-native.o c.o -o $@
sub/sub: ; $(MAKE) -C sub
libversioned.so.1: versioned.c
	printf 'V1 { global: answer; local: *; };' >versions && $(CC) $(CFLAGS) -fPIC -shared versioned.c -Wl,--version-script=versions,-soname,$@ -o $@
uses-versioned: uses.c libversioned.so.1 ; $(CC) $(CFLAGS) uses.c ./libversioned.so.1 -Wl,-rpath,$(CURDIR) -o $@
# The linker stores the name of the function as the end of the rpath. libtool asks for the symbols of C++ libraries so.
tail: uses.c versioned.c
	echo lib >retained && $(CC) $(CFLAGS) -fPIC -shared -Danswer=lib versioned.c -Wl,-soname,libtail.so -Wl,-retain-symbols-file -Wl,retained -o libtail.so
	$(CC) $(CFLAGS) -Danswer=lib uses.c -L. -ltail -Wl,-rpath,'$$ORIGIN/../lib' -o $@
# The same in a library of the build machine, which finds another one by its rpath.
outer: uses.c ; $(CC) $(CFLAGS) -Danswer=lib uses.c -L$(OUTER) -louter -Wl,-rpath,$(OUTER) -o $@
# Compiled as CMake does it.
modules: one.cppm imports.cc
	$(CXX) $(CFLAGS) -std=c++20 -x c++-module -fmodule-output=one.pcm -c one.cppm -o one.o
	echo '-fmodule-file="one=one.pcm"' >imports.modmap && $(CXX) $(CFLAGS) -std=c++20 @imports.modmap -c imports.cc -o imports.o
	$(CXX) imports.o one.o -o $@
# Without the environment of the build, by a link to a link. The linker is started so, too.
cleared: main.c value.c
	mkdir -p links && ln -sf "$$(command -v $(CC))" links/cc
	env -i PATH="$$PATH" links/cc $(CFLAGS) -DNAME='"cleared"' -DVALUE=19 main.c value.c -o $@
plugin.so: plugin.c ; $(CC) $(CFLAGS) -fPIC -shared plugin.c -o $@
host: host.c ; $(CC) $(CFLAGS) -rdynamic host.c -ldl -o $@

install: all
	mkdir -p $D/bin $D/lib
	cp $(programs) uses-versioned host $D/bin && cp libversioned.so.1 libtail.so plugin.so $D/lib
	strip $D/bin/response && strip --strip-debug $D/bin/quotes
	patchelf --set-rpath '$$ORIGIN/../lib' $D/bin/uses-versioned
	printf 'behind the end' >>$D/bin/sizes
	# The program is linked again at install time, as libtool does.
	$(CC) $(CFLAGS) -DNAME='"relinked"' -DVALUE=18 main.c value.c -o $D/bin/relinked
S
cat >main.c <<'S'
#include <stdio.h>
int value(void); int extra(void); int registered;
extern const int first[], last[];
int main(void) {
  int sum = value();
#ifdef EXTRA
  sum += extra();
#endif
#ifdef TABLE
  for (const int* at = first; at < last; ++at) sum += *at;
#endif
  printf("%s %d %d\n", NAME, sum, registered);
}
S
echo 'int value(void) { return VALUE; }' >value.c
echo 'int extra(void) { return 100; }' >extra.c
echo 'extern int registered; __attribute__((constructor)) static void up(void) { registered = 1; }' >registers.c
echo '__attribute__((section(".tab"), used)) const int entries[] = {1000, 2000};' >table.c
cat >blob.c <<'S'
#include <stdio.h>
extern const char _binary_blob_txt_start[], _binary_blob_txt_end[];
int after(void);
int before(void) { return 15; }
int main(void) { printf("%.*s %d\n", (int)(_binary_blob_txt_end - _binary_blob_txt_start), _binary_blob_txt_start, after()); }
S
cat >bare.c <<'S'
static long call(long n, long a, const void* b, long c) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return r;
}
void _start(void) { call(1, 1, "no library\n", 11); call(60, 0, 0, 0); }
S
cat >generator.c <<'S'
#include <stdio.h>
int main(void) { puts("int value(void) { return 15; }"); }
S
for unit in a b c; do
  echo "#include <stdio.h>
__attribute__((constructor)) static void up(void) { fputs(\"$unit \", stdout); }" >$unit.c
done
echo 'int main(void) { puts("order"); }' >>c.c
printf 'sub: sub.c\n\t$(CC) -O2 sub.c -o sub\n' >sub/Makefile
printf '#include <stdio.h>\nint main(void) { puts("sub-build"); }\n' >sub/sub.c
echo 'int helper(void) { return 17; } int answer(void) { return helper(); }' >versioned.c
printf '#include <stdio.h>\nint answer(void);\nint main(void) { printf("versioned %%d\\n", answer()); }\n' >uses.c
echo 'int of_host(void); int of_plugin(void) { return of_host() + 1; }' >plugin.c
echo 'export module one; export template <class T> T twice(T x) { return x + x; } export int once(); int once() { return 1; }' >one.cppm
printf '#include <stdio.h>\nimport one;\nint main() { printf("modules %%d %%d\\n", twice(21), once()); }\n' >imports.cc
cat >host.c <<'S'
#include <dlfcn.h>
#include <stdio.h>
int of_host(void) { return 41; }
int main(int argc, char** argv) {
  void* plugin = dlopen(argv[1], RTLD_NOW);
  int (*ask)(void) = plugin ? (int (*)(void))dlsym(plugin, "of_plugin") : 0;
  printf("plugin %d\n", ask && argc == 2 ? ask() : -1);
}
S

# say ROOT: prints the output of every program.
say() {
  for program in response quotes members partial blob whole layout static static-pie nostdlib debug split sizes lto sanitize generated \
    absolute order sub tail outer modules cleared uses-versioned relinked; do
    echo "$program: $("$1/bin/$program")"
  done
  echo "profile: $(LLVM_PROFILE_FILE=/dev/null "$1/bin/profile")"
  echo "host: $("$1/bin/host" "$1/lib/plugin.so")"
}

export OUTER=$work/outer/lib
mkdir -p "$OUTER"
echo 'int inner(void) { return 20; }' | clang-19 -x c -shared -fPIC -Wl,-soname,libinner.so -o "$OUTER/libinner.so" -
echo 'int inner(void); int lib(void) { return inner() + 1; }' |
  clang-19 -x c -shared -fPIC -Wl,-soname,libouter.so -o "$OUTER/libouter.so" - -L"$OUTER" -linner -Wl,-rpath,"$OUTER"
real=$(command -v clang-19)
cp -r "$source" "$work/plain"
make -s -j2 -C "$work/plain" CC=clang-19 CXX=clang++-19 REAL="$real" >"$work/plain.log" 2>&1 || die "$(cat "$work/plain.log")"
make -s -C "$work/plain" install CC=clang-19 CXX=clang++-19 REAL="$real" PREFIX="$work/native" >"$work/plain.log" 2>&1 || die "$(cat "$work/plain.log")"
say "$work/native" >"$work/expected"

mkxaas -q --report "$work/report.json" --build "make -j\$JOBS PREFIX=\$PREFIX REAL=$real" \
  --install "make install PREFIX=\$PREFIX REAL=$real" "$source" "$work/awkward.xaas"
rm -rf "$OUTER"
mount_image "$work/awkward.xaas" "$work/baseline" lower=never
equal "$(cat "$work/expected")" "$(say "$work/baseline")"
mount_image "$work/awkward.xaas" "$work/app"
equal "$(cat "$work/expected")" "$(say "$work/app")"

python3 - "$work/report.json" <<'P'
import json, sys
programs = {p["path"].split("/")[1]: p for p in json.load(open(sys.argv[1]))["programs"]}
native = {"absolute", "blob", "profile", "sanitize", "sizes"}  # another compiler's, all of it edited, instrumented, changed later
for name, program in programs.items():
    assert ("recipe" in program) == (name not in native), (name, program.get("reason"))
    assert "recipe" in program or program["reason"], program
own = {name: [o["name"] for o in p.get("native", []) if not o["name"].startswith("/")] for name, p in programs.items()}
assert own["partial"] and own["order"], own
assert not any(own[name] for name in ("response", "quotes", "members", "whole", "layout", "lto", "generated", "sub")), own
P
for program in response quotes members whole layout static static-pie nostdlib debug lto generated order sub tail outer modules cleared uses-versioned relinked; do
  equal "$program ready" "$program $(state_of "$work/app/bin/$program")"
done
# The changes by strip and patchelf are also made to lowered files.
[ -z "$(readelf -S "$work/app/bin/response" | grep symtab)" ] || die "not stripped"
contains "$(readelf -d "$work/app/bin/uses-versioned")" '$ORIGIN/../lib'
exported() { nm -D --defined-only "$1/lib/libversioned.so.1" | sed -n 's/.* T //p'; }
equal "answer@@V1" "$(exported "$work/native")"
equal "answer@@V1" "$(exported "$work/app")"
