# A Fortran project with modules, submodules, included files, OpenMP and C. Its units are captured. Lowered for this
# host, from two mountpoints, the programs give what a build without us gives. Messages of the runtime name the sources
# in the image.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/heat-1.0
mkdir -p "$source/src"
cat >"$source/CMakeLists.txt" <<'S'
cmake_minimum_required(VERSION 3.20)
project(heat LANGUAGES C Fortran)
find_package(OpenMP REQUIRED COMPONENTS Fortran)
add_library(grid SHARED src/kinds.f90 src/grid.f90 src/grid_step.f90 src/fixed.f src/norm.c)
target_link_libraries(grid PRIVATE OpenMP::OpenMP_Fortran)
add_executable(heat src/heat.F90)
target_compile_definitions(heat PRIVATE DATA="${CMAKE_INSTALL_PREFIX}/share/heat.txt")
target_link_libraries(heat PRIVATE grid)
set_target_properties(heat PROPERTIES INSTALL_RPATH "\$ORIGIN/../lib")
install(TARGETS heat grid RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
install(FILES src/heat.txt DESTINATION share)
S
echo 'from the installed file' >"$source/src/heat.txt"
echo '      integer, parameter :: limit = 64' >"$source/src/limits.inc"
cat >"$source/src/kinds.f90" <<'S'
module kinds
  implicit none
  integer, parameter :: dp = selected_real_kind(15)
end module
S
cat >"$source/src/grid.f90" <<'S'
module grid
  use kinds
  implicit none
  interface
    module subroutine step(n, a, b)
      integer, intent(in) :: n
      real(dp), intent(in) :: a(n)
      real(dp), intent(out) :: b(n)
    end subroutine
    function norm(n, a) bind(c)
      use, intrinsic :: iso_c_binding
      integer(c_int), value :: n
      real(c_double), intent(in) :: a(n)
      real(c_double) :: norm
    end function
  end interface
end module
S
cat >"$source/src/grid_step.f90" <<'S'
submodule (grid) grid_step
contains
  module procedure step
    integer :: i
    b(1) = a(1)
    b(n) = a(n)
    !$omp parallel do
    do i = 2, n - 1
      b(i) = 0.5_dp * a(i) + 0.25_dp * (a(i - 1) + a(i + 1))
    end do
  end procedure
end submodule
S
cat >"$source/src/fixed.f" <<'S'
      INTEGER FUNCTION CAP(N)
      INTEGER N
      INCLUDE 'limits.inc'
C     A comment of old, and a continuation
      CAP = MIN(N,
     &          LIMIT)
      END
S
echo 'double norm(int n, const double* a) { double s = 0; for (int i = 0; i < n; ++i) s += a[i] * a[i]; return s; }' >"$source/src/norm.c"
cat >"$source/src/heat.F90" <<'S'
program heat
  use grid
  implicit none
  integer, external :: cap
  real(dp) :: a(1000), b(1000)
  character(len=40) :: line, argument
  integer :: i, n
  open (unit=10, file=DATA, status='old', action='read')
  read (10, '(a)') line
  n = cap(1000)
  a = [(real(mod(i * 7, 11), dp), i = 1, size(a))]
  do i = 1, n
    call step(size(a), a, b)
    call step(size(b), b, a)
  end do
  print '(a,i4,2f14.9)', trim(line), n, a(500), norm(size(a), a)
  call get_command_argument(1, argument)
  read (argument, *) i
end program
S
mkxaas -q --report "$work/report.json" "$source" "$work/heat.xaas"
python3 - "$work/report.json" <<'P'
import json, sys
programs = {program["path"]: program for program in json.load(open(sys.argv[1]))["programs"]}
for path, units in (("bin/heat", 1), ("lib/libgrid.so", 5)):
    assert programs[path]["ir"] == units, programs[path]
    assert all(native["reason"] == "not a part of the project" for native in programs[path]["native"]), programs[path]
P
listing=$(xaas-info list "$work/heat.xaas" .xaas/src)
for file in src/heat.F90 src/grid_step.f90 src/limits.inc src/norm.c; do contains "$listing" ".xaas/src/$file"; done

# The same compilers build the project without us.
FC=flang-new-19 CC=clang-19 cmake -S "$source" -B "$work/plain" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/native" >"$work/log"
cmake --build "$work/plain" >>"$work/log" && cmake --install "$work/plain" >>"$work/log"
expected=$("$work/native/bin/heat" 1)
contains "$expected" "from the installed file  64"
for place in one two; do
  mount_image "$work/heat.xaas" "$work/$place"
  equal "$expected" "$("$work/$place/bin/heat" 1)"
  equal ready "$(state_of "$work/$place/bin/heat")"
  equal ready "$(state_of "$work/$place/lib/libgrid.so")"
  contains "$("$work/$place/bin/heat" no-number 2>&1 || true)" "$work/$place"
  contains "$("$work/$place/bin/heat" no-number 2>&1 | tr -s / || true)" "$work/$place/.xaas/src/src/heat.F90"
done
mount_image "$work/heat.xaas" "$work/baseline" lower=never
equal "$expected" "$("$work/baseline/bin/heat" 1)"

# It does not matter where the project was built, nor whether a unit was compiled or taken from an earlier run.
mkdir "$work/elsewhere" && cp -a "$source" "$work/elsewhere/heat-1.0"
for run in first second; do
  mkxaas -q -j 1 --keep-build --work "$work/kept" --report "$work/$run.json" "$work/elsewhere/heat-1.0" "$work/elsewhere/heat.xaas"
  cmp "$work/heat.xaas" "$work/elsewhere/heat.xaas"
done
python3 - "$work/first.json" "$work/second.json" <<'P'
import json, sys
compiled = [json.load(open(name))["merged"]["compiled"] for name in sys.argv[1:]]
assert compiled == [6, 0], compiled
P
