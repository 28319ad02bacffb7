# Files that are no programs work from the mount too: a Python package and its command, message catalogues, a manual
# page, a .pc and a CMake package file. Each is found by the prefix that was compiled or written into it, wherever the
# image is mounted.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/tree-1.0
mkdir -p "$source/package" "$source/cmake"
cd "$source"
cat >hello.c <<'S'
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
int main(void) {
  setlocale(LC_ALL, "");
  bindtextdomain("tree", LOCALEDIR);
  textdomain("tree");
  puts(gettext("good morning"));
}
S
printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\nmsgid "good morning"\nmsgstr "guten Morgen"\n' >de.po
printf 'WHERE = "@PREFIX@"\n' >package/__init__.py
touch package/part.py
cat >command.in <<'S'
#!/usr/bin/env python3
import sys
sys.path.insert(0, "@PREFIX@/lib/python3/site-packages")
import tree, tree.part
print(tree.WHERE, tree.part.__file__)
S
printf '.TH TREE 1\n.SH NAME\ntree \\- of files, below @PREFIX@/share\n' >tree.1.in
printf 'prefix=@PREFIX@\nName: tree\nDescription: x\nVersion: 1\nLibs: -L${prefix}/lib -ltree\n' >tree.pc.in
echo 'int tree_value(void) { return 7; }' >tree.c
cat >cmake/CMakeLists.txt <<'S'
cmake_minimum_required(VERSION 3.20)
project(part C)
add_library(tree SHARED ../tree.c)
target_include_directories(tree INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_PREFIX}/include>)
install(TARGETS tree EXPORT tree LIBRARY DESTINATION lib)
install(EXPORT tree DESTINATION lib/cmake/tree NAMESPACE tree:: FILE tree-config.cmake)
S
cat >Makefile <<'S'
D = $(DESTDIR)$(PREFIX)
fill = sed 's,@PREFIX@,$(PREFIX),'
all:
	$(CC) -O2 -DLOCALEDIR='"$(PREFIX)/share/locale"' hello.c -o hello
	msgfmt de.po -o de.mo
	cmake -S cmake -B lib -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=$(PREFIX) && cmake --build lib
install:
	install -D hello $D/bin/hello
	install -D de.mo $D/share/locale/de/LC_MESSAGES/tree.mo
	mkdir -p $D/lib/python3/site-packages/tree $D/lib/pkgconfig $D/share/man/man1 $D/include
	$(fill) package/__init__.py >$D/lib/python3/site-packages/tree/__init__.py
	cp package/part.py $D/lib/python3/site-packages/tree
	python3 -m compileall -q -s $(DESTDIR) $D/lib/python3
	$(fill) command.in >$D/bin/tree-command && chmod 755 $D/bin/tree-command
	$(fill) tree.1.in >$D/share/man/man1/tree.1
	$(fill) tree.pc.in >$D/lib/pkgconfig/tree.pc
	cmake --install lib
S
mkxaas -q "$source" "$work/tree.xaas"
cd "$work"
rm -r "$source"
mkdir user
cat >user/CMakeLists.txt <<'S'
cmake_minimum_required(VERSION 3.20)
project(user C)
find_package(tree REQUIRED)
add_executable(user user.c)
target_link_libraries(user tree::tree)
S
echo 'int tree_value(void); int main(void) { return tree_value(); }' >user/user.c
localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8"

# check ROOT
check() {
  local root=$1 status=0
  equal "guten Morgen" "$(LOCPATH=$work LC_ALL=de_DE.UTF-8 "$root/bin/hello")"
  equal "good morning" "$(LC_ALL=C "$root/bin/hello")"
  equal "$root $root/lib/python3/site-packages/tree/part.py" "$("$root/bin/tree-command")"
  contains "$(mandoc -T ascii "$root/share/man/man1/tree.1")" "$root/share"
  equal "-L$root/lib -ltree" "$(PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config --libs tree | sed 's/ *$//')"
  rm -rf "$work/user-build"
  cmake -S "$work/user" -B "$work/user-build" -DCMAKE_PREFIX_PATH="$root" -DCMAKE_C_COMPILER=clang-19 >"$work/log" 2>&1 &&
    cmake --build "$work/user-build" >>"$work/log" 2>&1 || die "$(cat "$work/log")"
  "$work/user-build/user" || status=$?
  equal 7 $status
}
mount_image "$work/tree.xaas" "$work/a"
mount_image "$work/tree.xaas" "$work/b" lower=never
check "$work/a"
equal 255 "$(stat -f -c %l "$work/a")"  # the longest name
check "$work/b"
