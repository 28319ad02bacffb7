# `xaas-mount IMAGE -- CMD` runs a command that sees the image at the prefix for which it was built. Nobody else sees
# it.
. "$(dirname "$0")/lib.sh"
need_fuse
need_mount_namespace -rm
image=$XAAS_FIXTURES/heat.xaas
contains "$(xaas-mount "$image" -- /opt/heat/bin/heat 5 2>/dev/null)" checksum
[ ! -e /opt/heat ] || die "/opt/heat shows outside the command"
status=0
xaas-mount "$image" -- sh -c 'test -d /opt/heat/bin && exit 5' || status=$?
equal 5 $status

# The same holds for a prefix of which not even the first component exists. Then the root is a copy that has everything
# at its place.
mkdir "$work/project"
echo 'int main(void) { return 6; }' >"$work/project/six.c"
printf 'all: six\nsix: six.c\n\t$(CC) -o $@ six.c\ninstall:\n\tinstall -D six $(DESTDIR)$(PREFIX)/bin/six\n' >"$work/project/Makefile"
mkxaas -q --prefix /xaas-test/six "$work/project" "$work/six.xaas"
status=0
cd "$work/project"
xaas-mount "$work/six.xaas" -- sh -c 'test -f six.c && test "$(pwd)" = "$1" && test -d /usr/bin && exec /xaas-test/six/bin/six' sh \
  "$work/project" || status=$?
equal 6 $status
[ ! -e /xaas-test ] || die "/xaas-test shows outside the command"
