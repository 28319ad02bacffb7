# cpack makes two Debian packages that can be installed. With their tools an image is made, mounted and run.
. "$(dirname "$0")/lib.sh"
need_fuse
cd "$work"
cpack --config "$XAAS_BIN/../CPackConfig.cmake" -G DEB -B "$work/packages" -D CPACK_DEBIAN_COMPRESSION_TYPE=zstd >cpack.log 2>&1 ||
  die "$(cat cpack.log)"
run=$(echo packages/xaas_*.deb)
build=$(echo packages/xaas-build_*.deb)
# The packages on which they depend are installed here.
apt-get --simulate install "./$run" "./$build" >apt.log 2>&1 || die "$(cat apt.log)"

dpkg-deb -x "$run" root
list() { (cd root && find . -type f -printf '%P\n' | sort | tr '\n' ' '); }
equal "usr/bin/xaas-info usr/bin/xaas-lower usr/bin/xaas-mount usr/sbin/mount.fuse.xaas \
usr/share/bash-completion/completions/xaas-info usr/share/bash-completion/completions/xaas-lower \
usr/share/bash-completion/completions/xaas-mount usr/share/man/man1/xaas-info.1 usr/share/man/man1/xaas-lower.1 \
usr/share/man/man1/xaas-mount.1 usr/share/man/man8/mount.fuse.xaas.8 usr/share/xaas/image.modulefile \
usr/share/xaas/modulefiles/xaas " "$(list)"
dpkg-deb -x "$build" root
for tool in root/usr/bin/*; do
  ! grep -q INTERP <<<"$(readelf -l "$tool")" || die "$tool is not linked statically"
  ! grep -q '\.symtab' <<<"$(readelf -S "$tool")" || die "$tool is not stripped"
done

PATH=$work/root/usr/bin:${PATH#*:}
mkxaas -q "$XAAS_SOURCE/tests/example" heat.xaas
xaas-info verify heat.xaas
mkdir app
contains "$(xaas-mount heat.xaas app -- app/bin/heat 5 2>/dev/null)" checksum
