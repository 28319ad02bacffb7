#!/bin/bash
# A program with code for GPUs gets, when it is lowered, what suits the GPUs of the host: a cubin that the host's ptxas
# makes, and the PTX of the highest family. Where no GPU is known it gets what the build made. Units in the form in
# which nvcc makes them, a unit that clang compiles, and tools of our own stand in for CUDA, so that this runs
# everywhere; what nvcc itself makes is in cuda_projects_are_lowered_for_the_gpu_that_is_found.sh.
source "$(dirname "$0")/lib.sh"
need_fuse

mkdir "$work/source"
cd "$work/source"
# unit NAME [relocatable]: writes a unit with a fat binary as nvcc does. It has PTX of three families, and a cubin for
# sm_80. unit NAME link ID...: one that registers the relocatable code of others, with an empty fat binary.
unit() {
  python3 - "$@" >"$1.c" <<'END'
import struct, sys
name, kind, ids = sys.argv[1], sys.argv[2] if sys.argv[2:] else "", sys.argv[3:]
def entry(kind, sm, content, options, major, minor):
    content += bytes(-len(content) % 8)
    fields = (kind, 0x101, 64 + len(options), len(content), 0, 64 if options else 0, minor, major, sm, 0, 0, 0x11, 0, 0)
    return struct.pack("<HHIQIIHHIIIQQQ", *fields) + options + content
def ptx(sm): return entry(1, sm, f"// {name}\n.target sm_{sm}\n\0".encode(), struct.pack("<IIQ", 72, 0, 0), 9, 0)
content = entry(2, 80, b"\x7fELF" + f"own cubin of {name}".encode(), b"", 1, 8) + ptx(75) + ptx(80) + ptx(90)
if kind == "link": content = b""
fatbin = struct.pack("<IHHQ", 0xba55ed50, 1, 16, len(content)) + content
numbers = [f"0x{n:016x}" for (n,) in struct.iter_unpack("<Q", fatbin)]
section = "__nv_relfatbin" if kind == "relocatable" else ".nv_fatbin"
print('__asm__(\n".section', section + ', \\"a\\"\\n"\n".align 8\\n"\n"fatbinData:\\n"')
for i in range(0, len(numbers), 4): print(f'".quad {",".join(numbers[i:i + 4])}\\n"')
print(f'''".text\\n");
extern const unsigned long long fatbinData[{len(numbers)}];
void registered(const char*, const void*);''')
wrapper = '__attribute__((section(".nvFatBinSegment"))) = fatbinData;'
if kind == "relocatable":
    print(f'''const void* const __fatbinwrap_{name} {wrapper}
__attribute__((section(".nvHRKE"), weak)) const char hostRefKernelArray[] = "kernel of {name}";
void __cudaRegisterLinkedBinary_{name}(void);
__attribute__((constructor)) static void register_all(void) {{ __cudaRegisterLinkedBinary_{name}(); }}''')
elif kind == "link":
    print(f"static const void* const wrapper {wrapper}\nstatic int count;")
    for one in ids:
        print(f'''extern const void* const __fatbinwrap_{one};
void __cudaRegisterLinkedBinary_{one}(void) {{
  registered("{one}", __fatbinwrap_{one});
  if (++count == {len(ids)}) registered("{name}", wrapper);
}}''')
else:
    print(f'''static const void* const wrapper {wrapper}
__attribute__((constructor)) static void register_all(void) {{ registered("{name}", wrapper); }}''')
END
}
unit first
unit second
unit one relocatable
unit two relocatable
unit links link two one
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
# A unit that clang compiles, with what a toolkit has for that. The toolkit is newer than clang: it lacks a header that
# clang includes, has headers where clang does not look, and its fatbinary does not know clang's options.
cat >third.cu <<'END'
#include "texture_fetch_functions.h"
#include <in_cccl.h>
struct dim3 { unsigned x, y, z; };
extern "C" int cudaLaunchKernel(const void*, dim3, dim3, void**, unsigned long, struct stream*);
__global__ void third(int* x) { x[__nvvm_read_ptx_sreg_tid_x()] = 1; }
END
# What the code of such a unit calls to register its fat binary.
cat >runtime.c <<'END'
void registered(const char* name, const void* fatbin);
void** __cudaRegisterFatBinary(const void* const* wrapper) {
  registered("of clang", wrapper[1]);
  return 0;
}
void __cudaRegisterFatBinaryEnd(void** handle) { (void)handle; }
void __cudaUnregisterFatBinary(void** handle) { (void)handle; }
int __cudaRegisterFunction(void) { return 0; }
int __cudaPopCallConfiguration(void) { return 0; }
int cudaLaunchKernel(void) { return 0; }
END
# Code for GPUs with an attribute that clang does not know stays as clang makes it.
cat >unknown.cu <<'END'
#define __global__ __attribute__((global))
struct dim3 { unsigned x, y, z; };
extern "C" int cudaLaunchKernel(const void*, dim3, dim3, void**, unsigned long, struct stream*);
__global__ __attribute__((cluster_dims(2, 1, 1))) void unknown(int* x) { *x = 1; }
END
mkdir -p "$work/toolkit/bin" "$work/toolkit/include/cccl" "$work/toolkit/nvvm/libdevice"
echo '#define CUDA_VERSION 13000' >"$work/toolkit/include/cuda.h"
echo '#define GLOBAL __attribute__((global))' >"$work/toolkit/include/texture_indirect_functions.h"
echo '#define __global__ GLOBAL' >"$work/toolkit/include/cccl/in_cccl.h"
cat >"$work/toolkit/bin/ptxas" <<'END'
#!/bin/sh
while [ "$1" != --output-file ]; do shift; done
printf '\177ELFown cubin of clang' >"$2"
END
cat >"$work/toolkit/bin/fatbinary" <<'END'
#!/usr/bin/env python3
import struct, sys
content = b""
for word in sys.argv[1:]:
    if word.startswith("--image="): sys.exit("unknown option " + word)
    if not word.startswith("--image3=kind="): continue
    kind, sm, file = (part.split("=")[1] for part in word[9:].split(","))
    is_ptx = kind == "ptx"
    code = f"// of clang\n.target sm_{sm}\n\0".encode() if is_ptx else open(file, "rb").read()
    code += bytes(-len(code) % 8)
    options = struct.pack("<IIQ", 72, 0, 0) if is_ptx else b""
    content += struct.pack("<HHIQIIHHIIIQQQ", 1 if is_ptx else 2, 0x101, 64 + len(options), len(code), 0,
                           64 if options else 0, 0 if is_ptx else 8, 9 if is_ptx else 1, int(sm), 0, 0, 0x11, 0, 0)
    content += options + code
with open(sys.argv[sys.argv.index("--create") + 1], "wb") as out:
    out.write(struct.pack("<IHHQ", 0xba55ed50, 1, 16, len(content)) + content)
END
chmod +x "$work/toolkit/bin/"*
cat >Makefile <<'END'
CFLAGS = -O2
all: app linked clang
clang: main.o third.o unknown.o runtime.o
	$(CC) -o clang main.o third.o unknown.o runtime.o
%.o: %.cu
	$(CXX) -O2 -c -w -nocudainc -nocudalib -I$(TOOLKIT)/include --cuda-path=$(TOOLKIT) --offload-arch=sm_80 $<
linked: main.o one.o links.o libtwo.a
	$(CC) -o linked main.o one.o links.o libtwo.a
libtwo.a: two.o
	$(AR) rc $@ two.o
app: main.o first.o libsecond.a
	$(CC) -o app main.o first.o -Wl,--whole-archive libsecond.a -Wl,--no-whole-archive
libsecond.a: second.o
	$(AR) rc $@ second.o
install: app linked clang
	install -D -t $(DESTDIR)$(PREFIX)/bin app linked clang
END
# clang 19 knows no sm_100, and an nvcc that is there may know it.
printf 'name = "app"\n[cuda]\nfamilies = [75, 80, 90, 100]\n' >xaas.toml
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
  while (fgets(text, sizeof text, in) && strncmp(text, ".target", 7)) {}
  text[strcspn(text, "\n")] = 0;
  fwrite(head, sizeof head, 1, out);
  fprintf(out, "%s of %s", argv[1], text);
  return fclose(out);
}
END
# Makes one that tells what was linked: the first line of the code of each object, and the kernels that it names.
cat >"$work/nvlink.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
int main(int argc, char** argv) {
  static unsigned char head[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0x41, 8, [16] = 2, [18] = 190, [20] = 1, [52] = 64};
  static char object[1 << 16];
  FILE* out = fopen(argv[argc - 1], "w");
  if (!out) return 1;
  fwrite(head, sizeof head, 1, out);
  fprintf(out, "%s", argv[1]);
  for (int i = 2; i < argc - 2; ++i) {
    if (argv[i][0] == '-') continue;
    FILE* in = fopen(argv[i], "r");
    if (!in) return 1;
    size_t size = fread(object, 1, sizeof object, in);
    const char* text = memmem(object, size, "// ", 3);
    const char* kernels = memmem(object, size, "kernel of ", 10);
    if (!text || !kernels || !memmem(object, size, "__nv_relfatbin", 14)) return 1;
    fprintf(out, " %.*s (%s)", (int)strcspn(text, "\n"), text, kernels);
  }
  return fclose(out);
}
END
mkdir "$work/only"
clang-19 -o "$work/ptxas" "$work/ptxas.c"
clang-19 -o "$work/nvlink" "$work/nvlink.c"
cp "$work/ptxas" "$work/only"
export XAAS_PTXAS=$work/ptxas TOOLKIT=$work/toolkit
cd "$work"

mkxaas --report report.json source app.xaas 2>&1 | tee made
if ! nvcc=$(PATH=$PATH:/usr/local/cuda/bin command -v nvcc) || "$nvcc" --list-gpu-arch | grep -qx compute_100; then
  echo "a family that clang does not know is left out, and no other"
  contains "$(cat made)" "clang does not compile CUDA for sm_100, so there is no PTX of that"
fi
contains "$(cat made)" "unit stays as compiled (unknown.cu): does not compile with bitcode (error: unknown attribute"
all_can_be_lowered report.json
xaas-info verify app.xaas

as_built='first: elf 80 (own cubin of first) ptx 75 ptx 80 ptx 90
second: elf 80 (own cubin of second) ptx 75 ptx 80 ptx 90'
as_linked='links:
one: elf 80 (own cubin of one) ptx 75 ptx 80 ptx 90
two: elf 80 (own cubin of two) ptx 75 ptx 80 ptx 90'
# prints OPTIONS EXPECTED [PROGRAM]: the program, lowered with these options of a mount, registers what is expected.
prints() {
  mount_image app.xaas "$work/app" "$1,strict"
  equal "$2" "$("app/bin/${3:-app}" | sort)"
  equal ready "$(state_of "app/bin/${3:-app}")"
  unmount "$work/app"
}
echo "no GPU: what the build made, and the baseline too"
prints gpu=none "$as_built"
prints gpu=none "$as_linked" linked
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
echo "relocatable code is linked for each GPU, in the order of the build; without nvlink, the driver links it"
prints gpu=sm_86,sm_90 'links: elf 86 (-arch=sm_86 // two (kernel of two) // one (kernel of one)) elf 90 (-arch=sm_90 // two (kernel of two) // one (kernel of one))
one: elf 86 (-arch=sm_86 of .target sm_80) elf 90 (-arch=sm_90 of .target sm_90) ptx 80 ptx 90
two: elf 86 (-arch=sm_86 of .target sm_80) elf 90 (-arch=sm_90 of .target sm_90) ptx 80 ptx 90' linked
XAAS_PTXAS=$work/only/ptxas prints gpu=sm_90 'links:
one: elf 90 (-arch=sm_90 of .target sm_90) ptx 90
two: elf 90 (-arch=sm_90 of .target sm_90) ptx 90' linked
echo "a unit that clang has compiled has PTX of the families, too"
# The second unit has an attribute that clang does not know.
unknown='of clang: elf 80 (own cubin of clang) ptx 80'
prints gpu=none "$unknown
$unknown ptx 90" clang
prints gpu=sm_86 "$unknown
of clang: elf 86 (-arch=sm_86 of .target sm_80) ptx 80" clang
prints gpu=sm_100 "of clang: elf 100 (-arch=sm_100 of .target sm_90) ptx 90
$unknown" clang
echo "explain says it"
by="sm_80 sm_90  code is made by $work"
contains "$(xaas-lower explain --gpu sm_90,sm_80 app.xaas)" "gpus      $by/ptxas, and linked by $work/nvlink"
contains "$(XAAS_PTXAS=$work/only/ptxas xaas-lower explain --gpu sm_90,sm_80 app.xaas)" \
  "gpus      $by/only/ptxas; there is no nvlink beside it"
contains "$(XAAS_PTXAS=none xaas-lower explain --gpu sm_90 app.xaas)" "gpus      sm_90  there is no ptxas"
contains "$(xaas-lower explain --gpu none app.xaas)" "gpus      none is known"
has='it has PTX 75, 80, 90 and cubins 80'
said=$(xaas-lower explain --gpu sm_90,sm_80 app.xaas)
contains "$said" "gpu code  bin/app  sm_80: the build's cubins for sm_80; sm_90: cubins made of compute_90"
contains "$(XAAS_PTXAS=none xaas-lower explain --gpu sm_90 app.xaas)" \
  "gpu code  bin/app  sm_90: the driver compiles compute_90"
contains "$(xaas-lower explain --gpu sm_70 app.xaas)" "gpu code  bin/app  sm_70: nothing that it can run; $has"
echo "a program that has no code for the GPU does not run there"
contains "$(xaas-lower check --gpu sm_80 app.xaas)" "programs and libraries run"
! xaas-lower check --gpu sm_70,sm_72 app.xaas >checked || die "it has no code for sm_70"
contains "$(cat checked)" "fails     bin/app: has no code for GPUs that sm_70 sm_72 can run: $has"
contains "$(xaas-lower --gpu sm_70 app.xaas bin/app 2>&1)" "first.c, libsecond.a(second.c): it has nothing that sm_70 can run: $has"
contains "$(xaas-lower check --gpu none app.xaas)" "programs and libraries run"
echo "it is said for which GPUs the image has code"
contains "$(cat made)" "code for GPUs: ${has#it has }; 1 of 5 CUDA units has less PTX"
contains "$(xaas-info app.xaas)" "code for GPUs   ${has#it has }; 1 of 5 CUDA units has less PTX"
fails_with 1 '"sm_x" is no architecture of GPUs' xaas-lower --gpu sm_x app.xaas

echo "what does not depend on GPUs is shared, and what does has keys of its own"
keys() { xaas-lower --json "${@:2}" app.xaas "bin/$1" | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["key"])'; }
[ "$(keys app --gpu sm_90)" != "$(keys app --gpu sm_80)" ] || die "files for different GPUs have the same key"
[ "$(keys app --gpu sm_90)" != "$(XAAS_PTXAS=none keys app --gpu sm_90)" ] || die "ptxas is not in the key"
without_nvlink() { XAAS_PTXAS=$work/only/ptxas "$@"; }
[ "$(keys linked --gpu sm_90)" != "$(without_nvlink keys linked --gpu sm_90)" ] || die "nvlink is not in the key"
equal "$(keys app --gpu sm_90)" "$(without_nvlink keys app --gpu sm_90)"

echo "each form is a file of the image"
xaas-info extract app.xaas tree >/dev/null
equal 19 "$(grep -rlaE '^// (first|second|one|two|of clang)|own cubin of' tree/.xaas/obj | wc -l)"
