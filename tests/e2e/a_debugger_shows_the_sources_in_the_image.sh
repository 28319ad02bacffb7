# gdb on a lowered program stops in a function and shows its line, from the sources in the image. The sources of the
# build are gone.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/steps-1.0
mkdir -p "$source/src"
cat >"$source/src/steps.c" <<'S'
#include <stdio.h>

__attribute__((noinline)) int twice(int number) {
  int result = 2 * number;  /* the line in question */
  return result + (number > 1000);
}

int main(int argc, char** argv) {
  printf("%d\n", twice(20 + argc));
  return argv[0] == 0;
}
S
printf 'all: ; cd src && $(CC) -O2 -g steps.c -o ../steps\ninstall: ; install -D steps $(DESTDIR)$(PREFIX)/bin/steps\n' >"$source/Makefile"
mkxaas -q "$source" "$work/steps.xaas"
rm -r "$source"
mount_image "$work/steps.xaas" "$work/app"
HOME=$work DEBUGINFOD_URLS= gdb -nx -batch -ex 'set width 0' -ex 'break twice' -ex run -ex 'info source' -ex 'list 4,4' \
  -ex 'print number' -ex continue "$work/app/bin/steps" >"$work/gdb.log" 2>&1 || die "$(cat "$work/gdb.log")"
log=$(tr -s / <"$work/gdb.log")
contains "$log" "the line in question"
contains "$log" "Located in $work/app/.xaas/src/src/steps.c"
contains "$log" "= 21"
contains "$log" "exited normally"
equal ready "$(state_of "$work/app/bin/steps")"
