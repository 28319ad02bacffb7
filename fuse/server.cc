// See server.h.
#include "fuse/server.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "format/prefix_finder.h"
#include "fuse/ending_signals.h"
#include "fuse/idle_watch.h"
#include "fuse/image_guard.h"
#include "fuse/lazy_files.h"
#include "fuse/operations.h"
#include "fuse/read_ahead.h"
#include "fuse/served_tree.h"
#include "fuse/session.h"
#include "fuse/status.h"
#include "fuse/wait_line.h"
#include "lower/add_on_choice.h"
#include "lower/configuration.h"
#include "lower/host.h"
#include "lower/lowerer.h"
#include "lower/runtime_libraries.h"
#include "lower/slot_choice.h"

namespace xaas {
namespace {

// The most files that are lowered at the same time. Each of them uses `jobs` threads for most of its time.
constexpr unsigned kMaxParallel = 4;

// The server keeps a descriptor for every lowered file that was read.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Has the allocator give large pieces of memory back as soon as they are free, such as the bytes of the worker's
// program. By itself it would keep up to 64 MiB in each thread's arena. REQUIRES: this process has one thread.
void keep_no_large_pieces() {
  constexpr int kLarge = 1 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);  // NOLINT(concurrency-mt-unsafe): no other thread has started
  ::mallopt(M_TRIM_THRESHOLD, kLarge);  // NOLINT(concurrency-mt-unsafe)
}

std::string timeout_text(const std::optional<std::chrono::milliseconds>& timeout) {
  return timeout ? fmt::format("{} s", static_cast<double>(timeout->count()) / 1000) : "none";
}

}  // namespace

// The members are in the order in which they need each other. They are destroyed in the reverse order.
class Server::Impl {
 public:
  Impl(std::shared_ptr<const Image> image, MountOptions options, Log::Verbosity verbosity)
      : log_(verbosity),
        options_(std::move(options)),
        timeout_(read_timeout(options_, kernel_timeout())),
        image_(std::move(image)),
        guard_(image_->squashfs().fd(), image_->squashfs().offset(), image_->path().string()) {}

  ~Impl() {
    if (wait_line_) wait_line_->stop();
    if (files_) files_->stop();
  }

  Status make_lowerer();
  Status choose();
  Status mount(const std::filesystem::path& mountpoint);
  Status serve();

 private:
  Result<std::optional<MovedPrefix>> shown_prefix(const std::filesystem::path& mountpoint) const;
  std::string target() const;
  std::string status() const;
  TreeOptions tree_options() const;
  decltype(LazyHooks::stand_in) stand_ins() const;
  bool serves_ready_files() const;
  Result<InodeRef> served_file(const std::string& path) const;
  LazyHooks hooks();
  WaitLineHooks wait_line_hooks();
  void lower_all();
  void set_ahead(Ahead ahead);
  bool is_lowering() const;

  Log log_;
  const MountOptions options_;
  const std::optional<std::chrono::milliseconds> timeout_;
  const std::shared_ptr<const Image> image_;
  ImageGuard guard_;
  StatusNodes statuses_{[this] { return status(); }};
  std::string configuration_;
  std::vector<SlotChoice> slots_;
  std::unique_ptr<Lowerer> lowerer_;  // null: nothing is lowered
  std::optional<MovedPrefix> moved_;
  std::optional<WaitLine> wait_line_;  // stops before files_ is gone
  std::unique_ptr<LazyFiles> files_;
  std::optional<ServedTree> tree_;
  std::optional<ReadAhead> read_ahead_;  // asks tree_; files_, which begins it, is stopped before it is gone
  Activity activity_;
  Mounted mounted_;
  std::optional<Session> session_;
  std::stop_source ending_;
  std::atomic<bool> lowers_all_{false};
  mutable std::mutex ahead_mutex_;
  Ahead ahead_;
};

// Leaves lowerer_ null if lowering is not wanted, or if it is not possible and the user does not insist on it.
Status Server::Impl::make_lowerer() {
  if (options_.when == LowerWhen::never) return {};
  LowererOptions options = options_.lowerer;
  // Either may serve a baseline beside files that are lowered.
  options.mixes = options_.when == LowerWhen::background || timeout_.has_value();
  Result<std::unique_ptr<Lowerer>> lowerer = Lowerer::create(image_, options);
  if (lowerer) {
    lowerer_ = std::move(*lowerer);
    const Status writable = lowerer_->cache().writable();
    if (!writable && options_.when == LowerWhen::eager) {
      return fail(Code::invalid, "lower=eager needs a cache that can be written: {}", writable.error().message);
    }
    if (!writable) log_.warning(fmt::format("nothing is kept for the next mount: {}", writable.error().message));
    return {};
  }
  const bool asked_for = options_.strict || !options.configuration.empty();
  if (asked_for || lowerer.error().code != Code::unsupported) return tl::unexpected(std::move(lowerer.error()));
  log_.warning(fmt::format("the baseline is served: {}", lowerer.error().message));
  return {};
}

Status Server::Impl::choose() {
  if (lowerer_) {
    configuration_ = lowerer_->configuration();
  } else {
    const LowererOptions& options = options_.lowerer;
    XAAS_ASSIGN(const auto gpus, named_gpus(options.gpu));
    XAAS_ASSIGN(configuration_,
                baseline_configuration(*image_, options.target, options.configuration, *this_host(), gpus));
  }
  if (!image_->squashfs().resolve(tree_root(image_->manifest(), configuration_))) {
    return fail(Code::invalid, "{}: the files of the configuration {} are missing: fetch the image again",
                image_->path().string(), configuration_);
  }
  XAAS_ASSIGN(slots_, choose_slots(*image_, configuration_, options_.lowerer.slots));
  if (const std::string libc = missing_libc(image_->manifest(), configuration_); !libc.empty()) {
    log_.warning(fmt::format("this host's libc lacks {}: files that need it start only once they are lowered", libc));
  }
  return {};
}

bool Server::Impl::serves_ready_files() const { return options_.when == LowerWhen::automatic && !options_.strict; }

// Empty unless a ready file may be served.
decltype(LazyHooks::stand_in) Server::Impl::stand_ins() const {
  if (!serves_ready_files()) return {};
  return [this](const FileRecord& record) -> Result<std::optional<StandIn>> {
    XAAS_ASSIGN(const auto ready, lowerer_->ready_file(record));
    if (!ready) return std::nullopt;
    return tree_->stand_in(*ready);
  };
}

// The file of the image with the bytes that a first read of the file at `path` gets, unless the cache has others.
Result<InodeRef> Server::Impl::served_file(const std::string& path) const {
  if (!tree_->shows_bytes_of(path)) return fail(Code::not_found, "{} is not shown", path);
  XAAS_ASSIGN(const auto record, image_->files().find(path));
  if (!record || record->recipe.is_none()) return image_->squashfs().resolve(path);
  const auto ready = serves_ready_files() ? lowerer_->ready_file(*record) : std::nullopt;
  if (!ready || !*ready) return fail(Code::not_found, "{} is lowered before it is read", path);
  return image_->squashfs().resolve((*ready)->record.path);
}

LazyHooks Server::Impl::hooks() {
  return {
      .find = [this](const FileRecord& record) { return lowerer_->find(record); },
      .lower = [this](const FileRecord& record, const std::stop_token& stop,
                      const ModuleReport& report) { return lowerer_->lower(record, stop, report); },
      .stand_in = stand_ins(),
      .begins = [this](const FileRecord& record) { read_ahead_->begin_libraries_of(record.path); },
      .serves = [this](InodeRef ready) { read_ahead_->begin(ready); },
      .ready_made = [this](const FileRecord& record) -> Result<std::optional<std::pair<StandIn, Digest>>> {
        XAAS_ASSIGN(const auto made, lowerer_->ready_made(record));
        if (!made) return std::nullopt;
        XAAS_ASSIGN(StandIn ready, tree_->stand_in(made->file));
        return std::pair(std::move(ready), made->key);
      },
      .find_prefix = [this](const Lowered& lowered) -> Result<PrefixPlaces> {
        if (!moved_) return PrefixPlaces{};
        return find_prefix(lowered.file.get(), lowered.size, moved_->from());
      },
      .grow =
          [this](InodeRef ref, std::uint64_t size) {
            return announce_growth(session_->get(), tree_->id({ref, Generation::promised}), size);
          },
      .moved = [this](const std::set<NodeName>& names) { announce_moved(session_->get(), names); },
      .waits = wait_line_ ? std::function<void()>([this] { wait_line_->wake(); }) : nullptr,
      .answers = wait_line_ ? std::function<void()>([this] { wait_line_->clear(); }) : nullptr,
      .info = [this](const std::string& line) { log_.info(line); },
      .warning = [this](const std::string& line) { log_.warning(line); },
  };
}

WaitLineHooks Server::Impl::wait_line_hooks() {
  return {.reports = [this] { return files_->reports(); },
          .draw = [this](const std::string& text) { log_.draw(text); },
          .erase = [this] { log_.erase(); }};
}

// Lowers all files into the cache. Reads find what is there, and wait for what is being made. The smallest files come
// first, so that many are ready soon.
void Server::Impl::lower_all() {
  auto records = lowerable_records(*image_, tree_root(image_->manifest(), configuration_));
  if (!records) return log_.warning(records.error().message);
  std::ranges::sort(*records, {}, &FileRecord::size);
  std::size_t failed = 0;
  for (std::size_t i = 0; i < records->size(); ++i) {
    const FileRecord& record = (*records)[i];
    Ahead ahead{.files = records->size(), .done = i, .path = std::string(path_in_tree(record.path)), .modules = {}};
    set_ahead(ahead);
    const auto lowered = lowerer_->lower(record, ending_.get_token(), [&](const ModuleCount& modules) {
      ahead.modules = modules;
      set_ahead(ahead);
    });
    if (ending_.stop_requested()) return;
    const std::string_view path = path_in_tree(record.path);
    if (!lowered) {
      ++failed;
      log_.warning(fmt::format("{}: not lowered ahead: {}", path, lowered.error().message));
    } else if (!lowered->from_cache) {
      log_.info(fmt::format("{}: lowered in {:.1f} s", path, lowered->seconds));
    }
  }
  log_.info(fmt::format("{} of {} files are lowered", records->size() - failed, records->size()));
}

void Server::Impl::set_ahead(Ahead ahead) {
  const std::lock_guard lock(ahead_mutex_);
  ahead_ = std::move(ahead);
}

// How the prefix is replaced. None: the image is shown as it was built.
Result<std::optional<MovedPrefix>> Server::Impl::shown_prefix(const std::filesystem::path& mountpoint) const {
  if (!options_.prefix.empty()) return moved_prefix(image_->manifest(), options_.prefix);
  if (Session::is_descriptor(mountpoint)) return std::nullopt;
  std::error_code error;
  const std::filesystem::path place = std::filesystem::canonical(mountpoint, error);
  if (error) return fail(Code::invalid, "{}: cannot mount here: {}", mountpoint.string(), error.message());
  return moved_prefix(image_->manifest(), place);
}

// Whether a file is being lowered that a later read would wait for.
bool Server::Impl::is_lowering() const {
  if (lowers_all_) return true;
  if (!files_) return false;
  return std::ranges::any_of(files_->reports(), is_being_lowered);
}

std::string Server::Impl::target() const { return lowerer_ ? lowerer_->target_name() : std::string(); }

std::string Server::Impl::status() const {
  const Manifest& manifest = image_->manifest();
  StatusInput input;
  input.image = image_->path().string();
  input.name = full_name(manifest);
  input.target = target();
  input.configuration = describe_configuration(manifest, configuration_);
  for (const SlotChoice& slot : slots_) input.slots[slot.slot] = describe(slot);
  if (lowerer_) {
    input.level = lowerer_->level();
    input.policy = lowerer_->policy().name;
    input.cache = lowerer_->cache().directory().string();
    input.timeout = timeout_text(timeout_);
    input.files = files_->reports();
    const std::lock_guard lock(ahead_mutex_);
    input.ahead = ahead_;
  }
  input.log = log_.lines();
  return status_text(input);
}

TreeOptions Server::Impl::tree_options() const {
  TreeOptions options{.uid = options_.uid,
                      .gid = options_.gid,
                      .triple = lowerer_ ? lowerer_->target().triple : std::string(),
                      .cpu = lowerer_ ? lowerer_->target().cpu : std::string(),
                      .configuration = configuration_,
                      .root = tree_root(image_->manifest(), configuration_),
                      .moved = moved_};
  ShownSlots slots = shown_slots(*image_, configuration_, slots_);
  options.hidden = std::move(slots.hidden);
  options.replaced = std::move(slots.files);
  const std::string runtime = lowerer_ ? lowerer_->hidden_directory() : hidden_directory(*image_);
  if (!runtime.empty()) options.hidden.push_back(runtime);
  return options;
}

Status Server::Impl::mount(const std::filesystem::path& mountpoint) {
  raise_descriptor_limit();
  keep_no_large_pieces();
  XAAS_TRY(Session::check_mountpoint(mountpoint, options_.nonempty));
  XAAS_ASSIGN(moved_, shown_prefix(mountpoint));
  if (lowerer_) {
    const unsigned jobs = options_.lowerer.jobs != 0 ? options_.lowerer.jobs : usable_cores();
    const LazyOptions lazy{
        .parallel = std::min(jobs, kMaxParallel),
        .timeout = timeout_,
        .strict = options_.strict || keeps_to_level(image_->manifest(), configuration_, lowerer_->level())};
    if (log_.can_draw()) wait_line_.emplace(wait_line_hooks());
    read_ahead_.emplace(*image_, [this](const std::string& path) { return served_file(path); });
    files_ = std::make_unique<LazyFiles>(lazy, hooks());
  }
  tree_.emplace(*image_, guard_, files_.get(), tree_options());
  mounted_ = {.image = image_.get(),
              .tree = &*tree_,
              .files = files_.get(),
              .log = &log_,
              .statuses = &statuses_,
              .activity = options_.idle ? &activity_ : nullptr};
  XAAS_ASSIGN(session_, Session::mount(mountpoint, image_->path().string(), options_.kernel, mounted_));
  return {};
}

Status Server::Impl::serve() {
  // files_ stops while the loop still answers: a thread of files_ may be in announce_moved(), which waits for a
  // directory whose lock the kernel holds until we have answered.
  const auto end = [this] {
    ending_.request_stop();
    if (files_) files_->stop();
    session_->end();
  };
  Status served;
  std::jthread eager;
  if (lowerer_ && options_.when == LowerWhen::eager) {
    lowers_all_ = true;
    eager = std::jthread([this] {
      lower_all();
      set_ahead({});
      lowers_all_ = false;
    });
  }
  std::optional<IdleWatch> idle;
  if (options_.idle) {
    idle.emplace(activity_, *options_.idle, [this] { return !is_lowering() && session_->unmount_if_unused(); });
  }
  {
    const EndingSignals signals(end);
    served = session_->loop();
  }
  idle.reset();
  ending_.request_stop();
  if (files_) files_->stop();  // if it was unmounted from outside; then the kernel answers
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
  XAAS_ASSIGN(const AddOnDecision decision, choose_add_on(std::move(image), options.lowerer));
  image = decision.image;
  auto impl = std::make_unique<Impl>(std::move(image), options, verbosity);
  XAAS_TRY(impl->make_lowerer());
  XAAS_TRY(impl->choose());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Status Server::mount(const std::filesystem::path& mountpoint) { return impl_->mount(mountpoint); }
Status Server::serve() { return impl_->serve(); }

}  // namespace xaas
