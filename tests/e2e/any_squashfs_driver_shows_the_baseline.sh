# unsquashfs, squashfuse and the kernel's driver show the same image as the installed tree with the baseline, which
# runs.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
listing() { (cd "$1" && find . -path ./.xaas -prune -o -printf '%P %y %m %n %l\n' | sort; find . -path ./.xaas -prune -o -type f -print0 | sort -z | xargs -0 sha256sum); }

unsquashfs -quiet -no-progress -d "$work/unsquashed" "$image"
"$work/unsquashed/bin/heat" 20 >"$work/expected" 2>/dev/null
cd "$work/unsquashed"
listing . >"$work/listing"
cd "$work"

checked=unsquashfs
check() { equal "$(cat "$work/listing")" "$(cd "$1" && listing .)"; equal "$(cat "$work/expected")" "$("$1/bin/heat" 20 2>/dev/null)"; checked="$checked, $2"; }
if (exec 3<>/dev/fuse) 2>/dev/null; then
  mkdir "$work/squashfuse"
  squashfuse "$image" "$work/squashfuse"
  check "$work/squashfuse" squashfuse
  xaas-mount -o lower=never "$image" "$(mkdir -p "$work/never" && echo "$work/never")"
  check "$work/never" "xaas-mount -o lower=never"
fi
mkdir "$work/kernel"
if [ "$(id -u)" = 0 ]; then
  need_loop "same tree under $checked"
  mount -t squashfs -o loop,ro "$image" "$work/kernel"
  check "$work/kernel" "the kernel"
fi
echo "same tree under $checked"
