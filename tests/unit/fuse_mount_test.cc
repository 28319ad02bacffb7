// Real mounts in this process, with a fake in the place of lowering: what the kernel and programs see. Needs root and
// /dev/fuse.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include "format/squashfs_writer.h"
#include "fuse/image_guard.h"
#include "fuse/operations.h"
#include "fuse/served_tree.h"
#include "fuse/session.h"
#include "fuse/status.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

const std::string kBaseline(300'000, 'b');
const std::string kLowered(310'000, 'l');

bool can_mount() {
  if (::geteuid() == 0 && ::access("/dev/fuse", F_OK) == 0) return true;
  WARN("skipped: needs root and /dev/fuse");
  return false;
}

void add_lazy(SquashfsWriter& writer, std::vector<FileRecord>& records, const std::string& path) {
  FileRecord record;
  record.path = path;
  record.sha256 = Digest::of(kBaseline);
  record.recipe = Digest::of(path);
  record.size = kBaseline.size();
  record.promised_size = promised_size(record.size);
  records.push_back(record);
  EntryOptions options;
  options.permissions = 0755;
  options.xattrs[std::string(kRecipeXattr)] = record.recipe.to_string();
  REQUIRE(writer.add_bytes(path, kBaseline, options));
}

void write_image(const fs::path& path) {
  auto writer = SquashfsWriter::create(path, {});
  REQUIRE(writer);
  std::vector<FileRecord> records;
  add_lazy(**writer, records, "bin/tool");
  add_lazy(**writer, records, "bin/other");
  REQUIRE((*writer)->add_hard_link("bin/same", "bin/tool"));
  REQUIRE((*writer)->add_bytes("share/plain", "plain\n", {}));
  REQUIRE((*writer)->add_symlink("share/link", "../bin/tool", {}));
  for (int i = 0; i < 500; ++i) REQUIRE((*writer)->add_bytes(fmt::format("share/many/{}", i), std::to_string(i), {}));
  Manifest manifest;
  manifest.name = "demo";
  manifest.version = "1";
  manifest.prefix = "/opt/demo";
  manifest.triples = {"x86_64-pc-linux-gnu"};
  manifest.default_configuration = "default";
  manifest.configurations.push_back(
      {.name = "default", .triple = manifest.triples[0], .rank = 0, .requires_ = {}, .points = {}});
  REQUIRE((*writer)->add_bytes(std::string(kManifestPath), to_json(manifest), {}));
  REQUIRE((*writer)->add_bytes(std::string(kIndexPath), encode_file_index(records), {}));
  REQUIRE((*writer)->finish());
}

// What every lowering gives, once the test has said so.
class FakeLowering {
 public:
  Result<Lowered> lower(const std::atomic<bool>* stop) {
    std::unique_lock lock(mutex_);
    ++count;
    while (!bytes_ && !*stop) changed_.wait_for(lock, std::chrono::milliseconds(5));
    if (!bytes_) return fail(Code::interrupted, "stopped");
    if (bytes_->empty()) return fail(Code::failed, "cannot be lowered");
    Lowered result;
    result.file = Fd(::memfd_create("lowered", MFD_CLOEXEC));
    result.size = bytes_->size();
    XAAS_TRY(write_all(result.file.get(), *bytes_));
    return result;
  }
  // Empty: lowering fails.
  void finish(std::string bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ = std::move(bytes);
    changed_.notify_all();
  }
  std::atomic<int> count{0};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::string> bytes_;
};

// The image, mounted; unmounted when it goes out of scope.
class TestMount {
 public:
  explicit TestMount(LazyOptions lazy = {.parallel = 2}) : lazy_options_(lazy), log_(Log::Verbosity::silent) {
    auto directory = TempDirectory::create(fs::temp_directory_path());
    REQUIRE(directory);
    directory_.emplace(std::move(*directory));
    fs::create_directory(root());
    write_image(directory_->path() / "image");
    auto image = Image::open(directory_->path() / "image");
    REQUIRE(image);
    image_ = *image;
    start();
  }
  ~TestMount() {
    ::umount2(root().c_str(), MNT_DETACH);
    loop_.join();
    files_->stop();
    session_.reset();
  }

  fs::path root() const { return directory_->path() / "mnt"; }
  fs::path operator/(const char* path) const { return root() / path; }
  LazyReport report(const std::string& path) const {
    for (const LazyReport& report : files_->reports()) {
      if (report.path == path) return report;
    }
    return {};
  }
  void wait_until_parked(const std::string& path, unsigned count) const {
    while (report(path).waiting != count) std::this_thread::yield();
  }

  FakeLowering lowering;
  std::promise<void> moved;

 private:
  void start() {
    guard_.emplace(image_->squashfs().fd(), "image", [this](const std::string& line) { log_.warning(line); });
    files_.emplace(
        lazy_options_,
        LazyHooks{.find = [](const FileRecord&) { return std::optional<Lowered>(); },
                  .lower = [this](const FileRecord&, const std::atomic<bool>* stop) { return lowering.lower(stop); },
                  .moved =
                      [this](const std::set<NodeName>& names) {
                        announce_moved(session_->get(), names);
                        moved.set_value();
                      },
                  .info = [this](const std::string& line) { log_.info(line); },
                  .warning = [this](const std::string& line) { log_.warning(line); }});
    tree_.emplace(*image_, *guard_, &*files_,
                  TreeOptions{.uid = 11, .gid = 12, .target = "t c", .configuration = "default"});
    mounted_ = {image_.get(), &*tree_, &*files_, &log_, [this] {
                  StatusInput input;
                  input.image = "the image";
                  input.files = files_->reports();
                  return status_text(input);
                }};
    auto session = Session::mount(root(), "test", {}, mounted_);
    INFO((session ? "" : session.error().message));
    REQUIRE(session);
    session_.emplace(std::move(*session));
    loop_ = std::thread([this] { (void)session_->loop(); });
  }

  const LazyOptions lazy_options_;
  Log log_;
  std::optional<TempDirectory> directory_;
  std::shared_ptr<const Image> image_;
  std::optional<ImageGuard> guard_;
  std::optional<LazyFiles> files_;
  std::optional<ServedTree> tree_;
  Mounted mounted_;
  std::optional<Session> session_;
  std::thread loop_;
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string padded(const std::string& bytes) {
  std::string result = bytes;
  result.resize(promised_size(kBaseline.size()));
  return result;
}

struct stat stat_of(const fs::path& path) {
  struct stat result{};
  REQUIRE(::lstat(path.c_str(), &result) == 0);
  return result;
}

std::string xattr(const fs::path& path, const char* name) {
  char value[256];
  const ssize_t size = ::getxattr(path.c_str(), name, value, sizeof(value));
  return size < 0 ? std::string("none") : std::string(value, static_cast<std::size_t>(size));
}

TEST_CASE("a mount shows the tree of the image") {
  if (!can_mount()) return;
  const TestMount mount;
  CHECK(content(mount / "share/plain") == "plain\n");
  CHECK(fs::read_symlink(mount / "share/link") == "../bin/tool");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(mount / "share/many")) names.insert(entry.path().filename());
  CHECK(names.size() == 500);
  CHECK(content(mount / "share/many/499") == "499");
  CHECK_FALSE(fs::exists(mount / "share/absent"));
  const struct stat plain = stat_of(mount / "share/plain");
  CHECK(plain.st_size == 6);
  CHECK(plain.st_uid == 11);
  CHECK(plain.st_gid == 12);
  CHECK(::open((mount / "share/plain").c_str(), O_RDWR) == -1);
  CHECK(errno == EROFS);
}

TEST_CASE("looking at a mounted file in any way but opening it never lowers it") {
  if (!can_mount()) return;
  const TestMount mount;
  for (const auto& entry : fs::recursive_directory_iterator(mount.root())) (void)entry.status();
  CHECK(static_cast<std::uint64_t>(stat_of(mount / "bin/tool").st_size) == promised_size(kBaseline.size()));
  CHECK(xattr(mount / "bin/tool", "user.xaas.state") == "cold");
  CHECK(xattr(mount / "bin/tool", "user.xaas.target") == "t c");
  CHECK(xattr(mount / "bin/tool", "user.xaas.config") == "default");
  CHECK(xattr(mount / "bin/tool", "user.xaas.recipe") == Digest::of("bin/tool").to_string());
  CHECK(xattr(mount / "share/plain", "user.xaas.state") == "none");
  CHECK(::access((mount / "bin/tool").c_str(), X_OK) == 0);
  CHECK(mount.lowering.count == 0);
}

TEST_CASE("a cold open waits while everything else goes on, and its size never changes") {
  if (!can_mount()) return;
  TestMount mount;
  const struct stat before = stat_of(mount / "bin/tool");
  std::vector<std::future<std::string>> opens;
  for (int i = 0; i < 24; ++i) {
    opens.push_back(
        std::async(std::launch::async, [&, i] { return content(mount / (i % 2 == 0 ? "bin/tool" : "bin/same")); }));
  }
  mount.wait_until_parked("bin/tool", 24);
  CHECK(content(mount / "share/plain") == "plain\n");
  CHECK(xattr(mount / "bin/tool", "user.xaas.state") == "lowering");
  mount.lowering.finish(kLowered);
  for (auto& open : opens) CHECK(open.get() == padded(kLowered));
  CHECK(mount.lowering.count == 1);
  CHECK(xattr(mount / "bin/tool", "user.xaas.state") == "ready");
  const struct stat after = stat_of(mount / "bin/tool");
  CHECK(before.st_size == after.st_size);
  CHECK(before.st_ino == after.st_ino);
  CHECK(stat_of(mount / "bin/same").st_ino == after.st_ino);
}

TEST_CASE("an interrupted open returns at once and the next one joins the lowering") {
  if (!can_mount()) return;
  TestMount mount;
  struct sigaction action{};
  action.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGUSR1, &action, nullptr) == 0);
  int error = 0;
  std::thread open([&] {
    if (::open((mount / "bin/tool").c_str(), O_RDONLY) < 0) error = errno;
  });
  mount.wait_until_parked("bin/tool", 1);
  ::pthread_kill(open.native_handle(), SIGUSR1);
  open.join();
  CHECK(error == EINTR);
  auto next = std::async(std::launch::async, [&] { return content(mount / "bin/tool"); });
  mount.wait_until_parked("bin/tool", 1);
  mount.lowering.finish(kLowered);
  CHECK(next.get() == padded(kLowered));
  CHECK(mount.lowering.count == 1);
}

TEST_CASE("a file that cannot be lowered is served as the padded baseline, with the reason") {
  if (!can_mount()) return;
  TestMount mount;
  mount.lowering.finish("");
  CHECK(content(mount / "bin/tool") == padded(kBaseline));
  CHECK(xattr(mount / "bin/tool", "user.xaas.state") == "baseline");
  CHECK(xattr(mount / "bin/tool", "user.xaas.error") == "cannot be lowered");
}

TEST_CASE("a result that is larger than promised is opened, unnoticed by who waited for it") {
  if (!can_mount()) return;
  TestMount mount;
  const std::string large(promised_size(kBaseline.size()) + 70'001, 'x');
  mount.lowering.finish(large);
  stat_of(mount / "bin/tool");
  CHECK(content(mount / "bin/tool") == large);
  mount.moved.get_future().wait();
  CHECK(static_cast<std::size_t>(stat_of(mount / "bin/tool").st_size) == large.size());
}

TEST_CASE("who has mapped the baseline keeps its bytes when the lowered file is ready") {
  if (!can_mount()) return;
  TestMount mount({.parallel = 1, .timeout = std::chrono::milliseconds(0)});
  const Fd baseline(::open((mount / "bin/tool").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(baseline.valid());
  void* mapped = ::mmap(nullptr, kBaseline.size(), PROT_READ, MAP_PRIVATE, baseline.get(), 0);
  REQUIRE(mapped != MAP_FAILED);
  const auto* bytes = static_cast<const char*>(mapped);
  CHECK(bytes[0] == 'b');  // one page is in memory, the others are not yet
  mount.lowering.finish(kLowered);
  mount.moved.get_future().wait();
  CHECK(content(mount / "bin/tool") == padded(kLowered));
  (void)std::ofstream("/proc/sys/vm/drop_caches").write("3", 1);
  CHECK(std::string(bytes, kBaseline.size()) == kBaseline);
  CHECK(content(fmt::format("/proc/self/fd/{}", baseline.get())) == padded(kBaseline));
  ::munmap(mapped, kBaseline.size());
}

TEST_CASE("the status of a mount can be read in it") {
  if (!can_mount()) return;
  TestMount mount;
  mount.lowering.finish(kLowered);
  content(mount / "bin/tool");
  const Result<std::string> status = read_status(mount.root());
  REQUIRE(status);
  CHECK(status->find("the image") != std::string::npos);
  CHECK(status->find("ready     bin/tool") != std::string::npos);
  bool listed = false;
  for (const auto& entry : fs::directory_iterator(mount / ".xaas")) listed |= entry.path().filename() == "status";
  CHECK(listed);
}

TEST_CASE("a directory without a mount has no status, and says so in one line") {
  const Result<std::string> status = read_status("/");
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find("no image is mounted here") != std::string::npos);
  CHECK(status.error().message.find('\n') == std::string::npos);
}

TEST_CASE("an image that is changed under the mount is noticed once; one that is renamed over is not a change") {
  auto directory = TempDirectory::create(fs::temp_directory_path());
  REQUIRE(directory);
  const fs::path path = directory->path() / "image";
  REQUIRE(write_file(path, "one"));
  const auto file = open_for_reading(path);
  REQUIRE(file);
  int warnings = 0;
  ImageGuard guard(file->get(), path, [&](const std::string&) { ++warnings; });
  struct stat first{};
  REQUIRE(::fstat(file->get(), &first) == 0);
  SECTION("renamed over") {
    REQUIRE(write_file(path, "two"));
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1100);
    bool good = true;  // it looks once a second
    while (std::chrono::steady_clock::now() < end) good = good && guard.check();
    CHECK(good);
    CHECK(warnings == 0);
  }
  SECTION("changed") {
    REQUIRE(::truncate(path.c_str(), 1) == 0);
    while (guard.check()) std::this_thread::yield();
    CHECK_FALSE(guard.check());
    CHECK(warnings == 1);
  }
}

}  // namespace
}  // namespace xaas
