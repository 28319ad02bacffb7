# `xaas-lower install` and `export` give a tree whose programs run in a root that has only libc, lowered, with the prefix
# of their place, and with links, permissions and attributes as in a mount. Installing again touches nothing. Exporting
# again gives the same bytes, which squashfuse and the kernel's driver mount.
. "$(dirname "$0")/lib.sh"
need_root
source=$work/places-1.0
mkdir "$source"
cat >"$source/library.c" <<'S'
const char *library_path(void) { return PREFIX "/lib"; }
S
cat >"$source/places.c" <<'S'
#include <stdio.h>
const char *library_path(void);
int main(void) {
  char text[100] = "";
  FILE *file = fopen(PREFIX "/share/data.txt", "r");
  if (file) fgets(text, sizeof text, file);
  printf("%s\n%s\n%s", PREFIX, library_path(), text);
}
S
cat >"$source/Makefile" <<'S'
P = -DPREFIX='"$(PREFIX)"'
D = $(DESTDIR)$(PREFIX)
all: places
libplaces.so.1: library.c
	$(CC) -O2 $(P) -fPIC -shared -Wl,-soname,libplaces.so.1 library.c -o $@
places: places.c libplaces.so.1
	$(CC) -O2 $(P) places.c libplaces.so.1 -Wl,-rpath,$(PREFIX)/lib -o $@
install:
	mkdir -p $(D)/bin $(D)/share/private $(D)/lib
	cp places $(D)/bin/
	ln $(D)/bin/places $(D)/bin/same
	ln -s $(PREFIX)/bin/places $(D)/bin/link
	printf '#!/bin/sh\nexec $(PREFIX)/bin/places\n' >$(D)/bin/script
	chmod 0750 $(D)/bin/script
	cp libplaces.so.1 $(D)/lib/
	echo "some data" >$(D)/share/data.txt
	setfattr -n user.note -v kept $(D)/share/data.txt || :
	chmod 0500 $(D)/share/private
S
image=$work/places.xaas
mkxaas -q --levels=none "$source" "$image"

# listing TREE: names, types, permissions, links and attributes, without what only the image or the installation needs.
listing() {
  (cd "$1" && find . -mindepth 1 -path ./.xaas -prune -o -printf '%P %y %m %n %l\n' | sort
   find . -path ./.xaas -prune -o -print0 | sort -z |
     xargs -0 getfattr -h -d -m '^user\.(note|xaas\.recipe)$' 2>/dev/null || :) | sed "s|$1|PREFIX|g"
}
# runs_alone TREE: the programs say the right things where only TREE and the host's libc are.
runs_alone() {
  local root=$work/root file
  mkdir -p "$root$1"
  for file in $(ldd "$1/bin/places" | grep -o ' */[^ ]*' | grep -v "$work"); do
    mkdir -p "$root${file%/*}"
    cp -L "$file" "$root$file"
  done
  mount --bind "$1" "$root$1"
  for file in bin/places bin/same bin/link; do
    equal "$1
$1/lib
some data" "$(chroot "$root" "$1/$file")"
  done
  umount "$root$1"
}

app=$work/app
said=$(xaas-lower install "$image" "$app")
contains "$said" ", 2 lowered for"
runs_alone "$app"
equal "$app" "$("$app/bin/script" | head -n 1)"
[ -e "$app/.xaas/manifest.json" ] && die "the image's own directory was installed"
if (exec 3<>/dev/fuse) 2>/dev/null; then
  mount_image "$image" "$work/mnt"
  cp -r "$work/mnt" "$work/mounted"
  equal "$(listing "$work/mnt")" "$(listing "$app")"
  unmount "$work/mnt"
fi

before=$(find "$work" -maxdepth 1 -name '*app*' -printf '%P %i %C@\n'; find "$app" -printf '%P %i %C@ %T@\n' | sort)
equal "$app: up to date" "$(xaas-lower install "$image" "$app/")"
equal "$before" "$(find "$work" -maxdepth 1 -name '*app*' -printf '%P %i %C@\n'; find "$app" -printf '%P %i %C@ %T@\n' | sort)"
# A file that somebody changed is put right.
echo changed >"$app/share/data.txt"
contains "$(xaas-lower install "$image" "$app")" ": 1 of 6 files written"
runs_alone "$app"

mkdir -p "$work/mnt" "$work/first" "$work/second"
xaas-lower export --prefix "$work/mnt" -j 1 "$image" -o "$work/first/native.sqfs"
xaas-lower export --prefix="$work/mnt" -j 2 --output "$work/second/native.sqfs" "$image"
cmp "$work/first/native.sqfs" "$work/second/native.sqfs"
equal native.sqfs "$(ls -A "$work/first")"
fails_with 1 "absolute path" xaas-lower export --prefix mnt "$image" -o "$work/other.sqfs"
installed=$(listing "$app")
checked=
check() {
  local file size
  runs_alone "$work/mnt"
  equal "$installed" "$(listing "$work/mnt")"
  # Files have the bytes that a mount at the same place shows, without its padding.
  for file in bin/places bin/script lib/libplaces.so.1 share/data.txt; do
    [ -e "$work/mounted" ] || break
    size=$(stat -c %s "$work/mnt/$file")
    cmp "$work/mnt/$file" <(head -c "$size" "$work/mounted/$file")
    [ -z "$(tail -c +$((size + 1)) "$work/mounted/$file" | tr -d '\0')" ] || die "$file was cut"
  done
  umount "$work/mnt"
  checked="$checked $1"
}
if (exec 3<>/dev/fuse) 2>/dev/null; then
  squashfuse "$work/first/native.sqfs" "$work/mnt"
  check squashfuse
fi
need_loop "the kernel's driver was not tried; these were:$checked"
mount -t squashfs -o loop,ro "$work/first/native.sqfs" "$work/mnt"
check kernel
