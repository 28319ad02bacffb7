// The -o options of xaas-mount.
#include <catch2/catch.hpp>

#include "fuse/mount_options.h"

namespace xaas {
namespace {

MountOptions parsed(std::string_view list) {
  MountOptions options;
  const Status status = parse_mount_options(list, options);
  INFO((status ? "" : status.error().message));
  REQUIRE(status);
  return options;
}

std::string refused(std::string_view list) {
  MountOptions options;
  const Status status = parse_mount_options(list, options);
  REQUIRE_FALSE(status);
  return status.error().message;
}

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("every option of a mount is understood") {
  const MountOptions options = parsed(
      "allow_other,auto_unmount,cache=/c,config=mpi,cpu=skylake,features=+avx2,-avx512f,gid=7,gpu=sm_80,sm_90,jobs=3,"
      "lower=never,nodev,"
      "noexec,nosuid,offset=4096,policy=fast,ro,slot.blas=/,slot.mpi=bundled,strict,timeout=9,uid=8");
  CHECK(options.kernel == std::vector<std::string>{"allow_other", "auto_unmount", "noexec"});
  CHECK(options.lowerer.cache == "/c");
  CHECK(options.lowerer.configuration == "mpi");
  CHECK(options.lowerer.target.cpu == "skylake");
  CHECK(options.lowerer.target.features == "+avx2,-avx512f");
  CHECK(options.lowerer.gpu == "sm_80,sm_90");
  CHECK(options.lowerer.jobs == 3);
  CHECK(options.lowerer.slots == SlotOverrides{{"blas", "/"}, {"mpi", "bundled"}});
  CHECK(options.lowerer.policy.name == "fast");
  CHECK(options.when == LowerWhen::never);
  CHECK(options.offset == 4096);
  CHECK(options.strict);
  CHECK(options.timeout == seconds(9));
  CHECK(options.uid == 8U);
  CHECK(options.gid == 7U);
}

TEST_CASE("without options a mount takes ready files, is not strict and never idle") {
  const MountOptions options = parsed("");
  CHECK(options.when == LowerWhen::automatic);
  CHECK_FALSE(options.strict);
  CHECK_FALSE(options.timeout);
  CHECK_FALSE(options.idle);
  CHECK(parsed("idle=90").idle == seconds(90));
}

TEST_CASE("an option that is unknown or has a bad value is named") {
  CHECK(refused("ro,frobnicate=1") == "unknown option 'frobnicate'");
  CHECK(refused("strict=yes") == "option 'strict' takes no value");
  CHECK(refused("cpu") == "option 'cpu' needs a value");
  CHECK(refused("jobs=many") == "option 'jobs': 'many' is not a number from 0 to 4294967295");
  CHECK(refused("uid=-1").find("'uid'") != std::string::npos);
  CHECK(refused("lower=maybe") == "option 'lower': 'maybe' is not auto, wait, background, eager or never");
  CHECK(refused("policy=x").find("default, fast, max") != std::string::npos);
}

TEST_CASE("a relative cache directory is meant from here") {
  CHECK(parsed("cache=here").lowerer.cache == std::filesystem::current_path() / "here");
}

TEST_CASE("reads are answered before the kernel's request timeout") {
  CHECK(timeout_from_kernel(0, 0) == std::nullopt);
  CHECK(timeout_from_kernel(20, 0) == milliseconds(15000));
  CHECK(timeout_from_kernel(0, 20) == milliseconds(15000));
  CHECK(timeout_from_kernel(600, 20) == milliseconds(15000));
  CHECK(timeout_from_kernel(600, 0) == milliseconds(590000));
  CHECK(timeout_from_kernel(1, 0) == milliseconds(750));
}

TEST_CASE("a read waits as long as the option says, but no longer than the kernel allows") {
  CHECK(read_timeout(parsed(""), std::nullopt) == std::nullopt);
  CHECK(read_timeout(parsed(""), milliseconds(15000)) == milliseconds(15000));
  CHECK(read_timeout(parsed("timeout=9"), std::nullopt) == seconds(9));
  CHECK(read_timeout(parsed("timeout=9"), milliseconds(15000)) == seconds(9));
  CHECK(read_timeout(parsed("timeout=60"), milliseconds(15000)) == milliseconds(15000));
  CHECK(read_timeout(parsed("timeout=0"), milliseconds(15000)) == milliseconds(0));
}

}  // namespace
}  // namespace xaas
