# If a makefile has no install target, the error names the option that installs the programs and libraries that were
# built: new files, no objects and no tests. The option works as it is printed.
. "$(dirname "$0")/lib.sh"
mkdir -p "$work/project/tests"
echo 'int main(void) { return 0; }' >"$work/project/hello.c"
echo 'int answer(void) { return 42; }' >"$work/project/answer.c"
cp /bin/true "$work/project/prebuilt"
cat >"$work/project/Makefile" <<'M'
all:
	mkdir -p out
	$(CC) -o hello hello.c
	$(CC) -o "out/it's" hello.c
	$(CC) -o hello_test hello.c
	$(CC) -o tests/one hello.c
	$(CC) -c -o out/answer.o answer.c
	$(CC) -shared -fPIC -o out/libanswer.so.1 answer.c
	ln -s libanswer.so.1 out/libanswer.so
M
status=0
mkxaas -q --toolchain none "$work/project" "$work/x.xaas" 2>"$work/stderr" || status=$?
equal 1 $status
hint=$(tail -n 1 "$work/stderr")
contains "$hint" "the makefile has no install target; this installs the programs that were built: --install '"
contains "$(tail -n 2 "$work/stderr")" "mkxaas: install failed (exit status 2): make install"
case $hint in *prebuilt* | *test* | *answer.o* | *one*) die "names what is not to be installed: $hint" ;; esac
eval "set -- --install ${hint#*--install }"
equal 2 $#
mkxaas -q --toolchain none "$@" "$work/project" "$work/x.xaas"
equal "bin/hello bin/it's lib/libanswer.so lib/libanswer.so.1" \
  "$(xaas-info list "$work/x.xaas" | grep -oE "(bin|lib)/[a-z.1']+( ->.*)?$" | sed 's/ ->.*//' | sort | tr '\n' ' ' | sed 's/ $//')"

# A user who gave the command knows it already.
status=0
mkxaas -q --toolchain none --install 'make install' "$work/project" "$work/x.xaas" 2>"$work/stderr" || status=$?
equal 1 $status
contains "$(tail -n 1 "$work/stderr")" "mkxaas: install failed"
