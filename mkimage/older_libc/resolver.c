// libxaas-resolver.so: functions of the resolver under the names that they have since glibc 2.34, when they moved from
// libresolv.so.2 into libc.so.6. It needs libresolv.so.2, which every libc brings, and calls them there by their former
// names. So it is a library apart, for the few programs that use it. Implements spec/image-format.md, section "Older
// libcs".
#include <stddef.h>

#include "mkimage/older_libc/versions.h"

typedef unsigned char Byte;
typedef struct __res_state* State;

// A function `name`, which was called __`name`.
#define FORMER(name, parameters, arguments)       \
  extern int former_##name parameters;            \
  REFERENCE(former_##name, __##name, OLDEST_LIBC) \
  EXPORTED int name parameters { return former_##name arguments; }

FORMER(dn_comp, (const char* name, Byte* to, int size, Byte** names, Byte** end), (name, to, size, names, end))
FORMER(dn_expand, (const Byte* message, const Byte* end, const Byte* from, char* to, int size),
       (message, end, from, to, size))
FORMER(dn_skipname, (const Byte* name, const Byte* end), (name, end))
FORMER(res_dnok, (const char* name), (name))
FORMER(res_hnok, (const char* name), (name))
FORMER(res_mailok, (const char* name), (name))
FORMER(res_ownok, (const char* name), (name))
FORMER(res_query, (const char* name, int class, int type, Byte* answer, int size), (name, class, type, answer, size))
FORMER(res_search, (const char* name, int class, int type, Byte* answer, int size), (name, class, type, answer, size))
FORMER(res_querydomain, (const char* name, const char* domain, int class, int type, Byte* answer, int size),
       (name, domain, class, type, answer, size))
FORMER(res_mkquery,
       (int operation, const char* name, int class, int type, const Byte* data, int length, const Byte* record,
        Byte* query, int size),
       (operation, name, class, type, data, length, record, query, size))
FORMER(res_send, (const Byte* query, int length, Byte* answer, int size), (query, length, answer, size))
FORMER(res_nquery, (State state, const char* name, int class, int type, Byte* answer, int size),
       (state, name, class, type, answer, size))
FORMER(res_nsearch, (State state, const char* name, int class, int type, Byte* answer, int size),
       (state, name, class, type, answer, size))
FORMER(res_nquerydomain,
       (State state, const char* name, const char* domain, int class, int type, Byte* answer, int size),
       (state, name, domain, class, type, answer, size))
FORMER(res_nmkquery,
       (State state, int operation, const char* name, int class, int type, const Byte* data, int length,
        const Byte* record, Byte* query, int size),
       (state, operation, name, class, type, data, length, record, query, size))
FORMER(res_nsend, (State state, const Byte* query, int length, Byte* answer, int size),
       (state, query, length, answer, size))
