# mkxaas says which units ask for features of the CPU while they are compiled and do not get them: by the preprocessor,
# directly or in the definition of a macro, and by __has_builtin. It says nothing of units that do not ask, of features
# that the options give, and of questions that only the compiler's own headers ask.
. "$(dirname "$0")/lib.sh"
mkdir "$work/project"
cd "$work/project"
cat >asks.c <<'END'
#include "wide.h"
#if __AVX2__
const int width = 32;
#elif defined(__SSE2__)
const int width = 16;
#endif
#if HAS_FMA
#define NAME "fma"
#endif
#ifdef __AVX512F__
#endif
#if __has_builtin(__builtin_ia32_vpdpbusd256)
#endif
END
echo '#define HAS_FMA (defined(__FMA__))' >wide.h
cat >main.c <<'END'
#include <emmintrin.h>
#include <stdio.h>
extern const int width;
int main(void) { printf("%d\n", width); }
END
cat >Makefile <<'END'
CFLAGS = -O2 $(CPU)
asking: main.o asks.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin asking
END
cd "$work"
mkxaas() { command mkxaas --toolchain=none "$@"; }  # nothing is lowered here
asked() { python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))["unanswered_asks"], sort_keys=True))' "$1"; }

said=$(mkxaas --levels=none --report plain.json project plain.xaas)
contains "$said" "1 unit asks (asks.c: __AVX2__ __AVX512F__ __FMA__ …) for features of the CPU"
contains "$said" "--levels=auto"
equal '{"asks.c": ["__AVX2__", "__AVX512F__", "__FMA__", "__builtin_ia32_vpdpbusd256"]}' "$(asked plain.json)"
# What the options give is no longer missed.
mkxaas -q --levels=none --report haswell.json project haswell.xaas -- CPU=-march=haswell
equal '{"asks.c": ["__AVX512F__", "__builtin_ia32_vpdpbusd256"]}' "$(asked haswell.json)"
mkxaas -q --report icelake.json project icelake.xaas -- CPU=-march=icelake-client
equal '{}' "$(asked icelake.json)"
# The unit of a configuration answers for the others; what an earlier run compiled still says what it asked.
cat >project/xaas.toml <<'END'
build = 'make CPU="$CPU"'
[[points]]
name = "cpu"
default = "plain"
values = [{name = "plain", substitute = ""}, {name = "v4", rank = 1, substitute = "-march=x86-64-v4"}]
END
for run in 1 2; do
  mkxaas -q --levels=none --keep-build --report both.json project both.xaas
  equal '{"asks.c": ["__builtin_ia32_vpdpbusd256"]}' "$(asked both.json)"
done
# Levels answer, too. Those that cannot be used do not.
rm project/xaas.toml
said=$(mkxaas --report levels.json project levels.xaas)
equal '{}' "$(asked levels.json)"
contains "$said" "1 unit asks for features of the CPU: compiled for x86-64-v3 as well"
echo '#ifdef __AVX512F__
#error not for these
#endif' >>project/asks.c
said=$(mkxaas --report refused.json project refused.xaas)
equal '{"asks.c": ["__AVX512F__"]}' "$(asked refused.json)"
contains "$said" "asks.c cannot be compiled for it (error: not for these)"
# A project that does not ask is not told anything.
: >project/wide.h && echo 'const int width = 1;' >project/asks.c
said=$(mkxaas project none.xaas)
case $said in *"for features of the CPU"*) die "$said" ;; esac
