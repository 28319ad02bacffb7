# An image that runs itself needs nothing but the kernel: it runs in an older and in a newer Debian without our tools and
# without fusermount3, compiled for that host. It does so for root and for an ordinary user, without a home, as a file
# that cannot be written, where nothing may be executed in /tmp, and between pipes.
. "$(dirname "$0")/../lib.sh"
need_root
need_fuse
need_mount_namespace -m
mkdir -p "$work/share" "$work/answer"
cat >"$work/answer/answer.c" <<'S'
#include <stdio.h>
int main(int argc, char** argv) {
  for (int c; argc == 1 && (c = getchar()) != EOF;) putchar(c);
  printf("%s %s\n", argv[0], argc > 1 ? argv[1] : "");
  return 40 + argc;
}
S
cat >"$work/answer/Makefile" <<'S'
all: answer
install:
	install -D answer $(DESTDIR)$(PREFIX)/bin/answer
	install -D answer $(DESTDIR)$(PREFIX)/bin/other
S
mkxaas -q --executable --main bin/answer "$work/answer" "$work/share/answer.xaas"
chmod 0555 "$work/share/answer.xaas"

cat >"$work/share/commands" <<'S'
set -ex
unset HOME XAAS_CACHE XDG_CACHE_HOME
user=$(id -un)
! command -v fusermount3 xaas-mount || exit 1
if [ "$user" = root ]; then
  mount -o remount,noexec /tmp
  su -s /bin/sh nobody -c '/mnt/answer.xaas su' || [ $? = 42 ]
fi
cd /tmp
status=0
/mnt/answer.xaas word || status=$?
echo "$user: $status"
echo "$user: $(echo piped | /mnt/answer.xaas | tr '\n' ' ')"
ln -sf /mnt/answer.xaas other
echo "$user: $(./other link)"
rm other
/mnt/answer.xaas --xaas-extract extracted
[ -f extracted/bin/answer ] && rm -r extracted
! grep fuse /proc/mounts || exit 1
S
chmod -R a+rX "$work/share"
for suite in bullseye trixie; do
  root=$("$XAAS_SOURCE/tests/debian-root" $suite "$XAAS_FIXTURES/roots" util-linux)
  output=$(in_root "$root" "$work/share") || die "$suite: $output"
  for user in root nobody; do
    contains "$output" "$user: 42"
    contains "$output" "$user: piped /opt/answer/bin/answer"
    contains "$output" "$user: /opt/answer/bin/other link"
  done
  contains "$output" "/opt/answer/bin/answer su"
done
