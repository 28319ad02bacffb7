# `mkxaas discover` finds in ten and more unmodified projects of Debian, of four build systems, the options that the
# build system itself has, no more and no less. It finds the same defaults for CMake, Meson and make, and the same
# choices for CMake and Meson; tests/bench/discover-options says what is compared. mkxaas takes the recipe file that it
# writes.
. "$(dirname "$0")/../lib.sh"
export CC=gcc CXX=g++ FC=gfortran
# agrees SYSTEM PACKAGE VERSION [DIRECTORY] [NAME…]: but for the options of these names, and each of them differs. Each
# call says why.
agrees() {
  local system=$1 source known=() name
  source=$("$XAAS_SOURCE/tests/debian-source" "$2" "$3" "$XAAS_FIXTURES/sources")/${4:-.}
  for name in "${@:5}"; do known+=("--known=$name"); done
  line=$("$XAAS_SOURCE/tests/bench/discover-options" --strict "${known[@]}" --build-system "$system" "$source") ||
    die "$2 differs: $line"
  contains "$line" ": $system: "
  mkxaas discover --build-system "$system" --write "$work/$2.$system.toml" "$source" >/dev/null
  contains "$(mkxaas --print-configurations -f "$work/$2.$system.toml" "$source")" " rank "
}
agrees cmake armadillo 1:11.4.2+dfsg-1
# M_LIB keeps a library that CMake has found.
agrees cmake cfitsio 4.2.0-3 . M_LIB
agrees cmake fftw3 3.3.10-1
# This one's default is in the directory of the source.
agrees cmake hypre 2.26.0-3 src HYPRE_INSTALL_PREFIX
# Discovery does not run the programs that tell whether these two are offered here.
agrees cmake sundials 6.4.1+dfsg1-3 . SUNDIALS_MAX_SPRINTF_SIZE SUNDIALS_POSIX_C_SOURCE
# Automake adds these three to whatever asks for Python.
agrees configure elpa 2022.11.001-2+deb12u1 . --with-python-sys-prefix --with-python_exec_prefix --with-python_prefix
agrees configure fftw3 3.3.10-1
# A macro asks for this one behind more calls than are followed.
agrees configure hwloc 2.9.0-1 . --enable-visibility
agrees configure mrbayes 3.2.7a-6
agrees meson dav1d 1.0.0-2+deb12u1
agrees meson pixman 0.42.2-1
# Its makefiles set these by what uname prints.
agrees make lz4 1.9.4-1 . INSTALL INSTALL_DATA INSTALL_DIR INSTALL_PROGRAM POSIX_ENV SCANBUILD TARGET_OS WINBASED
agrees make minimap2 2.24+dfsg-3
