# `check` says, for this host and for a described one, whether each program of an image will run there and what is
# missing. Its status is 1 when something will not run. `explain` and lowering use the description too.
. "$(dirname "$0")/lib.sh"
heat=$XAAS_FIXTURES/heat.xaas
here=$work/here.json
xaas-lower describe-host -o "$here"
contains "$(xaas-lower describe-host)" '"kind": "xaas-host"'

# edited NAME CODE: writes $work/NAME.json, the description of this host changed by Python code. `d` is the description,
# and `lib` maps the names of its libraries to them.
edited() {
  python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
lib = {l["name"]: l for l in d["libraries"]}
exec(sys.argv[3])
json.dump(d, open(sys.argv[2], "w"))' "$here" "$work/$1.json" "$2"
}
# checked NAME KEY...: checks the image for $work/NAME.json, which must fail, and prints the JSON.
checked() {
  local status=0
  xaas-lower check --json --host-description "$work/$1.json" "$heat" >"$work/checked" || status=$?
  equal 1 $status
  cat "$work/checked"
}
# value CODE: evaluates Python on the JSON `c` of standard input.
value() { python3 -c 'import json, sys; c = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# On this host everything runs, and a described host that is this one is no other.
text=$(xaas-lower check "$heat")
contains "$text" "verdict   all "
contains "$text" "lowered   "
contains "$text" "libc      GLIBC_2."
[ "$(wc -l <<<"$text")" -lt 25 ] || die "more than a screen: $text"
equal "$(xaas-lower check --json "$heat" | value '[f["path"] for f in c["files"] if f["runs"]]')" \
  "$(xaas-lower check --json --host-description "$here" "$heat" | value '[f["path"] for f in c["files"]]')"
contains "$(xaas-lower check --json "$heat" | value '[l["soname"] for f in c["files"] for l in f["libraries"]]')" libc.so.6

# A libc that is too old for the baseline and for the bundled libraries.
edited old 'lib["libc.so.6"]["versions"] = ["GLIBC_2.2.5"]; lib["libc.so.6"]["symbols"] = ["puts"]; d["libc"] = "GLIBC_2.2.5"'
contains "$(checked old | value 'c["files"][0]["missing"]')" "its library libomp.so.5 does not run: needs __isoc99_fscanf@GLIBC_2.7"
contains "$(xaas-lower check --host-description "$work/old.json" "$heat" || true)" "fails     "
contains "$(xaas-lower explain --host-description "$work/old.json" "$heat")" "libc      lacks GLIBC_2."
# A library that is not there.
edited bare 'd["libraries"] = [l for l in d["libraries"] if l["name"] != "libc.so.6"]'
contains "$(checked bare | value 'c["files"][0]["missing"]')" "the library libc.so.6"

# Another CPU, and a configuration that it cannot run.
contains "$(xaas-lower check --cpu=znver4 "$heat")" "target    x86_64-pc-linux-gnu znver4"
mkdir "$work/needs-1.0"
printf '[[points]]\nname = "simd"\nvalues = [{name = "wide", features = ["+avx512f"]}]\n' >"$work/needs-1.0/xaas.toml"
cat >"$work/needs-1.0/main.c" <<'S'
#include <string.h>
#include <sys/mount.h>
static char copy[4096];
int main(int count, char** words) { memcpy(copy, words[0], count); return copy[0] == 'x' && fsopen(copy, 0) < 0; }
S
printf 'all:\n\t$(CC) main.c -o needs\ninstall:\n\tinstall -D needs $(DESTDIR)$(PREFIX)/bin/needs\n' >"$work/needs-1.0/Makefile"
mkxaas -q "$work/needs-1.0" "$work/needs.xaas"
contains "$(xaas-lower check --cpu=haswell "$work/needs.xaas" || true)" "needs +avx512f, which haswell lacks"
contains "$(xaas-lower check --cpu=skylake-avx512 "$work/needs.xaas")" "verdict   all 1 "
# A libc that has memcpy by another version than the baseline asks for: only what is lowered runs. Then one without it and
# fsopen. The symbols, the unit of what not all hosts have, and the oldest libc that has both are said before anything is
# lowered.
edited older 'lib["libc.so.6"]["versions"].remove("GLIBC_2.14")'
contains "$(xaas-lower check --cpu=skylake-avx512 --host-description "$work/older.json" "$work/needs.xaas")" \
  "note      bin/needs: the described host lacks GLIBC_2.14: only the lowered file runs"
edited oldest 'lib["libc.so.6"]["versions"] = ["GLIBC_2.2.5", "GLIBC_2.3"]; [lib["libc.so.6"]["symbols"].remove(s) for s in ("fsopen", "memcpy")]; d["libc"] = "GLIBC_2.3"'
missing="fsopen@GLIBC_2.36 (main.c), memcpy@GLIBC_2.14"
oldest="glibc 2.36 is the oldest that has them, and that of the described host has versions up to 2.3"
contains "$(xaas-lower check --cpu=skylake-avx512 --host-description "$work/oldest.json" "$work/needs.xaas" || true)" \
  "needs $missing, which its libraries on the described host have in no version: $oldest"
contains "$(xaas-lower explain --cpu=skylake-avx512 --host-description "$work/oldest.json" "$work/needs.xaas")" \
  "missing   $missing, which bin/needs needs: $oldest"

# Lowering for the described host gives what that host would look for in its cache, if its libraries are here.
lower() { xaas-lower --json "$@" "$heat" bin/heat | value 'c["key"]'; }
equal "$(lower --cpu=haswell)" "$(lower --cpu=haswell --host-description "$here")"
edited other 'lib["libc.so.6"]["identity"] = "build-id:00"'
xaas-lower --cpu=haswell --host-description "$work/other.json" "$heat" bin/heat 2>"$work/said" && die "another libc was used"
contains "$(cat "$work/said")" "is not the library that the described host has at"
# They may be elsewhere: copies at their own paths below --host-root.
mkdir "$work/root"
for library in $(xaas-lower check --json "$heat" |
  value '" ".join({l["path"] for f in c["files"] for l in f["libraries"] if l["from"] == "host"})'); do
  mkdir -p "$work/root${library%/*}"
  cp -L "$library" "$work/root$library"
done
lower --cpu=ivybridge --host-description "$here" --host-root "$work/root" >/dev/null
rm "$work/root"/lib*/libc.so.6 "$work/root"/lib*/*/libc.so.6 2>/dev/null || true
xaas-lower --cpu=sandybridge --host-description "$here" --host-root "$work/root" "$heat" bin/heat 2>"$work/said" &&
  die "a libc from elsewhere was used"
contains "$(cat "$work/said")" "lower on that host, or copy the library"

fails_with 1 "for this host only" \
  xaas-lower --host-description "$here" install "$heat" "$work/tree"
[ ! -e "$work/tree" ] || die "a tree was made"

# Files that are no description.
echo '{"name": "x"}' >"$work/foreign.json"
fails_with 1 "no description of a host" xaas-lower check --host-description "$work/foreign.json" "$heat"
head -c 2000 "$here" >"$work/cut.json"
fails_with 1 "not valid JSON" xaas-lower explain --host-description "$work/cut.json" "$heat"
fails_with 1 "No such file" xaas-lower check --host-description "$work/none.json" "$heat"
fails_with 1 "" xaas-lower describe-host -o "$work/none/here.json"
