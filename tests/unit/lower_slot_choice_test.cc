#include <elf.h>

#include "format/base/symbol_names.h"
#include "lower/forwarding_library.h"
#include "lower/slot_choice.h"
#include "tests/unit/lower_support.h"

namespace {

using namespace xaas;
using namespace xaas::test;
namespace fs = std::filesystem;

// This host with other directories for libraries.
class HostWith : public HostView {
 public:
  explicit HostWith(std::vector<fs::path> directories) : directories_{std::move(directories), {}} {
    const auto usual = this_host()->loader_directories(host_triple());
    directories_.usual = usual->usual;
  }
  static HostWith no_libraries() {
    HostWith host({});
    host.directories_.usual.clear();
    return host;
  }
  std::string name() const override { return "this host"; }
  std::string triple() const override { return this_host()->triple(); }
  Result<Host> describe() const override { return this_host()->describe(); }
  Result<Target> target(std::string_view triple, const TargetOverrides& overrides) const override {
    return this_host()->target(triple, overrides);
  }
  std::vector<std::string> devices() const override { return {}; }
  std::optional<fs::path> find_library(std::string_view soname, std::string_view triple) const override {
    return this_host()->find_library(soname, triple);
  }
  Result<std::string> library_identity(std::string_view soname, std::string_view triple) const override {
    return this_host()->library_identity(soname, triple);
  }
  std::optional<std::vector<std::string>> library_versions(std::string_view soname,
                                                           std::string_view triple) const override {
    return this_host()->library_versions(soname, triple);
  }
  std::optional<LibraryInterface> library_interface(std::string_view soname, std::string_view triple) const override {
    return this_host()->library_interface(soname, triple);
  }
  std::optional<LoaderDirectories> loader_directories(std::string_view /*triple*/) const override {
    return directories_;
  }
  Result<std::string> library_content(const fs::path& path, std::string_view identity) const override {
    return this_host()->library_content(path, identity);
  }

 private:
  LoaderDirectories directories_;
};

// Writes a library that defines functions by these names, in a file of its soname.
void make_library(const fs::path& directory, const std::string& soname, const std::vector<std::string>& functions) {
  std::string source;
  for (const std::string& function : functions) source += "int " + function + "(void) { return 1; }\n";
  fs::create_directories(directory);
  good(write_file(directory / soname, compile_c(source, "-shared -fPIC -nostdlib -Wl,-soname," + soname)));
}

// For the architecture for which the test compiles.
Manifest manifest_for_host() {
  Manifest manifest = small_manifest();
  manifest.triples = {host_triple()};
  manifest.configurations.front().triple = host_triple();
  return manifest;
}

// An image with one slot, of which the bytes of bundled libraries do not matter.
std::shared_ptr<const Image> image_with_slot(const fs::path& path, const Slot& slot) {
  Manifest manifest = manifest_for_host();
  manifest.configurations.front().slots = {slot};
  ImageBuilder builder(path);
  builder.add(std::string(kManifestPath), to_json(manifest));
  builder.add(slot_directory(host_triple(), slot.name) + "/libprivate.so.1", "a library of the slot's own");
  for (const std::string& soname : slot.libraries)
    builder.add(slot_directory(host_triple(), slot.name) + "/" + soname, "x");
  builder.finish();
  return good(Image::open(path));
}

SlotChoice chosen_for(const Image& image, const HostView& host, const SlotOverrides& overrides = {}) {
  const auto choices = good(choose_slots(image, "default", overrides, host));
  REQUIRE(choices.size() == 1);
  return choices.front();
}

}  // namespace

TEST_CASE("a forwarding library names what it needs, and has versions but no symbols") {
  const std::string bytes = make_forwarding_library({.machine = EM_X86_64,
                                                     .soname = "libblas.so.3",
                                                     .needed = {"libz.so.1", "/opt/site/libfast.so"},
                                                     .runpath = "$ORIGIN/../../lib",
                                                     .versions = {"V1", "V2"}});
  const ElfFile elf = good(ElfFile::parse(bytes));
  CHECK(elf.machine() == EM_X86_64);
  CHECK(elf.kind() == ElfKind::shared);
  const ElfDynamic dynamic = good(elf.dynamic());
  CHECK(dynamic.soname == "libblas.so.3");
  CHECK(dynamic.needed == std::vector<std::string>{"libz.so.1", "/opt/site/libfast.so"});
  CHECK(dynamic.runpath == "$ORIGIN/../../lib");
  CHECK(dynamic.defined_versions == std::vector<std::string>{"libblas.so.3", "V1", "V2"});
  CHECK(good(defined_symbols(elf)).empty());
  const std::string other = make_forwarding_library({.soname = "libx.so", .needed = {"/liby.so"}});
  const ElfFile plain = good(ElfFile::parse(other));
  CHECK(good(plain.dynamic()).defined_versions.empty());
}

TEST_CASE("the first of the host's libraries that has all symbols stands in a slot") {
  const TempDirectory directory = scratch();
  const fs::path& here = directory.path();
  const auto image = image_with_slot(here / "a.xaas", {"blas", {"libblas.so.3"}, {"one_", "two_"}});
  make_library(here / "poor", "libblas.so.3", {"one_"});
  make_library(here / "poor", "libblis.so.4", {"one_", "two_"});
  make_library(here / "rich", "libblas.so.3", {"one_", "two_"});

  const SlotChoice rich = chosen_for(*image, HostWith({here / "rich", here / "poor"}));
  CHECK(rich.libraries.at("libblas.so.3") == here / "rich/libblas.so.3");
  CHECK(rich.reason.empty());
  const SlotChoice other = chosen_for(*image, HostWith({here / "poor"}));
  CHECK(other.libraries.at("libblas.so.3") == here / "poor/libblis.so.4");
  CHECK(contains(describe(other), "libblis.so.4 for libblas.so.3"));

  // The tree shows a library that leads there, and not what belongs to the bundled one.
  const ShownSlots shown = shown_slots(*image, "default", {other});
  const std::string place = slot_directory(host_triple(), "blas");
  CHECK(shown.hidden == std::vector<std::string>{place + "/libprivate.so.1"});
  const ElfFile elf = good(ElfFile::parse(shown.files.at(place + "/libblas.so.3")));
  CHECK(good(elf.dynamic()).needed == std::vector<std::string>{(here / "poor/libblis.so.4").string()});
}

TEST_CASE("without a library that fits, the bundled one is used, and the reason names what is lacking") {
  const TempDirectory directory = scratch();
  const fs::path& here = directory.path();
  const auto image = image_with_slot(here / "a.xaas", {"fftw3", {"libfftw3l.so.3"}, {"one_", "two_", "three@V1"}});
  CHECK(contains(chosen_for(*image, HostWith::no_libraries()).reason, "neither libfftw3l.so.3 nor"));
  make_library(here / "site", "libfftw3l.so.3", {"one_", "three"});
  const HostWith host({here / "site"});
  const SlotChoice poor = chosen_for(*image, host);
  CHECK_FALSE(poor.uses_host());
  CHECK(contains(poor.reason, "lacks three@V1, two_"));
  CHECK(shown_slots(*image, "default", {poor}).files.empty());

  const std::string asked_for = (here / "site/libfftw3l.so.3").string();
  CHECK(contains(bad(choose_slots(*image, "default", {{"fftw3", asked_for}}, host), Code::invalid), "lacks three@V1"));
  CHECK(contains(chosen_for(*image, host, {{"fftw3", "bundled"}}).reason, "asked for"));
  CHECK(contains(bad(choose_slots(*image, "default", {{"blas", "bundled"}}, host), Code::invalid), "no such slot"));
  CHECK(good(choose_slots(*image, "none", {}, host)).empty());
}

TEST_CASE("a host's library has to get along with the image's libraries, also those of slots that stay bundled") {
  const TempDirectory directory = scratch();
  const fs::path& here = directory.path();
  const std::string link = "-shared -fPIC -nostdlib -Wl,-rpath," + (here / "site").string() + " ";
  make_library(here / "site", "libhelp.so.1", {"help_new"});
  good(write_file(here / "site/libblas.so.3",
                  compile_c("int help_new(void);\nint one_(void) { return help_new(); }\n",
                            link + "-Wl,-soname,libblas.so.3 " + (here / "site/libhelp.so.1").string())));
  Manifest manifest = manifest_for_host();
  manifest.configurations.front().slots = {{"blas", {"libblas.so.3"}, {"one_"}},
                                           {"fftw3", {"libfftw3l.so.3"}, {"two_"}}};
  ImageBuilder builder(here / "a.xaas");
  builder.add(std::string(kManifestPath), to_json(manifest));
  builder.add(slot_directory(host_triple(), "blas") + "/libblas.so.3", "x");
  builder.add(slot_directory(host_triple(), "fftw3") + "/libfftw3l.so.3", "x");
  builder.add(slot_directory(host_triple(), "fftw3") + "/libhelp.so.1",
              compile_c("int help_old(void) { return 1; }\n", "-shared -fPIC -nostdlib -Wl,-soname,libhelp.so.1"));
  builder.finish();
  const auto image = good(Image::open(here / "a.xaas"));

  const auto alone = good(choose_slots(*image, "default", {}, HostWith({here / "site"})));
  CHECK(contains(alone[0].reason, "needs help_new of libhelp.so.1"));
  CHECK_FALSE(alone[1].uses_host());
  make_library(here / "site", "libfftw3l.so.3", {"two_"});
  const auto both = good(choose_slots(*image, "default", {}, HostWith({here / "site"})));
  CHECK(both[0].uses_host());
  CHECK(both[1].uses_host());
}

TEST_CASE("libraries of MPI stand only for those of their family, whatever their symbols are") {
  const TempDirectory directory = scratch();
  const fs::path& here = directory.path();
  const auto image = image_with_slot(here / "a.xaas", {"mpi", {"libmpich.so.12"}, {"MPI_Init"}});
  make_library(here / "open", "libmpi.so.40", {"MPI_Init"});
  make_library(here / "older", "libmpi.so.12", {"MPI_Init", "ompi_mpi_comm_world"});
  make_library(here / "intel", "libmpi.so.12", {"MPI_Init"});
  const HostWith host({});
  const std::string open = (here / "open/libmpi.so.40").string();
  CHECK(contains(bad(choose_slots(*image, "default", {{"mpi", open}}, host), Code::invalid),
                 "libmpi.so.40, which cannot stand for libmpich.so.12"));
  const std::string older = (here / "older/libmpi.so.12").string();
  CHECK(contains(bad(choose_slots(*image, "default", {{"mpi", older}}, host), Code::invalid), "another family"));
  const std::string intel = (here / "intel").string();
  CHECK(chosen_for(*image, host, {{"mpi", intel}}).libraries.at("libmpich.so.12") == here / "intel/libmpi.so.12");
}

TEST_CASE("a library that returns complex numbers in another way stands only where none are returned") {
  const TempDirectory directory = scratch();
  const fs::path& here = directory.path();
  const auto real = image_with_slot(here / "real.xaas", {"blas", {"libblas.so.3"}, {"ddot_"}});
  const auto complex = image_with_slot(here / "complex.xaas", {"blas", {"libblas.so.3"}, {"ddot_", "zdotc_"}});
  make_library(here / "mkl", "libmkl_rt.so.2", {"ddot_", "zdotc_"});
  const HostWith host({});
  const SlotOverrides asked = {{"blas", (here / "mkl").string()}};
  CHECK(chosen_for(*real, host, asked).uses_host());
  CHECK(contains(bad(choose_slots(*complex, "default", asked, host), Code::invalid), "zdotc_"));
}

TEST_CASE("a library that takes integers of another width does not stand in a slot") {
  const TempDirectory directory = scratch();
  const fs::path& here = directory.path();
  const auto image = image_with_slot(here / "a.xaas", {"blas", {"libblas.so.3"}, {"ddot_"}});
  const auto make_openblas = [&](const std::string& name, const std::string& options) {
    const std::string source = "const char* openblas_get_config(void) { return \"OpenBLAS 0.3.21 " + options +
                               " DYNAMIC_ARCH\"; }\nint ddot_(void) { return 1; }\n";
    fs::create_directories(here / name);
    good(write_file(here / name / "libopenblas.so.0",
                    compile_c(source, "-shared -fPIC -nostdlib -Wl,-soname,libopenblas.so.0")));
    return SlotOverrides{{"blas", (here / name / "libopenblas.so.0").string()}};
  };
  const HostWith host({});
  CHECK(chosen_for(*image, host, make_openblas("narrow", "NO_LAPACKE")).uses_host());
  const SlotOverrides wide = make_openblas("wide", "NO_LAPACKE USE64BITINT");
  CHECK(contains(bad(choose_slots(*image, "default", wide, host), Code::invalid),
                 "libopenblas.so.0 takes integers of 64"));
  CHECK(contains(chosen_for(*image, HostWith({here / "wide"})).reason, "takes integers of 64"));

  make_library(here / "debian", "libblas64.so.3", {"ddot_"});
  const SlotOverrides debian = {{"blas", (here / "debian/libblas64.so.3").string()}};
  CHECK(contains(bad(choose_slots(*image, "default", debian, host), Code::invalid),
                 "libblas64.so.3 takes integers of 64"));

  // One that is reached by a general name, as Debian's alternatives have it.
  const fs::path general = here / "general/libblas.so.3";
  fs::create_directories(general.parent_path());
  good(write_file(
      general, compile_c("int other(void) { return 1; }\n",
                         "-shared -fPIC -nostdlib -Wl,-soname,libblas.so.3 -Wl,--no-as-needed " +
                             (here / "wide/libopenblas.so.0").string() + " -Wl,-rpath," + (here / "wide").string())));
  const SlotOverrides by_name = {{"blas", general.string()}};
  CHECK(contains(bad(choose_slots(*image, "default", by_name, host), Code::invalid),
                 "libopenblas.so.0 takes integers of 64"));
}

TEST_CASE("choices for slots are read from text") {
  SlotOverrides overrides;
  good(add_slot_override("blas=bundled", overrides));
  good(add_slot_override("mpi", "/", overrides));
  CHECK(overrides == SlotOverrides{{"blas", "bundled"}, {"mpi", "/"}});
  CHECK(contains(bad(add_slot_override("blas", overrides), Code::invalid), "blas=PATH"));
  CHECK(contains(bad(add_slot_override("cblas=bundled", overrides), Code::invalid), "known are blas"));
  CHECK(contains(bad(add_slot_override("blas=/none/at/all", overrides), Code::invalid), "/none/at/all"));
}
