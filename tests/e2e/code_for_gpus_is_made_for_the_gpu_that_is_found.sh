#!/bin/bash
# A program with code for GPUs gets, when it is lowered, what suits the GPUs of the host: a cubin that the host's ptxas
# makes, and the PTX of the highest family. Where no GPU is known it gets what the build made. Units in the form in
# which nvcc makes them and a ptxas of our own stand in for CUDA, so that this runs everywhere; what nvcc itself makes
# is in cuda_projects_are_lowered_for_the_gpu_that_is_found.sh.
source "$(dirname "$0")/lib.sh"
need_fuse

mkdir "$work/source"
cd "$work/source"
# unit NAME: writes a unit with a fat binary as nvcc does. It has PTX of three families, and a cubin for sm_80.
unit() {
  python3 - "$1" >"$1.c" <<'END'
import struct, sys
name = sys.argv[1]
def entry(kind, sm, content, options, major, minor):
    content += bytes(-len(content) % 8)
    fields = (kind, 0x101, 64 + len(options), len(content), 0, 64 if options else 0, minor, major, sm, 0, 0, 0x11, 0, 0)
    return struct.pack("<HHIQIIHHIIIQQQ", *fields) + options + content
def ptx(sm): return entry(1, sm, f"// {name}\n.target sm_{sm}\n\0".encode(), struct.pack("<IIQ", 72, 0, 0), 9, 0)
content = entry(2, 80, b"\x7fELF" + f"own cubin of {name}".encode(), b"", 1, 8) + ptx(75) + ptx(80) + ptx(90)
fatbin = struct.pack("<IHHQ", 0xba55ed50, 1, 16, len(content)) + content
numbers = [f"0x{n:016x}" for (n,) in struct.iter_unpack("<Q", fatbin)]
print('__asm__(\n".section .nv_fatbin, \\"a\\"\\n"\n".align 8\\n"\n"fatbinData:\\n"')
for i in range(0, len(numbers), 4): print(f'".quad {",".join(numbers[i:i + 4])}\\n"')
print(f'''".text\\n");
extern const unsigned long long fatbinData[{len(numbers)}];
static const void* const wrapper __attribute__((section(".nvFatBinSegment"))) = fatbinData;
void registered(const char*, const void*);
__attribute__((constructor)) static void register_all(void) {{ registered("{name}", wrapper); }}''')
END
}
unit first
unit second
# Prints what a program registers, as a CUDA runtime would see it.
cat >main.c <<'END'
#include <stdint.h>
#include <stdio.h>
#include <string.h>
void registered(const char* name, const void* fatbin) {
  const char* at = fatbin;
  uint64_t size;
  memcpy(&size, at + 8, 8);
  printf("%s:", name);
  for (const char* entry = at + 16; entry < at + 16 + size;) {
    uint16_t kind; uint32_t header, sm; uint64_t padded;
    memcpy(&kind, entry, 2); memcpy(&header, entry + 4, 4); memcpy(&padded, entry + 8, 8); memcpy(&sm, entry + 28, 4);
    printf(" %s %u", kind == 1 ? "ptx" : "elf", sm);
    if (kind == 2) printf(" (%s)", entry + header + (memcmp(entry + header + 4, "own", 3) ? 64 : 4));
    entry += header + padded;
  }
  puts("");
}
int main(void) { return 0; }
END
cat >Makefile <<'END'
CFLAGS = -O2
app: main.o first.o libsecond.a
	$(CC) -o app main.o first.o -Wl,--whole-archive libsecond.a -Wl,--no-whole-archive
libsecond.a: second.o
	$(AR) rc $@ second.o
install: app
	install -D app $(DESTDIR)$(PREFIX)/bin/app
END
# Makes a file for GPUs that tells what it was made of.
cat >"$work/ptxas.c" <<'END'
#include <stdio.h>
#include <string.h>
int main(int argc, char** argv) {
  static unsigned char head[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0x41, 8, [16] = 2, [18] = 190, [20] = 1, [52] = 64};
  char text[100] = "";
  FILE* in = fopen(argv[argc - 3], "r");
  FILE* out = fopen(argv[argc - 1], "w");
  if (!in || !out) return 1;
  while (fgets(text, sizeof text, in) && text[0] != '.') {}
  text[strcspn(text, "\n")] = 0;
  fwrite(head, sizeof head, 1, out);
  fprintf(out, "%s of %s", argv[1], text);
  return fclose(out);
}
END
clang-19 -o "$work/ptxas" "$work/ptxas.c"
export XAAS_PTXAS=$work/ptxas
cd "$work"

mkxaas -q --report report.json source app.xaas
all_can_be_lowered report.json
xaas-info verify app.xaas

as_built='first: elf 80 (own cubin of first) ptx 75 ptx 80 ptx 90
second: elf 80 (own cubin of second) ptx 75 ptx 80 ptx 90'
# prints OPTIONS EXPECTED: the program, lowered with these options of a mount, registers what is expected.
prints() {
  mount_image app.xaas "$work/app" "$1,strict"
  equal "$2" "$(app/bin/app | sort)"
  equal ready "$(state_of app/bin/app)"
  unmount "$work/app"
}
echo "no GPU: what the build made, and the baseline too"
prints gpu=none "$as_built"
mount_image app.xaas "$work/app" lower=never
equal "$as_built" "$(app/bin/app | sort)"
unmount "$work/app"
echo "a GPU between two families"
prints gpu=sm_86 'first: elf 86 (-arch=sm_86 of .target sm_80) ptx 80
second: elf 86 (-arch=sm_86 of .target sm_80) ptx 80'
echo "a GPU for which the project has code of its own, and a newer one"
prints gpu=sm_80,sm_120 'first: elf 120 (-arch=sm_120 of .target sm_90) elf 80 (own cubin of first) ptx 80 ptx 90
second: elf 120 (-arch=sm_120 of .target sm_90) elf 80 (own cubin of second) ptx 80 ptx 90'
echo "no ptxas"
XAAS_PTXAS=none prints gpu=sm_90 'first: ptx 90
second: ptx 90'
echo "explain says it"
contains "$(xaas-lower explain --gpu sm_90,sm_80 app.xaas)" "gpus      sm_80 sm_90  code is made by $work/ptxas"
contains "$(XAAS_PTXAS=none xaas-lower explain --gpu sm_90 app.xaas)" "gpus      sm_90  there is no ptxas"
contains "$(xaas-lower explain --gpu none app.xaas)" "gpus      none is known"
fails_with 1 '"sm_x" is no architecture of GPUs' xaas-lower --gpu sm_x app.xaas

echo "what does not depend on GPUs is shared, and what does has keys of its own"
keys() { xaas-lower --json "$@" app.xaas | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["key"])'; }
[ "$(keys --gpu sm_90)" != "$(keys --gpu sm_80)" ] || die "files for different GPUs have the same key"
[ "$(keys --gpu sm_90)" != "$(XAAS_PTXAS=none keys --gpu sm_90)" ] || die "ptxas is not in the key"

echo "each form is a file of the image"
xaas-info extract app.xaas tree >/dev/null
equal 8 "$(grep -rlaE '^// (first|second)|own cubin of' tree/.xaas/obj | wc -l)"
