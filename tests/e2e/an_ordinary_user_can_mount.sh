# Without root, a user mounts through fusermount3, runs programs and unmounts. The user also runs a program at the
# image's own prefix.
. "$(dirname "$0")/lib.sh"
need_fuse
need_nobody
mkdir "$work/home" "$work/app"
chown nobody "$work/home" "$work/app"
cp "$XAAS_FIXTURES/heat.xaas" "$work/heat.xaas"
chmod 0644 "$work/heat.xaas"
mkdir "$work/bin"
cp "$XAAS_BIN/xaas-mount" "$work/bin/"
chmod 0755 "$work/bin" "$work/bin/xaas-mount"

cat >"$work/as-user" <<'S'
set -e
cd "$1"
"$1/bin/xaas-mount" "$1/heat.xaas" "$1/app"
trap 'fusermount3 -u "$1/app"' EXIT
"$1/app/bin/heat" 5 2>/dev/null
getfattr --absolute-names --only-values -n user.xaas.state "$1/app/bin/heat"
echo
if unshare -Urm true 2>/dev/null; then
  "$1/bin/xaas-mount" "$1/heat.xaas" -- sh -c 'id -un && exec /opt/heat/bin/heat 5 2>/dev/null' | sed 's/^/at the prefix: /'
else
  echo "at the prefix: no user namespaces"
fi
S
cat >"$work/as-root" <<S
set -e$as_distributions_have_it
HOME=\$1/home XAAS_CACHE= exec \$2 sh "\$1/as-user" "\$1"
S
output=$(unshare -m sh "$work/as-root" "$work" "$as_nobody")
contains "$output" checksum
contains "$output" ready
case $output in
  *"no user namespaces"*) echo "a user cannot make user namespaces here: the prefix was not tried" ;;
  *) contains "$output" "at the prefix: nobody"; contains "$output" "at the prefix: steps 5" ;;
esac
[ -n "$(find "$work/home/.cache/xaas" -name '*.elf')" ] || die "the user's own cache was not used"
