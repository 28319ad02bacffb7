# The image and the host each have a C++ runtime, and the newer one is used. If the host's is as new as the image's,
# programs use the host's. If it is older, programs run with the image's, as the baseline and lowered.
. "$(dirname "$0")/lib.sh"
need_root
need_fuse
need_mount_namespace -m
mkdir "$work/words-1.0"
cat >"$work/words-1.0/main.cc" <<'S'
#include <iostream>
#include <map>
#include <string>
int main() {
  std::map<std::string, int> words = {{"one", 1}, {"two", 2}};
  try {
    words.at("three");
  } catch (const std::exception&) {
    for (const auto& [word, number] : words) std::cout << word << number << std::endl;
  }
}
S
printf 'all:\n\t$(CXX) -O2 main.cc -o words\ninstall:\n\tinstall -D words $(DESTDIR)$(PREFIX)/bin/words\n' >"$work/words-1.0/Makefile"
mkxaas -q "$work/words-1.0" "$work/words.xaas"
cat >"$work/look" <<'S'
set -e
cd "$1"
mkdir -p app baseline
xaas-mount words.xaas app
xaas-mount -o lower=never words.xaas baseline
for root in app baseline; do
  $root/bin/words
  LD_TRACE_LOADED_OBJECTS=1 $root/bin/words | sed -n 's/.*libstdc++.so.6 => \([^ ]*\).*/\1/p'
  ls $root/.xaas/toolchain/*/
done
getfattr --absolute-names --only-values -n user.xaas.state app/bin/words
umount app baseline
S
for_both() { printf '%s\n' one1 two2 "$1" "$2" one1 two2 "$3" "$2"; printf ready; }
host=$(ldconfig -p | sed -n 's/.*libstdc++.so.6 .*x86-64.* => //p' | head -n 1)
equal "$(for_both "$host" $'lib\nxaas-lower' "$host")" "$(unshare -m sh "$work/look" "$work")"
# LD_LIBRARY_PATH means what it means for any program.
unsquashfs -q -n -d "$work/tree" "$work/words.xaas" >/dev/null
equal '$ORIGIN/../.xaas/toolchain/x86_64-pc-linux-gnu/lib:$ORIGIN/../.xaas/toolchain/x86_64-pc-linux-gnu/runtime' \
  "$(readelf -d "$work/tree/bin/words" | sed -n 's/.*(RUNPATH).*\[\(.*\)\]/\1/p')"

# A host with an older runtime.
echo 'int nothing;' | clang-19 -x c -shared -fPIC - -Wl,-soname,libstdc++.so.6 -o "$work/older.so"
output=$(unshare -m sh -c 'mount --bind "$1/older.so" "$(readlink -f "$2")" && exec sh "$1/look" "$1"' sh "$work" "$host")
equal 2 "$(grep -c "^$work/.*/runtime/libstdc++.so.6$" <<<"$output")"
equal 2 "$(grep -cx runtime <<<"$output")"
equal 4 "$(grep -cE '^(one1|two2)$' <<<"$output")"
contains "$output" ready
