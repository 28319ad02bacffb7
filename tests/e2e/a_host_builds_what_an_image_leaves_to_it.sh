# An image has the whole source of a project, and leaves one configuration to the host. `xaas-lower build` builds it
# there, confined, with the host's library. From then on it is one more configuration of the image: a mount chooses it
# by its rank, lowers its programs, and shows the others on demand.
. "$(dirname "$0")/lib.sh"
need_fuse
need_mount_namespace -Urnpi --fork
source=$work/packer-1.0
mkdir -p "$source/doc" "$source/empty" "$source/.git"
cat >"$source/xaas.toml" <<'S'
build = 'make ZLIB="$ZLIB"'
install = 'make install DESTDIR="$DESTDIR" PREFIX="$PREFIX"'
levels = "none"
sources_left_out = ["secret"]
slots = ["blas"]
cuda = {families = [80]}

[[points]]
name = "zlib"
values = [{name = "own", substitute = ""}, {name = "host", substitute = "-DHAVE_ZLIB -lz", rank = 5, build = "host", tools = ["make>=3.0"], libraries = ["libz.so"], headers = ["zlib.h"]}]
S
cat >"$source/Makefile" <<'S'
packer: packer.c
	./check
	$(CC) -O2 packer.c $(ZLIB) -o packer
install:
	mkdir -p $(DESTDIR)$(PREFIX)/bin && cp packer $(DESTDIR)$(PREFIX)/bin
S
cat >"$source/packer.c" <<'S'
#include <stdio.h>
#ifdef HAVE_ZLIB
#include <zlib.h>
static const char* name(void) { return zlibVersion(); }
#else
static const char* name(void) { return "of its own"; }
#endif
int main(void) { return printf("packer %s\n", name()) < 0; }
S
# What a build on a host can reach. It must find neither the network nor the files and processes of the user.
cat >"$source/check" <<S
#!/bin/sh
[ ! -e /build/xaas.toml ] || {
  [ ! -e "$work/private" ] && [ ! -e /run ] || exit 3
  [ "\$(sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev)" = lo ] || exit 4
  [ "\$(ls -d /proc/[0-9]* | wc -l)" -lt 30 ] && ! grep -qs "^bash.*$0" /proc/[0-9]*/cmdline || exit 5
  ! touch /usr/touched 2>/dev/null && ! touch /etc/touched 2>/dev/null && ! touch /touched 2>/dev/null || exit 6
}
S
chmod +x "$source/check"
ln -s ../packer.c "$source/doc/link"
touch "$source/secret" "$source/.git/config" "$work/private"

contains "$(mkxaas --print-configurations "$source")" \
  "host  rank 5  ZLIB='-DHAVE_ZLIB -lz'  built on the host  with make>=3.0  linked with libz.so  including zlib.h"
fails_with 1 "-D leaves only configurations that are built on the host" mkxaas -D zlib=host "$source" "$work/x.xaas"
mkxaas -q "$source" "$work/packer.xaas"
xaas-info verify "$work/packer.xaas" >/dev/null
info=$(xaas-info "$work/packer.xaas")
contains "$info" "whole source    4 files"
contains "$info" "clang-19 19."
contains "$info" "to be built     host (rank 5) make>=3.0 libz.so zlib.h"
unsquashfs -q -n -d "$work/tree" "$work/packer.xaas" >/dev/null
equal '["blas"] [80]' "$(python3 -c 'import json, sys
source = json.load(open(sys.argv[1]))["source"]
print(json.dumps(source["slots"]), source["cuda_families"])' "$work/tree/.xaas/manifest.json")"
rm -r "$source/secret" "$source/.git"
diff -r "$source" "$work/tree/.xaas/source"
cd "$work/tree/.xaas/source"
[ -x check ] && [ ! -x packer.c ] && [ -d empty ] && [ -L doc/link ] || die "$(ls -lR)"
cd "$work"

contains "$(xaas-lower explain packer.xaas)" "build     host  can be built here"
planned=$(xaas-lower build --dry-run packer.xaas)
contains "$planned" "config    host  to be built"
contains "$planned" "library   libz.so.1"
contains "$planned" "point     zlib             -DHAVE_ZLIB -lz"
mount_image packer.xaas "$work/before"
equal "packer of its own" "$("$work/before/bin/packer")"
unmount "$work/before"
equal "" "$(find "$XAAS_CACHE/addons" -type f)"

contains "$(xaas-lower build -D zlib=host packer.xaas)" "host  built in"
equal "" "$(ls "$XAAS_CACHE/tmp")"
contains "$(xaas-lower build packer.xaas)" "host  cached"
contains "$(xaas-lower build --dry-run packer.xaas)" "config    host  built already"
explained=$(xaas-lower explain packer.xaas)
contains "$explained" "config    host  chosen"
contains "$explained" "config    own  fits, but another one ranks higher"

mount_image packer.xaas "$work/after"
version=$("$work/after/bin/packer")
case $version in "packer 1."*) ;; *) die "not zlib's version: $version" ;; esac
equal host "$(xattr_of config "$work/after/bin/packer")"
equal ready "$(state_of "$work/after/bin/packer")"
mount_image packer.xaas "$work/own" config=own,lower=never
equal "packer of its own" "$("$work/own/bin/packer")"
xaas-lower install packer.xaas "$work/installed" >/dev/null 2>&1
equal "$version" "$("$work/installed/bin/packer")"
contains "$(xaas-lower cache verify)" "0 broken"
truncate -s -1 "$(find "$XAAS_CACHE/addons" -name '*.xaas')"
contains "$(xaas-lower explain packer.xaas)" "config    own  chosen"
contains "$(xaas-lower cache verify)" "1 broken"
equal "" "$(find "$XAAS_CACHE/addons" -type f)"
fails_with 1 "host is not built on this host: xaas-lower build builds it" xaas-lower --config=host packer.xaas
