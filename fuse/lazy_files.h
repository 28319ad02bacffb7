// The files that are lowered when they are read for the first time. Drives the state machine of each file (lazy_file.h)
// with threads that search the cache, threads that lower, and a timer. Knows nothing of FUSE. Implements spec/mount.md,
// "Lowering on first use".
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fuse/job_pool.h"
#include "fuse/lazy_file.h"

namespace xaas {

struct LazyOptions {
  unsigned parallel = 1;                               // files lowered at the same time
  std::optional<std::chrono::milliseconds> timeout{};  // longest wait of a read; none: without a limit
  bool strict = false;  // never the baseline: EIO when lowering fails, ETIMEDOUT when it takes too long
};

struct LazyHooks {
  std::function<Result<std::optional<Lowered>>(const FileRecord&)> find;  // in the cache
  std::function<Result<Lowered>(const FileRecord&, const std::stop_token& stop, const ModuleReport&)> lower;
  // The ready file that is served until the lowered file is there. Empty: none ever is.
  std::function<Result<std::optional<StandIn>>(const FileRecord&)> stand_in{};
  // A file is read for the first time; a ready file begins to be served. Both must return at once. May be empty.
  std::function<void(const FileRecord&)> begins{};
  std::function<void(InodeRef ready)> serves{};
  // The ready file, with its key, if it is what `lower` would make. Empty: none ever is.
  std::function<Result<std::optional<std::pair<StandIn, Digest>>>(const FileRecord&)> ready_made{};
  std::function<Result<PrefixPlaces>(const Lowered&)> find_prefix;
  // Makes node `promised` of a file `size` bytes large. Nobody has read the node yet. `size` is a multiple of 4096, and
  // the last 4096 bytes are padding behind the promised size. Returns whether the kernel knows the new size. Called
  // without locks.
  std::function<bool(InodeRef, std::uint64_t size)> grow;
  // Announces that these names stand for another node now. Called from a thread of this class, without locks.
  std::function<void(const std::set<NodeName>&)> moved;
  // A read begins to wait; reads that wait are answered next. Called without locks. May be empty.
  std::function<void()> waits{};
  std::function<void()> answers{};
  std::function<void(const std::string&)> info;     // a notice
  std::function<void(const std::string&)> warning;  // something has failed
};

// Thread-safe.
class LazyFiles {
 public:
  LazyFiles(LazyOptions options, LazyHooks hooks);
  ~LazyFiles();  // calls stop()
  LazyFiles(const LazyFiles&) = delete;
  LazyFiles& operator=(const LazyFiles&) = delete;

  // Whether the file was added.
  bool contains(InodeRef ref) const;
  // Adds a file. Does nothing when the file is known already. `places` are those of the prefix in its baseline.
  // REQUIRES: record.recipe is not none.
  void add(InodeRef ref, FileRecord record, PrefixPlaces places);

  // current(), size(), content() and wait_for_content() REQUIRE that `ref` was added.

  // The node for which the name stands now. Remembers the name, to announce it when it moves.
  Generation current(InodeRef ref, NodeName name);
  std::uint64_t size(InodeRef ref, Generation generation) const;
  // The content of a node; null when it is not decided yet. `generation` is promised or lowered.
  const Content* content(InodeRef ref, Generation generation) const;
  // Answers the read at once or later. Starts to lower a cold file.
  void wait_for_content(InodeRef ref, Generation generation, ContentRequest request);
  // The caller of that read has been interrupted. If the read still waits, it is answered with EINTR. Lowering goes on.
  void interrupt(std::uint64_t id);

  // Nullopt when the file was not added.
  std::optional<LazyReport> report(InodeRef ref) const;
  std::vector<LazyReport> reports() const;  // sorted by path

  // Ends workers and threads. Reads that wait are answered with EIO, and so are later reads that would have to wait.
  // Threads that end may be in `moved`, so whatever `moved` waits for must go on until stop() returns.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    LazyFile file;
    std::optional<Clock::time_point> deadline{};
    Clock::time_point begun{};        // the first read that waited
    Clock::time_point waits_since{};  // the first read of those that wait
  };

  Entry& entry(InodeRef ref) const;
  static LazyReport report_of(const Entry& entry);
  void send(const std::vector<ContentAnswer>& answers) const;
  std::optional<ContentAnswer> read(Entry& entry, Generation generation, ContentRequest request);
  void look_up(Entry& entry);
  bool stand_in(Entry& entry);
  void make(Entry& entry);
  void make_behind(Entry& entry);
  bool settle_ready_made(Entry& entry);
  void settle(Entry& entry, Result<Lowered> result);
  void settle_lowered(Entry& entry, Lowered lowered, PrefixPlaces places);
  void settle_failed(Entry& entry, const Error& error);
  void pass_timeout(Entry& entry);
  void forget(Entry& entry, const LazyFile::Settled& settled);
  void watch_deadlines();

  const LazyOptions options_;
  const LazyHooks hooks_;
  std::stop_source stop_;

  mutable std::shared_mutex files_mutex_;  // guards the map, whose files are never removed
  std::unordered_map<InodeRef, std::unique_ptr<Entry>> files_;

  mutable std::mutex state_mutex_;  // guards the files' states and the members below; never held while calling out
  std::map<std::uint64_t, Entry*> waiting_;
  std::set<std::pair<Clock::time_point, Entry*>> deadlines_;
  std::condition_variable deadlines_changed_;

  // Searches of the cache must not wait behind files that are being lowered.
  JobPool lookups_;
  JobPool makers_;
  JobPool makers_behind_;  // for files that nobody waits for, since a ready file stands in
  std::thread timer_;
};

}  // namespace xaas
