// The host: topology, CPU quotas, shared libraries, the identity of ELF files.
#include <elf.h>

#include <fstream>

#include "lower/cgroup.h"
#include "lower/elf_identity.h"
#include "lower/host.h"
#include "lower/host_library.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

void put(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  test::good(write_file(path, text));
}

}  // namespace

TEST_CASE("this host has cores, memory and a CPU") {
  const Host host = test::good(describe_host());
  CHECK(host.cores >= 1);
  CHECK(host.threads >= host.cores);
  CHECK(host.memory_bytes > 0);
  CHECK(host.target == test::good(resolve_target(host_triple(), {})));
  CHECK(usable_cores() >= 1);
  CHECK(available_memory() > 0);
}

TEST_CASE("a quota of a control group of version 2 bounds the CPUs, also from a group above") {
  const TempDirectory root = test::scratch();
  put(root.path() / "self", "0::/a/b\n");
  CHECK_FALSE(cgroup_cpu_limit(root.path() / "self", root.path()));
  put(root.path() / "a/b/cpu.max", "max 100000\n");
  CHECK_FALSE(cgroup_cpu_limit(root.path() / "self", root.path()));
  put(root.path() / "a/cpu.max", "150000 100000\n");
  CHECK(cgroup_cpu_limit(root.path() / "self", root.path()) == 1.5);
  put(root.path() / "a/b/cpu.max", "50000 100000\n");
  CHECK(cgroup_cpu_limit(root.path() / "self", root.path()) == 0.5);
}

TEST_CASE("a quota of a control group of version 1 bounds the CPUs") {
  const TempDirectory root = test::scratch();
  put(root.path() / "self", "4:memory:/x\n3:cpu,cpuacct:/job\n");
  put(root.path() / "cpu/job/cpu.cfs_quota_us", "-1\n");
  put(root.path() / "cpu/job/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(cgroup_cpu_limit(root.path() / "self", root.path()));
  put(root.path() / "cpu/job/cpu.cfs_quota_us", "400000\n");
  CHECK(cgroup_cpu_limit(root.path() / "self", root.path()) == 4.0);
}

TEST_CASE("a control group bounds the memory, with what the kernel can drop counted as free") {
  const TempDirectory root = test::scratch();
  put(root.path() / "self", "4:memory:/job\n0::/a/b\n");
  CHECK_FALSE(cgroup_memory_room(root.path() / "self", root.path()));
  put(root.path() / "a/memory.max", "1000\n");
  put(root.path() / "a/memory.current", "700\n");
  CHECK(cgroup_memory_room(root.path() / "self", root.path()) == 300U);
  put(root.path() / "a/memory.stat", "anon 600\ninactive_file 50\n");
  CHECK(cgroup_memory_room(root.path() / "self", root.path()) == 350U);
  put(root.path() / "a/b/memory.max", "max\n");
  CHECK(cgroup_memory_room(root.path() / "self", root.path()) == 350U);
  put(root.path() / "memory/job/memory.limit_in_bytes", "100\n");
  put(root.path() / "memory/job/memory.usage_in_bytes", "120\n");
  CHECK(cgroup_memory_room(root.path() / "self", root.path()) == 0U);
}

TEST_CASE("no control groups means no limit") {
  const TempDirectory root = test::scratch();
  CHECK_FALSE(cgroup_cpu_limit(root.path() / "absent", root.path()));
}

TEST_CASE("library directories come from ld.so.conf with its includes, then the defaults") {
  const TempDirectory root = test::scratch();
  put(root.path() / "ld.so.conf", "# a comment\n/first\ninclude conf.d/*.conf\n  /last # here\n");
  put(root.path() / "conf.d/a.conf", "/from/a\n");
  put(root.path() / "conf.d/b.conf", "/from/b\ninclude ../ld.so.conf\n");
  const auto directories = host_library_directories(root.path() / "ld.so.conf", "x86_64-pc-linux-gnu");
  REQUIRE(directories.size() > 4);
  CHECK(directories[0] == "/first");
  CHECK(directories[1] == "/from/a");
  CHECK(directories[2] == "/from/b");
  CHECK(std::find(directories.begin(), directories.end(), "/usr/lib/x86_64-linux-gnu") != directories.end());
  CHECK(directories.back() == "/usr/lib");
}

TEST_CASE("the C library of this host is found, and nothing for another machine or with a slash") {
  const auto found = find_host_library("libc.so.6", host_triple());
  REQUIRE(found);
  CHECK(fs::exists(*found));
  CHECK_FALSE(find_host_library("libc.so.6", "riscv64-unknown-linux-gnu"));
  CHECK_FALSE(find_host_library("../lib/libc.so.6", host_triple()));
  CHECK_FALSE(find_host_library("libnothing-of-that-name.so.9", host_triple()));
}

TEST_CASE("an ELF file is known by its machine and build-id") {
  const TempDirectory root = test::scratch();
  put(root.path() / "lib", test::compile_c("int f(void) { return 1; }",
                                           "-shared -fPIC -nostdlib -fuse-ld=lld -Wl,--build-id=0x0123456789abcdef"));
  const Fd file = test::good(open_for_reading(root.path() / "lib"));
  const ElfIdentity identity = test::good(read_elf_identity(file.get()));
  CHECK(identity.build_id == "0123456789abcdef");
  CHECK(identity.type == ET_DYN);
  CHECK(is_elf_for(identity, host_triple()));
  CHECK_FALSE(is_elf_for(identity, "riscv64-unknown-linux-gnu"));
}

TEST_CASE("a damaged ELF file is an error, wherever it ends") {
  const std::string whole = test::compile_c("int f(void) { return 1; }", "-shared -fPIC -nostdlib");
  const TempDirectory root = test::scratch();
  for (std::size_t size : {0, 3, 16, 63, 64, 100}) {
    put(root.path() / "part", std::string_view(whole).substr(0, size));
    const Fd file = test::good(open_for_reading(root.path() / "part"));
    CHECK_FALSE(read_elf_identity(file.get()));
  }
}

}  // namespace xaas
