# The unit tests of format/, lower/ and fuse/ pass on aarch64, by an emulator. Left out are those that compile for x86-64 or
# lay out such a host or look at /sys, those that run a compiler again and again, as those of mkimage/ do, and those that
# mount or confine a program that is no worker. Tests of workers need seccomp, and say that they skip.
. "$(dirname "$0")/../lib.sh"
need_arm

filter=
for file in "$XAAS_SOURCE"/tests/unit/{format,lower,fuse}_*_test.cc; do
  name=$(basename "$file" .cc)
  case $name in
    lower_configuration_test | lower_device_code_test | lower_engine_test | lower_engine_link_test | lower_host_test) continue ;;
    lower_host_description_test | lower_lowerer_test | lower_lowerer_cache_test | lower_native_test | lower_source_build_test) continue ;;
    lower_system_test | fuse_mount_test) continue ;;
  esac
  filter="$filter${filter:+,}[#$name]~[compiler]~[long]"
done
mkdir "$work/share"
in_arm "$work/share" "cd '$XAAS_SOURCE' && build/aarch64/bin/unit --filenames-as-tags '$filter'" >"$work/said" 2>&1 ||
  die "$(grep -v '^$' "$work/said" | tail -n 60)"
contains "$(cat "$work/said")" "skipped: there is no seccomp here"
tail -n 3 "$work/said"
