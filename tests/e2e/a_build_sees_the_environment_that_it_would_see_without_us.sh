# mkxaas tells the commands of a build some things by variables. They do not reach makefiles that have variables of the
# same names.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project" "$work/out"
cat >"$work/project/Makefile" <<'M'
BUILD ?= release
SRC ?= hello.c
JOBS ?= none
CC = clang -Iinc
all:
	@[ "$(BUILD) $(SRC) $(JOBS) $$DESTDIR" = "release hello.c none " ]
	mkdir inc && touch inc/needed.h
	$(CC) -o hello $(SRC)
install:
	@[ "$(BUILD) $(SRC) $(JOBS)" = "release hello.c none" ]
	install -D hello "$$DESTDIR$(PREFIX)/bin/hello"
M
printf '#include <needed.h>\nint main(void) { return 0; }\n' >"$work/project/hello.c"
# A DESTDIR of the user does not reach them either.
DESTDIR=$work/elsewhere mkxaas -q --toolchain=none --report "$work/report" --work "$work/it's work" "$work/project" "$work/out/x.xaas"
contains "$(cat "$work/report")" '"ir": 1'

# A report that cannot be written is found before the build.
fails_with 1 "cannot write the report" mkxaas -q --report "$work/no/such/report" --build false "$work/project" "$work/out/x.xaas"
