# An image that is changed in place while it is mounted gives I/O errors and one line in the log, not wrong bytes. An
# image that is moved away or replaced by another one goes on working.
. "$(dirname "$0")/lib.sh"
need_fuse
image=$work/heat.xaas
# The name is one that nobody has asked for before, so that the answer does not come from the kernel.
refuses() { [[ $(ls "$work/app/share/absent-$RANDOM-$RANDOM" 2>&1) = *"Input/output error"* ]]; }
mount_copy() {
  cp "$XAAS_FIXTURES/heat.xaas" "$image"
  XAAS_LOG=$work/log-$1 mount_image "$image" "$work/app"
  ! refuses || die "an image as it was is refused"
}
refused() {
  wait_until 10 refuses
  refuses && refuses
  ! cat "$work/app/share/heat/plate.txt" >/dev/null 2>&1 || die "bytes of a changed image are served"
  equal 1 "$(grep -c "" "$work/log-$1")"
  contains "$(cat "$work/log-$1")" "$image: the image was changed while mounted"
  unmount "$work/app"
}

mount_copy truncated
truncate -s 10000 "$image"
refused truncated

mount_copy overwritten
dd if=/dev/urandom of="$image" bs=4096 seek=5 count=1 conv=notrunc status=none
refused overwritten

mount_copy replaced
chmod 0600 "$image"
mv "$image" "$work/moved.xaas"
echo "another file" >"$work/other"
mv "$work/other" "$image"
rm "$work/moved.xaas"
# The server looks at the image once a second, so it looks at least once while this goes on.
looks=0
goes_on() {
  ! refuses || die "an image that was replaced is refused"
  looks=$((looks + 1))
  [ $looks -gt 30 ]
}
wait_until 10 goes_on
contains "$("$work/app/bin/heat" 5 2>/dev/null)" checksum
