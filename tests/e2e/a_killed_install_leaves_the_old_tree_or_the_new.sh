# Whenever an installation is killed, or finds the disk full, its directory holds the old tree or the new one, complete.
# The next run removes what was left beside it. An update writes only the files that differ.
. "$(dirname "$0")/lib.sh"
image=$XAAS_FIXTURES/heat.xaas
app=$work/app
install() { xaas-lower install --cpu="$1" "$image" "${2:-$app}" 2>/dev/null; }
# begin CPU: installs in the background, as the process $running.
begin() { xaas-lower install --cpu="$1" "$image" "$app" >/dev/null 2>&1 & running=$!; }
contents() {
  (cd "$1" && find . -path ./.xaas/installed -prune -o -printf '%P %y %m %l\n' | sort
   find . -type f ! -path ./.xaas/installed -print0 | sort -z | xargs -0 sha256sum)
}
# From here on, both are in the cache, and an installation takes no longer than writing does.
for cpu in x86-64 x86-64-v3; do
  install $cpu "$work/$cpu" >/dev/null
  contents "$work/$cpu" >"$work/$cpu.contents"
done
cmp -s "$work/x86-64.contents" "$work/x86-64-v3.contents" && die "the two trees are the same"

install x86-64 >/dev/null
inodes() { find "$app" -type f -printf '%P %i\n' | sort; }
before=$(inodes)
equal "$app: 2 of 8 files written, 2 lowered for x86_64-pc-linux-gnu x86-64-v3" "$(install x86-64-v3 | tail -n 1)"
equal ".xaas/installed
bin/heat
lib/libheatkernels.so.1.0" "$(comm -23 <(echo "$before") <(inodes) | cut -d' ' -f1)"

# is_tree CPU: whether the directory has the tree for that CPU.
is_tree() { contents "$app" | cmp -s - "$work/$1.contents"; }
old=x86-64-v3 new=x86-64 left=0 replaced=0
for ((delay = 0; delay < 100 && (left < 3 || replaced < 3); ++delay)); do
  begin $new
  read -rt "$(printf 0.%03d $((delay * 37 % 200)))" <> <(:) || :
  kill -KILL $running 2>/dev/null || :
  wait $running 2>/dev/null || :
  if is_tree $new; then
    replaced=$((replaced + 1)) cpu=$old old=$new new=$cpu
  elif ! is_tree $old; then
    die "neither the old tree nor the new one, after a kill"
  fi
  [ -e "$work/.app.xaas-new" ] && left=$((left + 1))
done
[ $left -gt 0 ] && [ $replaced -gt 0 ] || die "$left runs were killed in their work, $replaced were done"
install $new >/dev/null
is_tree $new
equal "" "$(find "$work" -maxdepth 1 -name '.*')"

# A signal that asks to end leaves nothing at all.
begin $old
wait_until 10 test -e "$work/.app.xaas-new" -o ! -e "/proc/$running"
kill -TERM $running 2>/dev/null || :
wait $running || :
is_tree $new || is_tree $old
equal "" "$(find "$work" -maxdepth 1 -name '.*')"

mkdir "$work/full"
touch "$work/full/file"
fails_with 1 "not empty" xaas-lower install "$image" "$work/full"
rm "$work/full/file"
need_root
mount -t tmpfs -o size=2m tmpfs "$work/full"
fails_with 1 "mountpoint" xaas-lower install "$image" "$work/full"
install x86-64 "$work/full/app" >/dev/null
head -c 100m /dev/zero >"$work/full/rest" 2>/dev/null || :
for command in "install $image $work/full/app" "export $image -o $work/full/native.sqfs"; do
  status=0
  xaas-lower ${command%% *} --cpu=x86-64-v3 ${command#* } >/dev/null 2>"$work/stderr" || status=$?
  equal 1 $status
  contains "$(grep -v ': warning: ' "$work/stderr")" "No space left"
  equal 1 "$(grep -vc ': warning: ' "$work/stderr")"
done
equal "app
rest" "$(ls -A "$work/full")"
contents "$work/full/app" | cmp - "$work/x86-64.contents"
