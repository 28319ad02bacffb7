// Threads around the states of the files; see lazy_files.h.
#include "fuse/lazy_files.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "format/base/pause.h"

namespace xaas {
namespace {

constexpr unsigned kLookupThreads = 2;
constexpr int kNicenessBehind = 10;

// How long a program that runs by ready files has the machine for itself. Reading the worker takes as much of the disk
// and the CPU as a start does.
constexpr std::chrono::milliseconds kHeadStart(200);

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

LazyFiles::LazyFiles(LazyOptions options, LazyHooks hooks)
    : options_(options),
      hooks_(std::move(hooks)),
      lookups_(kLookupThreads),
      makers_(options.parallel),
      makers_behind_(options.parallel, kNicenessBehind) {
  if (options_.timeout && options_.timeout->count() > 0) timer_ = std::thread([this] { watch_deadlines(); });
}

LazyFiles::~LazyFiles() { stop(); }

void LazyFiles::stop() {
  {
    const std::lock_guard lock(state_mutex_);
    stop_.request_stop();
  }
  deadlines_changed_.notify_all();
  if (timer_.joinable()) timer_.join();
  lookups_.stop();
  makers_.stop();
  makers_behind_.stop();
  std::vector<ContentAnswer> answers;
  {
    const std::shared_lock files_lock(files_mutex_);
    const std::lock_guard lock(state_mutex_);
    for (auto& [ref, entry] : files_) {
      LazyFile::Settled settled = entry->file.stop();
      forget(*entry, settled);
      std::ranges::move(settled.answers, std::back_inserter(answers));
    }
  }
  send(answers);
}

bool LazyFiles::contains(InodeRef ref) const {
  const std::shared_lock lock(files_mutex_);
  return files_.contains(ref);
}

void LazyFiles::add(InodeRef ref, FileRecord record, PrefixPlaces places) {
  const Fallback fallback = options_.strict ? Fallback::none : Fallback::baseline;
  const std::unique_lock lock(files_mutex_);
  std::unique_ptr<Entry>& entry = files_[ref];
  if (entry) return;
  entry.reset(new Entry{LazyFile(ref, std::move(record), std::move(places), fallback)});
}

void LazyFiles::send(const std::vector<ContentAnswer>& answers) const {
  if (!answers.empty() && hooks_.answers) hooks_.answers();
  for (const ContentAnswer& answer : answers) answer.send();
}

LazyFiles::Entry& LazyFiles::entry(InodeRef ref) const {
  const std::shared_lock lock(files_mutex_);
  return *files_.at(ref);
}

Generation LazyFiles::current(InodeRef ref, NodeName name) {
  LazyFile& file = entry(ref).file;
  // The name is remembered before the answer leaves. So a move from now on is announced, and the kernel orders the two.
  const std::lock_guard lock(state_mutex_);
  return file.current(std::move(name));
}

std::uint64_t LazyFiles::size(InodeRef ref, Generation generation) const {
  const LazyFile& file = entry(ref).file;
  const std::lock_guard lock(state_mutex_);
  return file.size(generation);
}

const Content* LazyFiles::content(InodeRef ref, Generation generation) const {
  const LazyFile& file = entry(ref).file;
  const std::lock_guard lock(state_mutex_);
  return file.content(generation);
}

void LazyFiles::wait_for_content(InodeRef ref, Generation generation, ContentRequest request) {
  if (const auto answer = read(entry(ref), generation, std::move(request))) return answer->send();
  if (hooks_.waits) hooks_.waits();
}

// Returns the answer if it can be given now. Otherwise the request waits from now on.
std::optional<ContentAnswer> LazyFiles::read(Entry& entry, Generation generation, ContentRequest request) {
  const std::lock_guard lock(state_mutex_);
  if (stop_.stop_requested() && entry.file.content(generation) == nullptr) {
    return ContentAnswer{std::move(request), EIO, nullptr};
  }
  const std::uint64_t id = request.id;
  LazyFile::Read read = entry.file.read(generation, std::move(request));
  if (read.answer) return std::move(read.answer);
  waiting_[id] = &entry;
  if (entry.file.report().waiting == 1) entry.waits_since = Clock::now();
  if (read.begins) entry.begun = entry.waits_since;
  if (read.begins) lookups_.submit([this, &entry] { look_up(entry); });
  if (timer_.joinable() && !entry.deadline) {
    entry.deadline = Clock::now() + *options_.timeout;
    deadlines_.emplace(*entry.deadline, &entry);
    deadlines_changed_.notify_all();
  }
  return std::nullopt;
}

void LazyFiles::interrupt(std::uint64_t id) {
  std::optional<ContentRequest> request;
  {
    const std::lock_guard lock(state_mutex_);
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    request = found->second->file.withdraw(id);
    waiting_.erase(found);
  }
  send({{std::move(*request), EINTR, nullptr}});
}

void LazyFiles::look_up(Entry& entry) {
  if (hooks_.begins) hooks_.begins(entry.file.record());
  Result<std::optional<Lowered>> found = hooks_.find(entry.file.record());
  if (found && *found) return settle(entry, std::move(**found));
  // Lowering meets an error of the cache again, and reports it.
  if (hooks_.stand_in && stand_in(entry)) return make_behind(entry);
  if (options_.timeout && options_.timeout->count() == 0) pass_timeout(entry);
  makers_.submit([this, &entry] { make(entry); });
}

// Serves the ready file of a file, if there is one. Returns whether it does.
bool LazyFiles::stand_in(Entry& entry) {
  Result<std::optional<StandIn>> ready = hooks_.stand_in(entry.file.record());
  if (!ready) hooks_.warning(fmt::format("{}: no ready file: {}", entry.file.path(), ready.error().message));
  if (!ready || !*ready) return false;
  const std::string cpu = (*ready)->cpu;
  const InodeRef ref = (*ready)->ref;
  std::optional<LazyFile::Settled> settled;
  {
    const std::lock_guard lock(state_mutex_);
    settled = entry.file.stand_in(std::move(**ready));
    if (!settled) return false;
    forget(entry, *settled);
  }
  if (hooks_.serves) hooks_.serves(ref);
  send(settled->answers);  // the first line of the log takes its time
  hooks_.info(fmt::format("{}: the ready file for {} is served until it is lowered", entry.file.path(), cpu));
  return true;
}

void LazyFiles::make(Entry& entry) {
  if (hooks_.ready_made && settle_ready_made(entry)) return;
  const auto advance = [this, &entry](const ModuleCount& modules) {
    const std::lock_guard lock(state_mutex_);
    entry.file.advance(modules);
  };
  settle(entry, hooks_.lower(entry.file.record(), stop_.get_token(), advance));
}

// Makes a file for which a ready file stands in.
void LazyFiles::make_behind(Entry& entry) {
  makers_behind_.submit([this, &entry, begin = Clock::now() + kHeadStart] {
    pause_for(begin - Clock::now(), stop_.get_token());
    make(entry);
  });
}

// Serves the ready file for good if it is what lowering would make. Returns whether it is. Lowering meets an error
// again, and reports it.
bool LazyFiles::settle_ready_made(Entry& entry) {
  auto made = hooks_.ready_made(entry.file.record());
  if (!made || !*made) return false;
  LazyFile::Settled settled;
  {
    const std::lock_guard lock(state_mutex_);
    settled = entry.file.settle_ready_made(std::move((*made)->first), (*made)->second);
    forget(entry, settled);
  }
  hooks_.info(fmt::format("{}: the ready file is what lowering would make", entry.file.path()));
  send(settled.answers);
  if (!settled.moved.empty()) hooks_.moved(settled.moved);
  return true;
}

void LazyFiles::settle(Entry& entry, Result<Lowered> result) {
  if (result) {
    Result<PrefixPlaces> places = hooks_.find_prefix(*result);
    if (places) return settle_lowered(entry, std::move(*result), std::move(*places));
    result = tl::unexpected(std::move(places.error()));
  }
  if (stop_.stop_requested()) return;  // stop() answers the reads that wait
  settle_failed(entry, result.error());
}

void LazyFiles::settle_lowered(Entry& entry, Lowered lowered, PrefixPlaces places) {
  LazyFile& file = entry.file;
  const std::uint64_t size = lowered.size;
  const std::uint64_t promised = file.record().promised_size;
  const bool is_new = !lowered.from_cache;
  const double seconds = lowered.seconds;
  const std::vector<std::string> warnings = std::move(lowered.warnings);
  std::optional<std::uint64_t> grown;
  {
    const std::lock_guard lock(state_mutex_);
    grown = file.prepare(size);
  }
  const bool fits = size <= promised || (grown && hooks_.grow(file.ref(), *grown));
  LazyFile::Settled settled;
  {
    const std::lock_guard lock(state_mutex_);
    settled = file.settle(std::move(lowered), std::move(places), fits);
    forget(entry, settled);
  }
  for (const std::string& warning : warnings) hooks_.warning(fmt::format("{}: {}", file.path(), warning));
  if (is_new) hooks_.info(fmt::format("{}: lowered in {:.1f} s", file.path(), seconds));
  if (size > promised) {
    hooks_.info(fmt::format("{}: lowered to {} bytes, more than the {} promised: its size has changed", file.path(),
                            size, promised));
  }
  send(settled.answers);
  if (!settled.moved.empty()) hooks_.moved(settled.moved);
}

void LazyFiles::settle_failed(Entry& entry, const Error& error) {
  std::string_view consequence = options_.strict ? "cannot be read" : "the baseline is served";
  LazyFile::Settled settled;
  {
    const std::lock_guard lock(state_mutex_);
    settled = entry.file.fail(error.message);
    if (entry.file.report().state == LazyState::interim) consequence = "the ready file is served";
    forget(entry, settled);
  }
  hooks_.warning(fmt::format("{}: not lowered, {}: {}", entry.file.path(), consequence, error.message));
  send(settled.answers);
}

void LazyFiles::pass_timeout(Entry& entry) {
  std::optional<LazyFile::Settled> settled;
  {
    const std::lock_guard lock(state_mutex_);
    settled = entry.file.pass_timeout();
    if (!settled) return;
    forget(entry, *settled);
  }
  hooks_.info(fmt::format("{}: {} until it is lowered", entry.file.path(),
                          options_.strict ? "reads time out" : "the baseline is served"));
  send(settled->answers);
}

// The requests that are answered wait no longer. REQUIRES: state_mutex_ is held.
void LazyFiles::forget(Entry& entry, const LazyFile::Settled& settled) {
  for (const ContentAnswer& answer : settled.answers) waiting_.erase(answer.request.id);
  if (entry.deadline) deadlines_.erase({*entry.deadline, &entry});
  entry.deadline.reset();
}

void LazyFiles::watch_deadlines() {
  std::unique_lock lock(state_mutex_);
  while (!stop_.stop_requested()) {
    if (deadlines_.empty()) {
      deadlines_changed_.wait(lock);
      continue;
    }
    const auto [time, entry] = *deadlines_.begin();
    if (Clock::now() < time) {
      deadlines_changed_.wait_until(lock, time);
      continue;
    }
    deadlines_.erase(deadlines_.begin());
    entry->deadline.reset();
    lock.unlock();
    pass_timeout(*entry);
    lock.lock();
  }
}

// REQUIRES: state_mutex_ is held.
LazyReport LazyFiles::report_of(const Entry& entry) {
  LazyReport report = entry.file.report();
  if (is_being_lowered(report)) report.working = seconds_since(entry.begun);
  if (report.waiting > 0) report.waited = seconds_since(entry.waits_since);
  return report;
}

std::optional<LazyReport> LazyFiles::report(InodeRef ref) const {
  if (!contains(ref)) return std::nullopt;
  const Entry& file = entry(ref);
  const std::lock_guard lock(state_mutex_);
  return report_of(file);
}

std::vector<LazyReport> LazyFiles::reports() const {
  std::vector<LazyReport> result;
  {
    const std::shared_lock files_lock(files_mutex_);
    const std::lock_guard lock(state_mutex_);
    for (const auto& [ref, entry] : files_) result.push_back(report_of(*entry));
  }
  std::ranges::sort(result, {}, &LazyReport::path);
  return result;
}

}  // namespace xaas
