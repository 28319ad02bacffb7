# While the install command runs, the tree that it has installed so far is at the prefix, only for that command. An
# install step that ignores DESTDIR installs into the image. One that runs installed programs finds them. Nothing
# appears on the host.
. "$(dirname "$0")/lib.sh"
need_mount_namespace -rm
placeholder=/xaas-movable-prefix
[ ! -e $placeholder ] || skip "$placeholder is there, which hides whether this test makes it"

# The program is copied past DESTDIR, a data file is not. Then the program is run by its prefix, and so is a script that
# names the program.
mkdir "$work/project"
cat >"$work/project/hello.c" <<'C'
#include <stdio.h>
#include <unistd.h>
int main(int count, char** words) {
  if (count > 1 && access(words[1], R_OK)) return 3;
  return printf("hello %d\n", (int)getuid()) < 0;
}
C
cat >"$work/project/Makefile" <<'M'
all: hello
hello: hello.c
	$(CC) -o $@ hello.c
install: hello
	mkdir -p $(PREFIX)/bin
	cp hello $(PREFIX)/bin/hello
	install -D -m 644 hello.c $(DESTDIR)$(PREFIX)/share/hello.c
	$(PREFIX)/bin/hello $(PREFIX)/share/hello.c >$(DESTDIR)$(PREFIX)/share/said
	printf '#!$(PREFIX)/bin/hello\n' >$(PREFIX)/bin/script
	chmod 755 $(PREFIX)/bin/script
	$(PREFIX)/bin/script
	test -d /usr/bin && test -f hello.c
M
installed="bin/hello bin/script share/hello.c share/said"
check() {  # IMAGE UID
  equal "$installed" "$(xaas-info list "$1" | grep -oE '(bin|share)/[a-z.]+$' | sort | xargs)"
  rm -rf "$work/unpacked"
  xaas-info extract "$1" "$work/unpacked"
  equal "hello $2" "$(cat "$work/unpacked/share/said")"
  [ ! -e $placeholder ] || die "$placeholder appeared on the host"
}
mkxaas -q --toolchain none "$work/project" "$work/movable.xaas"
check "$work/movable.xaas" "$(id -u)"
mkxaas -q --toolchain none --prefix "$work/not/there/app" "$work/project" "$work/fixed.xaas"
check "$work/fixed.xaas" "$(id -u)"
[ ! -e "$work/not" ] || die "$work/not appeared on the host"

# The same holds for a user without rights, who keeps their ids.
if [ "$(id -u)" = 0 ] && id nobody >/dev/null && $as_nobody unshare -Um true 2>/dev/null; then
  chmod 755 "$work"
  install -d -o nobody "$work/nobodys"
  HOME=$work/nobodys $as_nobody mkxaas -q --toolchain none "$work/project" "$work/nobodys/movable.xaas"
  check "$work/nobodys/movable.xaas" "$(id -u nobody)"
fi

# A failed command keeps its status.
fails_status=0
mkxaas -q --toolchain none --install 'exit 42' --work "$work/failed" "$work/project" "$work/x.xaas" 2>"$work/stderr" || fails_status=$?
equal 1 $fails_status
contains "$(cat "$work/stderr")" "exit status 42"

# Files that the host has at the prefix stay visible to the build, and stay as they are. The image has only installed
# files.
overlay_works() {
  mkdir -p "$work/overlay/lower" "$work/overlay/upper" "$work/overlay/scratch"
  unshare -rm mount -t overlay overlay -o "lowerdir=$work/overlay/lower,upperdir=$work/overlay/upper,workdir=$work/overlay/scratch,userxattr" \
    "$work/overlay/lower" 2>/dev/null
}
if overlay_works; then
  mkdir -p "$work/there/bin" "$work/there/share"
  printf '#!/bin/sh\necho tool\n' >"$work/there/bin/tool"
  chmod 755 "$work/there/bin/tool"
  PATH=$work/there/bin:$PATH mkxaas -q --toolchain none --prefix "$work/there" --install \
    'test "$(tool)" = tool && make install PREFIX=$PREFIX && rm $PREFIX/bin/tool' "$work/project" "$work/there.xaas"
  check "$work/there.xaas" "$(id -u)"
  equal "bin bin/tool share" "$(cd "$work/there" && find . -mindepth 1 | cut -c3- | sort | xargs)"
fi

# What an install step writes to /usr/local does not stay on the host. The warning names what would bring it into the
# image, if nothing else is there.
why=
[ "$(id -u)" = 0 ] || why="only root may write to /usr/local"
overlay_works || why="no overlay can be mounted here"
! cut -d ' ' -f 2 /proc/mounts | grep -q '^/usr/local/' || why="something is mounted below /usr/local"
[ -d /usr/local/src ] || why="there is no /usr/local/src to mount at"
if [ -n "$why" ]; then
  echo "install steps that write to /usr/local are not tested: $why"
else
  mkdir "$work/local" "$work/bound"
  cp "$work/project/hello.c" "$work/local"
  cat >"$work/local/Makefile" <<'M'
PREFIX ?= /usr/local
TOP = /usr/local
all: ; $(CC) -o hello hello.c
install: ; mkdir -p $(TOP)/src && cp hello $(TOP)/src/xaas-hello && $(TOP)/src/xaas-hello
M
  ! mkxaas --toolchain none "$work/local" "$work/local.xaas" >"$work/stdout" 2>"$work/stderr" || die "an empty image was made"
  [ ! -e /usr/local/src/xaas-hello ] || { rm /usr/local/src/xaas-hello; die "it stayed on the host"; }
  contains "$(cat "$work/stderr")" "installed nothing"
  contains "$(cat "$work/stderr")" "wrote to /usr/local and not to \$DESTDIR\$PREFIX: src/xaas-hello; these files are neither"
  hint=$(grep -o -- "--install .*" "$work/stderr")
  eval "set -- $hint"
  mkxaas -q --toolchain none "$@" "$work/local" "$work/local.xaas"
  contains "$(xaas-info list "$work/local.xaas")" src/xaas-hello

  # It does not matter that a directory of /usr/local is mounted elsewhere. Where something is mounted below /usr/local,
  # there is no overlay, and what stays on the host is named. Beside other files it needs no advice.
  step='make install && install -D hello $DESTDIR$PREFIX/bin/hello'
  write_local() {  # WHAT WHERE NAME: with a mount of WHAT at WHERE
    unshare -m sh -c 'mount --bind "$1" "$2" && shift 2 && mkxaas --ready=none --toolchain none --install "$3" "$2" "$1" && cat /usr/local/src/xaas-hello >"$1.left"' \
      sh "$1" "$2" "$work/$3.xaas" "$work/local" "$step" >"$work/stdout" 2>"$work/stderr"
  }
  ! write_local /usr/local/src "$work/bound" elsewhere || die "it stayed on the host"
  [ -e "$work/elsewhere.xaas" ] || die "$(cat "$work/stderr")"
  contains "$(cat "$work/stderr")" "also wrote to /usr/local: src/xaas-hello; these files are neither in the image nor on this host"
  write_local "$work/bound" /usr/local/src below || die "$(cat "$work/stderr")"
  contains "$(cat "$work/stderr")" "also wrote to /usr/local: src/xaas-hello; these files are on this host and not in the image"
  ! grep -- --install "$work/stderr" || die "advice without need"
  [ -e "$work/bound/xaas-hello" ] && [ ! -e /usr/local/src/xaas-hello ] || die "this test wrote to the host"
fi

# If there are no private namespaces, files that an install step writes to a prefix that did not exist are moved into
# the image, with a warning.
cat >"$work/project/Makefile" <<'M'
all: ; $(CC) -o hello hello.c
install: ; mkdir -p $(PREFIX)/bin && cp hello $(PREFIX)/bin/hello
M
unshare -r sh -c 'echo 0 >/proc/sys/user/max_mnt_namespaces && exec mkxaas --toolchain none --prefix "$1/not/there/app" "$1/project" "$1/moved.xaas"' \
  sh "$work" >"$work/stdout" 2>"$work/stderr"
contains "$(cat "$work/stderr")" "mkxaas: warning: the install command ignored \$DESTDIR and wrote to $work/not:"
installed="bin/hello"
equal "$installed" "$(xaas-info list "$work/moved.xaas" | grep -oE '(bin|share)/[a-z.]+$' | xargs)"
[ ! -e "$work/not" ] || die "$work/not stayed on the host"
