# `mkxaas discover` finds the options, defaults and choices that CMake itself has after configuring. The recipe file
# that it writes is one that mkxaas takes. What cannot be read is an error of one line.
. "$(dirname "$0")/lib.sh"
source=$work/demo
mkdir -p "$source/cmake" "$source/part" "$source/external/other"
cat >"$source/CMakeLists.txt" <<'S'
cmake_minimum_required(VERSION 3.16)
project(demo VERSION 1.2 LANGUAGES C)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_SOURCE_DIR}/cmake)
include(demo_options)
include(CMakeDependentOption)
option(DEMO_MPI "Use MPI" OFF)
option(DEMO_OPENMP "Use OpenMP" ON)
demo_choice(DEMO_GPU "GPU to use" OFF OFF CUDA HIP)
demo_choice(DEMO_SIMD "instruction set" SSE2 SSE2 AVX2 AVX_512 ARM_SVE)
if(DEMO_GPU STREQUAL "CUDA")
  option(DEMO_CUDA_GRAPHS "Use graphs" ON)
endif()
if(DEMO_MPI OR NOT DEMO_OPENMP)
  set(fft_default FFTW)
else()
  set(fft_default own)
endif()
demo_choice(DEMO_FFT "FFT" ${fft_default} own FFTW MKL)
cmake_dependent_option(DEMO_MPI_IO "MPI's I/O" ON "DEMO_MPI" OFF)
cmake_dependent_option(DEMO_SIMD_CHECK "check" ON "DEMO_SIMD STREQUAL SSE2;NOT DEMO_MPI" OFF)
foreach(kind FAST SAFE)
  string(TOLOWER ${kind} small)
  set(DEMO_${kind}_LEVEL "${small}1" CACHE STRING "level")
endforeach()
math(EXPR eight "4 * 2")
set(DEMO_WIDTH ${eight} CACHE STRING "width")
set(hidden OFF)
option(hidden "a normal variable wins" ON)
add_subdirectory(part)
add_subdirectory(external/other)
install(CODE "file(WRITE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/demo\" \"${DEMO_SIMD}\")")
S
cat >"$source/cmake/demo_options.cmake" <<'S'
function(demo_choice name text default)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "" "")
  set(${name} "${default}" CACHE STRING "${text}")
  set_property(CACHE ${name} PROPERTY STRINGS ${arg_UNPARSED_ARGUMENTS})
endfunction()
S
echo 'option(DEMO_PART "part" ${DEMO_OPENMP})' >"$source/part/CMakeLists.txt"
echo 'option(OTHER_CUDA "of another project" OFF)' >"$source/external/other/CMakeLists.txt"

mkxaas discover --json "$source" >"$work/found.json"
cmake -S "$source" -B "$work/build" >"$work/log" 2>&1 || { cat "$work/log" >&2; die "CMake does not take the project"; }
cmake -LAH "$work/build" >"$work/cache" 2>/dev/null
python3 - "$work/found.json" "$work/cache" "$work/build/CMakeCache.txt" <<'P'
import json, re, sys
found = json.load(open(sys.argv[1]))
points = {p["name"]: p for p in found["points"] if p["offered"]}
of_cmake = dict(re.findall(r"^(\w+):(?:BOOL|STRING)=(.*)$", open(sys.argv[2]).read(), re.M))
own = {n: v for n, v in of_cmake.items() if n.startswith(("DEMO_", "OTHER_", "hidden"))}
assert len(own) == 11, own
assert {n: p["default"] for n, p in points.items()} == own, (points.keys() ^ own.keys(), points, own)
strings = dict(re.findall(r"^(\w+)-STRINGS:INTERNAL=(.*)$", open(sys.argv[3]).read(), re.M))
strings.pop("CMAKE_BUILD_TYPE", None)
assert {n: ";".join(p["values"]) for n, p in points.items() if p["kind"] == "choice"} == strings, strings
P
text=$(mkxaas discover "$source" | tr -s ' ')
contains "$text" "
 * SSE2 -DDEMO_SIMD=SSE2 CMakeLists.txt:9
 AVX2 -DDEMO_SIMD=AVX2 CMakeLists.txt:9
"
contains "$text" "DEMO_CUDA_GRAPHS boolean, not offered CMakeLists.txt:11 if DEMO_GPU STREQUAL CUDA"

mkxaas discover --write "$work/demo.toml" "$source" >/dev/null
plan=$(mkxaas --print-configurations -f "$work/demo.toml" "$source")
contains "$plan" "DEMO_SIMD='-DDEMO_SIMD=AVX_512'"
equal 18 "$(grep -c " rank " <<<"$plan")"
equal 15 "$(grep -c " built on the host " <<<"$plan")"
contains "$plan" "built on the host  with mpicc  linked with libmpi.so  including mpi.h"
contains "$(cat "$work/demo.toml")" '  {name = "CUDA", substitute = "-DDEMO_GPU=CUDA", build = "host", rank = 100, devices = ["nvidia-gpu"], tools = ["nvcc"]},'
contains "$(cat "$work/demo.toml")" '  # {name = "FFTW", substitute = "-DDEMO_FFT=FFTW"},  # needs FFTW where it is built'
mkxaas -q --toolchain=none -f "$work/demo.toml" -D DEMO_SIMD=AVX2 "$source" "$work/demo.xaas"
xaas-info extract "$work/demo.xaas" "$work/out"
equal AVX2 "$(cat "$work/out/share/demo")"

# What is written is never half there, and no file is replaced unasked.
! mkxaas discover --write "$work/demo.toml" "$source" >"$work/log" 2>&1 || die "an existing recipe file was replaced"
equal 1 "$(wc -l <"$work/log")"
mkxaas discover --force --write "$work/demo.toml" "$source" >/dev/null
mkdir "$work/empty"
! mkxaas discover "$work/empty" >"$work/log" 2>&1 || die "an empty directory was no error"
equal 1 "$(wc -l <"$work/log")"
status=0
mkxaas discover --schema=other "$source" >/dev/null 2>&1 || status=$?
equal 2 $status
