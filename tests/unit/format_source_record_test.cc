// The source that an image records: its digest, and what the manifest says of it.
#include <filesystem>

#include "format/source_record.h"
#include "format/whole_source.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

namespace fs = std::filesystem;

SourceRecord full_record() {
  SourceRecord record;
  record.digest = Digest::of("tree");
  record.files = 3;
  record.bytes = 1000;
  record.configure = "./configure $MPI \"$@\"";
  record.install = "make install";
  record.arguments = {"--with x"};
  record.copied = {{"notes", "share/notes"}};
  record.fortran = "flang";
  record.levels = {"auto"};
  record.slots = {"blas", "mpi"};
  record.cuda_families = {80, 90};
  record.tools = {{"clang-19", "19.1.7"}};
  record.configurations.push_back({"none", {{"mpi", "none"}}, {{"mpi", ""}}});
  HostBuild build{.rank = -7,
                  .features = {"+avx2"},
                  .devices = {"nvidia-gpu"},
                  .libraries = {"libcuda.so.1"},
                  .tools = {"mpicc", "nvcc>=12.1"},
                  .links = {"libmpi.so"},
                  .headers = {"sys/mpi.h"}};
  record.configurations.push_back({"host", {{"mpi", "host"}}, {{"mpi", "--mpi"}}, build});
  return record;
}

Manifest with_source() {
  Manifest manifest = small_manifest();
  manifest.source = full_record();
  return manifest;
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

void write_tree(const fs::path& root) {
  fs::create_directories(root / "a");
  fs::create_directories(root / "empty");
  good(write_file(root / "a/b.c", "int b;\n"));
  good(write_file(root / "a.c", "int a;\n"));
  fs::create_symlink("a.c", root / "link");
  fs::permissions(root / "a.c", fs::perms::owner_all);
}

}  // namespace

TEST_CASE("the record of a source survives being written and read") {
  const Manifest manifest = with_source();
  const Manifest read = good(parse_manifest(to_json(manifest)));
  CHECK(to_json(read) == to_json(manifest));
  REQUIRE(read.source);
  CHECK(read.source->copied == manifest.source->copied);
  CHECK(read.source->configurations == manifest.source->configurations);
  CHECK(read.source->slots == manifest.source->slots);
  CHECK(read.source->cuda_families == manifest.source->cuda_families);
  CHECK_FALSE(good(parse_manifest(to_json(small_manifest()))).source);
}

TEST_CASE("what a source needs of a host must have a form that can be looked for") {
  const std::string text = to_json(with_source());
  CHECK(contains(bad(parse_manifest(changed(text, "\"mpicc\"", "\"../mpicc\"")), Code::invalid), "no tool"));
  CHECK(contains(bad(parse_manifest(changed(text, "nvcc>=12.1", "nvcc>=twelve")), Code::invalid), "no tool"));
  CHECK(contains(bad(parse_manifest(changed(text, "libmpi.so", "-lmpi")), Code::invalid), "no library"));
  CHECK(contains(bad(parse_manifest(changed(text, "sys/mpi.h", "../mpi.h")), Code::invalid), "no header"));
  CHECK(contains(bad(parse_manifest(changed(text, "\"links\"", "\"x\"")), Code::invalid), "links"));
}

TEST_CASE("a source may say nothing of slots and of families of GPUs") {
  const std::string text = to_json(with_source());
  const Manifest read =
      good(parse_manifest(changed(changed(text, "\"slots\"", "\"a\""), "\"cuda_families\"", "\"b\"")));
  CHECK(read.source->slots.empty());
  CHECK_FALSE(read.source->cuda_families);
  for (const char* wrong : {"1000", "-1", "\"80\"", "8.5"}) {
    INFO(wrong);
    CHECK(contains(bad(parse_manifest(changed(text, "80,\n", std::string(wrong) + ",\n")), Code::invalid),
                   "cuda_families"));
  }
}

TEST_CASE("tools have a name and perhaps a version, libraries a name for linkers") {
  const auto need = parse_tool_need("nvcc>=12.1");
  REQUIRE(need);
  CHECK(need->name == "nvcc");
  CHECK(need->least == "12.1");
  CHECK(parse_tool_need("c++-filt")->least.empty());
  for (const char* wrong : {"", ">=1", "a b", "a/b", "-x", ".x", "a>=", "a>=1.", "a>=x", "a>1"}) {
    INFO(wrong);
    CHECK_FALSE(parse_tool_need(wrong));
  }
  CHECK(link_name("libz.so") == "libz.so");
  CHECK(link_name("libz.so.1.2") == "libz.so");
  for (const char* wrong : {"z", "libz", "libz.a", "libz.so1", "/usr/lib/libz.so", "lib/z.so"}) {
    INFO(wrong);
    CHECK(link_name(wrong).empty());
  }
}

TEST_CASE("the digest of a source is that of its paths, contents, links and executable files") {
  const TempDirectory one = scratch();
  const TempDirectory other = scratch();
  write_tree(one.path());
  write_tree(other.path());
  const WholeSource tree = good(read_whole_source(one.path()));
  CHECK(tree.files == 2);
  CHECK(tree.bytes == 14);
  // By the bytes of the paths: '.' comes before '/'.
  std::vector<std::string> paths;
  for (const SourceEntry& entry : tree.entries) paths.push_back(entry.path);
  CHECK(paths == std::vector<std::string>{"a", "a.c", "a/b.c", "empty", "link"});
  const std::string hex = Digest::of("int a;\n").hex();
  const std::string nul(1, '\0');
  CHECK(tree.digest == Digest::of("d a" + nul + "x " + hex + " a.c" + nul + "f " + Digest::of("int b;\n").hex() +
                                  " a/b.c" + nul + "d empty" + nul + "l " + Digest::of("a.c").hex() + " link" + nul));

  const auto digest = [&] { return good(read_whole_source(other.path())).digest; };
  fs::permissions(other.path() / "a/b.c", fs::perms::owner_read | fs::perms::owner_write);
  fs::last_write_time(other.path() / "a.c", fs::file_time_type::clock::now() - std::chrono::hours(5));
  CHECK(digest() == tree.digest);
  fs::permissions(other.path() / "a/b.c", fs::perms::owner_all);
  CHECK(digest() != tree.digest);
  fs::permissions(other.path() / "a/b.c", fs::perms::owner_read | fs::perms::owner_write);
  fs::remove(other.path() / "empty");
  CHECK(digest() != tree.digest);
  fs::create_directory(other.path() / "empty");
  CHECK(digest() == tree.digest);
  fs::remove(other.path() / "link");
  fs::create_symlink("a/b.c", other.path() / "link");
  CHECK(digest() != tree.digest);
}
