# `module load` mounts an image and shows its programs, and `module unload` unmounts it. There is also a module for the
# tools themselves.
. "$(dirname "$0")/lib.sh"
need_fuse
init=/usr/share/modules/init/bash
[ -e $init ] || skip "the package environment-modules is not installed"
mkdir -p "$work/modules/heat" "$work/tmp"
export TMPDIR=$work/tmp
modulefile() { sed -e "s|^set name .*|set name heat|; s|^set image .*|set image $1|" "$XAAS_SOURCE/fuse/packaging/image.modulefile"; }
modulefile "$XAAS_FIXTURES/heat.xaas" >"$work/modules/heat/1.0"
modulefile "$work/no-such.xaas" >"$work/modules/heat/2.0"

set +eu  # the modules' own shell code needs this
. $init
module use "$work/modules"
module load heat/1.0
set -eu
equal "$XAAS_HEAT/bin/heat" "$(type -P heat)"
is_mounted "$XAAS_HEAT" || die "nothing is mounted"
contains "$(heat 5 2>/dev/null)" checksum
equal ready "$(state_of "$XAAS_HEAT/bin/heat")"

# Looking at the module mounts nothing more.
mounts() { ls "$TMPDIR" | wc -l; }
set +eu
module display heat/1.0 >"$work/display" 2>&1
module unload heat/1.0
set -eu
contains "$(cat "$work/display")" "heat, compiled for this host"
equal 0 "$(mounts)"
equal "" "${XAAS_HEAT:-}"
! type -P heat || die "the program is still there"

# The image cannot be mounted.
set +eu
module load heat/2.0 2>"$work/stderr"
set -eu
contains "$(cat "$work/stderr")" "no-such.xaas"
equal 0 "$(mounts)"
equal "" "${XAAS_HEAT:-}"

# The tools are found wherever they were installed.
cmake --install "$XAAS_BIN/.." --component mount --prefix "$work/tools" >/dev/null
set +eu
module use "$work/tools/share/xaas/modulefiles"
module load xaas
set -eu
equal "$work/tools/bin/xaas-mount" "$(type -P xaas-mount)"
