// Real mounts in this process, with a fake in place of lowering: what the kernel and programs see. Needs root and
// /dev/fuse.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

#include "format/base/file.h"
#include "format/squashfs/writer.h"
#include "fuse/image_guard.h"
#include "fuse/operations.h"
#include "fuse/served_tree.h"
#include "fuse/session.h"
#include "fuse/status.h"
#include "tests/unit/format_support.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

const std::string kBaseline(300'000, 'b');
const std::string kLowered(310'000, 'l');

// A test that cannot mount returns at once. Catch2 2, which Debian 12 has, has no way to skip a test.
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

enum class Sizes { right, wrong };  // in the index, of files that can be lowered

void write_image(const fs::path& path, Sizes sizes = Sizes::right) {
  auto writer = SquashfsWriter::create(path, {});
  REQUIRE(writer);
  std::vector<FileRecord> records;
  add_lazy(**writer, records, "bin/tool");
  add_lazy(**writer, records, "bin/other");
  if (sizes == Sizes::wrong) ++records[0].size;
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

// Gives the result of every lowering, once the test has set it.
class FakeLowering {
 public:
  Result<Lowered> lower(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++count;
    changed_.wait(lock, stop, [&] { return bytes_.has_value(); });
    if (!bytes_) return fail(Code::interrupted, "stopped");
    if (bytes_->empty()) return fail(Code::failed, "cannot be lowered");
    Lowered result;
    result.file = Fd(::memfd_create("lowered", MFD_CLOEXEC));
    result.size = bytes_->size();
    XAAS_TRY(write_all(result.file.get(), *bytes_));
    return result;
  }
  // With empty `bytes`, lowering fails.
  void finish(std::string bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ = std::move(bytes);
    changed_.notify_all();
  }
  std::atomic<int> count{0};

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<std::string> bytes_;
};

// A mounted image. It is unmounted when this goes out of scope.
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
    files_->stop();  // first: while the loop still serves
    // The kernel sends what closes files and directories before it ends the mount, and with that the loop. A mount
    // namespace that somebody made meanwhile has the mount too, and keeps it.
    const bool is_unmounted = umount2(root().c_str(), 0) == 0;
    if (!is_unmounted || loop_.wait_for(std::chrono::seconds(1)) != std::future_status::ready) session_->end();
    loop_.wait();
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
  // The kernel asks once, however many threads read the same part of the file.
  void wait_until_parked(const std::string& path) {
    const auto end = std::chrono::steady_clock::now() + test::kPatience;
    while (report(path).waiting == 0) {
      if (std::chrono::steady_clock::now() > end) give_up("read of " + path);
      std::this_thread::yield();
    }
  }
  // Returns the result of an operation in another thread.
  template <typename T>
  T get(std::future<T> result) {
    if (result.wait_for(test::kPatience) != std::future_status::ready) give_up("operation");
    return result.get();
  }

  FakeLowering lowering;
  std::promise<void> moved;

 private:
  // Answers the reads that wait. Otherwise the test would never end.
  void give_up(const std::string& what) {
    files_->stop();
    FAIL("gave up waiting: " + what);
  }
  void start() {
    guard_.emplace(image_->squashfs().fd(), 0, "image");
    files_.emplace(lazy_options_,
                   LazyHooks{.find = [](const FileRecord&) { return std::optional<Lowered>(); },
                             .lower = [this](const FileRecord&, const std::stop_token& stop,
                                             const ModuleReport&) { return lowering.lower(stop); },
                             .find_prefix = [](const Lowered&) -> Result<PrefixPlaces> { return PrefixPlaces{}; },
                             .grow =
                                 [this](InodeRef ref, std::uint64_t size) {
                                   return announce_growth(session_->get(), tree_->id({ref, Generation::promised}),
                                                          size);
                                 },
                             .moved =
                                 [this](const std::set<NodeName>& names) {
                                   announce_moved(session_->get(), names);
                                   moved.set_value();
                                 },
                             .info = [this](const std::string& line) { log_.info(line); },
                             .warning = [this](const std::string& line) { log_.warning(line); }});
    tree_.emplace(
        *image_, *guard_, &*files_,
        TreeOptions{
            .uid = 11, .gid = 12, .triple = "t", .cpu = "c", .configuration = "default", .root = {}, .moved = {}});
    mounted_ = {.image = image_.get(),
                .tree = &*tree_,
                .files = &*files_,
                .log = &log_,
                .statuses = &statuses_,
                .activity = &activity_};
    auto session = Session::mount(root(), "test", {}, mounted_);
    INFO((session ? "" : session.error().message));
    REQUIRE(session);
    session_.emplace(std::move(*session));
    loop_ = std::async(std::launch::async, [this] { (void)session_->loop(); });
  }

  const LazyOptions lazy_options_;
  Log log_;
  std::optional<TempDirectory> directory_;
  std::shared_ptr<const Image> image_;
  std::optional<ImageGuard> guard_;
  std::optional<LazyFiles> files_;
  std::optional<ServedTree> tree_;
  StatusNodes statuses_{[this] {
    StatusInput input;
    input.image = "the image";
    input.files = files_->reports();
    return status_text(input);
  }};
  Activity activity_;
  Mounted mounted_;
  std::optional<Session> session_;
  std::future<void> loop_;
};

std::string content(const fs::path& path) { return read_file(path).value_or(""); }

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

TEST_CASE("looking at a mounted file in any way but reading it never lowers it") {
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
  CHECK(Fd(::open((mount / "bin/tool").c_str(), O_RDONLY | O_CLOEXEC)).valid());
  CHECK(mount.lowering.count == 0);
}

TEST_CASE("a cold read waits while everything else goes on, and its size never changes") {
  if (!can_mount()) return;
  TestMount mount;
  const struct stat before = stat_of(mount / "bin/tool");
  std::vector<std::future<std::string>> reads;
  for (int i = 0; i < 24; ++i) {
    reads.push_back(
        std::async(std::launch::async, [&, i] { return content(mount / (i % 2 == 0 ? "bin/tool" : "bin/same")); }));
  }
  mount.wait_until_parked("bin/tool");
  CHECK(content(mount / "share/plain") == "plain\n");
  CHECK(xattr(mount / "bin/tool", "user.xaas.state") == "lowering");
  mount.lowering.finish(kLowered);
  for (auto& reader : reads) CHECK(mount.get(std::move(reader)) == padded(kLowered));
  CHECK(mount.lowering.count == 1);
  CHECK(xattr(mount / "bin/tool", "user.xaas.state") == "ready");
  const struct stat after = stat_of(mount / "bin/tool");
  CHECK(before.st_size == after.st_size);
  CHECK(before.st_ino == after.st_ino);
  CHECK(stat_of(mount / "bin/same").st_ino == after.st_ino);
}

// Reads the file in a process of its own, which does nothing else.
pid_t read_elsewhere(const fs::path& path) {
  const std::string name = path.string();
  const pid_t process = ::fork();
  REQUIRE(process >= 0);
  if (process > 0) return process;
  char byte = 0;
  const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  ::_exit(::read(file, &byte, 1) == 1 ? 0 : 1);
}

TEST_CASE("who is killed while it waits ends at once, and the next read joins the lowering") {
  if (!can_mount()) return;
  TestMount mount;
  const pid_t process = read_elsewhere(mount / "bin/tool");
  mount.wait_until_parked("bin/tool");
  REQUIRE(::kill(process, SIGKILL) == 0);
  int status = 0;
  auto ended = std::async(std::launch::async, [&] { return ::waitpid(process, &status, 0); });
  REQUIRE(mount.get(std::move(ended)) == process);
  CHECK(WIFSIGNALED(status));
  auto next = std::async(std::launch::async, [&] { return content(mount / "bin/tool"); });
  mount.wait_until_parked("bin/tool");
  mount.lowering.finish(kLowered);
  CHECK(mount.get(std::move(next)) == padded(kLowered));
  CHECK(mount.lowering.count == 1);
}

TEST_CASE("a read past the kernel's memory that is interrupted returns at once") {
  if (!can_mount()) return;
  TestMount mount;
  struct sigaction action{};
  action.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGUSR1, &action, nullptr) == 0);
  const Fd file(::open((mount / "bin/tool").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  REQUIRE(file.valid());
  int error = 0;
  std::jthread reader([&] {
    alignas(4096) static char page[4096];
    if (::read(file.get(), page, sizeof(page)) < 0) error = errno;
  });
  mount.wait_until_parked("bin/tool");
  ::pthread_kill(reader.native_handle(), SIGUSR1);
  reader.join();
  CHECK(error == EINTR);
  mount.lowering.finish(kLowered);
  CHECK(content(mount / "bin/tool") == padded(kLowered));
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

TEST_CASE("a result that is larger than promised is read whole, by whoever waited for it and afterwards") {
  if (!can_mount()) return;
  TestMount mount;
  const std::string large(promised_size(kBaseline.size()) + 70'001, 'x');
  const struct stat before = stat_of(mount / "bin/tool");
  mount.lowering.finish(large);
  const Fd opened(::open((mount / "bin/tool").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string first = read_fd(opened.get()).value();
  CHECK(first.substr(0, large.size()) == large);
  CHECK(first.substr(large.size()).find_first_not_of('\0') == std::string::npos);
  CHECK(content(mount / "bin/tool") == first);
  CHECK(static_cast<std::size_t>(stat_of(mount / "bin/tool").st_size) == first.size());
  CHECK(stat_of(mount / "bin/tool").st_ino == before.st_ino);
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
  mount.get(mount.moved.get_future());
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
  CHECK(stat_of(mount / ".xaas/status").st_size > 0);
  const Result<std::string> again = read_status(mount.root());
  REQUIRE(again);
  CHECK(*again == *status);
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

TEST_CASE("a file whose size the index does not know is refused") {
  auto directory = TempDirectory::create(fs::temp_directory_path());
  REQUIRE(directory);
  write_image(directory->path() / "image", Sizes::wrong);
  const auto image = Image::open(directory->path() / "image");
  REQUIRE(image);
  ImageGuard guard((*image)->squashfs().fd(), 0, "image");
  LazyFiles files({}, {});
  ServedTree tree(**image, guard, &files, {});
  const auto bin = tree.lookup(kRootNode, "bin");
  REQUIRE(bin);
  CHECK(tree.lookup(bin->node, "other"));
  const auto tool = tree.lookup(bin->node, "tool");
  REQUIRE_FALSE(tool);
  CHECK(tool.error().code == Code::invalid);
  CHECK(tool.error().message.find("bin/tool: 300000 bytes in the image but 300001 in its index") == 0);
}

}  // namespace
}  // namespace xaas
