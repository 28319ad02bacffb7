#include <catch2/catch.hpp>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <type_traits>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/libc_version.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/text.h"
#include "mkimage/contents/dynamic_symbols.h"
#include "mkimage/contents/libc_floor.h"
#include "mkimage/contents/libc_symbols.h"
#include "tests/unit/mkimage_libc_floor_support.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// A program or library, compiled from C.
struct Linked {
  TempDirectory directory = TempDirectory::create("/tmp").value();
  fs::path file = directory.path() / "linked";

  Linked(const std::string& source, std::vector<std::string> options) {
    std::vector<std::string> command = {kFloorCompiler, "-x", "c", "-o", file.string(), "-"};
    command.insert(command.end(), options.begin(), options.end());
    const auto result = run_and_read(std::move(command), source);
    REQUIRE(result);
    INFO(result->error);
    REQUIRE(result->status.ok());
  }

  void lower() const { REQUIRE(floor_here().lower(file)); }

  std::string bytes() const { return read_file(file).value(); }
  void write(const std::string& bytes) const { REQUIRE(write_file(file, bytes)); }
  ElfDynamic dynamic() const {
    const std::string bytes = this->bytes();
    return ElfFile::parse(bytes)->dynamic().value();
  }
  bool needs_only_the_oldest() const { return dynamic().needed_versions == std::vector<std::string>{"GLIBC_2.2.5"}; }
  std::string version_of(const std::string& name) const {
    const std::string bytes = this->bytes();
    const auto symbols = DynamicSymbols::read(bytes);
    REQUIRE(symbols);
    for (const DynamicSymbol& symbol : symbols->symbols()) {
      if (symbol.name == name) return symbol.version;
    }
    return "no such symbol";
  }
  std::string run() const {
    // LD_LIBRARY_PATH stands for the rpath of an image.
    const fs::path additions = floor_here().addition("libxaas-libc.so").parent_path();
    const auto result = run_and_read({"env", "LD_LIBRARY_PATH=" + additions.string(), file.string()});
    return result ? result->output + result->error : result.error().message;
  }
};

}  // namespace

TEST_CASE("a program needs functions under the versions that they had before they moved", "[compiler]") {
  const Linked program(
      "#include <dlfcn.h>\n#include <math.h>\n#include <pthread.h>\n#include <stdio.h>\n#include <sys/stat.h>\n"
      "static int made;\n"
      "__attribute__((constructor)) static void make(void) { made = 40; }\n"
      "static void* add(void* n) { ++*(int*)n; return n; }\n"
      "int main(int argc, char** argv) {\n"
      "  pthread_t thread; struct stat status;\n"
      "  if (pthread_create(&thread, 0, add, &made) || pthread_join(thread, 0)) return 1;\n"
      "  made += dlsym(RTLD_DEFAULT, \"puts\") != 0 && stat(argv[0], &status) == 0 && exp(argc) > 2;\n"
      "  printf(\"made %d\", made); return 0; }\n",
      {"-lm"});
  CHECK(program.version_of("pthread_create") == "GLIBC_2.34");
  program.lower();
  CHECK(program.version_of("pthread_create") == "GLIBC_2.2.5");
  CHECK(program.version_of("dlsym") == "GLIBC_2.2.5");
  CHECK(program.version_of("exp") == "GLIBC_2.2.5");
  CHECK(program.version_of("stat").empty());
  CHECK(program.version_of("__libc_start_main").empty());
  CHECK(program.needs_only_the_oldest());
  const std::vector<std::string> needed = program.dynamic().needed;
  for (const char* soname : {"libpthread.so.0", "libdl.so.2", "libxaas-start.so"}) CHECK(is_in(needed, soname));
  CHECK(needed.back() == "libxaas-libc.so");
  CHECK(program.run() == "made 42");

  const std::string once = program.bytes();
  program.lower();
  CHECK(program.bytes() == once);
}

TEST_CASE("a program calls the resolver by the names that its functions had before they moved", "[compiler]") {
  const Linked program(
      "#include <arpa/nameser.h>\n#include <resolv.h>\n#include <stdio.h>\n"
      "int main(void) {\n"
      "  unsigned char query[512]; char name[100] = \"\";\n"
      "  const int size = res_mkquery(ns_o_query, \"a.example\", ns_c_in, ns_t_a, 0, 0, 0, query, sizeof query);\n"
      "  const int length = dn_expand(query, query + size, query + 12, name, sizeof name);\n"
      "  printf(\"%d %d %s %d\", size, length, name, res_hnok(name)); return 0; }\n",
      {});
  CHECK(program.version_of("dn_expand") == "GLIBC_2.34");
  const std::string before = program.run();
  CHECK(before == "27 11 a.example 1");
  program.lower();
  for (const char* name : {"dn_expand", "res_mkquery", "res_hnok"}) CHECK(program.version_of(name).empty());
  CHECK(program.needs_only_the_oldest());
  const std::vector<std::string> needed = program.dynamic().needed;
  CHECK(needed.back() == "libxaas-resolver.so");
  CHECK(program.run() == before);
}

TEST_CASE("files that any host can load, and files that no tool understands, stay as they are", "[compiler]") {
  const Linked old("int f(void) { return 1; }\n", {"-shared"});
  const std::string before = old.bytes();
  old.lower();
  CHECK(old.bytes() == before);

  const Linked unpacks_itself("#include <pthread.h>\nint main() { return pthread_create(0, 0, 0, 0); }\n", {});
  const std::string appended = unpacks_itself.bytes() + "an archive";
  unpacks_itself.write(appended);
  unpacks_itself.lower();
  CHECK(unpacks_itself.bytes() == appended);

  old.write(before.substr(0, before.size() / 2));
  old.lower();
  old.write("no program");
  old.lower();
  CHECK(old.bytes() == "no program");
}

TEST_CASE("a function whose older version does something else keeps its version", "[compiler]") {
  const Linked program("#include <string.h>\nint main(int n, char** a) { memcpy(a[0], a[0] + n, n); return 0; }\n",
                       {"-O0", "-fno-builtin"});
  program.lower();
  CHECK(program.version_of("memcpy") == "GLIBC_2.14");
  LibcSymbols libc;
  REQUIRE(libc.add("/lib/x86_64-linux-gnu/libc.so.6"));
  CHECK(libc.oldest_same("memcpy", "GLIBC_2.14") == "GLIBC_2.14");
  CHECK_FALSE(libc.can_lose_version("memcpy", "GLIBC_2.14"));
  CHECK(libc.oldest_same("timer_create", "GLIBC_2.34") == "GLIBC_2.3.3");
  CHECK_FALSE(libc.can_lose_version("timer_create", "GLIBC_2.34"));
  CHECK(libc.oldest_same("no_such_function", "GLIBC_2.34") == "GLIBC_2.34");
}

TEST_CASE("a version that no symbol has stays", "[compiler]") {
  const Linked program(
      "#include <pthread.h>\n#include <stdio.h>\nstatic void* f(void* p) { return p; }\n"
      "void* const table[] = {f, f};\n"
      "int main(void) { pthread_t t; return pthread_create(&t, 0, table[1], 0) || puts(\"packed\") < 0; }\n",
      {"-fPIE", "-pie", "-fuse-ld=lld", "-Wl,-z,pack-relative-relocs"});
  program.lower();
  CHECK(program.version_of("pthread_create") == "GLIBC_2.2.5");
  CHECK(is_in(program.dynamic().needed_versions, std::string("GLIBC_ABI_DT_RELR")));
  CHECK(program.run() == "packed\n");
}

TEST_CASE("a version that no other symbol of the file has is added", "[compiler]") {
  const Linked program(
      "#include <aio.h>\n#include <pthread.h>\n#include <signal.h>\n#include <stdio.h>\n#include <time.h>\n"
      "int main(void) { timer_t timer; if (timer_create(CLOCK_REALTIME, 0, &timer) || timer_delete(timer)) return 1;\n"
      "  pthread_attr_t a; if (pthread_getattr_np(pthread_self(), &a)) return 2;\n"
      "  if (lio_listio(LIO_WAIT, 0, 0, 0)) return 3;\n"
      "  puts(\"timed\"); return 0; }\n",
      {"-D_GNU_SOURCE"});
  program.lower();
  CHECK(program.version_of("timer_create") == "GLIBC_2.3.3");
  CHECK(program.version_of("lio_listio") == "GLIBC_2.4");
  std::vector<std::string> versions = program.dynamic().needed_versions;
  std::ranges::sort(versions);
  CHECK(versions == std::vector<std::string>{"GLIBC_2.2.5", "GLIBC_2.3.3", "GLIBC_2.4"});
  for (const std::string& soname : program.dynamic().needed) CHECK_FALSE(soname.starts_with("GLIBC_"));
  CHECK(program.run() == "timed\n");
}

TEST_CASE("a program gets the results of the function that it was linked with where libc has an older one",
          "[compiler]") {
  const Linked program(
      "#include <pthread.h>\n#include <signal.h>\n#include <stdio.h>\n#include <time.h>\n"
      "static volatile sig_atomic_t signals;\n"
      "static void count(int s) { (void)s; ++signals; }\n"
      "static void* end(void* p) { return p; }\n"
      "int main(void) {\n"
      "  pthread_t thread; clockid_t clock; int result = 0;\n"
      "  signal(SIGUSR1, count);\n"
      "  result += pthread_kill(pthread_self(), SIGUSR1) + pthread_create(&thread, 0, end, 0);\n"
      "  while (pthread_getcpuclockid(thread, &clock) == 0) {}\n"  // until it has ended
      "  result += pthread_kill(thread, 0);\n"
      "  printf(\"%d %d %d\", result, signals, pthread_kill(pthread_self(), 99) != 0); return 0; }\n",
      {"-D_GNU_SOURCE"});
  CHECK(program.version_of("pthread_kill") == "GLIBC_2.34");
  CHECK(program.run() == "0 1 1");
  program.lower();
  CHECK(program.version_of("pthread_kill") == "no such symbol");
  CHECK(program.version_of("xaas_pthread_kill").empty());
  CHECK(program.needs_only_the_oldest());
  for (const std::string& soname : program.dynamic().needed) CHECK(soname != "xaas_pthread_kill");
  CHECK(program.run() == "0 1 1");
}

TEST_CASE("a function keeps its name and version where other files find it by its hash in the program", "[compiler]") {
  const Linked program(
      "#include <dlfcn.h>\n#include <pthread.h>\n#include <signal.h>\n#include <stdio.h>\n#include <sys/stat.h>\n"
      "int main(int argc, char** argv) {\n"
      "  int (*volatile kill)(pthread_t, int) = &pthread_kill; struct stat status;\n"
      "  printf(\"%d %d %d\", kill(pthread_self(), 0), dlsym(0, \"pthread_kill\") == (void*)kill,\n"
      "         stat(argv[argc - 1], &status)); return 0; }\n",
      {"-no-pie", "-fno-pie", "-D_GNU_SOURCE"});
  const std::string before = program.run();
  CHECK(before == "0 1 0");
  program.lower();
  CHECK(program.version_of("pthread_kill") == "GLIBC_2.34");
  CHECK(program.version_of("stat").empty());
  CHECK(program.run() == before);
}

TEST_CASE("a symbol gets no name that the file has not", "[compiler]") {
  const Linked program("#include <stdio.h>\nint main(void) { return puts(\"named\") < 0; }\n", {});
  const std::string bytes = program.bytes();
  const auto symbols = DynamicSymbols::read(bytes);
  REQUIRE(symbols);
  CHECK_FALSE(symbols->with_names(bytes, [](const DynamicSymbol&) { return "no_library_of_the_file"; }));
  CHECK(symbols->with_names(bytes, [](const DynamicSymbol&) { return std::nullopt; }) == bytes);
}

TEST_CASE("a program that looks whether libc has a function needs no version for it", "[compiler]") {
  const std::string source =
      "#include <stdio.h>\n"
      "int fsopen(const char*, unsigned) WEAK;\n"
      "int main(void) { int (*volatile f)(const char*, unsigned) = fsopen; printf(\"%d\", f != 0); return 0; }\n";
  const Linked looks(source, {"-DWEAK=__attribute__((weak))"});
  CHECK(looks.version_of("fsopen") == "GLIBC_2.36");
  looks.lower();
  CHECK(looks.version_of("fsopen").empty());
  CHECK(looks.run() == "1");
  const Linked needs(source, {"-DWEAK="});
  needs.lower();
  CHECK(needs.version_of("fsopen") == "GLIBC_2.36");
}

TEST_CASE("versions of libc are compared by their numbers") {
  CHECK(libc_version_numbers("GLIBC_2.3.4") == std::vector<unsigned>{2, 3, 4});
  CHECK(libc_version_numbers("GLIBC_2.9") < libc_version_numbers("GLIBC_2.17"));
  for (const char* other : {"GLIBC_PRIVATE", "GLIBC_2.", "GLIBCXX_3.4", "", "GLIBC_2.x"}) {
    CHECK(libc_version_numbers(other).empty());
  }
  CHECK(former_library("pthread_create") == "libpthread.so.0");
  CHECK(former_library("login_tty") == "libutil.so.1");
  CHECK(former_library("log").empty());
}

TEST_CASE("functions of libm whose version changed give the same numbers and errno in both") {
  void* const libm = load_beside("libm.so.6");
  const auto both = [&](const char* name, const char* version, auto* function, auto... arguments) {
    const auto call = [&](const char* which, int& error) {
      errno = 0;
      const auto result = library_function<std::remove_pointer_t<decltype(function)>>(libm, name, which)(arguments...);
      error = errno;
      return result;
    };
    int old_error = 0;
    int new_error = 0;
    const auto old_result = call("GLIBC_2.2.5", old_error);
    const auto new_result = call(version, new_error);
    INFO(name);
    CHECK(old_error == new_error);
    CHECK((old_result == new_result || (std::isnan(old_result) && std::isnan(new_result))));
  };
  const double values[] = {0.0,   -0.0,   1.0,   -1.0,   0.5,      2.5,       1e-310,
                           1e300, -1e300, 710.0, -746.0, INFINITY, -INFINITY, NAN};
  for (const double x : values) {
    double (*const one)(double) = nullptr;
    for (const char* name : {"exp", "exp2", "log", "log2"}) both(name, "GLIBC_2.29", one, x);
    float (*const one_float)(float) = nullptr;
    both("exp10f", "GLIBC_2.32", one_float, static_cast<float>(x));
    for (const double y : values) {
      double (*const two)(double, double) = nullptr;
      float (*const two_floats)(float, float) = nullptr;
      both("pow", "GLIBC_2.29", two, x, y);
      both("hypot", "GLIBC_2.35", two, x, y);
      both("hypotf", "GLIBC_2.35", two_floats, static_cast<float>(x), static_cast<float>(y));
    }
  }
}

TEST_CASE("the additions for older libcs need no libc that is newer than the oldest host's") {
  for (const char* soname : {"libxaas-start.so", "libxaas-libc.so", "libxaas-resolver.so"}) {
    const auto mapped = MappedFile::open(floor_here().addition(soname));
    REQUIRE(mapped);
    const auto dynamic = ElfFile::parse(mapped->bytes())->dynamic();
    REQUIRE(dynamic);
    for (const std::string& version : dynamic->needed_versions) {
      CHECK(libc_version_numbers(version) <= libc_version_numbers("GLIBC_2.17"));
    }
  }
}

}  // namespace xaas
