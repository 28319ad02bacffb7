# Features that this version does not know. For `incompat` the image is refused by the feature's name, for
# `lower_incompat` the baseline is served, and `compat` changes nothing. A missing module costs only the speed of the
# files that need it.
. "$(dirname "$0")/lib.sh"
need_fuse
unsquashfs -q -n -d "$work/tree" "$XAAS_FIXTURES/heat.xaas" >/dev/null

# with_feature KIND: makes an image that has the feature "of-tomorrow" of that kind.
with_feature() {
  python3 - "$work/tree/.xaas/manifest.json" "$1" <<'P'
import json, os, sys
path, kind = sys.argv[1:]
os.chmod(path, 0o644)
manifest = json.load(open(path))
manifest["features"] = {name: [] for name in manifest["features"]}
manifest["features"][kind] = ["of-tomorrow"]
json.dump(manifest, open(path, "w"))
P
  rm -f "$work/$1.xaas"
  mksquashfs "$work/tree" "$work/$1.xaas" -comp zstd -Xcompression-level 1 -quiet -no-progress >/dev/null
}

with_feature incompat
fails_with 1 of-tomorrow xaas-info "$work/incompat.xaas"
fails_with 1 of-tomorrow xaas-lower "$work/incompat.xaas"
mkdir "$work/incompat"
fails_with 1 of-tomorrow xaas-mount "$work/incompat.xaas" "$work/incompat"
is_mounted "$work/incompat" && die "it is mounted"

with_feature lower_incompat
contains "$(xaas-info "$work/lower_incompat.xaas")" of-tomorrow
fails_with 1 of-tomorrow xaas-lower "$work/lower_incompat.xaas"
mount_image "$work/lower_incompat.xaas" "$work/lower_incompat" 2>"$work/warning"
contains "$(cat "$work/warning")" of-tomorrow
equal baseline "$(state_of "$work/lower_incompat/bin/heat")"
expected=$("$work/lower_incompat/bin/heat" 5 2>/dev/null)
contains "$expected" checksum
fails_with 1 of-tomorrow xaas-mount -o strict "$work/lower_incompat.xaas" "$work/incompat"

with_feature compat
mount_image "$work/compat.xaas" "$work/compat"
equal "$expected" "$("$work/compat/bin/heat" 5 2>/dev/null)"
equal ready "$(state_of "$work/compat/bin/heat")"

# The modules are gone, and the cache is another one.
rm -r "$work/tree/.xaas/ir"
mksquashfs "$work/tree" "$work/gone.xaas" -comp zstd -Xcompression-level 1 -quiet -no-progress >/dev/null
export XAAS_CACHE=$work/other-cache
status=0
xaas-lower "$work/gone.xaas" >/dev/null 2>"$work/stderr" || status=$?
equal 1 $status
contains "$(cat "$work/stderr")" .xaas/ir/
mount_image "$work/gone.xaas" "$work/gone"
equal "$expected" "$("$work/gone/bin/heat" 5 2>/dev/null)"
equal baseline "$(state_of "$work/gone/bin/heat")"
contains "$(xattr_of error "$work/gone/bin/heat")" .xaas/ir/
