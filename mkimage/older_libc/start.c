// libxaas-start.so: runs the constructors of a program whose libc does not. Implements spec/image-format.md, section
// "Older libcs".
//
// Since version 2.34, __libc_start_main() of glibc runs the constructors of a program, and the start code in crt1.o
// passes no function that would. Older versions rely on that function. A program that needs this library gets the
// function passed, if libc is older than 2.34.
#define _GNU_SOURCE
#include <gnu/libc-version.h>
#include <link.h>
#include <stdlib.h>

#include "mkimage/older_libc/versions.h"

typedef int Main(int, char**, char**);
typedef void Init(int, char**, char**);
typedef int Start(Main*, int, char**, Init*, void (*)(void), void (*)(void), void*);

EXPORTED Start __libc_start_main;
extern Start start_of_libc;
REFERENCE(start_of_libc, __libc_start_main, OLDEST_LIBC)

static int libc_runs_constructors(void) {
  char* end = NULL;
  const long major = strtol(gnu_get_libc_version(), &end, 10);
  return major > 2 || (major == 2 && *end == '.' && strtol(end + 1, NULL, 10) >= 34);
}

struct Constructors {
  Init* first;         // DT_INIT
  Init** array;        // DT_INIT_ARRAY
  size_t array_bytes;  // DT_INIT_ARRAYSZ
};

static void read_dynamic(const ElfW(Dyn) * entry, ElfW(Addr) base, struct Constructors* found) {
  for (; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_INIT) found->first = (Init*)(base + entry->d_un.d_ptr);
    if (entry->d_tag == DT_INIT_ARRAY) found->array = (Init**)(base + entry->d_un.d_ptr);
    if (entry->d_tag == DT_INIT_ARRAYSZ) found->array_bytes = entry->d_un.d_val;
  }
}

// The loader names the program first.
static int read_program(struct dl_phdr_info* program, size_t size, void* found) {
  (void)size;
  for (int i = 0; i < program->dlpi_phnum; i++) {
    const ElfW(Phdr)* segment = &program->dlpi_phdr[i];
    if (segment->p_type != PT_DYNAMIC) continue;
    read_dynamic((const ElfW(Dyn)*)(program->dlpi_addr + segment->p_vaddr), program->dlpi_addr, found);
  }
  return 1;
}

// The loader has run DT_PREINIT_ARRAY, and it runs the destructors.
static void run_constructors(int argc, char** argv, char** environment) {
  struct Constructors found = {0};
  dl_iterate_phdr(read_program, &found);
  if (found.first != NULL) found.first(argc, argv, environment);
  for (size_t i = 0; i < found.array_bytes / sizeof(Init*); i++) found.array[i](argc, argv, environment);
}

int __libc_start_main(Main* main, int argc, char** argv, Init* init, void (*fini)(void), void (*rtld_fini)(void),
                      void* stack_end) {
  if (init == NULL && !libc_runs_constructors()) init = run_constructors;
  return start_of_libc(main, argc, argv, init, fini, rtld_fini, stack_end);
}
