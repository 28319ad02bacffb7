# dav1d 1.0 as Debian has the source: Meson, much assembly for several CPUs, and a choice at run time. Its own check of
# every assembly routine passes with the mounted library, and so does its decoder.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" dav1d 1.0.0-2+deb12u1 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/dav1d.xaas" \
  --configure 'meson setup "$BUILD" "$SRC" --prefix "$PREFIX" --libdir lib --buildtype release -Denable_tests=true' \
  --build 'ninja -C "$BUILD" -j "$JOBS"' \
  --install 'DESTDIR="$DESTDIR" meson install -C "$BUILD" --no-rebuild && install -D -t "$DESTDIR$PREFIX/libexec" "$BUILD/tests/checkasm"'
python3 - "$work/report.json" <<'P'
import json, sys
programs = {program["path"]: program for program in json.load(open(sys.argv[1]))["programs"]}
for name in ("bin/dav1d", "lib/libdav1d.so.6.6.0", "libexec/checkasm"):
    assert "recipe" in programs[name], programs[name]
    own = {native["reason"] for native in programs[name]["native"]} - {"not a part of the project"}
    assert len(own) <= 1, own  # nasm made these
assert programs["lib/libdav1d.so.6.6.0"]["ir"] > 30, programs["lib/libdav1d.so.6.6.0"]
P
mount_image "$work/dav1d.xaas" "$work/app"
"$work/app/libexec/checkasm" 1 >"$work/log" 2>&1 || die "$(tail "$work/log")"
contains "$(tail -n 1 "$work/log")" "tests passed"
equal 1.0.0 "$(LD_LIBRARY_PATH=$work/app/lib "$work/app/bin/dav1d" --version 2>&1)"
equal ready "$(state_of "$work/app/lib/libdav1d.so.6.6.0")"
equal ready "$(state_of "$work/app/libexec/checkasm")"
