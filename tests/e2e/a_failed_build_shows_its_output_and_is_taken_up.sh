# A build that fails shows the failing command's own output, leaves no half image, and says where its files are. The
# next run goes on from there, with what has changed in the source.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project" "$work/out"
cat >"$work/project/configure" <<S
#!/bin/sh
echo configure >>"$work/steps"
echo "prefix = \${1#--prefix=}" >config.mk
S
chmod 755 "$work/project/configure"
cat >"$work/project/Makefile" <<M
include config.mk
all: hello
hello: hello.o other.o \$(wildcard extra.txt)
	echo build >>$work/steps
	\$(CC) -o \$@ hello.o other.o \$(LIBRARY)
%.o: %.c
	echo \$< >>$work/steps
	\$(CC) -c -o \$@ \$<
install: hello
	echo install >>$work/steps
	install -D hello \$(DESTDIR)\$(prefix)/bin/hello
	test ! -e extra.txt
M
echo 'int other(void) { return 0; }' >"$work/project/other.c"
echo 'int main(void) { return undeclared_name; }' >"$work/project/hello.c"
left=$work/out/hello.xaas.build
# try STATUS [OPTIONS]: runs mkxaas, which must end with STATUS. $steps has what the run did.
try() {
  local expected=$1 status=0
  shift
  : >"$work/steps"
  mkxaas -j 1 --toolchain none "$@" "$work/project" "$work/out/hello.xaas" >"$work/stdout" 2>"$work/stderr" || status=$?
  [ $status = "$expected" ] || die "status $status: $(cat "$work/stderr")"
  steps=$(xargs <"$work/steps")
}
try 1
equal "configure hello.c" "$steps"
contains "$(cat "$work/stderr")" "undeclared_name"
contains "$(tail -n 1 "$work/stderr")" "mkxaas: build failed (exit status 2): make"
contains "$(tail -n 1 "$work/stderr")" "; the next run takes up in $left"
equal "hello.xaas.build" "$(ls -A "$work/out")"
equal "Makefile configure hello.c other.c" "$(ls "$work/project" | xargs)"

# Errors that a lot of other output has pushed up are repeated at the end. Then come the other build systems, since make
# has no step before this one.
mkdir "$work/loud"
printf 'all: ; @echo "make: *** No rule for x"; seq 30; exit 1\n' >"$work/loud/Makefile"
touch "$work/loud/configure.ac"
status=0
mkxaas -q --toolchain none "$work/loud" "$work/out/loud.xaas" 2>"$work/stderr" || status=$?
equal 1 $status
contains "$(tail -n 4 "$work/stderr")" "mkxaas: errors further up in $work/out/loud.xaas.build/build.log:
make: *** No rule for x
mkxaas: build failed"
equal "mkxaas: the source has files for other build systems: --build-system configure" "$(tail -n 1 "$work/stderr")"
rm -rf "$work/out/loud.xaas.build"

# The same again, without configuring. A source file that is older than what was built from it counts as changed too. A
# file that vanished from the source vanishes from the copy.
try 1
equal "hello.c" "$steps"
contains "$(cat "$work/stdout")" "taking up in $left, where build failed; 0 of the source's files changed since"
echo 'int other(void); int main(void) { return other(); }' >"$work/project/hello.c"
touch "$work/project/extra.txt"
try 1
equal "hello.c other.c build install" "$steps"
contains "$(tail -n 1 "$work/stderr")" "mkxaas: install failed (exit status 2): make"
echo 'int other(void) { return 3; }' >"$work/project/other.c"
touch -d '2001-02-03' "$work/project/other.c"
try 1
equal "other.c build install" "$steps"

# If nothing changed, only the step that failed is run, which may be another command. Success removes the directory.
try 1
equal "install" "$steps"
rm "$work/project/extra.txt"
try 1 --install 'test ! -e extra.txt && echo mine >>'"$work/steps"
contains "$(tail -n 1 "$work/stderr")" "installed nothing"
contains "$(tail -n 1 "$work/stderr")" "; the next run takes up in $left"
try 0
equal "install" "$steps"
equal "hello.xaas" "$(ls -A "$work/out")"
xaas-info extract "$work/out/hello.xaas" "$work/unpacked"
status=0
"$work/unpacked/bin/hello" || status=$?
equal 3 $status

# Another build command or another configure script makes the build begin from the beginning.
touch "$work/project/extra.txt"
try 1
try 1 --build 'make -j1 LIBRARY=-lnowhere-to-be-found'
equal "configure hello.c other.c build" "$steps"
contains "$(cat "$work/stderr")" "cannot find -lnowhere-to-be-found"
equal 1 "$(grep -c "^mkxaas: build failed" "$work/stderr")"
try 1
equal "configure hello.c other.c build install" "$steps"
echo exit 5 >>"$work/project/configure"
try 1
equal "configure" "$steps"
contains "$(tail -n 2 "$work/stderr")" "; its files are kept in $left
mkxaas: the source has files for other build systems: --build-system make"
sed -i '$d' "$work/project/configure"
rm "$work/project/extra.txt"
try 0
equal "configure hello.c other.c build install" "$steps"
equal "hello.xaas" "$(ls -A "$work/out")"
rm "$work/out/hello.xaas"

# No directory is left for a source tree of an unknown kind. The error of an install outside the prefix names the files.
mkdir "$work/unknown"
fails_with 1 "--build" mkxaas -q "$work/unknown" "$work/out/x.xaas"
equal "" "$(ls -A "$work/out")"
try 1 --install 'install -D hello $DESTDIR/usr/local/bin/hello'
contains "$(tail -n 1 "$work/stderr")" "/usr/local/bin/hello"
equal "hello.xaas.build" "$(ls -A "$work/out")"

# Several configurations are built again, with the units that the failed run has compiled.
mkdir "$work/compiler" "$work/points"
cat >"$work/compiler/clang-19" <<S
#!/bin/sh
case " \$* " in *' -E '*) ;; *' -c '*) echo "\$*" >>"$work/compiled" ;; esac
exec "$(command -v clang-19)" "\$@"
S
chmod 755 "$work/compiler/clang-19"
echo 'int main(void) { return 0; }' >"$work/points/hello.c"
printf 'all: ; $(CC) -c -o hello.o hello.c && $(CC) -o hello hello.o\n' >"$work/points/Makefile"
cat >"$work/points/xaas.toml" <<'T'
install = "install -D hello $DESTDIR$PREFIX/bin/hello && test $KIND != bad"
[[points]]
name = "kind"
values = ["good", {name = "odd", substitute = "bad"}]
T
many() { XAAS_REAL_CC=$work/compiler/clang-19 mkxaas -q --toolchain none "$@" "$work/points" "$work/out/points.xaas"; }
! many 2>"$work/stderr" || die "it was built"
contains "$(tail -n 1 "$work/stderr")" "mkxaas: install of the configuration odd failed"
contains "$(tail -n 1 "$work/stderr")" "; its files are kept in $work/out/points.xaas.build"
grep -q hello.c "$work/compiled"
: >"$work/compiled"
many --install 'install -D hello $DESTDIR$PREFIX/bin/hello'
! grep hello.c "$work/compiled" || die "compiled again"
[ ! -e "$work/out/points.xaas.build" ]
