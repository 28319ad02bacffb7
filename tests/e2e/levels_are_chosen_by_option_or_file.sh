# The CPU levels of an image are those of --levels, else those of xaas.toml, else all that differ. xaas-info shows them,
# and the same source and options give the same bytes.
. "$(dirname "$0")/lib.sh"
grep -qw avx512f /proc/cpuinfo || skip "this CPU has no AVX-512"
mkdir "$work/project"
cd "$work/project"
cat >main.c <<'END'
#include <stdio.h>
int main(void) {
#ifdef __AVX512F__
  puts("512");
#elif defined(__AVX2__)
  puts("256");
#else
  puts("128");
#endif
}
END
cat >Makefile <<'END'
CFLAGS = -O2
asks: main.o ; $(CC) -o $@ $^
install: ; install -D -t $(DESTDIR)$(PREFIX)/bin asks
END
cd "$work"
# gives EXPECTED IMAGE: what the program prints for nehalem, haswell, skylake-avx512
gives() {
  local cpu said=
  for cpu in nehalem haswell skylake-avx512; do
    xaas-lower --cpu=$cpu -o lowered "$2" bin/asks >/dev/null
    said="${said:+$said }$(./lowered)"
  done
  equal "$2: $1" "$2: $said"
  xaas-info verify "$2" >/dev/null
}
levels_of() { xaas-info "$1" | sed -n 's/^levels  *//p'; }
mkxaas -q project auto.xaas
gives "128 256 512" auto.xaas
equal "x86-64-v3 x86-64-v4" "$(levels_of auto.xaas)"
mkxaas -q --levels=x86-64-v3 project v3.xaas
gives "128 256 256" v3.xaas
said=$(mkxaas --levels=none project none.xaas)
contains "$said" "1 unit asks (main.c: __AVX2__ __AVX512F__)"
gives "128 128 128" none.xaas
case $(levels_of none.xaas)$(xaas-lower explain none.xaas) in *x86-64-v3*) die "$(xaas-lower explain none.xaas)" ;; esac

# makes_levels EXPECTED OPTIONS...: makes an image, without the toolchain, which takes longest.
makes_levels() {
  local expected=$1
  shift
  mkxaas -q --toolchain none "$@" project levels.xaas
  equal "$* $expected" "$* $(levels_of levels.xaas)"
  xaas-info verify levels.xaas >/dev/null
}
makes_levels "x86-64-v3" --levels=x86-64-v3
makes_levels "x86-64-v4" --levels=neoverse-v1,x86-64-v4  # what is for another architecture does not count
makes_levels "x86-64-v3 x86-64-v4" --levels=x86-64-v4,x86-64-v3
echo 'levels = ["neoverse-v1", "x86-64-v3"]' >project/xaas.toml
makes_levels "x86-64-v3"
makes_levels "x86-64-v4" --levels=x86-64-v4
makes_levels "" --levels=none
echo 'levels = "none"' >project/xaas.toml
makes_levels ""
echo 'levels = "auto"' >project/xaas.toml
makes_levels "x86-64-v3 x86-64-v4"
rm project/xaas.toml
sed -i 's/-O2/-O2 -march=x86-64/' project/Makefile  # what distributions build for; it asks for no CPU
makes_levels "x86-64-v3 x86-64-v4"
# What an earlier run compiled serves each choice of levels, and gives the bytes that a fresh build gives.
for levels in none x86-64-v3 auto none; do
  mkxaas -q --toolchain none --levels=$levels project fresh.xaas
  mkxaas -q --toolchain none --levels=$levels --keep-build --work kept project kept.xaas
  cmp fresh.xaas kept.xaas
done

for wrong in bogus x86-64-v3,bogus haswell; do
  fails_with 2 "\"${wrong##*,}\"" mkxaas --levels="$wrong" project wrong.xaas
done
fails_with 2 "x86-64-v3" mkxaas --levels=bogus project wrong.xaas  # the names that there are
# is_wrong VALUE COLUMN TEXT
is_wrong() {
  echo "levels = $1" >project/xaas.toml
  fails_with 1 "project/xaas.toml:1:$2: $3" mkxaas project wrong.xaas
}
is_wrong '"bogus"' 10 'there is no choice of levels "bogus"'
is_wrong '["x86-64-v3", "bogus"]' 24 'there is no level "bogus"'
is_wrong 3 10 'this must be'
is_wrong '[3]' 11 'this must be'
[ ! -e wrong.xaas ]
