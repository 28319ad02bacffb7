# A build that fails shows the failing command's own output and leaves no half image and no files of its own.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project" "$work/out"
cat >"$work/project/Makefile" <<'M'
all: hello
hello: hello.c
	$(CC) -o $@ hello.c
install: hello
	install -D hello $(DESTDIR)$(PREFIX)/bin/hello
M
echo 'int main(void) { return undeclared_name; }' >"$work/project/hello.c"
status=0
mkxaas "$work/project" "$work/out/hello.xaas" >"$work/stdout" 2>"$work/stderr" || status=$?
equal 1 $status
contains "$(cat "$work/stderr")" "undeclared_name"
contains "$(tail -n 1 "$work/stderr")" "mkxaas: "
equal "" "$(ls -A "$work/out")"
equal "Makefile hello.c" "$(ls "$work/project" | xargs)"

# A link against a library that is not there says which.
echo 'int main(void) { return 0; }' >"$work/project/hello.c"
sed -i 's/@ hello.c/& -lnowhere-to-be-found/' "$work/project/Makefile"
status=0
mkxaas "$work/project" "$work/out/hello.xaas" >"$work/stdout" 2>"$work/stderr" || status=$?
equal 1 $status
contains "$(cat "$work/stderr")" "cannot find -lnowhere-to-be-found"
equal 1 "$(grep -c "^mkxaas: build failed" "$work/stderr")"
equal "" "$(ls -A "$work/out")"
sed -i 's/ -lnowhere-to-be-found//' "$work/project/Makefile"

# Neither does a source tree of an unknown kind, nor an install outside the prefix, nor one that installs nothing.
mkdir "$work/unknown"
fails_with 1 "--build" mkxaas -q "$work/unknown" "$work/out/x.xaas"
status=0
mkxaas -q --install 'install -D hello $DESTDIR/usr/local/bin/hello' "$work/project" "$work/out/x.xaas" 2>"$work/stderr" || status=$?
equal 1 $status
contains "$(tail -n 1 "$work/stderr")" "/usr/local/bin/hello"
fails_with 1 "installed nothing" mkxaas -q --install true "$work/project" "$work/out/x.xaas"
equal "" "$(ls -A "$work/out")"
