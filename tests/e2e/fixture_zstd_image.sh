# Fixture: the image of zstd 1.5.4, unmodified, and a plain build of the same for comparison.
. "$(dirname "$0")/lib.sh"
mkdir -p "$XAAS_FIXTURES"
source=$("$XAAS_SOURCE/tests/debian-source" zstd '1.5.4+dfsg2-5' "$XAAS_FIXTURES/sources")
rm -rf "$XAAS_FIXTURES/zstd.xaas" "$XAAS_FIXTURES/zstd-plain"

# The helper program of the tests is installed as well, so that the tests can run from the mount.
mkxaas --prefix /opt/zstd --levels=none "$source" "$XAAS_FIXTURES/zstd.xaas" \
  --build 'make -j$JOBS CC="$CC" lib-release zstd-release && make -j$JOBS -C tests CC="$CC" datagen' \
  --install 'make install CC="$CC" DESTDIR="$DESTDIR" PREFIX="$PREFIX" && install -D -t "$DESTDIR$PREFIX/libexec/zstd" tests/datagen'
xaas-info verify "$XAAS_FIXTURES/zstd.xaas"

cp -a "$source" "$work/zstd"
make -s -j2 -C "$work/zstd/lib" CC=clang-19 MOREFLAGS=-O1 install-shared PREFIX="$XAAS_FIXTURES/zstd-plain" >/dev/null 2>&1
make -s -j2 -C "$work/zstd/programs" CC=clang-19 MOREFLAGS=-O1 install PREFIX="$XAAS_FIXTURES/zstd-plain" >/dev/null 2>&1
