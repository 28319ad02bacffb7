# A second run in a work directory that was kept compiles only what has changed since. It gives the image that a first
# run gives.
. "$(dirname "$0")/lib.sh"
source=$work/parts-1.0
mkdir "$source" "$work/compiler"
for part in a b c d; do echo "int $part(void) { return sizeof(__FILE__) > 1; }" >"$source/$part.c"; done
echo 'int a(void), b(void), c(void), d(void); int main(void) { return a() + b() + c() + d(); }' >"$source/main.c"
cat >"$source/CMakeLists.txt" <<'S'
cmake_minimum_required(VERSION 3.20)
project(parts C)
add_executable(parts main.c a.c b.c c.c d.c)
install(TARGETS parts)
S
# Runs the real compiler, and keeps a list of what it compiled.
cat >"$work/compiler/clang-19" <<S
#!/bin/sh
case " \$* " in *' -E '*) ;; *' -c '*) echo "\$*" >>"$work/compiled" ;; esac
exec "$(command -v clang-19)" "\$@"
S
chmod 755 "$work/compiler/clang-19"
export XAAS_REAL_CC=$work/compiler/clang-19
make_one() {
  : >"$work/compiled"
  mkxaas -q --keep-build --work "$work/build" "$source" "$1"
}
# Prints the project's sources that are in this list.
compiled() { grep -oE '\b(main|a|b|c|d)\.c\b' "$work/compiled" | sort -u | xargs; }
make_one "$work/first.xaas"
equal "a.c b.c c.c d.c main.c" "$(compiled)"
make_one "$work/second.xaas"
equal "" "$(compiled)"
cmp "$work/first.xaas" "$work/second.xaas"
echo 'int b(void) { return 40; }' >"$source/b.c"
touch "$source/c.c"
make_one "$work/third.xaas"
equal "b.c" "$(compiled)"
mkxaas -q "$source" "$work/fresh.xaas"
cmp "$work/third.xaas" "$work/fresh.xaas"
