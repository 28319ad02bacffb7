// See server.h.
#include "fuse/server.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "fuse/image_guard.h"
#include "fuse/operations.h"
#include "fuse/served_tree.h"
#include "fuse/session.h"
#include "fuse/status.h"
#include "lower/host.h"

namespace xaas {
namespace {

// Files lowered at the same time: each of them uses `jobs` threads for most of its time.
constexpr unsigned kMaxParallel = 4;

// A descriptor is kept for every lowered file that was opened.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string timeout_text(const std::optional<std::chrono::milliseconds>& timeout) {
  return timeout ? fmt::format("{} s", static_cast<double>(timeout->count()) / 1000) : "none";
}

}  // namespace

// Members in the order in which they need each other; destroyed the other way round.
class Server::Impl {
 public:
  Impl(std::shared_ptr<const Image> image, MountOptions options, Log::Verbosity verbosity)
      : log_(verbosity),
        options_(std::move(options)),
        timeout_(open_timeout(options_)),
        image_(std::move(image)),
        guard_(image_->squashfs().fd(), image_->path().string(), [this](const auto& line) { log_.warning(line); }) {}

  Status make_lowerer();
  Status mount(const std::filesystem::path& mountpoint);
  Status serve();
  const Image& image() const { return *image_; }

 private:
  std::string target() const;
  std::string status() const;
  LazyHooks hooks();

  Log log_;
  const MountOptions options_;
  const std::optional<std::chrono::milliseconds> timeout_;
  const std::shared_ptr<const Image> image_;
  ImageGuard guard_;
  std::unique_ptr<Lowerer> lowerer_;  // null: nothing is lowered
  std::unique_ptr<LazyFiles> files_;
  std::optional<ServedTree> tree_;
  Mounted mounted_;
  std::optional<Session> session_;
};

Status Server::Impl::make_lowerer() {
  if (options_.when == LowerWhen::never) return {};
  LowererOptions options = options_.lowerer;
  if (options.policy.name.empty()) {
    XAAS_ASSIGN(options.policy, find_policy("default"));
  }
  Result<std::unique_ptr<Lowerer>> lowerer = Lowerer::create(image_, options);
  if (lowerer) {
    lowerer_ = std::move(*lowerer);
    const Status writable = lowerer_->cache().writable();
    if (!writable) log_.warning(fmt::format("nothing is kept for the next mount: {}", writable.error().message));
    return {};
  }
  if (options_.strict || lowerer.error().code != Code::unsupported) return tl::unexpected(std::move(lowerer.error()));
  log_.warning(fmt::format("the baseline is served: {}", lowerer.error().message));
  return {};
}

LazyHooks Server::Impl::hooks() {
  return {
      .find = [this](const FileRecord& record) { return lowerer_->find(record); },
      .lower = [this](const FileRecord& record,
                      const std::atomic<bool>* stop) { return lowerer_->lower(record, stop); },
      .moved = [this](const std::set<NodeName>& names) { announce_moved(session_->get(), names); },
      .info = [this](const std::string& line) { log_.info(line); },
      .warning = [this](const std::string& line) { log_.warning(line); },
  };
}

std::string Server::Impl::target() const {
  return lowerer_ ? lowerer_->target().triple + " " + lowerer_->target().cpu : std::string();
}

std::string Server::Impl::status() const {
  const Manifest& manifest = image_->manifest();
  StatusInput input;
  input.image = image_->path().string();
  input.name = manifest.name + " " + manifest.version;
  input.target = target();
  if (lowerer_) {
    input.configuration = lowerer_->configuration();
    input.policy = options_.lowerer.policy.name.empty() ? "default" : options_.lowerer.policy.name;
    input.cache = lowerer_->cache().directory().string();
    input.timeout = timeout_text(timeout_);
    input.files = files_->reports();
  }
  input.log = log_.lines();
  return status_text(input);
}

Status Server::Impl::mount(const std::filesystem::path& mountpoint) {
  raise_descriptor_limit();
  XAAS_TRY(Session::check_mountpoint(mountpoint));
  if (lowerer_) {
    const unsigned jobs = options_.lowerer.jobs != 0 ? options_.lowerer.jobs : usable_cores();
    const LazyOptions lazy{.parallel = std::min(jobs, kMaxParallel), .timeout = timeout_, .strict = options_.strict};
    files_ = std::make_unique<LazyFiles>(lazy, hooks());
  }
  tree_.emplace(*image_, guard_, files_.get(),
                TreeOptions{.uid = options_.uid,
                            .gid = options_.gid,
                            .target = target(),
                            .configuration = lowerer_ ? lowerer_->configuration() : std::string()});
  mounted_ = {.image = image_.get(), .tree = &*tree_, .files = files_.get(), .log = &log_, .status = [this] {
                return status();
              }};
  XAAS_ASSIGN(session_, Session::mount(mountpoint, image_->path().string(), options_.kernel, mounted_));
  return {};
}

Status Server::Impl::serve() {
  const Status served = session_->loop();
  // Opens that wait are answered, and nothing uses the session any more, before it is torn down.
  if (files_) files_->stop();
  session_.reset();
  return served;
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::create(const std::filesystem::path& path, const MountOptions& options,
                                               Log::Verbosity verbosity) {
  ReaderOptions reader;
  reader.offset = options.offset;
  XAAS_ASSIGN(std::shared_ptr<const Image> image, Image::open(path, reader));
  auto impl = std::make_unique<Impl>(std::move(image), options, verbosity);
  XAAS_TRY(impl->make_lowerer());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

const Image& Server::image() const { return impl_->image(); }
Status Server::mount(const std::filesystem::path& mountpoint) { return impl_->mount(mountpoint); }
Status Server::serve() { return impl_->serve(); }

}  // namespace xaas
