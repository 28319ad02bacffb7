#!/bin/bash
# Makefiles link Fortran code with a C or C++ compiler and name gfortran's runtime. Where flang compiles that code, such
# a link gets flang's runtime as well, and the program is lowered.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/mixed-1.0
mkdir "$source"
cat >"$source/fill.f90" <<'S'
subroutine fill(x, n) bind(c)
  use iso_c_binding
  integer(c_int), value :: n
  real(c_double) :: x(n)
  integer :: i
  x = [(sqrt(real(i, c_double)), i = 1, n)]
  print '(a, i0)', 'filled ', n
end subroutine
S
cat >"$source/main.c" <<'S'
#include <stdio.h>
#ifdef __cplusplus
extern "C"
#endif
void fill(double*, int);
int main(void) {
  double x[4];
  fill(x, 4);
  printf("%g\n", x[3]);
  return 0;
}
S
cat >"$source/Makefile" <<'S'
all: objects at_once library
fill.o: fill.f90
	$(FC) -O2 -fPIC -c fill.f90
main.o: main.c
	$(CC) -O2 -c main.c
objects: main.o fill.o
	$(CC) -o objects main.o fill.o -lgfortran -lm
at_once: main.c fill.o
	$(CXX) -O2 -x c++ main.c -x none fill.o -o at_once -lgfortran -lm
libfill.so: fill.o
	$(CC) -shared -o libfill.so fill.o -lgfortran
library: main.o libfill.so
	$(CC) -o library main.o -L. -lfill -Wl,-rpath,'$$ORIGIN/../lib'
install: all
	install -D -t $(DESTDIR)$(PREFIX)/bin objects at_once library
	install -D -t $(DESTDIR)$(PREFIX)/lib libfill.so
S
mkxaas -q --report "$work/report.json" "$source" "$work/mixed.xaas"
all_can_be_lowered "$work/report.json"
for how in lower=never strict; do
  mount_image "$work/mixed.xaas" "$work/app" "$how"
  for program in objects at_once library; do equal "filled 4"$'\n2' "$("$work/app/bin/$program")"; done
  unmount "$work/app"
done
