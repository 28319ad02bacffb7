# With fortran = "gfortran" in xaas.toml, Fortran is built with gfortran at once. With "flang" it is built with flang or
# not at all. The last lines of mkxaas say which compiler it was, even if the recipe does not choose. Where flang has no
# usual name in PATH, a build that looks for a Fortran compiler is told of the key.
. "$(dirname "$0")/lib.sh"
source=$work/hello-1.0
mkdir "$source"
cat >"$source/Makefile" <<'S'
FFLAGS = -O2
hello: hello.f90 ; $(FC) $(FFLAGS) -c hello.f90 && $(FC) hello.o -o hello
install: hello ; install -D hello $(DESTDIR)$(PREFIX)/bin/hello
S
printf "program hello\n  print '(a)', 'hello'\nend program\n" >"$source/hello.f90"
make_image() {
  rm -f "$work/hello.xaas"
  mkxaas --toolchain none --report "$work/report.json" "$@" "$source" "$work/hello.xaas" >"$work/out" 2>"$work/err"
}
says() { unsquashfs -q -n -f -d "$work/tree" "$work/hello.xaas" >/dev/null && "$work/tree/bin/hello"; }

make_image || die "$(cat "$work/err")"
equal 'Fortran: built by flang-new-19; some programs are faster with gfortran, which fortran = "gfortran" in xaas.toml chooses and whose code is not lowered' \
  "$(grep Fortran "$work/out")"
equal hello "$(says)"

echo 'fortran = "gfortran"' >"$source/xaas.toml"
make_image || die "$(cat "$work/err")"
equal "Fortran: built by gfortran, whose code is not lowered" "$(grep Fortran: "$work/out")"
[[ $(cat "$work/out" "$work/err") != *flang* ]] || die "flang was tried: $(cat "$work/out" "$work/err")"
contains "$(cat "$work/report.json")" "no object of it has bitcode"
contains "$(cat "$work/out")" "1 unit stays as compiled (hello.f90): compiled by gfortran, whose code cannot be lowered"
equal hello "$(says)"

echo 'fortran = "flang"' >"$source/xaas.toml"
make_image || die "$(cat "$work/err")"
equal "Fortran: built by flang-new-19" "$(grep Fortran "$work/out")"
# Only gfortran has this option.
sed -i 's/-O2/-O2 -fallow-argument-mismatch/' "$source/Makefile"
! make_image || die "it was built"
[[ $(cat "$work/out" "$work/err") != *gfortran* ]] || die "gfortran was tried: $(cat "$work/out" "$work/err")"
contains "$(cat "$work/err")" "mkxaas: build failed"

# A build that finds no Fortran compiler, and would find none without us, is told how to have flang.
rm "$source/xaas.toml"
printf 'cmake_minimum_required(VERSION 3.20)\nproject(hello LANGUAGES Fortran)\n' >"$source/CMakeLists.txt"
mkdir "$work/path"
for tool in /usr/bin/*; do
  case $tool in */*gfortran* | */f77 | */f95 | */flang | */flang-new) ;; *) ln -s "$tool" "$work/path" ;; esac
done
! PATH=$XAAS_BIN:$work/path make_image || die "it was built"
contains "$(cat "$work/err")" 'fortran = "flang" in xaas.toml lets the build have /'
rm "$source/CMakeLists.txt"

# Without Fortran, mkxaas does not mention it.
printf 'hello: hello.c ; $(CC) hello.c -o hello\ninstall: hello ; install -D hello $(DESTDIR)$(PREFIX)/bin/hello\n' >"$source/Makefile"
printf '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n' >"$source/hello.c"
make_image || die "$(cat "$work/err")"
[[ $(cat "$work/out") != *Fortran* ]] || die "$(cat "$work/out")"
