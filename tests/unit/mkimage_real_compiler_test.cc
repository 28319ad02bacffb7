#include <catch2/catch.hpp>
#include <cstdlib>

#include "format/base/file.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/real_compiler.h"

namespace fs = std::filesystem;

namespace {

// Sets PATH as long as the object exists.
class Path {
 public:
  explicit Path(const std::string& value) : before_(getenv("PATH")) { setenv("PATH", value.c_str(), 1); }
  ~Path() { setenv("PATH", before_.c_str(), 1); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

 private:
  std::string before_;
};

void make_program(const fs::path& path) {
  REQUIRE(xaas::write_file(path, "#!/bin/sh\n"));
  fs::permissions(path, fs::perms::owner_all);
}

}  // namespace

TEST_CASE("names of compilers are told from names of other tools and machines") {
  for (const char* name : {"gcc", "gcc-12", "x86_64-linux-gnu-gcc-12", "gcc-9.3"}) {
    CHECK(xaas::compiler_family(name) == "gcc");
  }
  CHECK(xaas::compiler_family("clang++-19") == "clang++");
  CHECK(xaas::compiler_family("c99") == "c99");
  CHECK(xaas::compiler_family("flang-new-19") == "flang-new");
  CHECK(xaas::compiler_family("x86_64-linux-gnu-gfortran-12") == "gfortran");
  for (const char* name : {"gcc-ar", "gcc-ar-12", "c++filt", "clang-format-19", "aarch64-linux-gnu-gcc", "gcc-", "cpp",
                           "x86_64-w64-mingw32-gcc", ""}) {
    INFO(name);
    CHECK(xaas::compiler_family(name).empty());
  }
}

TEST_CASE("a name tells which compiler of a build it stands for") {
  using xaas::CompilerRole;
  for (const char* name : {"gfortran-12", "f77", "xaas-fc", "flang-new-19"}) {
    CHECK(xaas::compiler_role(name) == CompilerRole::fortran);
  }
  for (const char* name : {"g++", "xaas-c++", "my-c++"}) CHECK(xaas::compiler_role(name) == CompilerRole::cxx);
  for (const char* name : {"gcc-12", "xaas-cc", "anything"}) CHECK(xaas::compiler_role(name) == CompilerRole::c);
}

TEST_CASE("the real compiler is none that only starts compilers") {
  const auto directory = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(directory);
  const fs::path masquerade = directory->path() / "ccache-bin";
  const fs::path real = directory->path() / "bin";
  fs::create_directory(masquerade);
  fs::create_directory(real);
  make_program(real / "ccache");
  make_program(real / "gcc-7");
  make_program(real / "gcc-ranlib-7");
  fs::create_symlink(real / "ccache", masquerade / "gcc-7");
  const Path path(masquerade.string() + ":" + real.string());
  CHECK(xaas::find_real_compiler("gcc-7").value() == real / "gcc-7");
  CHECK_FALSE(xaas::find_real_compiler("gcc-8"));
  CHECK_FALSE(xaas::find_real_compiler((masquerade / "gcc-7").string()));
  CHECK(xaas::compiler_names_in_path() == std::set<std::string>{"gcc-7"});
}

TEST_CASE("a directory with our own compilers leaves PATH") {
  const auto directory = xaas::TempDirectory::create(fs::temp_directory_path());
  REQUIRE(directory);
  fs::create_symlink("/proc/self/exe", directory->path() / "cc");
  const Path path(directory->path().string() + ":/usr/bin");
  xaas::leave_path();
  CHECK(getenv("PATH") == std::string("/usr/bin"));
}

TEST_CASE("an error is about the source if it has a place there") {
  for (const char* messages :
       {"a.c:1:2: error: no\n", "a.c:1:2: warning: x\na.c:12:34: error: no\n", "a.f90:7: error: no\n",
        "In file included from a.c:1:\n./b-2.h:3:4: error: no\n1 error generated.\n"}) {
    INFO(messages);
    CHECK(xaas::is_about_source(messages));
  }
  for (const char* messages :
       {"clang++-19: error: no such file or directory: 'a.c'\n", "clang: error: unknown argument\n",
        "/usr/lib/x:1/clang-19: error: unable to execute command\n", "error: no place\n", "19: error: no file\n",
        ":19: error: no file\n", "a.c:1:2: warning: x\n", ""}) {
    INFO(messages);
    CHECK_FALSE(xaas::is_about_source(messages));
  }
}
