# Charliecloud's runtime binds an exported tree into a container of another distribution. The container may be a directory or a
# SquashFS, and the user may be anybody. Programs run there with the prefix of their place.
. "$(dirname "$0")/../lib.sh"
need_nobody
need_fuse
need_mount_namespace -U
root=$("$XAAS_SOURCE/tests/debian-root" trixie "$XAAS_FIXTURES/roots")
mkdir "$work/places-1.0" "$work/base"
printf '#include <stdio.h>\nint main(void) { puts(PREFIX); }\n' >"$work/places-1.0/places.c"
cat >"$work/places-1.0/Makefile" <<'S'
places: places.c
	$(CC) -O2 -DPREFIX='"$(PREFIX)"' places.c -o $@
install:
	mkdir -p $(DESTDIR)$(PREFIX)/bin
	cp places $(DESTDIR)$(PREFIX)/bin/
S
mkxaas -q "$work/places-1.0" "$work/places.xaas"
xaas-lower export --strict --prefix /opt/places "$work/places.xaas" -o "$work/native.sqfs"

mkdir "$work/native"
squashfuse -o allow_other "$work/native.sqfs" "$work/native"
cp -a "$root/." "$work/base"
mkdir "$work/base/opt/places"  # the runtime makes no directory in the container for what it binds
mksquashfs "$work/base" "$work/base.sqfs" -quiet -no-progress

# in_container CONTAINER USER: what the program says in it.
in_container() {
  local as=
  [ "$2" = root ] || as=$as_nobody
  # ch-run mounts a SquashFS at a directory that it makes.
  unshare -m sh -ec "$as_distributions_have_it"'; shift; exec "$@"' sh "$work" \
    $as env USER="$2" HOME=/ CH_RUN_STORAGE= ch-run -b "$work/native:/opt/places" "$1" -- /opt/places/bin/places
}
for user in root nobody; do
  equal /opt/places "$(in_container "$work/base" $user)"
  equal /opt/places "$(in_container "$work/base.sqfs" $user)"
done
equal "trixie" "$(. "$work/base/etc/os-release" && echo "$VERSION_CODENAME")"
