# unsquashfs, squashfuse and the kernel's driver show the zstd image as the baseline tree, equal in all of them, and it
# runs.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/zstd.xaas
sums() { (cd "$1" && find . -path ./.xaas -prune -o -type f -print0 | sort -z | xargs -0 sha256sum); }
unsquashfs -quiet -no-progress -d "$work/unsquashed" "$image"
check() {
  equal "$(sums "$work/unsquashed")" "$(sums "$1")"
  "$1/bin/zstd" -q -c "$XAAS_SOURCE/README.md" | "$1/bin/zstd" -q -dc | cmp - "$XAAS_SOURCE/README.md"
}
check "$work/unsquashed"
if (exec 3<>/dev/fuse) 2>/dev/null; then
  mkdir "$work/squashfuse"
  squashfuse "$image" "$work/squashfuse"
  check "$work/squashfuse"
fi
if [ "$(id -u)" = 0 ]; then
  need_loop "the kernel's driver was not tried, the others are right"
  mkdir "$work/kernel"
  mount -t squashfs -o loop,ro "$image" "$work/kernel"
  check "$work/kernel"
fi
