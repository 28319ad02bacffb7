# zstd's own tests of its streaming interface, of 35 units with all of the library in it, pass lowered.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" zstd '1.5.4+dfsg2-5' "$XAAS_FIXTURES/sources")
mkxaas -q --levels=none "$source" "$work/streams.xaas" --build 'make -j$JOBS -C tests CC="$CC" zstreamtest' \
  --install 'install -D -t "$DESTDIR$PREFIX/bin" tests/zstreamtest'
mount_image "$work/streams.xaas" "$work/app" strict
"$work/app/bin/zstreamtest" -v -T3s >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "zstreamtest failed"; }
equal ready "$(state_of "$work/app/bin/zstreamtest")"
