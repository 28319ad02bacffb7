// Images as a whole: opening, reading by digest, verifying, unpacking, and what damage does to them.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "format/image.h"
#include "format/image_extract.h"
#include "format/image_summary.h"
#include "format/image_walk.h"
#include "format/squashfs/trailer.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

struct ImageFixture {
  TempDirectory directory = scratch();
  std::filesystem::path path = small_image(directory.path());
  std::filesystem::path out = directory.path() / "out";
};

// Opens, lists, reads and verifies everything. The results do not matter: bytes that cannot be read are an error, and
// bytes that can be read are checked by their digests.
void read_all_of(const std::filesystem::path& path) {
  const auto reader = SquashfsReader::open(path, {.cache_bytes = 1 << 20});
  if (reader) {
    (void)walk(**reader, "", [&](const std::string&, const DirectoryEntry& entry) -> Status {
      (void)(*reader)->stat(entry.ref);
      (void)(*reader)->xattrs(entry.ref);
      (void)(*reader)->read_link(entry.ref);
      (void)(*reader)->read_all(entry.ref, 16 << 20);
      return {};
    });
  }
  const auto image = Image::open(path, {.cache_bytes = 1 << 20});
  if (!image) {
    CHECK_FALSE(image.error().message.empty());
    return;
  }
  (void)verify(**image);
  (void)summarise(**image);
}

// Writes two files with an attribute that our writer never writes: trusted.odd.
void write_odd_attribute(const std::filesystem::path& path) {
  ImageBuilder builder(path);
  builder.add(std::string(kManifestPath), to_json(small_manifest()));
  good(builder.writer().add_bytes("file", "x", {.xattrs = {{"user.odd", "1"}}}));
  builder.records.push_back({.path = "file", .sha256 = Digest::of("x"), .size = 1});
  builder.finish();
  std::string bytes = good(read_file(path));
  const std::size_t name = bytes.find("odd");  // such a small block is not compressed
  REQUIRE(name != std::string::npos);
  bytes[name - 4] = 1;  // the number of the prefix
  good(write_file(path, bytes));
}

std::vector<std::string> problems_of(const std::filesystem::path& path) {
  return good(verify(*good(Image::open(path)))).problems;
}

}  // namespace

TEST_CASE("an image is opened with its manifest and index") {
  const ImageFixture f;
  const auto image = good(Image::open(f.path));
  CHECK(image->manifest().name == "demo");
  CHECK(image->files().count() == 4);
  const auto record = good(image->files().find("bin/tool"));
  REQUIRE(record);
  CHECK(record->promised_size == promised_size(5000));
  const Recipe recipe = good(image->recipe(record->recipe));
  CHECK(recipe == small_recipe());
  CHECK(good(image->ir(Digest::of("module"))) == "module");
  CHECK(good(image->object(Digest::of("object"))) == "object");
  CHECK(good(image->file("share/data")) == noise(kDataSize));
  bad(image->file("bin/alias"), Code::not_found);
  bad(image->ir(Digest::of("other")), Code::not_found);
}

TEST_CASE("the recipe of a file is repeated in its attributes") {
  const ImageFixture f;
  const auto image = good(Image::open(f.path));
  const auto xattrs = good(image->squashfs().xattrs(good(image->squashfs().resolve("bin/tool"))));
  REQUIRE(xattrs.size() == 1);
  CHECK(xattrs[0].first == kRecipeXattr);
  CHECK(good(Digest::parse(xattrs[0].second)) == good(image->files().find("bin/tool"))->recipe);
}

TEST_CASE("a SquashFS without a manifest is not an image") {
  const ImageFixture f;
  const auto writer = good(SquashfsWriter::create(f.path, {}));
  good(writer->add_bytes("a", "x", {}));
  good(writer->finish());
  CHECK(contains(bad(Image::open(f.path), Code::invalid), "manifest"));
}

TEST_CASE("an unknown incompat feature refuses the image, other features do not") {
  const TempDirectory directory = scratch();
  const std::filesystem::path path = directory.path() / "i";
  const auto open_with = [&](FeatureFlags features) {
    Manifest manifest = small_manifest();
    manifest.features = std::move(features);
    ImageBuilder builder(path);
    builder.add(std::string(kManifestPath), to_json(manifest));
    builder.finish();
    return Image::open(path);
  };
  CHECK(contains(bad(open_with({.incompat = {"x"}, .lower_incompat = {}, .compat = {}}), Code::unsupported), "\"x\""));
  good(open_with({.incompat = {}, .lower_incompat = {"x"}, .compat = {"y"}}));
}

TEST_CASE("a trailer section that must be understood refuses the image") {
  const ImageFixture f;
  std::string bytes = good(read_file(f.path));
  const std::uint64_t squashfs_size = good(Image::open(f.path))->squashfs().image_size();
  const auto with_flags = [&](std::uint32_t flags) {
    Trailer trailer;
    trailer.squashfs_size = squashfs_size;
    trailer.length = 4096;
    trailer.sections.push_back({.type = 2, .flags = flags, .offset = 4000, .length = 10});
    bytes.replace(trailer_offset(squashfs_size), std::string::npos, encode_trailer(trailer));
    good(write_file(f.path, bytes));
    return Image::open(f.path);
  };
  good(with_flags(0));
  bad(with_flags(1), Code::unsupported);
}

TEST_CASE("a whole image verifies") {
  const ImageFixture f;
  std::vector<std::string> seen;
  const VerifyReport report =
      good(verify(*good(Image::open(f.path)), [&](std::string_view path) { seen.emplace_back(path); }));
  CHECK(report.problems.empty());
  CHECK(report.files == 4);
  CHECK(report.ir == 1);
  CHECK(report.objects == 1);
  CHECK(report.recipes == 1);
  CHECK(seen.size() == 7);
}

TEST_CASE("verification names what is wrong") {
  const TempDirectory directory = scratch();
  const std::filesystem::path path = directory.path() / "i";
  const std::string recipe = to_json(small_recipe());
  const auto problems_with = [&](auto change) {
    ImageBuilder builder(path);
    change(builder);
    builder.finish();
    std::string all;
    for (const std::string& problem : problems_of(path)) all += problem + '\n';
    return all;
  };
  CHECK(problems_with(fill).empty());
  CHECK(contains(problems_with([](ImageBuilder& b) { fill(b), b.add_unindexed("extra", "x"); }),
                 "extra: is not in the index"));
  CHECK(contains(problems_with([](ImageBuilder& b) { fill(b), b.records.push_back({.path = "gone"}); }),
                 "gone: is in the index"));
  CHECK(contains(problems_with([](ImageBuilder& b) { fill(b), b.records.back().sha256 = Digest::of("y"); }), "main.c"));
  CHECK(contains(problems_with([](ImageBuilder& b) { fill(b), ++b.records.back().size; }), "size"));
  CHECK(contains(problems_with([](ImageBuilder& b) { fill(b), b.add_unindexed(".xaas/ir/00/x.bc", "x"); }), "x.bc"));
  CHECK(contains(problems_with([&](ImageBuilder& b) {
                   fill(b);
                   b.add("lib/other", "x", Digest::of("no recipe"));
                 }),
                 recipe_path(Digest::of("no recipe"))));
  CHECK(contains(problems_with([&](ImageBuilder& b) {
                   b.add(std::string(kManifestPath), to_json(small_manifest()));
                   b.add_unindexed(recipe_path(Digest::of(recipe)), recipe);
                   b.add_unindexed(object_path(Digest::of("object")), "object");
                   b.add("bin/tool", "x", Digest::of(recipe));
                 }),
                 "needs " + ir_path(Digest::of("module"))));
  CHECK(contains(problems_with([&](ImageBuilder& b) {
                   Manifest manifest = small_manifest();
                   manifest.toolchains.push_back(
                       {.host = "h", .worker = "w", .digest = Digest::of("w"), .llvm = "19", .targets = {}});
                   b.add(std::string(kManifestPath), to_json(manifest));
                   b.add("w", "another worker");
                 }),
                 "digest in the manifest"));
}

TEST_CASE("an image is unpacked as it is") {
  const ImageFixture f;
  {
    ImageBuilder builder(f.path);
    fill(builder);
    good(builder.writer().add_hard_link("bin/twin", "bin/tool"));
    builder.records.push_back(builder.records[1]);
    builder.records.back().path = "bin/twin";
    good(builder.writer().add_directory("read-only", {.permissions = 0555}));
    good(builder.writer().add_bytes("read-only/holes", std::string(1 << 20, '\0') + "x", {.permissions = 0400}));
    builder.finish();
  }
  good(extract(*good(Image::open(f.path)), f.out));
  CHECK(good(read_file(f.out / "share/data")) == noise(kDataSize));
  CHECK(std::filesystem::read_symlink(f.out / "bin/alias") == "tool");
  struct stat tool{}, twin{}, directory{}, holes{};
  REQUIRE(stat((f.out / "bin/tool").c_str(), &tool) == 0);
  REQUIRE(stat((f.out / "bin/twin").c_str(), &twin) == 0);
  REQUIRE(stat((f.out / "read-only").c_str(), &directory) == 0);
  REQUIRE(stat((f.out / "read-only/holes").c_str(), &holes) == 0);
  CHECK(tool.st_ino == twin.st_ino);
  CHECK(tool.st_mtime == 1700000000);
  CHECK((tool.st_mode & 07777) == 0755);
  CHECK((directory.st_mode & 07777) == 0555);
  CHECK(directory.st_mtime == 1700000000);
  CHECK((holes.st_mode & 07777) == 0400);
  CHECK(holes.st_size == (1 << 20) + 1);
  CHECK(holes.st_blocks * 512 < 1 << 20);
  std::filesystem::permissions(f.out / "read-only", std::filesystem::perms::owner_all);
}

TEST_CASE("attributes that grant rights are a problem, and are not unpacked") {
  const ImageFixture f;
  write_odd_attribute(f.path);
  const auto image = good(Image::open(f.path));
  CHECK(good(verify(*image)).problems ==
        std::vector<std::string>{"file: has the attribute trusted.odd, which an image cannot hold"});
  good(extract(*image, f.out));
  CHECK(lgetxattr((f.out / "file").c_str(), "trusted.odd", nullptr, 0) < 0);
}

TEST_CASE("of very many problems the first are named and the others counted") {
  const TempDirectory directory = scratch();
  ImageBuilder builder(directory.path() / "i");
  fill(builder);
  for (int i = 0; i < 1234; ++i) builder.records.push_back({.path = fmt::format("gone\n{}", i)});
  builder.finish();
  const VerifyReport report = good(verify(*good(Image::open(directory.path() / "i"))));
  CHECK(report.problem_count == 1234);
  REQUIRE(report.problems.size() == 1001);
  CHECK(report.problems[0] == "gone\\0120: is in the index, but not in the image");
  CHECK(report.problems.back() == "and 234 more");
}

TEST_CASE("a walk begins anywhere, however the path is written") {
  const ImageFixture f;
  const auto image = good(Image::open(f.path));
  for (const char* from : {"bin", "/bin", "//bin///"}) {
    std::string seen;
    good(walk(image->squashfs(), from, [&](const std::string& path, const DirectoryEntry&) -> Status {
      seen += path + ' ';
      return {};
    }));
    CHECK(seen == "bin/alias bin/tool ");
  }
}

TEST_CASE("an image is unpacked into an empty directory or a new one only") {
  const ImageFixture f;
  const auto image = good(Image::open(f.path));
  std::filesystem::create_directory(f.out);
  good(write_file(f.out / "mine", "x"));
  bad(extract(*image, f.out), Code::invalid);
  CHECK(good(read_file(f.out / "mine")) == "x");
  std::filesystem::remove(f.out / "mine");
  good(extract(*image, f.out / ""));
  CHECK(std::filesystem::exists(f.out / "bin/tool"));
  bad(extract(*image, f.path), Code::invalid);
  bad(extract(*image, f.directory.path() / "a/b"), Code::not_found);
  // The file system decides what ".." means.
  std::filesystem::create_directories(f.directory.path() / "x/y");
  std::filesystem::create_directory_symlink("x/y", f.directory.path() / "link");
  good(extract(*image, f.directory.path() / "link/../there"));
  CHECK(std::filesystem::exists(f.directory.path() / "x/there/bin/tool"));
}

TEST_CASE("unpacking a damaged image leaves nothing behind") {
  const ImageFixture f;
  ImageBuilder builder(f.path);
  fill(builder);
  builder.records[2].sha256 = Digest::of("something else");
  builder.finish();
  CHECK(contains(bad(extract(*good(Image::open(f.path)), f.out), Code::invalid), "share/data"));
  CHECK_FALSE(std::filesystem::exists(f.out));
  CHECK(std::distance(std::filesystem::directory_iterator(f.directory.path()), {}) == 1);
  std::filesystem::create_directory(f.out);
  bad(extract(*good(Image::open(f.path)), f.out), Code::invalid);
  CHECK(std::filesystem::is_empty(f.out));
}

TEST_CASE("a summary counts what is there") {
  const ImageFixture f;
  const auto image = good(Image::open(f.path));
  const ImageSummary summary = good(summarise(*image));
  CHECK(summary.files == 2);
  CHECK(summary.lowered_files == 1);
  CHECK(summary.ir_modules == 1);
  CHECK(summary.ir_bytes == 6);
  CHECK(summary.objects == 1);
  CHECK(summary.sources == 1);
  CHECK(contains(to_text(image->manifest(), summary), "2, 1 to be lowered"));
  CHECK(contains(to_json(image->manifest(), summary), "\"lowered_files\": 1"));
}

TEST_CASE("a truncated image is refused with one line") {
  const ImageFixture f;
  const std::uint64_t squashfs_size = good(Image::open(f.path))->squashfs().image_size();
  for (std::uint64_t size = squashfs_size; size-- > 0; size -= size / 50) {
    std::filesystem::resize_file(f.path, size);
    const auto image = Image::open(f.path);
    REQUIRE_FALSE(image);
    CHECK(image.error().message.find('\n') == std::string::npos);
  }
}

TEST_CASE("flipped bytes give errors or the right data, never a crash", "[one-thread]") {
  const ImageFixture f;
  const std::string bytes = good(read_file(f.path));
  const std::uint64_t squashfs_size = good(Image::open(f.path))->squashfs().image_size();
  const Fd fd(open(f.path.c_str(), O_WRONLY | O_CLOEXEC));
  const auto put = [&](char byte, std::size_t offset) {
    REQUIRE(pwrite(fd.get(), &byte, 1, static_cast<off_t>(offset)) == 1);
  };
  // Takes every byte of the tables and the trailer, and a few bytes of the content, which is all alike.
  for (std::size_t i = 0; i < bytes.size(); i += i < 96 || (i > kDataSize && i < squashfs_size + 100) ? 1 : 4001) {
    for (const char mask : {'\x01', '\x80', '\xff'}) {
      put(static_cast<char>(bytes[i] ^ mask), i);
      read_all_of(f.path);
    }
    put(bytes[i], i);
  }
}

TEST_CASE("the tree of a configuration is told by the beginning of a path") {
  xaas::Manifest manifest = xaas::test::small_manifest();
  xaas::Configuration other = manifest.configurations.front();
  other.name = "avx2+none";
  manifest.configurations.push_back(other);
  CHECK(xaas::tree_root(manifest, manifest.default_configuration).empty());
  const std::string root = xaas::tree_root(manifest, "avx2+none");
  CHECK(root == ".xaas/tree/" + other.triple + "/avx2+none/");
  CHECK(xaas::tree_root_of(root + "bin/app") == root);
  CHECK(xaas::path_in_tree(root + "bin/app") == "bin/app");
  for (const char* path :
       {"bin/app", ".xaas/tree", ".xaas/tree/", ".xaas/tree/x", ".xaas/tree/x/y", ".xaas/trees/x/y/z", ""}) {
    CHECK(xaas::tree_root_of(path).empty());
    CHECK(xaas::path_in_tree(path) == path);
  }
}
