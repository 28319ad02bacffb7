# mkxaas --merge makes one image of images for several architectures. A mount shows the tree for the architecture of its
# host, even if that is not the first, and says so; other drivers show the first one. What is the same is there once.
. "$(dirname "$0")/lib.sh"
need_fuse

mkdir "$work/hello"
cat >"$work/hello/hello.c" <<'END'
#include <stdio.h>
int main(void) { puts("hello from " PREFIX); return 0; }
END
head -c 300000 /dev/urandom >"$work/hello/data"
cat >"$work/hello/Makefile" <<'END'
PREFIX = /usr/local
hello: hello.c
	$(CC) -O2 -DPREFIX='"$(PREFIX)"' -o $@ hello.c
install: hello
	install -D -t $(DESTDIR)$(PREFIX)/bin hello
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/hello data
END
mkxaas -q --toolchain=none --build 'make PREFIX="$PREFIX"' \
  --install 'make install PREFIX="$PREFIX" DESTDIR="$DESTDIR"' "$work/hello" "$work/own.xaas"

# for_arm IMAGE FILE: writes an image as an Arm machine would have made it, as far as no program of it runs: its manifest
# and the paths in it name another architecture.
for_arm() {
  unsquashfs -q -n -d "$work/parts" "$1" >/dev/null
  python3 - "$work/parts" <<'END'
import hashlib, os, pathlib, struct, sys
root, arm = pathlib.Path(sys.argv[1]), "aarch64-unknown-linux-gnu"
own = os.listdir(root / ".xaas/toolchain")[0]
(root / ".xaas/toolchain" / own).rename(root / ".xaas/toolchain" / arm)
manifest = root / ".xaas/manifest.json"
manifest.write_text(manifest.read_text().replace(own, arm))
data = (root / ".xaas/files").read_bytes()
size, count, at, strings, length, places, _ = struct.unpack_from("<IQQQQQQ", data, 12)
records = []
for i in range(count):
  record = bytearray(data[at + i * size : at + (i + 1) * size])
  start, n = struct.unpack_from("<QI", record)
  path = data[strings + start : strings + start + n].decode().replace(own, arm)
  if path == ".xaas/manifest.json":
    record[16:48] = hashlib.sha256(manifest.read_bytes()).digest()
    struct.pack_into("<Q", record, 80, manifest.stat().st_size)
  records.append((path.encode(), record))
records.sort(key=lambda r: r[0])
names = b""
for path, record in records:
  struct.pack_into("<QI", record, 0, len(names), len(path))
  names += path
head = bytearray(data[:at])
struct.pack_into("<Q", head, 40, len(names))
(root / ".xaas/files").write_bytes(bytes(head) + b"".join(r for _, r in records) + data[places:strings] + names)
END
  mksquashfs "$work/parts" "$2" -comp zstd -noappend -quiet -no-progress -all-root
  xaas-info verify "$2" >/dev/null
}
for_arm "$work/own.xaas" "$work/arm.xaas"

said=$(command mkxaas --merge "$work/arm.xaas" "$work/own.xaas" "$work/merged.xaas")
own=$(xaas-info "$work/own.xaas" | sed -n 's/^triples *//p')
contains "$said" "for aarch64-unknown-linux-gnu and $own"
contains "$said" "the configuration default of $work/own.xaas is called default-${own%%-*}"
xaas-info verify "$work/merged.xaas" >/dev/null
equal "aarch64-unknown-linux-gnu $own" "$(xaas-info "$work/merged.xaas" | sed -n 's/^triples *//p')"

# The data, which does not compress, is there once.
size() { stat -c %s "$1"; }
together=$(($(size "$work/own.xaas") + $(size "$work/arm.xaas")))
[ "$(size "$work/merged.xaas")" -lt $((together * 6 / 10)) ] || die "$(size "$work/merged.xaas") of $together bytes"

mount_image "$work/merged.xaas" "$work/app"
equal "hello from $work/app" "$("$work/app/bin/hello" | tr -s /)"
cmp "$work/app/share/hello/data" "$work/hello/data"
contains "$(cat "$work/app/.xaas/status")" "default-${own%%-*}, for $own"
equal "" "$(ls "$work/app/.xaas/tree/$own")"  # it is at the root
unmount "$work/app"

xaas-lower install "$work/merged.xaas" "$work/installed" >/dev/null 2>"$work/stderr"
contains "$(cat "$work/stderr")" "default-${own%%-*}, for $own"
equal "hello from $work/installed" "$("$work/installed/bin/hello" | tr -s /)"

# Another driver shows what the first image has.
unsquashfs -q -n -d "$work/first" "$work/merged.xaas" bin/hello >/dev/null
cmp "$work/first/bin/hello" "$work/parts/bin/hello"

# The other order, the same again, and what does not go together.
command mkxaas -q --merge "$work/own.xaas" "$work/arm.xaas" "$work/other.xaas"
command mkxaas -q --merge "$work/own.xaas" "$work/arm.xaas" "$work/again.xaas"
cmp "$work/other.xaas" "$work/again.xaas"
fails_with 1 "both have programs for ${own%%-*}" command mkxaas --merge "$work/own.xaas" "$work/other.xaas" "$work/none.xaas"
mkxaas -q --toolchain=none --prefix /opt/hello --build 'make PREFIX="$PREFIX"' \
  --install 'make install PREFIX="$PREFIX" DESTDIR="$DESTDIR"' "$work/hello" "$work/fixed.xaas"
fails_with 1 'the prefix is "wherever it is mounted" in one and "/opt/hello" in the other' \
  command mkxaas --merge "$work/arm.xaas" "$work/fixed.xaas" "$work/none.xaas"
fails_with 1 "not a SquashFS image" command mkxaas --merge "$work/own.xaas" "$work/hello/data" "$work/none.xaas"
fails_with 2 "--merge" command mkxaas --merge "$work/own.xaas" "$work/none.xaas"
fails_with 2 "--prefix" command mkxaas --merge --prefix /x "$work/own.xaas" "$work/arm.xaas" "$work/none.xaas"
[ ! -e "$work/none.xaas" ] || die "a refused merge has left an image"
