#include <catch2/catch.hpp>

#include "format/base/file.h"
#include "mkimage/plan/configuration_plan.h"

namespace {

using namespace xaas;

Result<BuildRecipe> load(const std::string& text) {
  const auto directory = TempDirectory::create("/tmp");
  REQUIRE(directory);
  REQUIRE(write_file(directory->path() / "xaas.toml", text));
  return load_recipe_file(directory->path() / "xaas.toml");
}

Result<std::vector<PlannedConfiguration>> plan(const std::string& text,
                                               const std::vector<std::string>& restrictions = {}) {
  XAAS_ASSIGN(const BuildRecipe recipe, load(text));
  XAAS_ASSIGN(const Restrictions restricted, parse_restrictions(restrictions));
  return plan_configurations(recipe, restricted);
}

std::vector<std::string> names(const std::string& text, const std::vector<std::string>& restrictions = {}) {
  const auto planned = plan(text, restrictions);
  INFO((planned ? "" : planned.error().message));
  REQUIRE(planned);
  std::vector<std::string> result;
  for (const PlannedConfiguration& configuration : *planned) result.push_back(configuration.name);
  return result;
}

std::string error_of(const std::string& text, const std::vector<std::string>& restrictions = {}) {
  const auto planned = plan(text, restrictions);
  REQUIRE_FALSE(planned);
  CHECK(planned.error().message.find('\n') == std::string::npos);
  return planned.error().message;
}

constexpr const char* kTwoPoints = R"(
[[points]]
name = "simd"
default = "avx2"
values = ["sse", {name = "avx2", rank = 2, features = ["avx2", "+fma"]}, {name = "avx512", rank = 3}]
[[points]]
name = "mpi"
values = ["none", {name = "mpich", rank = 10, substitute = "-DMPI=ON", libraries = ["libmpi.so.12"]}]
)";

}  // namespace

TEST_CASE("without points there is one configuration, which is called default") {
  const auto planned = plan("name = \"x\"\n");
  REQUIRE(planned);
  REQUIRE(planned->size() == 1);
  CHECK(planned->front().name == "default");
  CHECK(planned->front().variables.empty());
}

TEST_CASE("configurations are all combinations, that of the defaults first") {
  CHECK(names(kTwoPoints) ==
        std::vector<std::string>{"avx2+none", "avx2+mpich", "sse+none", "sse+mpich", "avx512+none", "avx512+mpich"});
  const auto planned = plan(kTwoPoints);
  const PlannedConfiguration& mpich = (*planned)[1];
  CHECK(mpich.rank == 12);
  CHECK(mpich.points == std::map<std::string, std::string>{{"simd", "avx2"}, {"mpi", "mpich"}});
  CHECK(mpich.variables == Variables{{"SIMD", "avx2"}, {"MPI", "-DMPI=ON"}});
  CHECK(mpich.requires_.features == std::vector<std::string>{"+avx2", "+fma"});
  CHECK(mpich.requires_.libraries == std::vector<std::string>{"libmpi.so.12"});
}

TEST_CASE("combinations can be left out, by some of the points") {
  const std::string text = std::string(kTwoPoints) + "[[leave_out]]\nmpi = \"mpich\"\nsimd = \"sse\"\n";
  CHECK(names(text).size() == 5);
  CHECK(names(std::string(kTwoPoints) + "[[leave_out]]\nsimd = \"avx512\"\nmpi = \"none\"\n").back() == "avx512+mpich");
}

TEST_CASE("a configuration with a value that is built on the host comes last, with what it needs there") {
  const std::string text =
      "[[points]]\nname = \"mpi\"\nvalues = [\"none\", {name = \"host\", build = \"host\", rank = 9, tools = "
      "[\"mpicc>=3\"], libraries = [\"libmpi.so\"], headers = [\"mpi.h\"], devices = [\"infiniband\"]}]\n"
      "[[points]]\nname = \"simd\"\nvalues = [\"sse\", {name = \"avx2\", rank = 2, features = [\"avx2\"]}]\n";
  CHECK(names(text) == std::vector<std::string>{"none+sse", "none+avx2", "host+sse", "host+avx2"});
  const auto planned = plan(text);
  CHECK_FALSE((*planned)[1].on_host);
  const HostBuild expected{.rank = 11,
                           .features = {"+avx2"},
                           .devices = {"infiniband"},
                           .libraries = {},
                           .tools = {"mpicc>=3"},
                           .links = {"libmpi.so"},
                           .headers = {"mpi.h"}};
  REQUIRE((*planned)[3].on_host);
  CHECK(*(*planned)[3].on_host == expected);
  CHECK(describe_plan(*planned).find("host+sse  rank 9  MPI='host'  SIMD='sse'  needs infiniband  built on the host  "
                                     "with mpicc>=3  linked with libmpi.so  including mpi.h\n") != std::string::npos);
  CHECK(error_of(text, {"mpi=host"}).find("xaas-lower build") != std::string::npos);
}

TEST_CASE("what a value needs of the host is checked where it is written") {
  const auto value = [](const std::string& keys) {
    return error_of("[[points]]\nname = \"p\"\nvalues = [\"a\", {name = \"b\", " + keys + "}]\n");
  };
  CHECK(value("build = \"here\"").find("no place to build \"here\"") != std::string::npos);
  CHECK(value("tools = [\"make\"]").find("build = \"host\"") != std::string::npos);
  CHECK(value("build = \"host\", tools = [\"a b\"]").find("no tool") != std::string::npos);
  CHECK(value("build = \"host\", libraries = [\"mpi\"]").find("no library") != std::string::npos);
  CHECK(value("build = \"host\", headers = [\"/mpi.h\"]").find("no header") != std::string::npos);
  CHECK(error_of("[[points]]\nname = \"p\"\nvalues = [{name = \"b\", build = \"host\"}, \"a\"]\n")
            .find("must be built in the image") != std::string::npos);
}

TEST_CASE("a restriction takes away values, and the first that is left is the default") {
  CHECK(names(kTwoPoints, {"simd=avx512,sse", "mpi=mpich"}) == std::vector<std::string>{"sse+mpich", "avx512+mpich"});
  CHECK(error_of(kTwoPoints, {"simd=neon"}) == "-D simd: the point has no value \"neon\", but sse, avx2, avx512");
  CHECK(error_of(kTwoPoints, {"gpu=on"}) ==
        "-D gpu: the recipe has no such point (its points: simd, mpi); an option of the build system goes behind --: "
        "mkxaas SOURCE IMAGE -- -Dgpu=on");
  CHECK(error_of("", {"FOO=ON"}).find("(its points: none)") != std::string::npos);
  CHECK(error_of(kTwoPoints, {"simd"}) == "-D simd: give it as point=value,…");
}

TEST_CASE("substitutes may name other points' variables, but not in a circle") {
  const std::string text = R"(
[[points]]
name = "a"
values = [{name = "x", substitute = "-I${B}/$UNKNOWN $"}]
[[points]]
name = "b"
values = [{name = "y", substitute = "$SRC/y"}]
)";
  const auto planned = plan(text);
  REQUIRE(planned);
  CHECK(planned->front().variables.front().second == "-I$SRC/y/$UNKNOWN $");
  const std::string circle = R"([[points]]
name = "a"
values = [{name = "x", substitute = "$B"}]
[[points]]
name = "b"
values = [{name = "y", substitute = "<$A>"}]
)";
  CHECK_THAT(error_of(circle), Catch::Contains("xaas.toml:3:") && Catch::Contains("needs itself"));
}

TEST_CASE("a value that no combination uses is an error where it stands") {
  const std::string text = R"([[points]]
name = "a"
values = ["x", "y"]
[[leave_out]]
a = "y"
)";
  CHECK_THAT(error_of(text), Catch::Contains("xaas.toml:3:") && Catch::Contains("no combination uses \"y\""));
  const std::string defaults = std::string(kTwoPoints) + "[[leave_out]]\nsimd = \"avx2\"\nmpi = \"none\"\n";
  CHECK_THAT(error_of(defaults), Catch::Contains("all defaults"));
}

TEST_CASE("mistakes in points are told with file, line and column") {
  const std::pair<const char*, const char*> cases[] = {
      {"[[points]]\nname = \"a\"\n", "must have a name and values"},
      {"[[points]]\nname = \"a/b\"\nvalues = [\"x\"]\n", "xaas.toml:2:"},
      {"[[points]]\nname = \"a\"\nvalues = [\"x\", \"x\"]\n", "two values \"x\""},
      {"[[points]]\nname = \"a\"\nvalues = [\"x+y\"]\n", "is no name"},
      {"[[points]]\nname = \"a\"\ndefault = \"z\"\nvalues = [\"x\"]\n", "none of its values"},
      {"[[points]]\nvalues = [\"x\"]\n", "must have a name and values"},
      {"[[points]]\nname = \"xaas-capture\"\nvalues = [\"x\"]\n", "$XAAS_CAPTURE"},
      {"[[points]]\nname = \"3d\"\nvalues = [\"x\"]\n", "$3D"},
      {"[[points]]\nname = \"prefix\"\nvalues = [\"x\"]\n", "$PREFIX"},
      {"[[points]]\nname = \"a-b\"\nvalues = [\"x\"]\n[[points]]\nname = \"a.b\"\nvalues = [\"x\"]\n", "$A_B"},
      {"[[points]]\nname = \"a\"\nvalues = [{name = \"x\", rang = 1}]\n", "unknown key \"rang\""},
      {"[[points]]\nname = \"a\"\nvalues = [{name = \"x\", rank = 1.5}]\n", "integer"},
      {"[[points]]\nname = \"a\"\nvalues = [{name = \"x\", features = [\"-avx\"]}]\n", "no feature"},
      {"[[points]]\nname = \"a\"\nvalues = \"x\"\n", "must be an array"},
      {"[[points]]\nname = \"a\"\nvalues = [{name = \"x\", devices = [\"gpu\"]}]\n", "nvidia-gpu"},
      {"[[leave_out]]\na = \"x\"\n", "no point \"a\""},
      {"points = 3\n", "xaas.toml:1:"},
      {"[[files]]\nfrom = \"x\"\nto = \"../x\"\n", "below the prefix"},
      {"[[files]]\nfrom = \"x\"\n", "are needed"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK_THAT(error_of(text), Catch::Contains("xaas.toml:") && Catch::Contains(expected));
  }
}
