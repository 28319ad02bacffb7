# Every tool refuses a file that is not a whole image, with one line and status 1. Nothing crashes, and nothing stays
# mounted.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
size=$(stat -c %s "$image")
mkdir "$work/app"

echo "not an image" >"$work/text"
: >"$work/empty"
head -c $((size / 2)) "$image" >"$work/half"
head -c 100 "$image" >"$work/head"
mksquashfs "$XAAS_SOURCE/spec" "$work/plain" -quiet -no-progress >/dev/null
for bad in text empty half head plain missing; do
  fails_with 1 "$work/$bad" xaas-info "$work/$bad"
  fails_with 1 "$work/$bad" xaas-info verify "$work/$bad"
  fails_with 1 "$work/$bad" xaas-lower "$work/$bad"
  if (exec 3<>/dev/fuse) 2>/dev/null; then
    fails_with 1 "$work/$bad" xaas-mount "$work/$bad" "$work/app"
    ! mountpoint -q "$work/app" || die "$bad is mounted"
  fi
done

# If one byte of a stored module differs, verify says so.
cp "$image" "$work/flipped"
python3 - "$work/flipped" <<'PY'
import sys
with open(sys.argv[1], "r+b") as image:
    image.seek(4096)
    byte = image.read(1)[0]
    image.seek(4096)
    image.write(bytes([byte ^ 0x40]))
PY
status=0
xaas-info verify "$work/flipped" >"$work/stdout" 2>"$work/stderr" || status=$?
equal 1 $status
