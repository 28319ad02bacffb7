# Programs print the paths that were compiled into them without anything added, from two mountpoints at once, lowered
# and not. A program that knows lengths since it was compiled gets all its paths filled up with slashes, and works.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/paths-1.0
mkdir "$source"
cat >"$source/library.c" <<'S'
const char *const library_paths[] = {PREFIX "/lib/first", PREFIX "/lib/second"};
const char *library_path(void) { return PREFIX "/lib"; }
S
cat >"$source/plain.c" <<'S'
#include <assert.h>
#include <stdio.h>
#include <string.h>
extern const char *const library_paths[];
const char *library_path(void);
static const char *share = PREFIX "/share";
static const char named[] = PREFIX "/named";
static int is_below(const char *path, const char *directory) { return strncmp(path, directory, strlen(directory)) == 0; }
int main(int argc, char **argv) {
  assert(share[0] == '/');
  char path[4096], text[100] = "";
  printf("%s\n%s %zu\n", PREFIX, share, strlen(share));
  printf("%s\n%s\n%s\n%s\n-I" PREFIX "/include\n", named, library_path(), library_paths[0], library_paths[argc]);
  snprintf(path, sizeof path, "%s/%s", argc > 1 ? argv[1] : share, "data.txt");
  FILE *file = fopen(path, "r");
  if (file) fgets(text, sizeof text, file);
  printf("%s%s\n", text, is_below(path, share) && !is_below(share, library_path()) ? "below" : "not below");
}
S
cat >"$source/strings.cc" <<'S'
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>
std::string directory() { return PREFIX "/share"; }
static const std::vector<std::string> kAll = {PREFIX "/one", PREFIX "/two"};
static const std::map<std::string, const char*> kMap = {{"key", PREFIX "/value"}};
int main() {
  const std::string_view view = PREFIX "/view";
  std::cout << directory() << " " << directory().size() << "\n" << view << " " << view.size() << "\n";
  for (const auto& path : kAll) std::cout << path << "\n";
  std::cout << kMap.at("key") << "\n" << view.substr(0, view.rfind('/')) << "\n";
  std::ifstream file(directory() + "/data.txt");
  std::string text;
  std::getline(file, text);
  std::cout << text << "\n" << (kAll[0].starts_with(view.substr(0, view.rfind('/'))) ? "below" : "not below") << "\n";
}
S
# The path is in one unit, and its measured length is in another.
cat >"$source/measured.cc" <<'S'
#include <cstdio>
#include <cstring>
#include <string_view>
const char* share();
const char* file();
constexpr std::string_view kView = PREFIX "/view";
static bool is_below(const char* path) { return std::strncmp(path, PREFIX, std::strlen(PREFIX)) == 0; }
int main() {
  std::fwrite(kView.data(), 1, kView.size(), stdout);
  std::printf("\n%s %s\n%s\n", share(), file() + sizeof(PREFIX "/share/") - 1, is_below(file()) ? "below" : "not below");
}
S
cat >"$source/measured_paths.cc" <<'S'
const char* share() { return PREFIX "/share"; }
const char* file() { return PREFIX "/share/data.txt"; }
S
cat >"$source/Makefile" <<'S'
P = -DPREFIX='"$(PREFIX)"'
all: plain strings measured
libpaths.so: library.c
	$(CC) -O2 $(P) -fPIC -shared -Wl,-soname,libpaths.so library.c -o $@
plain: plain.c libpaths.so
	$(CC) -O2 -g $(P) plain.c -L. -lpaths -Wl,-rpath,$(PREFIX)/lib -o $@
strings: strings.cc
	$(CXX) -std=c++20 -O3 -ffunction-sections -fdata-sections -Wl,--gc-sections $(P) strings.cc -o $@
measured: measured.cc measured_paths.cc
	$(CXX) -std=c++20 -O2 $(P) measured.cc measured_paths.cc -o $@
install:
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share $(DESTDIR)$(PREFIX)/lib
	cp plain strings measured $(DESTDIR)$(PREFIX)/bin/
	strip $(DESTDIR)$(PREFIX)/bin/strings
	cp libpaths.so $(DESTDIR)$(PREFIX)/lib/
	echo "some data" >$(DESTDIR)$(PREFIX)/share/data.txt
S
said=$(mkxaas "$source" "$work/paths.xaas" 2>&1)
contains "$said" "paths: 4 in bin/measured will show the mountpoint with extra slashes"

# check ROOT
check() {
  local root=$1 view=$1/view padded
  equal "$root
$root/share $((${#root} + 6))
$root/named
$root/lib
$root/lib/first
$root/lib/second
-I$root/include
some data
below" "$("$root/bin/plain")"
  equal "$root/share $((${#root} + 6))
$root/view $((${#root} + 5))
$root/one
$root/two
$root/value
$root
some data
below" "$("$root/bin/strings")"
  padded=$root$(printf '%*s' $((128 - ${#root})) '' | tr ' ' /)
  equal "$padded/view
$padded/share data.txt
below" "$("$root/bin/measured")"
  # A file that is read in pieces of any size has the same bytes.
  for file in bin/plain bin/strings bin/measured lib/libpaths.so; do
    cmp <(cat "$root/$file") <(dd if="$root/$file" bs=61 status=none)
  done
}

long=$work/$(printf 'x%.0s' {1..60})
mount_image "$work/paths.xaas" "$work/a"
mount_image "$work/paths.xaas" "$long"
mount_image "$work/paths.xaas" "$work/baseline" lower=never
for root in "$work/a" "$long" "$work/baseline"; do
  check "$root"
done
equal ready "$(state_of "$work/a/bin/plain")"
equal ready "$(state_of "$work/a/bin/strings")"
equal ready "$(state_of "$work/a/bin/measured")"
equal ready "$(state_of "$work/a/lib/libpaths.so")"
for policy in fast max; do
  mount_image "$work/paths.xaas" "$work/$policy" "policy=$policy"
  check "$work/$policy"
  equal ready "$(state_of "$work/$policy/bin/plain")"
done
# The same holds for an extracted image, and at the longest mountpoint that is allowed.
xaas-info extract "$work/paths.xaas" "$work/extracted"
check "$work/extracted"
longest=$work/$(printf 'y%.0s' $(seq $((127 - ${#work}))))
mount_image "$work/paths.xaas" "$longest"
check "$longest"
