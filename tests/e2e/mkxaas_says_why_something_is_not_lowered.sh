# The last lines of mkxaas say why programs and units are not lowered, with a count and an example. If no program is
# lowered, that is a warning. If everything is lowered, nothing is said.
. "$(dirname "$0")/lib.sh"
source=$work/app-1.0
mkdir "$source"
cat >"$source/Makefile" <<'S'
programs = good mixed changed
all: $(programs)
good: main.c ; $(CC) main.c -o $@
mixed: main.c more.s twice.c
	$(CC) -c more.s && $(CC) -fsanitize=undefined -fsanitize-trap=undefined -c twice.c && $(CC) main.c more.o twice.o -o $@
changed: main.c ; $(CC) main.c -o $@ && sed -i s/answer/ANSWER/ $@
install: all ; mkdir -p $(DESTDIR)$(PREFIX)/bin && cp $(programs) $(DESTDIR)$(PREFIX)/bin
S
printf '#include <stdio.h>\nint main(void) { return puts("answer") < 0; }\n' >"$source/main.c"
printf '.globl more\nmore: ret\n.section .note.GNU-stack,"",@progbits\n' >"$source/more.s"
printf 'int twice(int x) { return 2 * x; }\n' >"$source/twice.c"
mkxaas --toolchain none "$source" "$work/app.xaas" >"$work/out" 2>"$work/err"
equal "2 of 3 programs and libraries can be lowered" "$(tail -n 4 "$work/out" | grep -o '[0-9]* of .* lowered')"
equal "not lowered: 1 program (bin/changed): it was changed after its link
1 unit stays as compiled (more.s): assembly
1 unit stays as compiled (twice.c): -fsanitize=undefined" "$(tail -n 3 "$work/out")"
equal "" "$(cat "$work/err")"
equal "" "$(mkxaas -q --toolchain none "$source" "$work/app.xaas" 2>&1)"

mkxaas --toolchain none "$source" "$work/app.xaas" -- programs=changed >"$work/out" 2>"$work/err"
equal "mkxaas: warning: no program can be lowered: every host will run them as the build compiled them" "$(cat "$work/err")"
equal "not lowered: 1 program (bin/changed): it was changed after its link" "$(tail -n 1 "$work/out")"

mkxaas --toolchain none "$source" "$work/app.xaas" -- programs=good >"$work/out" 2>"$work/err"
contains "$(tail -n 1 "$work/out")" "1 of 1 programs and libraries can be lowered"
equal "" "$(cat "$work/err")"
