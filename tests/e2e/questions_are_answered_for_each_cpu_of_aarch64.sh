# The front end's plugin says how clang would answer what a unit asks, for each CPU of aarch64: for macros that a CPU adds,
# and for macros that have another value there. Images are made on the architecture that they are for, so this test asks the
# plugin itself; full/an_image_for_arm_is_made_merged_and_lowered has whole images.
. "$(dirname "$0")/lib.sh"
cat >"$work/unit.c" <<'END'
#if defined(__ARM_FEATURE_SVE) && __ARM_ARCH >= 9
int a;
#elif defined(__ARM_FEATURE_DOTPROD)
int b;
#endif
typedef int wide __attribute__((vector_size(32)));
wide f(wide x) { return x; }
END
# asks OPTION...: what is noted of the unit, compiled with the options.
asks() {
  rm -f "$work/asks"
  XAAS_ASKS_FILE=$work/asks XAAS_ASKS_CPUS=cortex-a72,a64fx,neoverse-n1,neoverse-v1,neoverse-v2 clang-19 \
    --target=aarch64-linux-gnu -fplugin="$XAAS_BIN/../lib/xaas/xaas-asks.so" "$@" -c -o "$work/unit.o" "$work/unit.c"
  cat "$work/asks"
}
equal "+__ARM_ARCH=8 +++++-
-__ARM_ARCH=9 -----+
-__ARM_FEATURE_DOTPROD ---+++
-__ARM_FEATURE_SVE --+-++" "$(asks)"
# The answers for the other CPUs do not depend on the one for which the unit is compiled.
equal "-__ARM_ARCH=8 +++++-
+__ARM_ARCH=9 -----+
+__ARM_FEATURE_DOTPROD ---+++
+__ARM_FEATURE_SVE --+-++" "$(asks -mcpu=neoverse-v2)"
