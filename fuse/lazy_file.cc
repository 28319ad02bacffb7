// The transitions of one file; see lazy_file.h.
#include "fuse/lazy_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace xaas {
namespace {

constexpr std::uint64_t kPage = 4096;

// Whole pages. The last page lies behind the file; see LazyHooks::grow.
std::uint64_t grown_size(std::uint64_t lowered) { return (lowered + kPage - 1) / kPage * kPage + kPage; }

}  // namespace

std::string_view state_name(LazyState state) {
  switch (state) {
    case LazyState::cold:
      return "cold";
    case LazyState::lowering:
      return "lowering";
    case LazyState::interim:
      return "interim";
    case LazyState::ready:
      return "ready";
    case LazyState::baseline:
      return "baseline";
  }
  return "";
}

bool is_being_lowered(const LazyReport& report) {
  return report.state == LazyState::lowering || (report.state == LazyState::interim && report.error.empty());
}

LazyFile::LazyFile(InodeRef ref, FileRecord record, PrefixPlaces places, Fallback fallback)
    : ref_(ref), record_(std::move(record)), places_(std::move(places)), fallback_(fallback) {
  report_.path = path_in_tree(record_.path);
}

LazyReport LazyFile::report() const {
  LazyReport report = report_;
  report.state = state_;
  report.late = is_late_ && promised_ && promised_->ref == ref_;
  report.waiting = static_cast<unsigned>(waiting_.size());
  return report;
}

const Content* LazyFile::content(Generation generation) const {
  return generation == Generation::lowered ? lowered_.get() : promised_.get();
}

std::uint64_t LazyFile::size(Generation generation) const {
  const Content* decided = content(generation);
  return decided != nullptr ? decided->size : record_.promised_size;
}

Generation LazyFile::current(NodeName name) {
  names_.insert(std::move(name));
  return lowered_ ? Generation::lowered : Generation::promised;
}

LazyFile::Read LazyFile::read(Generation generation, ContentRequest request) {
  const auto now = [&](int error, const Content* content = nullptr) {
    return Read{ContentAnswer{std::move(request), error, content}};
  };
  if (const Content* decided = content(generation)) return now(0, decided);
  if (generation == Generation::lowered || lowered_) return now(ESTALE);
  if (state_ == LazyState::baseline) return now(EIO);
  if (is_late_) return now(ETIMEDOUT);
  if (request.interrupted && request.interrupted()) return now(EINTR);
  waiting_.push_back(std::move(request));
  const bool begins = state_ == LazyState::cold;
  if (begins) state_ = LazyState::lowering;
  return {std::nullopt, begins};
}

ContentRequest LazyFile::withdraw(std::uint64_t id) {
  const auto position = std::ranges::find(waiting_, id, &ContentRequest::id);
  ContentRequest request = std::move(*position);
  waiting_.erase(position);
  return request;
}

std::optional<std::uint64_t> LazyFile::prepare(std::uint64_t size) {
  if (size <= record_.promised_size || promised_) return std::nullopt;
  is_growing_ = true;
  return grown_size(size);
}

LazyFile::Settled LazyFile::settle(Lowered lowered, PrefixPlaces places, bool fits) {
  const bool is_large = lowered.size > record_.promised_size;
  const std::uint64_t size = is_large ? grown_size(lowered.size) : record_.promised_size;
  is_growing_ = false;
  report_.key = lowered.key.to_string();
  report_.seconds = lowered.seconds;
  report_.from_cache = lowered.from_cache;
  report_.large = is_large;
  report_.cpu.clear();
  report_.modules = {};
  state_ = LazyState::ready;
  return serve({std::move(lowered.file), 0, lowered.size, size, std::move(places)}, fits);
}

LazyFile::Settled LazyFile::settle_ready_made(StandIn ready, const Digest& key) {
  const bool is_served = state_ == LazyState::interim;
  report_.key = key.to_string();
  report_.from_image = true;
  report_.cpu.clear();
  state_ = LazyState::ready;
  if (is_served) return {};
  return serve({Fd(), ready.ref, ready.size, record_.promised_size, std::move(ready.places)}, true);
}

// Gives the final content to node `promised`, or to node `lowered`.
LazyFile::Settled LazyFile::serve(Content content, bool fits) {
  auto served = std::make_unique<const Content>(std::move(content));
  Settled settled;
  if (fits && !promised_) {
    promised_ = std::move(served);
  } else {
    lowered_ = std::move(served);
    settled.moved = names_;
    // Reads that wait are for node `promised`, which cannot have this content.
    decide_baseline();
  }
  settled.answers = answer_all(ESTALE);
  return settled;
}

LazyFile::Settled LazyFile::fail(const std::string& reason) {
  report_.error = reason;
  report_.modules = {};
  if (state_ == LazyState::interim) return {};
  state_ = LazyState::baseline;
  decide_baseline();
  return {answer_all(EIO), {}};
}

std::optional<LazyFile::Settled> LazyFile::stand_in(StandIn ready) {
  if (!is_undecided()) return std::nullopt;
  state_ = LazyState::interim;
  report_.cpu = std::move(ready.cpu);
  promised_ = std::make_unique<const Content>(
      Content{Fd(), ready.ref, ready.size, record_.promised_size, std::move(ready.places)});
  return Settled{answer_all(EIO), {}};
}

std::optional<LazyFile::Settled> LazyFile::pass_timeout() {
  if (!is_undecided()) return std::nullopt;
  is_late_ = true;
  decide_baseline();
  return Settled{answer_all(ETIMEDOUT), {}};
}

LazyFile::Settled LazyFile::stop() { return {answer_all(EIO), {}}; }

// Gives node `promised` the image's bytes as its content, unless its content is decided already or the baseline is not
// wanted.
void LazyFile::decide_baseline() {
  if (promised_ || fallback_ == Fallback::none) return;
  promised_ = std::make_unique<const Content>(Content{Fd(), ref_, record_.size, record_.promised_size, places_});
}

// Answers all reads that wait, with the content of node `promised` if it is decided.
std::vector<ContentAnswer> LazyFile::answer_all(int error_without_content) {
  std::vector<ContentAnswer> answers;
  for (ContentRequest& request : std::exchange(waiting_, {})) {
    answers.push_back({std::move(request), promised_ ? 0 : error_without_content, promised_.get()});
  }
  return answers;
}

}  // namespace xaas
