# mkxaas SOURCE IMAGE -- WORD...: the default commands of CMake, configure scripts and Make get each word as it is. A
# command that the user gives finds them in "$@". Words that no command takes are wrong usage.
. "$(dirname "$0")/lib.sh"
program='#include <stdio.h>
int main(void) { return puts(TEXT) < 0; }'
says() { unsquashfs -q -n -f -d "$work/tree" "$work/app.xaas" >/dev/null && "$work/tree/bin/app"; }
make_image() { mkxaas -q --toolchain none "$@"; }

mkdir "$work/cmake"
echo "$program" >"$work/cmake/app.c"
cat >"$work/cmake/CMakeLists.txt" <<'E'
cmake_minimum_required(VERSION 3.16)
project(app C)
add_executable(app app.c)
target_compile_definitions(app PRIVATE "TEXT=\"${SAYS}\"")
install(TARGETS app)
E
make_image "$work/cmake" "$work/app.xaas" -- "-DSAYS=it's a word"
equal "it's a word" "$(says)"
# The same holds if the recipe names the source.
echo 'source = "cmake"' >"$work/app.toml"
make_image -f "$work/app.toml" "$work/app.xaas" -- -DSAYS=--quiet
equal --quiet "$(says)"

mkdir "$work/make"
echo "$program" >"$work/make/app.c"
printf 'SAYS = nothing\nNAME = none\napp: app.c ; $(CC) "-DTEXT=\\"$(SAYS)\\"" app.c -o app\ninstall: app ; install -D app $(DESTDIR)$(PREFIX)/bin/$(NAME)\n' >"$work/make/Makefile"
make_image "$work/make" "$work/app.xaas" -- SAYS='two words' NAME=app
equal "two words" "$(says)"

mkdir "$work/script"
cat >"$work/script/configure" <<'E'
#!/bin/sh
for option; do echo "$option"; done >options
sed -n 's/^--prefix=/P = /p' options >Makefile
printf 'all:\ninstall: ; install -D options $(DESTDIR)$(P)/options\n' >>Makefile
E
chmod +x "$work/script/configure"
make_image "$work/script" "$work/script.xaas" -- --with-x='a  b'
unsquashfs -q -n -d "$work/script.tree" "$work/script.xaas" options >/dev/null
equal "--with-x=a  b" "$(tail -n 1 "$work/script.tree/options")"

given=(--configure 'echo configured' --build 'make SAYS="$*"' --install 'make install NAME=app PREFIX="$PREFIX"')
fails_with 2 'no command takes the words behind --, a: write "$@"' make_image "${given[@]}" "$work/make" "$work/app.xaas" -- a
[ "$(wc -l <"$work/stderr")" = 1 ]
given[3]='set -- "$@" end; make SAYS="$*"'
make_image "${given[@]}" "$work/make" "$work/app.xaas" -- a 'b  c'
equal "a b  c end" "$(says)"
