# Two builds of the same source, in another directory and with another number of jobs, give the same bytes.
. "$(dirname "$0")/lib.sh"
mkdir "$work/a" "$work/elsewhere"
cp -a "$XAAS_SOURCE/tests/example" "$work/elsewhere/source"
mkxaas -q -j 1 "$XAAS_SOURCE/tests/example" "$work/a/heat.xaas"
mkxaas -q -j 3 "$work/elsewhere/source" "$work/elsewhere/other.xaas"
cmp "$work/a/heat.xaas" "$work/elsewhere/other.xaas"

# This also holds for a program that tells which compiler made it.
mkdir "$work/told"
echo 'int puts(const char*); int main(void) { puts(BUILT_WITH); return 0; }' >"$work/told/told.c"
printf 'all:\n\t$(CC) -DBUILT_WITH=\\"$(CC)\\" told.c -o told\ninstall:\n\tinstall -D told $(DESTDIR)$(PREFIX)/bin/told\n' \
  >"$work/told/Makefile"
for place in a elsewhere; do mkxaas -q --build 'make CC=$CC' "$work/told" "$work/$place/told.xaas"; done
cmp "$work/a/told.xaas" "$work/elsewhere/told.xaas"
# How hard an image is compressed is up to the user.
level_of() { unsquashfs -s "$1" | sed -n 's/.*compression-level //p'; }
equal 1 "$(level_of "$work/a/told.xaas")"
command mkxaas -q --ready=none --toolchain=none --build 'make CC=$CC' "$work/told" "$work/usual.xaas"
equal 9 "$(level_of "$work/usual.xaas")"

# This also holds for equal files with equal names, whichever is compiled first, and whether a build is kept or not.
mkdir -p "$work/twins/a" "$work/twins/b"
for place in a b; do echo 'int twin(void) { return 1; }' >"$work/twins/$place/twin.c"; done
echo 'int twin(void); int main(void) { return twin() - 1; }' >"$work/twins/main.c"
cat >"$work/twins/Makefile" <<'S'
all: one two
one: a/a.o ; $(CC) main.c a/a.o -o $@
two: b/b.o ; $(CC) main.c b/b.o -o $@
a/a.o b/b.o: ; cd $(dir $@) && $(CC) -O2 -c twin.c -o $(notdir $@)
install: ; mkdir -p $(DESTDIR)$(PREFIX)/bin && cp one two $(DESTDIR)$(PREFIX)/bin
S
mkxaas -q -j 1 --keep-build --work "$work/kept" "$work/twins" "$work/a/twins.xaas"
mkxaas -q -j 2 "$work/twins" "$work/elsewhere/twins.xaas"
cmp "$work/a/twins.xaas" "$work/elsewhere/twins.xaas"
