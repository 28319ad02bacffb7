# The same source built twice, in another directory and with another number of jobs, gives the same bytes.
. "$(dirname "$0")/lib.sh"
mkdir "$work/a" "$work/elsewhere"
cp -a "$XAAS_SOURCE/tests/example" "$work/elsewhere/source"
mkxaas -q -j 1 "$XAAS_SOURCE/tests/example" "$work/a/heat.xaas"
mkxaas -q -j 3 "$work/elsewhere/source" "$work/elsewhere/other.xaas"
cmp "$work/a/heat.xaas" "$work/elsewhere/other.xaas"

# Also of a program that tells which compiler made it.
mkdir "$work/told"
echo 'int puts(const char*); int main(void) { puts(BUILT_WITH); return 0; }' >"$work/told/told.c"
printf 'all:\n\t$(CC) -DBUILT_WITH=\\"$(CC)\\" told.c -o told\ninstall:\n\tinstall -D told $(DESTDIR)$(PREFIX)/bin/told\n' \
  >"$work/told/Makefile"
for place in a elsewhere; do mkxaas -q --build 'make CC=$CC' "$work/told" "$work/$place/told.xaas"; done
cmp "$work/a/told.xaas" "$work/elsewhere/told.xaas"
