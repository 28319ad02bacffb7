// Native trees: what is in them, installing them, exporting them. Nothing is lowered here, because the images have no
// toolchain. Lowered files are installed in the end-to-end tests.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "lower/configuration.h"
#include "lower/native_export.h"
#include "lower/native_install.h"
#include "lower/native_record.h"
#include "lower/staging_directory.h"
#include "lower/target.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

ino_t inode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_ino;
}

std::vector<std::string> names_of(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

// An image with a movable prefix, which stands in a script and in the target of a link. `data` is in share/data.
std::shared_ptr<const Image> image_with(const fs::path& path, const std::string& data, bool has_extra = false) {
  test::ImageBuilder builder(path);
  Manifest manifest = test::small_manifest();
  manifest.prefix = placeholder_prefix();
  manifest.features.incompat = {std::string(kMovablePrefix)};
  builder.add(std::string(kManifestPath), to_json(manifest));
  builder.add(".xaas/src/main.c", "int main(void) { return 0; }\n");
  builder.add(".xaas/toolchain/x86_64-pc-linux-gnu/lib/libbundled.so.1", "a library");
  const std::string start = "#!/bin/sh\nexec ";
  builder.add("bin/script", start + manifest.prefix + "/bin/tool\n");
  builder.records.back().place_count = 1;
  builder.records.back().is_text = true;
  builder.add("bin/tool", std::string(300000, '\0') + "tool");
  builder.add("share/data", data);
  builder.add("share/\xff", "a name that is no UTF-8");
  if (has_extra) builder.add("share/extra", "more");
  if (has_extra) builder.add("extra/file", "more");
  test::good(builder.writer().add_hard_link("bin/same", "bin/tool"));
  FileRecord same = *std::ranges::find(builder.records, "bin/tool", &FileRecord::path);
  same.path = "bin/same";
  builder.records.push_back(same);
  test::good(builder.writer().add_symlink("bin/link", manifest.prefix + "/bin/tool", {}));
  test::good(builder.writer().add_directory("share/private", {.permissions = 0500, .xattrs = {}}));
  const std::array<PrefixPlace, 1> places{PrefixPlace{start.size()}};
  test::good(builder.writer().add_bytes(kIndexPath, encode_file_index(builder.records, places), {}));
  test::good(builder.writer().finish());
  return test::good(Image::open(path));
}

// An image whose one program cannot be lowered. It is lowered at a level.
std::shared_ptr<const Image> image_that_cannot_be_lowered(const fs::path& path, bool shares_data) {
  Manifest manifest = test::small_manifest();
  manifest.configurations.front().levels = {{.name = "basic", .features = {}}};
  manifest.configurations.front().shares_data = shares_data;
  return test::image_with_wrong_worker(path, std::move(manifest));
}

struct NativeFixture {
  TempDirectory root = test::scratch();
  TempDirectory cache = test::scratch();
  Progress progress{"test", Verbosity::quiet};
  std::stop_source stop;

  LowererOptions own_cache() const {
    LowererOptions options;
    options.cache = cache.path() / "cache";
    return options;
  }
  // At a path without symlinks.
  fs::path at(const std::string& name) const { return fs::canonical(root.path()) / name; }
  Status install(const std::shared_ptr<const Image>& image, const std::string& name, bool strict = false) {
    return install_native(image, {.lowerer = own_cache(), .strict = strict, .prefix = {}}, at(name), stop.get_token(),
                          progress);
  }
  Status write(const std::shared_ptr<const Image>& image, const std::string& name, const std::string& prefix = "") {
    return export_native(image, {.lowerer = own_cache(), .strict = false, .prefix = prefix}, at(name), stop.get_token(),
                         progress);
  }
};

}  // namespace

TEST_CASE_METHOD(NativeFixture, "an image is installed with its links, permissions and prefix") {
  test::good(install(image_with(at("image"), "data"), "app"));
  CHECK(names_of(at("")) == std::vector<std::string>{"app", "image"});
  CHECK(names_of(at("app")) == std::vector<std::string>{".xaas", "bin", "share"});
  CHECK(names_of(at("app/.xaas")) == std::vector<std::string>{"installed", "toolchain"});
  CHECK(test::good(read_file(at("app/.xaas/toolchain/x86_64-pc-linux-gnu/lib/libbundled.so.1"))) == "a library");
  CHECK(test::good(read_file(at("app/bin/script"))) == "#!/bin/sh\nexec " + at("app").string() + "/bin/tool\n");
  CHECK(fs::read_symlink(at("app/bin/link")) == at("app/bin/tool"));
  CHECK(inode_of(at("app/bin/tool")) == inode_of(at("app/bin/same")));
  CHECK(test::good(read_file(at("app/bin/tool"))) == std::string(300000, '\0') + "tool");
  CHECK(test::good(read_file(at("app/share/\xff"))) == "a name that is no UTF-8");
  struct stat status{};
  REQUIRE(stat(at("app/bin/tool").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
  CHECK(status.st_mtim.tv_sec == 1700000000);
  CHECK(status.st_blocks * 512 < status.st_size);  // the hole is one
  REQUIRE(stat(at("app/share/private").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0500);
}

TEST_CASE_METHOD(NativeFixture, "installing again keeps the files that are the same") {
  const auto first = image_with(at("first"), "data");
  test::good(install(first, "app"));
  const ino_t top = inode_of(at("app"));
  const ino_t tool = inode_of(at("app/bin/tool"));
  const ino_t data = inode_of(at("app/share/data"));
  test::good(install(first, "app"));
  CHECK(inode_of(at("app")) == top);

  test::good(install(image_with(at("second"), "atad", true), "app"));
  CHECK(inode_of(at("app")) != top);
  CHECK(inode_of(at("app/bin/tool")) == tool);
  CHECK(inode_of(at("app/bin/same")) == tool);
  CHECK(inode_of(at("app/share/data")) != data);
  CHECK(test::good(read_file(at("app/share/data"))) == "atad");
  CHECK(test::good(read_file(at("app/share/extra"))) == "more");

  test::good(install(first, "app"));
  CHECK_FALSE(fs::exists(at("app/share/extra")));
  CHECK(names_of(at("")) == std::vector<std::string>{"app", "first", "second"});
}

TEST_CASE_METHOD(NativeFixture, "what somebody changed in an installation is put right") {
  const auto image = image_with(at("image"), "data");
  const auto spoil = GENERATE(as<std::string>(), "echo xxxx >share/data", "chmod 600 share/data", "rm share/data",
                              "ln -sf elsewhere bin/link", "rm bin/same && cp bin/tool bin/same",
                              "chmod 755 share/private", "rm -r share", "touch share/data");
  test::good(install(image, "app"));
  const std::string before =
      test::output_of("cd " + at("app").string() + " && ls -lR --time-style=+%s bin share | grep -av total");
  test::run("cd " + at("app").string() + " && " + spoil);
  test::good(install(image, "app"));
  INFO(spoil);
  CHECK(before ==
        test::output_of("cd " + at("app").string() + " && ls -lR --time-style=+%s bin share | grep -av total"));
}

TEST_CASE_METHOD(NativeFixture, "an update keeps what others have put into an installation") {
  const auto first = image_with(at("first"), "data", true);
  test::good(install(first, "app"));
  test::run("cd " + at("app").string() +
            " && mkdir -p etc/deep && echo mine >etc/deep/file && chmod 500 etc && ln -s nowhere share/link" +
            " && echo mine >share/private/file && echo mine >extra/mine");
  const ino_t file = inode_of(at("app/etc/deep/file"));
  test::good(install(image_with(at("second"), "atad"), "app"));
  CHECK(test::good(read_file(at("app/share/data"))) == "atad");
  CHECK_FALSE(fs::exists(at("app/share/extra")));
  CHECK(inode_of(at("app/etc/deep/file")) == file);
  CHECK(fs::status(at("app/etc")).permissions() == (fs::perms::owner_read | fs::perms::owner_exec));
  CHECK(fs::read_symlink(at("app/share/link")) == "nowhere");
  CHECK(test::good(read_file(at("app/share/private/file"))) == "mine\n");
  CHECK(names_of(at("app/extra")) == std::vector<std::string>{"mine"});

  // The image brings a file where somebody has a directory.
  test::run("cd " + at("app").string() + " && mkdir share/extra && echo mine >share/extra/file");
  const ino_t top = inode_of(at("app"));
  CHECK(test::contains(test::bad(install(first, "app"), Code::io), "share/extra/file, which was not installed"));
  CHECK(inode_of(at("app")) == top);
}

TEST_CASE_METHOD(NativeFixture, "an installation that was moved is installed for its new place") {
  const auto image = image_with(at("image"), "data");
  test::good(install(image, "app"));
  const ino_t tool = inode_of(at("app/bin/tool"));
  fs::rename(at("app"), at("moved"));
  test::good(install(image, "moved"));
  CHECK(test::good(read_file(at("moved/bin/script"))) == "#!/bin/sh\nexec " + at("moved").string() + "/bin/tool\n");
  CHECK(fs::read_symlink(at("moved/bin/link")) == at("moved/bin/tool"));
  CHECK(inode_of(at("moved/bin/tool")) == tool);
}

TEST_CASE_METHOD(NativeFixture, "a directory that is no installation is left alone") {
  const auto image = image_with(at("image"), "data");
  fs::create_directory(at("app"));
  test::good(install(image, "app"));
  fs::create_directories(at("other/.xaas"));
  test::good(write_file(at("other/.xaas/installed"), "{\"version\":2}\n"));
  CHECK(test::contains(test::bad(install(image, "other"), Code::invalid), "not empty"));
  test::good(write_file(at("file"), "content"));
  CHECK(test::contains(test::bad(install(image, "file"), Code::invalid), "not a directory"));
  test::bad(install(image, "absent/app"), Code::not_found);
  CHECK(test::contains(test::bad(install(image, "other/" + std::string(200, 'x')), Code::invalid), "shorter"));
  CHECK(names_of(at("")) == std::vector<std::string>{"app", "file", "image", "other"});
}

TEST_CASE_METHOD(NativeFixture, "an installation that fails or is stopped leaves the old one") {
  const auto first = image_with(at("first"), "data");
  test::good(install(first, "app"));
  const ino_t top = inode_of(at("app"));
  {
    test::ImageBuilder builder(at("damaged"));
    builder.add(std::string(kManifestPath), to_json(test::small_manifest()));
    builder.add("share/data", "data");
    builder.records.back().sha256 = Digest::of("other data");
    builder.finish();
  }
  CHECK(test::contains(test::bad(install(test::good(Image::open(at("damaged"))), "app"), Code::invalid), "damaged"));
  test::bad(install(first, "strict", true), Code::unsupported);
  const auto second = image_with(at("second"), "other");
  stop.request_stop();
  test::bad(install(second, "app"), Code::interrupted);
  test::bad(write(second, "native"), Code::interrupted);
  CHECK(inode_of(at("app")) == top);
  CHECK(names_of(at("")) == std::vector<std::string>{"app", "damaged", "first", "second"});
}

TEST_CASE_METHOD(NativeFixture, "a baseline stands in for what cannot be lowered, unless it must not") {
  const auto image = image_that_cannot_be_lowered(at("image"), false);
  test::good(install(image, "app"));
  CHECK(test::good(read_file(at("app/bin/app"))) == "a baseline");
  test::good(write(image, "native"));
  const ino_t top = inode_of(at("app"));
  const ino_t app = inode_of(at("app/bin/app"));
  test::good(install(image, "app"));
  CHECK(inode_of(at("app")) == top);
  CHECK(inode_of(at("app/bin/app")) == app);
  CHECK(test::contains(test::bad(install(image, "strict", true), Code::invalid), "bin/app: not lowered"));

  const auto shared = image_that_cannot_be_lowered(at("shared"), true);
  CHECK(test::contains(test::bad(install(shared, "app"), Code::invalid), "does not go with files of the level basic"));
  CHECK(test::contains(test::bad(write(shared, "native"), Code::invalid), "does not go with files of the level basic"));
  CHECK(inode_of(at("app")) == top);
  CHECK(names_of(at("")) == std::vector<std::string>{"app", "image", "native", "shared"});
}

TEST_CASE_METHOD(NativeFixture, "an exported tree is a plain SquashFS of the same bytes each time") {
  const auto image = image_with(at("image"), "data");
  test::good(write(image, "one", "/opt/app"));
  test::good(write(image, "two", "/opt/app"));
  CHECK(test::good(read_file(at("one"))) == test::good(read_file(at("two"))));
  const auto squashfs = test::good(SquashfsReader::open(at("one"), {}));
  const auto content = [&](const std::string& path) {
    return test::good(squashfs->read_all(test::good(squashfs->resolve(path)), 1 << 20));
  };
  CHECK(content("bin/script") == "#!/bin/sh\nexec /opt/app/bin/tool\n");
  CHECK(content("share/data") == "data");
  CHECK(content("bin/same") == content("bin/tool"));
  CHECK(test::good(squashfs->resolve("bin/same")) == test::good(squashfs->resolve("bin/tool")));
  CHECK(test::good(squashfs->read_link(test::good(squashfs->resolve("bin/link")))) == "/opt/app/bin/tool");
  const Attributes attributes = test::good(squashfs->stat(test::good(squashfs->resolve("share/private"))));
  CHECK(attributes.mode == (S_IFDIR | 0500));
  CHECK(attributes.mtime == 1700000000);
  test::bad(squashfs->resolve(".xaas/manifest.json"), Code::not_found);
  CHECK(names_of(at("")) == std::vector<std::string>{"image", "one", "two"});

  test::good(write(image, "two"));
  const auto other = test::good(SquashfsReader::open(at("two"), {}));
  CHECK(test::good(other->read_link(test::good(other->resolve("bin/link")))) == "/opt/demo/bin/tool");
}

TEST_CASE_METHOD(NativeFixture, "a prefix that an export cannot have is refused") {
  const auto movable = image_with(at("movable"), "data");
  for (const char* prefix : {"opt/app", "/", "/opt/", "/opt//app", "/opt/../app"}) {
    test::bad(write(movable, "native", prefix), Code::invalid);
  }
  const auto fixed = test::good(Image::open(test::small_image(root.path())));
  CHECK(test::contains(test::bad(write(fixed, "native", "/opt/other"), Code::invalid), "/opt/demo"));
  test::good(write(fixed, "native", "/opt/demo"));
  fs::create_directory(at("directory"));
  CHECK(test::contains(test::bad(write(movable, "directory"), Code::invalid), "is a directory"));
}

TEST_CASE("the record of an installation says what was installed") {
  InstalledRecord record{
      .image = "demo 1.0", .target = "t c", .configuration = "default", .prefix = "/p", .entries = {}};
  record.entries["bin/\\377"] = {
      .kind = NativeEntry::Kind::file, .permissions = 0755, .mtime = -1, .size = 7, .content = Digest::of("x")};
  record.entries["link"] = {.kind = NativeEntry::Kind::hard_link, .permissions = 0, .content = Digest::of("y")};
  const std::string text = to_text(record);
  const InstalledRecord read = test::good(parse_installed_record(text));
  CHECK(to_text(read) == text);
  CHECK(read.entries.at("bin/\\377").size == 7);
  CHECK(read.entries.at("link").kind == NativeEntry::Kind::hard_link);
  test::bad(parse_installed_record(""), Code::invalid);
  test::bad(parse_installed_record("{}"), Code::invalid);
  test::bad(parse_installed_record(text + "{\"path\":\"x\",\"kind\":\"door\",\"permissions\":0}"), Code::invalid);
  test::bad(parse_installed_record(text.substr(0, text.size() - 10)), Code::invalid);
}

TEST_CASE_METHOD(NativeFixture, "one process at a time makes something for a place, and puts it there at once") {
  const fs::path place = at("place");
  {
    auto staging = test::good(StagingDirectory::create(place));
    CHECK(test::contains(test::bad(StagingDirectory::create(place), Code::failed), "another"));
    fs::create_directory(staging.path("made"));
    test::good(write_file(staging.path("made") / "first", "1"));
    test::good(staging.publish("made"));
  }
  CHECK(names_of(at("")) == std::vector<std::string>{"place"});
  {
    auto staging = test::good(StagingDirectory::create(place));
    fs::create_directory(staging.path("made"));
    test::good(write_file(staging.path("made") / "second", "2"));
    test::good(staging.publish("made"));
    CHECK(names_of(staging.path("made")) == std::vector<std::string>{"first"});
  }
  CHECK(names_of(place) == std::vector<std::string>{"second"});
  CHECK(names_of(at("")) == std::vector<std::string>{"place"});
}

TEST_CASE_METHOD(NativeFixture, "what a killed process left is removed, and what it had taken away is put back") {
  const fs::path place = at("place");
  const fs::path staging_path = StagingDirectory::path_of(place);
  const bool is_replaced = GENERATE(false, true);
  fs::create_directory(staging_path);
  fs::permissions(staging_path, fs::perms::owner_all);
  test::good(write_file(staging_path / "lock", ""));
  fs::create_directories(staging_path / "made/deep");
  fs::create_directory(staging_path / "replaced");
  test::good(write_file(staging_path / "replaced/old", "old"));
  if (is_replaced) {
    fs::create_directory(place);
    test::good(write_file(place / "new", "new"));
  }
  CHECK(StagingDirectory::is_there(place));
  {
    const auto staging = test::good(StagingDirectory::create(place));
    CHECK(names_of(staging_path) == std::vector<std::string>{"lock"});
  }
  CHECK_FALSE(StagingDirectory::is_there(place));
  CHECK(names_of(place) == std::vector<std::string>{is_replaced ? "new" : "old"});
}

TEST_CASE_METHOD(NativeFixture, "a directory that others can write is not taken for one of ours") {
  const fs::path path = StagingDirectory::path_of(at("place"));
  fs::create_directory(path);
  fs::permissions(path, fs::perms::all);
  test::good(write_file(path / "mine", "content"));
  CHECK(test::contains(test::bad(StagingDirectory::create(at("place")), Code::permission), "remove it"));
  CHECK(fs::exists(path / "mine"));
}

TEST_CASE("a baseline does not stand in at a level if files share data") {
  Manifest manifest = test::small_manifest();
  CHECK_FALSE(keeps_to_level(manifest, "default", "x86-64-v3"));
  manifest.configurations.front().shares_data = true;
  CHECK(keeps_to_level(manifest, "default", "x86-64-v3"));
  CHECK_FALSE(keeps_to_level(manifest, "default", ""));
  CHECK_FALSE(keeps_to_level(manifest, "other", "x86-64-v3"));
}

}  // namespace xaas
