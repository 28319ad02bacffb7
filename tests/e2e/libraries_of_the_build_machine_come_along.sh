# A program runs on a host where the libraries with which it was linked are not installed. They are in the image, with
# the libraries that they need in turn, also under other SquashFS drivers, and by each name that the program has.
# Libraries that belong to the host, or that the recipe file leaves out, are listed and not bundled.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/uses-1.0
mkdir "$source" "$work/site" "$work/site/deep"
cd "$work/site"
echo 'int inner(void) { return 40; }' >inner.c
echo 'int inner(void); int outer(void) { return inner() + 2; }' >outer.c
clang-19 -shared -fPIC inner.c -Wl,-soname,libinner.so.3 -o deep/libinner.so.3
clang-19 -shared -fPIC outer.c deep/libinner.so.3 -Wl,-soname,libouter.so.2,-rpath,'$ORIGIN/deep' -o libouter.so.2
ln -s libouter.so.2 libouter.so
cd "$work"
cat >"$source/main.cc" <<'S'
#include <cstdio>
#include <string>
#include <zlib.h>
extern "C" int outer(void);
int main() { std::puts((std::string("outer ") + std::to_string(outer()) + " zlib " + zlibVersion()[0]).c_str()); }
S
printf 'all:\n\t$(CXX) -O2 main.cc -L%s -louter -lz -o main\ninstall:\n\tmkdir -p $(D)/bin $(D)/libexec/deep && cp main $(D)/bin && ln $(D)/bin/main $(D)/libexec/deep/main\nD = $(DESTDIR)$(PREFIX)\n' \
  "$work/site" >"$source/Makefile"
LD_LIBRARY_PATH=$work/site/deep mkxaas -q --report "$work/report.json" "$source" "$work/uses.xaas"
echo 'libraries_left_out = ["libouter.so*", "libuter*"]' >"$source/xaas.toml"
LD_LIBRARY_PATH=$work/site/deep mkxaas --toolchain=none --report "$work/left.json" "$source" "$work/left.xaas" 2>"$work/warnings"
equal 'mkxaas: warning: libraries_left_out names "libuter*", but no file of the image needs such a library' \
  "$(grep libraries_left_out "$work/warnings")"
mv "$work/site" "$work/elsewhere"

python3 - "$work/report.json" <<'P'
import json, sys
report = json.load(open(sys.argv[1]))
bundled = [name for name in report["bundled"] if not name.startswith("libxaas-")]
assert bundled == ["libinner.so.3", "libouter.so.2", "libz.so.1", "libgcc_s.so.1", "libstdc++.so.6"], report
assert report["host_libraries"] == ["ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6"], report
assert "recipe" in report["programs"][0], report
P
contains "$(xaas-info "$work/uses.xaas")" "libinner.so.3 libouter.so.2 libxaas-libc.so libxaas-start.so libz.so.1"
mount_image "$work/uses.xaas" "$work/app"
equal "outer 42 zlib 1" "$("$work/app/bin/main")"
equal ready "$(state_of "$work/app/bin/main")"
unsquashfs -q -n -d "$work/tree" "$work/uses.xaas" >/dev/null
equal "outer 42 zlib 1" "$("$work/tree/bin/main")"
for root in app tree; do equal "outer 42 zlib 1" "$("$work/$root/libexec/deep/main")"; done
# No copy of the host is used.
for root in app tree; do
  LD_TRACE_LOADED_OBJECTS=1 "$work/$root/bin/main" >"$work/loaded"
  equal 3 "$(grep -v libxaas- "$work/loaded" | grep -c "=> $work/$root/.*xaas/toolchain/.*/lib/")"
done

# What the recipe file leaves out is left to the host, with all that only it needs.
python3 - "$work/left.json" <<'P'
import json, sys
report = json.load(open(sys.argv[1]))
bundled = [name for name in report["bundled"] if not name.startswith("libxaas-")]
assert bundled == ["libz.so.1", "libgcc_s.so.1", "libstdc++.so.6"], report
assert "libouter.so.2" in report["host_libraries"], report
P
contains "$(xaas-info "$work/left.xaas" | grep '^host libraries')" "libouter.so.2"
contains "$(xaas-lower explain "$work/left.xaas")" "libouter.so.2"
contains "$(xaas-lower check "$work/left.xaas" || echo "status $?")" "libouter.so.2"
contains "$(xaas-lower check "$work/left.xaas" || echo "status $?")" "status 1"
unsquashfs -q -n -d "$work/left" "$work/left.xaas" >/dev/null
equal "outer 42 zlib 1" "$(LD_LIBRARY_PATH=$work/elsewhere "$work/left/bin/main")"
