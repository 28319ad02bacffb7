# An executable image runs its main program, with the arguments, descriptors and exit status of any program. `mkxaas
# --executable` and `xaas-info make-executable` make the same file.
. "$(dirname "$0")/lib.sh"
need_fuse
need_mount_namespace -rm
mkdir "$work/greet"
cat >"$work/greet/greet.c" <<'S'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char** argv) {
  const char* name = strrchr(argv[0], '/') + 1;
  if (argc > 2 && strcmp(argv[1], "end") == 0) return atoi(argv[2]);
  if (argc > 2 && strcmp(argv[1], "die") == 0) raise(atoi(argv[2]));
  printf("%s", name);
  for (int i = 1; i < argc; ++i) printf(" <%s>", argv[i]);
  puts("");
  for (int c; argc > 1 && strcmp(argv[1], "copy") == 0 && (c = getchar()) != EOF;) putchar(c);
  fflush(stdout);
  if (argc > 1 && strcmp(argv[1], "wait") == 0) for (;;) getchar(), clearerr(stdin);
  return 0;
}
S
cat >"$work/greet/Makefile" <<'S'
all: greet
install:
	install -D greet $(DESTDIR)$(PREFIX)/bin/greet
	ln -s greet $(DESTDIR)$(PREFIX)/bin/hail
	for n in $(OTHERS); do install greet $(DESTDIR)$(PREFIX)/bin/$$n; done
	for n in $(EXTRA); do install -D -m 0644 Makefile $(DESTDIR)$(PREFIX)/$$n; done
S
# made IMAGE WORD...: makes an image of the project. Nothing is lowered, to save time.
made() {
  local image=$1
  shift
  mkxaas -q --toolchain=none --keep-build --work "$work/build" "$work/greet" "$image" "$@" 2>"$work/log" || die "$(cat "$work/log")"
}

# The only program is the main program, and a link to it is no other.
made "$work/app.xaas" --executable
made "$work/plain.xaas"
xaas-info make-executable "$work/plain.xaas" "$work/made"
cmp "$work/app.xaas" "$work/made"
xaas-info make-executable "$work/made" "$work/made"
cmp "$work/app.xaas" "$work/made" || die "another runner is not in the place of the first"
app=$work/app.xaas
equal "greet" "$("$app")"
equal "greet <a b> <> <--help> <--> <--xaas-info>" "$("$app" "a b" "" --help -- --xaas-info)"
equal "greet <copy>
one
two" "$(printf 'one\ntwo\n' | "$app" copy | cat)"
status=0 && "$app" end 37 || status=$?
equal 37 $status

# The name by which it is called chooses a program, also through PATH.
ln -s app.xaas "$work/hail"
equal "hail <x>" "$("$work/hail" x)"
equal "hail" "$(PATH=$work:$PATH hail)"

# A signal ends it as it has ended the program. Signals that are sent to it reach the program, and the mount goes away.
for signal in 9 11 15; do
  python3 -c 'import subprocess, sys
code = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode
sys.exit(code != -int(sys.argv[-1]))' "$app" die $signal || die "signal $signal of the program is lost"
done
mkfifo "$work/said" "$work/never"
# A shell starts what is in the background with SIGINT ignored.
cat >"$work/interruptible" <<'S'
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
S
for signal in TERM INT USR1 KILL; do
  python3 "$work/interruptible" "$app" wait <>"$work/never" >"$work/said" &
  front=$!
  read -r said <"$work/said"
  equal "greet <wait>" "$said"
  program=$(pgrep -P $front -x greet) server=$(pgrep -P $front -x app.xaas)
  kill -$signal $front
  wait_until 30 is_gone $front
  wait_until 30 is_gone "$server"
  [ $signal = KILL ] || is_gone "$program" || die "$signal does not reach the program"
  [ $signal != KILL ] || kill "$program"
  status=0
  wait $front 2>/dev/null || status=$?
  equal $((128 + $(kill -l $signal))) $status
done

# It runs although its file cannot be written, was renamed, or is gone.
chmod 0555 "$app"
mv "$app" "$work/renamed"
equal "greet" "$("$work/renamed")"
mv "$work/renamed" "$app"
equal "gone
greet" "$(cd "$work" && cp app.xaas gone.xaas && python3 -c 'import os, sys
file = os.open("gone.xaas", os.O_RDONLY | os.O_CLOEXEC)
os.unlink("gone.xaas")
print("gone", flush=True)
os.execve(file, ["gone.xaas"], os.environ)' 2>/dev/null)"

# Of several programs, `main` is run, which may be anywhere. Without it they are listed.
made "$work/several" --executable --install "make install PREFIX=\$PREFIX DESTDIR=\$DESTDIR OTHERS=other"
fails_with 2 "which program?" "$work/several" x
equal "greet
hail
other" "$(tail -n +2 "$work/stderr")"
ln -s several "$work/other"
equal "other <x>" "$("$work/other" x)"
printf 'main = "bin/other"\n' >"$work/greet/xaas.toml"
made "$work/several" --executable --install "make install PREFIX=\$PREFIX DESTDIR=\$DESTDIR OTHERS=other"
equal "other" "$("$work/several")"
contains "$(xaas-info "$work/several")" "main            bin/other"
# The option is more than the file. What is no program is refused, with no image.
no_main() {
  local text=$1
  shift
  fails_with 1 "$text" mkxaas -q --toolchain=none --work "$work/build2" "$work/greet" "$work/bad.xaas" "$@"
  rm -rf "$work/build2"
  [ ! -e "$work/bad.xaas" ] || die "there is an image"
}
no_main '"bin/other" is no program'
no_main '"bin/none" is no program' --main bin/none
no_main '"share/text" is no program' --main share/text --install 'make install PREFIX=$PREFIX DESTDIR=$DESTDIR EXTRA=share/text'
no_main 'must be a path below the prefix' --main ../greet

# Only the first argument is for the image itself.
contains "$("$app" --xaas-info)" "name            greet"
contains "$("$app" --xaas-info)" "offset "
equal "$(xaas-info "$app")" "$("$app" --xaas-info)"
for word in --xaas-mount --xaas-install --xaas-extract --xaas-info --xaas-help; do
  contains "$("$app" --xaas-help)" "  $word "
  grep -q "^.It Li $word" "$XAAS_SOURCE/fuse/xaas-mount.1" || die "$word is not in the manual page"
done
fails_with 2 "there is no --xaas-nothing" "$app" --xaas-nothing
fails_with 2 "takes one directory" "$app" --xaas-extract
"$app" --xaas-extract "$work/extracted"
equal "greet" "$("$work/extracted/bin/greet")"
mkdir "$work/mnt"
"$app" --xaas-mount -o lower=never "$work/mnt"
equal "greet" "$("$work/mnt/bin/greet")"
unmount "$work/mnt"
equal "hail" "$("$app" --xaas-mount "$work/mnt" -- "$work/mnt/bin/hail")"
fails_with 1 "no compiler" "$app" --xaas-install "$work/installed"
[ ! -e "$work/installed" ] || die "something is installed"

# --xaas-install hands the image and the words over to the xaas-lower in the image. Here that is a program that tells what
# it was given.
cat >"$work/lower.c" <<'S'
#include <stdio.h>
#include <string.h>
int main(int argc, char** argv) {
  if (strcmp(argv[1], "--engine-version") == 0) return puts("{\"llvm\":\"19.1.7\",\"targets\":[\"X86\"]}") < 0;
  for (int i = 0; i < argc; ++i) printf("<%s>", i == 2 ? "IMAGE" : argv[i]);
  char magic[4] = "";
  FILE* image = fopen(argv[2], "rb");
  if (image == NULL || fread(magic, 4, 1, image) != 1) return 1;
  return memcmp(magic, "\177ELF", 4) != 0 ? 1 : 7;
}
S
clang-19 -static -s -o "$work/lower" "$work/lower.c"
XAAS_WORKER=$work/lower mkxaas -q --executable --main bin/greet "$work/greet" "$work/lowers"
for how in named unlinked; do
  status=0
  # When the file has no name any more, it is handed over as a descriptor.
  said=$(python3 -c 'import os, sys
file = os.open(sys.argv[1], os.O_RDONLY | os.O_CLOEXEC)
if sys.argv[2] == "unlinked": os.unlink(sys.argv[1])
os.execve(file, ["lowers", "--xaas-install", "--jobs=2", "DIR"], os.environ)' \
    "$work/lowers" $how) || status=$?
  equal "<xaas-lower><install><IMAGE><--jobs=2><DIR> 7" "$said $status"
done
