# A recipe names slots. In a slot, the host's own library is used in place of the bundled one, if it has all that the
# image's programs need of it. The user can name a library, or keep the bundled one. A library that lacks a symbol is
# refused, with the name of the symbol. Whatever stands there, programs are lowered once.
. "$(dirname "$0")/lib.sh"
need_fuse
unset LD_LIBRARY_PATH
source=$work/blas-1.0
mkdir "$source" "$work/build" "$work/site" "$work/other" "$work/other/deep" "$work/old" "$work/poor"

# library FILE SONAME NAME [OPTION...]: makes a library that multiplies, and says by who_ that it is NAME.
library() {
  local file=$1 soname=$2 name=$3
  shift 3
  printf 'double dgemm_(double a, double b) { return a * b; }\nconst char* who_(void) { return "%s"; }\n' "$name" >"$work/library.c"
  clang-19 -shared -fPIC "$work/library.c" -Wl,-soname,"$soname" -o "$file" "$@"
}
# The image's library needs another one, which is not for programs. The program needs libshared as well.
echo 'int shared_one(void) { return 1; }' >"$work/shared.c"
clang-19 -shared -fPIC "$work/shared.c" -Wl,-soname,libshared.so.1 -o "$work/build/libshared.so.1"
echo 'int inner(void) { return 1; }' >"$work/inner.c"
clang-19 -shared -fPIC "$work/inner.c" -Wl,-soname,libinner.so.1 -o "$work/build/libinner.so.1"
library "$work/build/libblas.so.3" libblas.so.3 bundled -Wl,--no-as-needed "$work/build/libinner.so.1" -Wl,-rpath,'$ORIGIN'
cat >"$source/main.c" <<'S'
#include <stdio.h>
double dgemm_(double, double);
const char* who_(void);
int shared_one(void);
int main(void) { printf("%s %g\n", who_(), dgemm_(6, 7) + shared_one()); }
S
cat >"$source/Makefile" <<S
all:
	\$(CC) -O2 main.c $work/build/libblas.so.3 $work/build/libshared.so.1 -o multiply
install:
	install -D multiply \$(DESTDIR)\$(PREFIX)/bin/multiply
S
echo 'slots = ["blas", "fftw3"]' >"$source/xaas.toml"
mkxaas "$source" "$work/blas.xaas" >"$work/log" 2>"$work/said"
contains "$(cat "$work/said")" "the slot fftw3 is left out"
image=$work/blas.xaas
contains "$(xaas-info "$image")" "blas: libblas.so.3, 2 symbols"
contains "$(xaas-info "$image")" "libblas.so.3 libinner.so.1"
xaas-info verify "$image" >/dev/null

# runs WHO OPTIONS STATUS: mounts the image and runs the program, which must use the library WHO. The status of the slot
# must contain STATUS. The names in the slot's directory are left in $work/listed.
runs() {
  mount_image "$image" "$work/app" "${2:-}"
  equal "$1 43" "$("$work/app/bin/multiply")"
  equal ready "$(state_of "$work/app/bin/multiply")"
  xattr_of key "$work/app/bin/multiply" >"$work/key"
  [ -e "$work/first-key" ] || cp "$work/key" "$work/first-key"
  cmp "$work/key" "$work/first-key"
  contains "$(xaas-mount --status "$work/app")" "slot blas      ${3:-}"
  ls "$work"/app/.xaas/toolchain/*/slot/blas >"$work/listed"
  unmount "$work/app"
}
# No library of this host has who_.
runs bundled "" bundled:
equal "libblas.so.3
libinner.so.1" "$(cat "$work/listed")"

# The same soname, where the loader of this process looks. What only the bundled library needs is not shown.
library "$work/site/libblas.so.3" libblas.so.3 site
export LD_LIBRARY_PATH=$work/site
runs site "" "$work/site/libblas.so.3"
equal libblas.so.3 "$(cat "$work/listed")"
runs bundled slot.blas=bundled "bundled: they were asked for"
contains "$(xaas-lower explain "$image")" "slot      blas  $work/site/libblas.so.3"
contains "$(xaas-lower explain --slot blas=bundled "$image")" "slot      blas  bundled: they were asked for"
contains "$(xaas-lower check "$image")" "slot      blas: $work/site/libblas.so.3"
xaas-lower check --json "$image" | python3 -c 'import json, sys
c = json.load(sys.stdin)
blas, = [l for f in c["files"] for l in f["libraries"] if l["soname"] == "libblas.so.3"]
assert blas == {"soname": "libblas.so.3", "from": "host", "path": sys.argv[1]}, blas
slot, = c["decisions"]["slots"]
assert slot == {"name": "blas", "uses": "host", "libraries": {"libblas.so.3": sys.argv[1]}, "reason": ""}, slot' "$work/site/libblas.so.3"

# Another soname, with versions, that finds its own library beside it. It stands for the one that the program names.
echo 'int deep(void) { return 1; }' | clang-19 -x c -shared -fPIC - -Wl,-soname,libdeep.so.1 -o "$work/other/deep/libdeep.so.1"
echo 'V1 { global: dgemm_; who_; };' >"$work/versions"
library "$work/other/libblis.so.4" libblis.so.4 other -Wl,--version-script="$work/versions" \
  -Wl,--no-as-needed "$work/other/deep/libdeep.so.1" -Wl,-rpath,'$ORIGIN/deep'
LD_LIBRARY_PATH=$work/other runs other "" "$work/other/libblis.so.4 for libblas.so.3"
runs other "slot.blas=$work/other/libblis.so.4"
runs other "slot.blas=$work/other" "$work/other/libblis.so.4 for libblas.so.3"
# The same for the baseline. The loader would warn on standard error if a version were missing.
mount_image "$image" "$work/app" "lower=never,slot.blas=$work/other"
equal "other 43" "$("$work/app/bin/multiply" 2>&1)"
unmount "$work/app"

# Libraries that lack something.
echo 'double dgemm_(double a, double b) { return a * b; }' | clang-19 -x c -shared -fPIC - -Wl,-soname,libblas.so.3 -o "$work/poor/libblas.so.3"
mkdir -p "$work/app"
fails_with 1 "slot.blas=$work/poor/libblas.so.3: $work/poor/libblas.so.3 lacks who_" \
  xaas-mount -o "slot.blas=$work/poor/libblas.so.3" "$image" "$work/app"
LD_LIBRARY_PATH=$work/poor runs bundled "" "bundled: $work/poor/libblas.so.3 lacks who_"
library "$work/old/libblas.so.3" libblas.so.3 old -Wl,--no-as-needed "$work/other/deep/libdeep.so.1"
fails_with 1 "needs libdeep.so.1, which is not on this host" \
  xaas-lower explain --slot "blas=$work/old/libblas.so.3" "$image"
# The program and the host's library need the same library, which the image has in an older form.
echo 'int shared_two(void) { return 2; }' | cat "$work/shared.c" - >"$work/shared2.c"
clang-19 -shared -fPIC "$work/shared2.c" -Wl,-soname,libshared.so.1 -o "$work/old/libshared.so.1"
shared() {
  printf 'int shared_%s(void);\ndouble dgemm_(double a, double b) { return a * b * shared_%s(); }\nconst char* who_(void) { return "%s"; }\n' "$1" "$1" "$1" >"$work/library.c"
  clang-19 -shared -fPIC "$work/library.c" "$work/old/libshared.so.1" -Wl,-soname,libblas.so.3,-rpath,'$ORIGIN' -o "$work/old/libblas.so.3"
}
shared two
fails_with 1 "needs shared_two of libshared.so.1, which the image has without that" \
  xaas-lower explain --slot "blas=$work/old/libblas.so.3" "$image"
shared one
runs one "slot.blas=$work/old/libblas.so.3"

# What cannot be asked for.
fails_with 1 "has no such slot, but blas" xaas-mount -o slot.mpi=bundled "$image" "$work/app"
fails_with 2 "there is no slot 'cblas'" xaas-mount -o slot.cblas=bundled "$image" "$work/app"
fails_with 2 "there is no library" xaas-mount -o "slot.blas=$work/none" "$image" "$work/app"
fails_with 1 "such as blas=PATH" xaas-lower explain --slot blas "$image"

# Trees without FUSE, and a described host, whose libraries cannot be read.
xaas-lower install --slot "blas=$work/other" "$image" "$work/tree" >"$work/log" 2>&1
equal "other 43" "$("$work/tree/bin/multiply")"
xaas-lower install --slot blas=bundled "$image" "$work/tree" >"$work/log" 2>&1
equal "bundled 43" "$("$work/tree/bin/multiply")"
xaas-lower export -o "$work/tree.squashfs" "$image" >"$work/log" 2>&1
unsquashfs -q -n -d "$work/exported" "$work/tree.squashfs" >/dev/null
equal "site 43" "$("$work/exported/bin/multiply")"
xaas-lower describe-host -o "$work/here.json"
contains "$(xaas-lower explain --host-description "$work/here.json" "$image")" \
  "slot      blas  bundled: the libraries of the described host cannot be read"
# Any SquashFS driver shows the bundled library.
unsquashfs -q -n -d "$work/plain" "$image" >/dev/null
equal "bundled 43" "$("$work/plain/bin/multiply")"
