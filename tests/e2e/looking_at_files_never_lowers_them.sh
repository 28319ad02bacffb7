# stat, ls -l, find and reading attributes never cause lowering. What they show stays true afterwards.
. "$(dirname "$0")/lib.sh"
need_fuse
mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app"
ls -lR "$work/app" >/dev/null
find "$work/app" -type f -size +0 -newer / >/dev/null
before=$(stat -c '%s %i %Y' "$work/app/bin/heat")
# A copy of the file would keep what is listed: only what the image says.
equal user.xaas.recipe "$(getfattr --absolute-names -m - "$work/app/bin/heat" | sed -n 's/^user/&/p')"
equal cold "$(state_of "$work/app/bin/heat")"
[ -z "$(find "$XAAS_CACHE" -name '*.elf' 2>/dev/null)" ] || die "something was lowered"

"$work/app/bin/heat" 1 >/dev/null 2>&1
equal ready "$(state_of "$work/app/bin/heat")"
equal "$before" "$(stat -c '%s %i %Y' "$work/app/bin/heat")"
equal "$(stat -c %s "$work/app/bin/heat")" "$(wc -c <"$work/app/bin/heat")"
