# A program that prints and opens its data by the path that was compiled in works wherever the image is mounted, and
# from two places at once, lowered and not. Both mounts share what is lowered.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/paths-1.0
mkdir "$source"
cat >"$source/paths.cc" <<'S'
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
constexpr std::string_view kView = PREFIX "/share";            // a length that was compiled in
static const char kArray[] = PREFIX "/share/array";
static const struct { const char* pointer; char array[200]; } kStruct = {PREFIX "/share/pointer", PREFIX "/share/inline"};
std::string directory() { return PREFIX "/share/"; }           // stores of constants, if a compiler may
static bool is_below(const char* path) { return std::strncmp(path, PREFIX, std::strlen(PREFIX)) == 0; }
int main(int argc, char** argv) {
  char local[] = PREFIX "/share/local";
  local[0] = static_cast<char>('.' + argc);
  char copy[300];
  std::strcpy(copy, PREFIX);
  std::strcat(copy, "/share/copy");
  std::printf("%.*s\n%s\n%s\n%s\n%s\n%s\n", static_cast<int>(kView.size()), kView.data(), kArray + argc - 1, kStruct.pointer,
              kStruct.array + argc - 1, local, copy);
  std::ifstream file(directory() + "data.txt");
  std::string text;
  std::getline(file, text);
  std::printf("%s\n%s\n", text.c_str(), argc > 1 || is_below(copy) ? "below" : "not below");
}
S
cat >"$source/Makefile" <<'S'
all: paths
paths: paths.cc
	$(CXX) -O3 -g -DPREFIX='"$(PREFIX)"' -Wl,-rpath,$(PREFIX)/lib paths.cc -o $@
install:
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share $(DESTDIR)$(PREFIX)/lib/pkgconfig
	cp paths $(DESTDIR)$(PREFIX)/bin/
	echo "some data" >$(DESTDIR)$(PREFIX)/share/data.txt
	printf 'prefix=$(PREFIX)\nName: paths\nDescription: x\nVersion: 1\nCflags: -I$${prefix}/include\n' >$(DESTDIR)$(PREFIX)/lib/pkgconfig/paths.pc
	printf '#!$(PREFIX)/bin/interpreter\nscript of $(PREFIX)\n' >$(DESTDIR)$(PREFIX)/bin/script
	cp /bin/cat $(DESTDIR)$(PREFIX)/bin/interpreter
	chmod 755 $(DESTDIR)$(PREFIX)/bin/*
	ln -s $(PREFIX)/share/data.txt $(DESTDIR)$(PREFIX)/data
S
mkxaas -q "$source" "$work/paths.xaas"

# check ROOT [PADDED]: checks that everything there names ROOT. In binary files the path is filled up with slashes.
check() {
  local root=$1 output
  output=$("$root/bin/paths" | tr -s /)
  equal "$root/share
$root/share/array
$root/share/pointer
$root/share/inline
$root/share/local
$root/share/copy
some data
below" "$output"
  equal "#!$root/bin/interpreter
script of $root" "$("$root/bin/script")"
  equal "$(stat -c %s "$root/bin/script")" "$(cat "$root/bin/script" | wc -c)"
  equal "-I$root/include" "$(PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config --cflags paths | tr -d ' ')"
  equal "$root/share/data.txt" "$(readlink "$root/data")"
  equal "some data" "$(cat "$root/data")"
  equal 0 "$(grep -rc xaas-movable-prefix "$root/bin" "$root/share" "$root/lib" | awk -F: '{ n += $NF } END { print n + 0 }')"
  equal "$root/lib" "$(readelf -d "$root/bin/paths" | sed -n 's/.*R.*PATH.*\[\(.*\)\]/\1/p' | tr -s / | cut -d: -f1)"
  # Debuggers find the sources in the image, because the line table names them.
  equal "$root/.xaas/src/paths.cc" "$(llvm-symbolizer-19 --obj="$root/bin/paths" main </dev/null | tr -s / | sed -n 2p | cut -d: -f1)"
  [ -s "$root/.xaas/src/paths.cc" ] || die "no source in $root"
}

mount_image "$work/paths.xaas" "$work/a"
mount_image "$work/paths.xaas" "$work/another-place"
mount_image "$work/paths.xaas" "$work/baseline" lower=never
for root in "$work/a" "$work/another-place" "$work/baseline"; do
  check "$root"
done
equal ready "$(state_of "$work/a/bin/paths")"
equal "$(xattr_of key "$work/a/bin/paths")" "$(xattr_of key "$work/another-place/bin/paths")"
equal 1 "$(find "$work/cache" -name '*.elf' | wc -l)"

# If something cannot be done, an error says so and nothing is mounted.
long=$work/$(printf 'x%.0s' {1..128})
mkdir "$long"
fails_with 1 "128" xaas-mount "$work/paths.xaas" "$long"
is_mounted "$long" && die "something was mounted"
# The prefix can be another path than the mountpoint, for a mountpoint that others see under another name.
mount_image "$work/paths.xaas" "$work/b" "prefix=$work/a"
equal "$("$work/a/bin/paths")" "$("$work/b/bin/paths")"
# An image for a fixed prefix is shown as it is.
mkxaas -q --prefix "$work/fixed" "$source" "$work/fixed.xaas"
mount_image "$work/fixed.xaas" "$work/c"
equal "prefix=$work/fixed" "$(head -n 1 "$work/c/lib/pkgconfig/paths.pc")"
