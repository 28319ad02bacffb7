# Sourced by the scripts beside it: makes the tools, and keeps what they build in $work, so that a script started again goes on where
# it was. Wants $here, the script's directory, and $name. XAAS_BIN: directory with the tools; default: those of build/release, which are built.
root=$(cd "$here/../../.." && pwd)
work=$(realpath -m "${XAAS_WORK:-$root/build/apps/$name}")
jobs=$(nproc)
mkdir -p "$work"
"$root/tests/setup" --apps
if [ -z "${XAAS_BIN:-}" ]; then
  cmake --preset release -S "$root" >"$work/tools.log" && cmake --build "$root/build/release" >>"$work/tools.log"
  XAAS_BIN=$root/build/release/bin
fi
PATH=$XAAS_BIN:$PATH
export XAAS_CACHE=$work/cache

undo() {
  for point in $(awk -v w="$work/" 'index($2, w) == 1 { print $2 }' /proc/mounts); do umount "$point"; done
}
trap undo EXIT

# cpu NAME COMMAND...: runs it unless $work/NAME.cpu is there, which then holds the seconds of CPU that it took, with those of earlier
# runs that did not end well.
cpu() {
  local step=$1
  shift
  [ ! -e "$work/$step.cpu" ] || return 0
  echo "== $step"
  python3 - "$work/$step" "$@" <<'P'
import os, resource, subprocess, sys
step, command = sys.argv[1], sys.argv[2:]
code = 1
try:
    code = subprocess.run(command).returncode
finally:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(step + ".parts", "a") as parts:
        parts.write(f"{usage.ru_utime + usage.ru_stime:.0f}\n")
if code == 0:
    total = sum(float(line) for line in open(step + ".parts"))
    open(step + ".cpu", "w").write(f"{total:.0f}\n")
    os.remove(step + ".parts")
sys.exit(code)
P
}

# of_recipe KEY: that command of the recipe. (tomllib came with Python 3.11, Debian 12's.)
of_recipe() {
  python3 -c 'import sys, tomllib; print(tomllib.load(open(sys.argv[1], "rb"))[sys.argv[2]])' "$here/xaas.toml" "$1"
}

# natively STEP COMMAND [NAME=VALUE...]: runs a command of a build without us, compiled for this machine's CPU, and counts it as STEP.
# Installs into $work/native/prefix.
natively() {
  local step=$1 command=$2
  shift 2
  mkdir -p "$work/native/build"
  cpu "$step" env CC=clang-19 CXX=clang++-19 CFLAGS=-march=native CXXFLAGS=-march=native SRC="$source" BUILD="$work/native/build" \
    PREFIX="$work/native/prefix" DESTDIR= JOBS="$jobs" "$@" sh -ec "$command" >"$work/$step.log" 2>&1 ||
    { tail -n 20 "$work/$step.log" >&2; return 1; }
}

about_this_machine() {
  echo "$(uname -m), $(sed -n 's/^model name\t*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, $(clang-19 --version | head -n 1)"
}
