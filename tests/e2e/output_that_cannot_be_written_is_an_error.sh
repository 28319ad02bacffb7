# A tool whose output cannot be written says so in one line and ends with status 1, whatever it was asked to do.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
on_full_disk() { "$@" >/dev/full; }
refuses() { fails_with 1 "cannot write to standard output" on_full_disk "$@"; }
for tool in mkxaas xaas-info xaas-lower xaas-mount; do
  refuses $tool --version
  refuses $tool --help
done
refuses xaas-info "$image"
refuses xaas-info --json "$image"
refuses xaas-info list -a "$image"
refuses xaas-info verify "$image"
refuses xaas-lower explain "$image"
refuses xaas-lower explain --json "$image"
refuses xaas-lower cache stats
refuses xaas-lower cache --json stats
refuses xaas-lower --reproduce="$work/job" "$image" bin/heat
refuses mkxaas --print-configurations "$XAAS_SOURCE/tests/example"
refuses mkxaas --toolchain none "$XAAS_SOURCE/tests/example" "$work/heat.xaas"
# The image is made and files are lowered nevertheless.
xaas-info "$work/heat.xaas" >/dev/null
fails_with 1 "cannot write to standard output" on_full_disk xaas-lower "$image"
contains "$(xaas-lower "$image")" cached

# The output of a command is its own, and its status counts.
need_fuse
mkdir "$work/app"
mount_image "$image" "$work/app"
refuses xaas-mount --status "$work/app"
unmount "$work/app"
fails_with 1 "write error" on_full_disk xaas-mount "$image" "$work/app" -- sh -c 'env echo words'
on_full_disk xaas-mount "$image" "$work/app" -- true
