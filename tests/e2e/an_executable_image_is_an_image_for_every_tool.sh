# Our tools read an image that runs itself as any other, and so do the tools of SquashFS when they are given the offset.
# What it runs is compiled for the host. A damaged one is refused with one line.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
app=$work/app.xaas
xaas-info make-executable "$image" "$app"
offset=$(xaas-info --json "$app" | python3 -c 'import json, sys; print(json.load(sys.stdin)["offset"])')
equal 0 $((offset % 4096))
tail -c +$((offset + 1)) "$app" | cmp - "$image" || die "the image is not what it was"

equal "$(xaas-info "$image")" "$(xaas-info "$app" | grep -v '^offset ')"
xaas-info verify "$app"
equal "$(xaas-info list -a "$image")" "$(xaas-info list -a "$app")"
equal "$(xaas-info list "$image")" "$(xaas-info list --offset $offset "$app")"
# It may begin at an offset itself.
{ head -c 512 /dev/zero && cat "$app"; } >"$work/shifted"
equal "$(xaas-info list "$image")" "$(xaas-info list --offset 512 "$work/shifted")"
# Bytes behind it are not its own.
{ cat "$image" && echo more; } >"$work/longer"
xaas-info make-executable "$work/longer" "$work/again"
cmp "$app" "$work/again"

xaas-lower "$app" bin/heat
unsquashfs -quiet -no-progress -o "$offset" -d "$work/unsquashed" "$app"
"$work/unsquashed/bin/heat" 20 >"$work/expected" 2>/dev/null
same() { equal "$(cat "$work/expected")" "$("$@" 20 2>/dev/null)"; }
if [ "$(id -u)" = 0 ] && losetup -f >/dev/null 2>&1; then
  mkdir "$work/kernel"
  mount -t squashfs -o "loop,ro,offset=$offset" "$app" "$work/kernel"
  same "$work/kernel/bin/heat"
fi
if (exec 3<>/dev/fuse) 2>/dev/null; then
  mkdir "$work/squashfuse"
  squashfuse -o "offset=$offset" "$app" "$work/squashfuse"
  same "$work/squashfuse/bin/heat"
  mount_image "$app" "$work/app" strict
  same "$work/app/bin/heat"
  equal ready "$(state_of "$work/app/bin/heat")"
  unmount "$work/app"
  ln -s app.xaas "$work/heat"
  ! unshare -rm true 2>/dev/null || same "$work/heat"
fi

# Damage: cut off in the program, in the zeros behind it, at the image and within it; another magic; and other programs.
size=$(stat -c %s "$app")
for cut in 60 300 $((offset - 5000)) $((offset - 1)) $offset $((offset + 50)) $((size / 2)); do
  head -c "$cut" "$app" >"$work/cut"
  fails_with 1 "$work/cut" xaas-info "$work/cut"
  fails_with 1 "$work/cut" xaas-mount "$work/cut" "$work"
done
contains "$(cat "$work/stderr")" "$work/cut: "
for cut in $((offset - 1)) $offset $((size / 2)); do
  head -c "$cut" "$app" >"$work/cut"
  chmod +x "$work/cut"
  fails_with 1 "cut" "$work/cut" anything
done
cp "$app" "$work/magic"
printf x | dd of="$work/magic" bs=1 seek="$offset" conv=notrunc status=none
fails_with 1 "$work/magic" xaas-info "$work/magic"
fails_with 1 "$work/magic" "$work/magic"
fails_with 1 "a program, and no image" xaas-info "$XAAS_BIN/xaas-info"
fails_with 1 "a program, and no image" xaas-info "$work/unsquashed/bin/heat"
# The program in front must be static.
mkdir "$work/bin"
cp "$XAAS_BIN/xaas-info" "$work/bin"
fails_with 1 "there is no xaas-mount beside" "$work/bin/xaas-info" make-executable "$image" "$work/none"
cp "$work/unsquashed/bin/heat" "$work/bin/xaas-mount"
fails_with 1 "dynamically linked" "$work/bin/xaas-info" make-executable "$image" "$work/none"
[ ! -e "$work/none" ] || die "an image was made all the same"
