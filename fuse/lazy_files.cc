// See lazy_files.h.
#include "fuse/lazy_files.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace xaas {
namespace {

constexpr unsigned kLookupThreads = 2;
constexpr std::uint64_t kPage = 4096;

// Of a node that grows: see LazyHooks::grow.
std::uint64_t grown_size(std::uint64_t lowered) { return (lowered + kPage - 1) / kPage * kPage + kPage; }

}  // namespace

struct LazyFiles::File {
  File(InodeRef file_ref, FileRecord file_record, PrefixPlaces prefix_places)
      : ref(file_ref), record(std::move(file_record)), places(std::move(prefix_places)) {}

  const InodeRef ref;
  const FileRecord record;
  const PrefixPlaces places;  // of the baseline
  LazyState state = LazyState::cold;
  std::unique_ptr<const Content> promised;  // set once
  std::unique_ptr<const Content> lowered;   // set once
  std::set<NodeName> names;
  std::vector<ContentRequest> waiting;
  std::optional<Clock::time_point> deadline;
  bool late = false;     // the timeout has passed once
  bool growing = false;  // node `promised` gets another size just now; its content is not decided otherwise
  LazyReport report;     // state, late and waiting are filled in when it is asked for
};

std::string_view state_name(LazyState state) {
  switch (state) {
    case LazyState::cold:
      return "cold";
    case LazyState::lowering:
      return "lowering";
    case LazyState::ready:
      return "ready";
    case LazyState::baseline:
      return "baseline";
  }
  return "";
}

LazyFiles::LazyFiles(LazyOptions options, LazyHooks hooks)
    : options_(options), hooks_(std::move(hooks)), lookups_(kLookupThreads), makers_(options.parallel) {
  if (options_.timeout && options_.timeout->count() > 0) timer_ = std::thread([this] { watch_deadlines(); });
}

LazyFiles::~LazyFiles() { stop(); }

void LazyFiles::stop() {
  {
    const std::lock_guard lock(state_mutex_);
    stop_ = true;
  }
  deadlines_changed_.notify_all();
  if (timer_.joinable()) timer_.join();
  lookups_.stop();
  makers_.stop();
  std::vector<Answer> answers;
  {
    const std::shared_lock files_lock(files_mutex_);
    const std::lock_guard lock(state_mutex_);
    for (auto& [ref, file] : files_) std::ranges::move(take_waiting(*file, EIO, nullptr), std::back_inserter(answers));
  }
  send(answers);
}

bool LazyFiles::contains(InodeRef ref) const {
  const std::shared_lock lock(files_mutex_);
  return files_.contains(ref);
}

void LazyFiles::add(InodeRef ref, FileRecord record, PrefixPlaces places) {
  const std::unique_lock lock(files_mutex_);
  std::unique_ptr<File>& file = files_[ref];
  if (file) return;
  file = std::make_unique<File>(ref, std::move(record), std::move(places));
  file->report.path = path_in_tree(file->record.path);
}

LazyFiles::File& LazyFiles::file(InodeRef ref) const {
  const std::shared_lock lock(files_mutex_);
  return *files_.at(ref);
}

Generation LazyFiles::current(InodeRef ref, NodeName name) {
  File& file = this->file(ref);
  const std::lock_guard lock(state_mutex_);
  // Remembered before the answer leaves: a move from now on is announced, and the kernel orders the two.
  file.names.insert(std::move(name));
  return file.lowered ? Generation::lowered : Generation::promised;
}

std::uint64_t LazyFiles::size(InodeRef ref, Generation generation) const {
  const File& file = this->file(ref);
  const std::lock_guard lock(state_mutex_);
  const Content* content = decided(file, generation);
  return content != nullptr ? content->size : file.record.promised_size;
}

const Content* LazyFiles::content(InodeRef ref, Generation generation) const {
  const File& file = this->file(ref);
  const std::lock_guard lock(state_mutex_);
  return decided(file, generation);
}

// REQUIRES: state_mutex_ is held.
const Content* LazyFiles::decided(const File& file, Generation generation) {
  return generation == Generation::lowered ? file.lowered.get() : file.promised.get();
}

void LazyFiles::wait_for_content(InodeRef ref, Generation generation, ContentRequest request) {
  std::optional<Answer> answer = answer_or_park(file(ref), generation, std::move(request));
  if (answer) answer->request.answer(answer->error, answer->content);
}

// The answer that can be given now; otherwise the request has joined those that wait.
std::optional<LazyFiles::Answer> LazyFiles::answer_or_park(File& file, Generation generation, ContentRequest request) {
  const std::lock_guard lock(state_mutex_);
  if (const Content* content = decided(file, generation)) return Answer{std::move(request), 0, content};
  if (generation == Generation::lowered || file.lowered) return Answer{std::move(request), ESTALE, nullptr};
  if (stop_ || file.state == LazyState::baseline) return Answer{std::move(request), EIO, nullptr};
  if (file.late) return Answer{std::move(request), ETIMEDOUT, nullptr};
  if (request.interrupted && request.interrupted()) return Answer{std::move(request), EINTR, nullptr};

  waiting_[request.id] = &file;
  file.waiting.push_back(std::move(request));
  if (file.state == LazyState::cold) {
    file.state = LazyState::lowering;
    lookups_.submit([this, &file] { look_up(file); });
  }
  if (timer_.joinable() && !file.deadline) {
    file.deadline = Clock::now() + *options_.timeout;
    deadlines_.emplace(*file.deadline, &file);
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
    std::vector<ContentRequest>& requests = found->second->waiting;
    const auto position = std::ranges::find(requests, id, &ContentRequest::id);
    request = std::move(*position);
    requests.erase(position);
    waiting_.erase(found);
  }
  request->answer(EINTR, nullptr);
}

void LazyFiles::look_up(File& file) {
  Result<std::optional<Lowered>> found = hooks_.find(file.record);
  if (found && *found) return settle(file, std::move(**found));
  // An error here is met again, and then reported, by lowering.
  if (options_.timeout && options_.timeout->count() == 0) pass_timeout(file);
  makers_.submit([this, &file] { make(file); });
}

void LazyFiles::make(File& file) { settle(file, hooks_.lower(file.record, &stop_)); }

void LazyFiles::settle(File& file, Result<Lowered> result) {
  if (result) {
    Result<PrefixPlaces> places = hooks_.find_prefix(*result);
    if (places) return settle_lowered(file, std::move(*result), std::move(*places));
    result = tl::unexpected(std::move(places.error()));
  }
  if (stop_) return;  // stop() answers those who wait
  settle_failed(file, result.error());
}

// Whether node `promised` has taken a size that the file fits into.
bool LazyFiles::grow(File& file, std::uint64_t size) {
  {
    const std::lock_guard lock(state_mutex_);
    if (file.promised) return false;
    file.growing = true;
  }
  return hooks_.grow(file.ref, size);
}

void LazyFiles::settle_lowered(File& file, Lowered lowered, PrefixPlaces places) {
  const FileRecord& record = file.record;
  const bool large = lowered.size > record.promised_size;
  const std::uint64_t size = large ? grown_size(lowered.size) : record.promised_size;
  const bool fits = !large || grow(file, size);
  std::set<NodeName> moved;
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(state_mutex_);
    file.growing = false;
    const bool late = file.promised != nullptr;  // a baseline: the timeout has passed
    file.report.key = lowered.key.to_string();
    file.report.seconds = lowered.seconds;
    file.report.from_cache = lowered.from_cache;
    file.report.large = large;
    file.state = LazyState::ready;
    auto content =
        std::make_unique<const Content>(Content{std::move(lowered.file), lowered.size, size, std::move(places)});
    if (fits && !late) {
      file.promised = std::move(content);
      answers = take_waiting(file, 0, file.promised.get());
    } else {
      file.lowered = std::move(content);
      moved = file.names;
      // Who waits has node `promised` open, for which this is no content.
      decide_baseline(file);
      answers = take_waiting(file, file.promised ? 0 : ESTALE, file.promised.get());
    }
  }
  for (const std::string& warning : lowered.warnings)
    hooks_.warning(fmt::format("{}: {}", path_in_tree(record.path), warning));
  if (!lowered.from_cache)
    hooks_.info(fmt::format("{}: lowered in {:.1f} s", path_in_tree(record.path), lowered.seconds));
  if (large) {
    hooks_.info(fmt::format("{}: lowered to {} bytes, more than the {} promised: its size has changed",
                            path_in_tree(record.path), lowered.size, record.promised_size));
  }
  send(answers);
  if (!moved.empty()) hooks_.moved(moved);
}

void LazyFiles::settle_failed(File& file, const Error& error) {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(state_mutex_);
    file.state = LazyState::baseline;
    file.report.error = error.message;
    decide_baseline(file);
    answers = take_waiting(file, file.promised ? 0 : EIO, file.promised.get());
  }
  hooks_.warning(fmt::format("{}: not lowered, {}: {}", path_in_tree(file.record.path),
                             options_.strict ? "cannot be read" : "the baseline is served", error.message));
  send(answers);
}

// The content of node `promised` is the image's from now on, unless it is decided already or the baseline is not
// wanted.
void LazyFiles::decide_baseline(File& file) {
  if (file.promised || options_.strict) return;
  file.promised =
      std::make_unique<const Content>(Content{Fd(), file.record.size, file.record.promised_size, file.places});
}

void LazyFiles::pass_timeout(File& file) {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(state_mutex_);
    if (file.state != LazyState::lowering || file.promised || file.growing) return;
    file.late = true;
    decide_baseline(file);
    answers = take_waiting(file, file.promised ? 0 : ETIMEDOUT, file.promised.get());
  }
  hooks_.info(fmt::format("{}: {} until it is lowered", path_in_tree(file.record.path),
                          options_.strict ? "reads time out" : "the baseline is served"));
  send(answers);
}

// REQUIRES: state_mutex_ is held.
std::vector<LazyFiles::Answer> LazyFiles::take_waiting(File& file, int error, const Content* content) {
  std::vector<Answer> answers;
  for (ContentRequest& request : file.waiting) {
    waiting_.erase(request.id);
    answers.push_back({std::move(request), error, content});
  }
  file.waiting.clear();
  if (file.deadline) deadlines_.erase({*file.deadline, &file});
  file.deadline.reset();
  return answers;
}

void LazyFiles::send(const std::vector<Answer>& answers) {
  for (const Answer& answer : answers) answer.request.answer(answer.error, answer.content);
}

void LazyFiles::watch_deadlines() {
  std::unique_lock lock(state_mutex_);
  while (!stop_) {
    if (deadlines_.empty()) {
      deadlines_changed_.wait(lock);
      continue;
    }
    const auto [time, file] = *deadlines_.begin();
    if (Clock::now() < time) {
      deadlines_changed_.wait_until(lock, time);
      continue;
    }
    deadlines_.erase(deadlines_.begin());
    file->deadline.reset();
    lock.unlock();
    pass_timeout(*file);
    lock.lock();
  }
}

std::optional<LazyReport> LazyFiles::report(InodeRef ref) const {
  if (!contains(ref)) return std::nullopt;
  const File& file = this->file(ref);
  const std::lock_guard lock(state_mutex_);
  LazyReport report = file.report;
  report.state = file.state;
  report.late = file.late && file.promised && !file.promised->is_lowered();
  report.waiting = static_cast<unsigned>(file.waiting.size());
  return report;
}

std::vector<LazyReport> LazyFiles::reports() const {
  std::vector<InodeRef> refs;
  {
    const std::shared_lock lock(files_mutex_);
    for (const auto& [ref, file] : files_) refs.push_back(ref);
  }
  std::vector<LazyReport> result;
  result.reserve(refs.size());
  for (const InodeRef ref : refs) result.push_back(*report(ref));
  std::ranges::sort(result, {}, &LazyReport::path);
  return result;
}

}  // namespace xaas
