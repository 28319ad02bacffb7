# If a build changes a file after its link, the change is also in the lowered file, or the file stays as it was built
# and the report says why.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$work/changes-1.0
makefile_of "$source" <<'S'
programs = plain payload stack unversioned elsewhere
libraries = libversioned.so
plain: plain.c ; $(C) plain.c -o $@
payload: plain ; printf 'the contents' >contents && objcopy --add-section .payload=contents plain $@
stack: generated.c ; $(C) generated.c -o $@ && python3 make_stack_executable.py $@
libversioned.so: library.c ; $(C) -fPIC -shared library.c -Wl,--version-script=library.map -Wl,-soname,$@ -o $@
user: user.c libversioned.so ; $(C) user.c -L. -lversioned -Wl,-rpath,'$$ORIGIN/../lib' -o $@
unversioned: user ; cp user $@ && patchelf --clear-symbol-version f $@
elsewhere: user ; cp user $@ && patchelf --no-default-lib $@
S
cat >"$source/plain.c" <<'S'
#include <stdio.h>
int main(void) { return puts("plain") < 0; }
S
cat >"$source/generated.c" <<'S'
#include <stdio.h>
#include <string.h>
int main(int c, char **v) {
  (void)v;
  unsigned char code[16] __attribute__((aligned(16)));
  memcpy(code, "\x8d\x47\x02\xc3", 4);
  int (*volatile f)(int) = (int (*)(int))(void *)code;
  return printf("%d\n", f(c)) < 0;
}
S
cat >"$source/make_stack_executable.py" <<'S'
import struct, sys
data = bytearray(open(sys.argv[1], 'rb').read())
start, count = struct.unpack_from('<Q', data, 32)[0], struct.unpack_from('<H', data, 56)[0]
for at in range(start, start + 56 * count, 56):
    if struct.unpack_from('<I', data, at)[0] == 0x6474e551:  # PT_GNU_STACK
        struct.pack_into('<I', data, at + 4, 7)
open(sys.argv[1], 'wb').write(data)
S
echo 'int f(void) { return 1; }' >"$source/library.c"
echo 'V1 { global: f; local: *; };' >"$source/library.map"
cat >"$source/user.c" <<'S'
#include <stdio.h>
int f(void);
int main(void) { return printf("%d\n", f()) < 0; }
S
built_both_ways "$source"
says_the_same '$T/bin/plain' '$T/bin/payload' 'objcopy -O binary --only-section=.payload --set-section-flags .payload=alloc $T/bin/payload o && cat o' \
  '$T/bin/stack' 'readelf -lW $T/bin/stack | grep -c "GNU_STACK.*RWE"' '$T/bin/unversioned' 'readelf -sW $T/bin/unversioned | grep -c f@V1' \
  '$T/bin/elsewhere' 'readelf -dW $T/bin/elsewhere | grep -c NODEFLIB'
are_lowered bin/plain bin/stack bin/elsewhere lib/libversioned.so
contains "$(reason_of bin/payload)" 'it was changed after its link: sections that are not loaded (.payload'
contains "$(reason_of bin/unversioned)" 'it was changed after its link: imported symbols'
