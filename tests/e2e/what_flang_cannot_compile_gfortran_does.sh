# A Fortran project that flang cannot compile is built with gfortran. One line says so, its Fortran stays native, and
# its C is lowered. A project that neither compiler compiles fails with the message of the last one.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/mixed-1.0
mkdir "$source"
cat >"$source/Makefile" <<'S'
FC = gfortran
all: mixed
mixed: answer.f90 mixed.c
	$(FC) -O2 -fallow-argument-mismatch -c answer.f90
	$(CC) -O2 -c mixed.c
	$(FC) answer.o mixed.o -o mixed
install:
	install -D mixed $(DESTDIR)$(PREFIX)/bin/mixed
S
cat >"$source/answer.f90" <<'S'
module answers
contains
  function answer() bind(c)
    use, intrinsic :: iso_c_binding
    integer(c_int) :: answer
    character(len=8) :: text
    write (text, '(i0)') 42
    read (text, *) answer
  end function
end module
S
echo 'int printf(const char*, ...); int answer(void); int main(void) { return printf("%d\n", answer()) < 0; }' >"$source/mixed.c"
mkxaas --report "$work/report.json" "$source" "$work/mixed.xaas" >"$work/out" 2>&1 || die "$(cat "$work/out")"
equal 1 "$(grep -c 'flang does not build it (error: unknown argument.*); once more with gfortran' "$work/out")"
python3 - "$work/report.json" <<'P'
import json, sys
program, = json.load(open(sys.argv[1]))["programs"]
assert program["ir"] == 1, program
assert {"name": "answer.f90", "reason": "compiled by gfortran, whose code cannot be lowered"} in program["native"], program
P
contains "$(xaas-info "$work/mixed.xaas")" libgfortran.so.5
mount_image "$work/mixed.xaas" "$work/app"
equal 42 "$("$work/app/bin/mixed")"
equal ready "$(state_of "$work/app/bin/mixed")"

echo 'no Fortran' >"$source/answer.f90"
! mkxaas "$source" "$work/broken.xaas" >"$work/out" 2>&1 || die "it was built"
contains "$(cat "$work/out")" "Error: Unclassifiable statement"
contains "$(tail -n 1 "$work/out")" "mkxaas: build failed (exit status 2)"
[ ! -e "$work/broken.xaas" ]
