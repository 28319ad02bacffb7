#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "format/base/file.h"
#include "format/moved_prefix.h"
#include "mkimage/plan/build_plan.h"

namespace {

struct Source {
  xaas::TempDirectory parent = xaas::TempDirectory::create("/tmp").value();
  std::filesystem::path path;

  Source(const std::string& name, const std::string& file) : path(parent.path() / name) {
    std::filesystem::create_directory(path);
    if (!file.empty()) REQUIRE(xaas::write_file(path / file, ""));
  }
};

}  // namespace

TEST_CASE("CMake, Meson, configure and Make are recognised, in this order") {
  const Source source("a", "Makefile");
  const auto plan = [&] { return xaas::make_build_plan(source.path, {}, {}).value(); };
  CHECK(plan().configure.empty());
  CHECK(plan().build.starts_with("make "));
  CHECK(plan().build.find("CC=") == std::string::npos);
  REQUIRE(xaas::write_file(source.path / "configure", ""));
  CHECK(plan().configure.starts_with("./configure "));
  REQUIRE(xaas::write_file(source.path / "meson.build", ""));
  CHECK(plan().configure.starts_with("meson "));
  REQUIRE(xaas::write_file(source.path / "CMakeLists.txt", ""));
  CHECK(plan().configure.starts_with("cmake "));
  CHECK(plan().other_systems == std::vector<std::string>{"meson", "configure", "make"});
  xaas::BuildRecipe asked;
  asked.build_system = "make";
  CHECK(xaas::make_build_plan(source.path, {}, asked)->other_systems.empty());
}

TEST_CASE("a configure script that is not there is made, if it is asked for or there is nothing else") {
  const Source source("a", "configure.ac");
  xaas::BuildRecipe asked;
  asked.build_system = "configure";
  CHECK(xaas::make_build_plan(source.path, {}, {})->configure.starts_with("autoreconf -fi && ./configure "));
  REQUIRE(xaas::write_file(source.path / "Makefile", ""));
  CHECK(xaas::make_build_plan(source.path, {}, {})->build.find("PREFIX=") != std::string::npos);
  CHECK(xaas::make_build_plan(source.path, {}, asked)->configure.starts_with("autoreconf "));
  REQUIRE(xaas::write_file(source.path / "configure", ""));
  CHECK(xaas::make_build_plan(source.path, {}, asked)->configure.starts_with("./configure "));
}

TEST_CASE("name, version and prefix come from the directory's name, then the file, then the options") {
  const Source source("zstd-1.5.4", "Makefile");
  auto plan = xaas::make_build_plan(source.path, {}, {});
  REQUIRE(plan);
  CHECK(plan->name == "zstd");
  CHECK(plan->version == "1.5.4");
  CHECK(plan->movable);
  CHECK(plan->prefix == xaas::placeholder_prefix());
  xaas::BuildRecipe file;
  file.name = "z";
  file.prefix = "/usr/local/";
  xaas::BuildRecipe options;
  options.prefix = "/opt/other";
  CHECK(xaas::make_build_plan(source.path, file, {})->prefix == "/usr/local");
  CHECK_FALSE(xaas::make_build_plan(source.path, file, {})->movable);
  plan = xaas::make_build_plan(source.path, file, options);
  CHECK(plan->name == "z");
  CHECK(plan->prefix == "/opt/other");
  CHECK(xaas::make_build_plan(Source("two-words", "Makefile").path, {}, {})->name == "two-words");
}

TEST_CASE("the project's own name and version come before the directory's") {
  const Source source("b-1.0", "Makefile");
  REQUIRE(xaas::write_file(source.path / "configure.ac", "AC_INIT([a], m4_esyscmd([git describe]))"));
  auto plan = xaas::make_build_plan(source.path, {}, {}).value();
  CHECK(plan.name == "a");
  CHECK(plan.version == "1.0");
  xaas::BuildRecipe file;
  file.name = "c";
  REQUIRE(xaas::write_file(source.path / "configure.ac", "AC_INIT([a], [2.0])"));
  plan = xaas::make_build_plan(source.path, file, {}).value();
  CHECK(plan.name == "c");
  CHECK(plan.version == "2.0");
}

TEST_CASE("an unknown build system is an error that names the options to give") {
  const Source source("a", "");
  const auto plan = xaas::make_build_plan(source.path, {}, {});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().message.find("--build") != std::string::npos);
  CHECK(plan.error().message.find("but") == std::string::npos);
  for (const char* name : {"core", "MPI"}) {
    std::filesystem::create_directory(source.path / name);
    REQUIRE(xaas::write_file(source.path / name / "Makefile", ""));
  }
  CHECK(xaas::make_build_plan(source.path, {}, {}).error().message.find("configure.ac, but MPI, core have;") !=
        std::string::npos);
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    std::filesystem::create_directory(source.path / name);
    REQUIRE(xaas::write_file(source.path / name / "Makefile", ""));
  }
  CHECK(xaas::make_build_plan(source.path, {}, {}).error().message.find("but MPI, a, b, c, core and 2 more have;") !=
        std::string::npos);
  xaas::BuildRecipe options;
  options.build = "true";
  CHECK_FALSE(xaas::make_build_plan(source.path, {}, options));
  options.install = "true";
  CHECK(xaas::make_build_plan(source.path, {}, options));
}

TEST_CASE("a prefix that is relative or the root is refused") {
  const Source source("a", "Makefile");
  for (const char* prefix : {"opt", "/", "/..", ""}) {
    xaas::BuildRecipe options;
    options.prefix = prefix;
    INFO(prefix);
    CHECK_FALSE(xaas::make_build_plan(source.path, {}, options));
  }
}

TEST_CASE("the main program is that of the options, else that of the file, and its path is below the prefix") {
  const Source source("a", "Makefile");
  xaas::BuildRecipe file;
  CHECK(xaas::make_build_plan(source.path, file, {})->main.empty());
  file.main = "bin/a";
  CHECK(xaas::make_build_plan(source.path, file, {})->main == "bin/a");
  xaas::BuildRecipe options;
  options.main = "bin/b";
  CHECK(xaas::make_build_plan(source.path, file, options)->main == "bin/b");
  for (const char* main : {"/bin/a", "../a", "bin//a", "."}) {
    options.main = main;
    INFO(main);
    CHECK_FALSE(xaas::make_build_plan(source.path, file, options));
  }
}

TEST_CASE("arguments go to the command that configures, or to all of Make's") {
  const Source source("a", "Makefile");
  const auto plan = [&] { return xaas::make_build_plan(source.path, {}, {}, {"CFLAGS=-O3 -g", "A=b"}).value(); };
  CHECK(plan().build.ends_with(" 'CFLAGS=-O3 -g' A=b"));
  CHECK(plan().install.ends_with(" 'CFLAGS=-O3 -g' A=b"));
  CHECK(plan().configure.empty());
  for (const char* file : {"configure", "meson.build", "CMakeLists.txt"}) {
    REQUIRE(xaas::write_file(source.path / file, ""));
    INFO(file);
    CHECK(plan().configure.ends_with(" 'CFLAGS=-O3 -g' A=b"));
    CHECK(plan().build.find("CFLAGS") == std::string::npos);
    CHECK(plan().install.find("CFLAGS") == std::string::npos);
  }
}

TEST_CASE("a given command takes arguments by \"$@\"; it is told when none takes them") {
  const Source source("a", "CMakeLists.txt");
  xaas::BuildRecipe file;
  file.configure = "cmake -B \"$BUILD\"";
  CHECK(xaas::make_build_plan(source.path, file, {})->takes_arguments);
  CHECK_FALSE(xaas::make_build_plan(source.path, file, {}, {"-DA=b c"})->takes_arguments);
  file.configure = "cmake -B \"$BUILD\" \"$@\"";
  const auto plan = xaas::make_build_plan(source.path, file, {}, {"-DA=b c"});
  CHECK(plan->takes_arguments);
  CHECK(plan->configure == *file.configure);
  CHECK(plan->arguments == std::vector<std::string>{"-DA=b c"});
}

TEST_CASE("a build system can be chosen; one without its file is an error that says which there are") {
  const Source source("a", "Makefile");
  REQUIRE(xaas::write_file(source.path / "CMakeLists.txt", ""));
  xaas::BuildRecipe file;
  file.build_system = "make";
  CHECK(xaas::make_build_plan(source.path, file, {})->build.starts_with("make "));
  xaas::BuildRecipe options;
  options.build_system = "cmake";
  CHECK(xaas::make_build_plan(source.path, file, options)->build.starts_with("cmake "));
  options.build_system = "meson";
  const auto plan = xaas::make_build_plan(source.path, file, options);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().message ==
        source.path.string() +
            " has no file for the build system meson; there is cmake (CMakeLists.txt), make (Makefile)");
  CHECK(xaas::make_build_plan(Source("b", "").path, file, {}).error().message.find("there is none") !=
        std::string::npos);
}

TEST_CASE("the build systems that can be named are known and sorted") {
  CHECK(std::ranges::is_sorted(xaas::kBuildSystems));
  const std::map<std::string_view, const char*> files = {
      {"cmake", "CMakeLists.txt"}, {"configure", "configure"}, {"make", "makefile"}, {"meson", "meson.build"}};
  for (const std::string_view name : xaas::kBuildSystems) {
    INFO(name);
    xaas::BuildRecipe options;
    options.build_system = name;
    CHECK(xaas::make_build_plan(Source("a", files.at(name)).path, {}, options));
  }
}

TEST_CASE("commands are described one a line, with the arguments where a command names them") {
  const Source source("a", "configure");
  xaas::BuildRecipe file;
  file.build = "make $@";
  const auto plan = xaas::make_build_plan(source.path, file, {}, {"--x=a b"}).value();
  CHECK(xaas::describe_commands(plan) ==
        "configure  ./configure --prefix=\"$PREFIX\" '--x=a b'\n"
        "build      make $@\n"
        "install    make install DESTDIR=\"$DESTDIR\"\n"
        "\"$@\"       '--x=a b'\n");
  const Source make("a", "Makefile");
  const std::string own = xaas::describe_commands(xaas::make_build_plan(make.path, {}, {}).value());
  CHECK(own.starts_with("build      make -j\"$JOBS\""));
  CHECK(own.find("$@") == std::string::npos);
}

TEST_CASE("the Fortran compiler is open, or the one that the file chooses") {
  const Source source("a", "Makefile");
  xaas::BuildRecipe file;
  CHECK_FALSE(xaas::make_build_plan(source.path, file, {})->fortran);
  file.fortran = "flang";
  CHECK(xaas::make_build_plan(source.path, file, {})->fortran == xaas::FortranChoice::flang);
  file.fortran = "gfortran";
  CHECK(xaas::make_build_plan(source.path, file, {})->fortran == xaas::FortranChoice::gfortran);
}
