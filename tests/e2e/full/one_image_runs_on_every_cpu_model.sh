# One image gives 16 models of x86-64, from Nehalem to Sapphire Rapids and Zen 4, the level that is best for each, and no
# instruction that the model lacks. Its programs print there what a build for that model prints: in QEMU, or on this host
# where the model has AVX-512, which Debian's QEMU lacks.
. "$(dirname "$0")/../lib.sh"
"$XAAS_SOURCE/tests/bench/models" --work "$work/models" vectors neighbours 2>&1 || die "a model gets another level, output or instruction"
