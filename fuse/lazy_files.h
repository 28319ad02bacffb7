// Files that are lowered when they are read for the first time: which content a node has, who waits for it, and when
// a name becomes another node. Knows nothing of FUSE. Implements spec/mount.md, "Lowering on first use".
//
// The life of a file (the node generations are in node.h):
//   cold -> lowering -> ready      it fits: it is the content of node `promised`
//                    -> ready      too large: node `promised`, which nobody has read yet, grows
//                    -> ready      later than the timeout, or the node cannot grow: a node `lowered`, to which the name
//                                  moves, and the bytes of the image, padded, are the content of node `promised`
//                    -> baseline   lowering failed: the bytes of the image, padded, are the content of node `promised`
// When the timeout passes before a file is ready, node `promised` gets the padded bytes of the image and keeps them for
// ever.
#pragma once

#include <atomic>
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
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "format/file_index.h"
#include "format/moved_prefix.h"
#include "fuse/job_pool.h"
#include "fuse/node.h"
#include "lower/lowerer.h"

namespace xaas {

// What a node serves: `stored` bytes, then zeros up to `size`. Never changes once it exists.
struct Content {
  Fd file;  // the lowered file; not valid: the bytes come from the image
  std::uint64_t stored = 0;
  std::uint64_t size = 0;
  PrefixPlaces places;  // of the prefix in the stored bytes
  bool is_lowered() const { return file.valid(); }
};

enum class LazyState { cold, lowering, ready, baseline };
// As user.xaas.state shows it.
std::string_view state_name(LazyState state);

// Where a name of a file stands, for announcing that it has moved.
struct NodeName {
  NodeId parent = 0;
  std::string name;
  auto operator<=>(const NodeName&) const = default;
};

// What is known of a file, for xattrs and the status.
struct LazyReport {
  std::string path;
  LazyState state = LazyState::cold;
  std::string error;   // one line; empty unless lowering failed
  std::string key;     // "sha256:…"; empty until lowered
  double seconds = 0;  // that lowering took
  bool from_cache = false;
  bool late = false;   // the baseline was or is served while it is made
  bool large = false;  // larger than promised
  unsigned waiting = 0;
};

// A read that has to wait. The functions are called without locks, `answer` exactly once, from any thread.
struct ContentRequest {
  std::uint64_t id = 0;               // unique for ever
  std::function<bool()> interrupted;  // called with locks held: must not call back
  // error: 0 and the content (which outlives the mount's last request), or an errno value and null.
  std::function<void(int error, const Content* content)> answer;
};

struct LazyOptions {
  unsigned parallel = 1;                               // files lowered at the same time
  std::optional<std::chrono::milliseconds> timeout{};  // longest wait of a read; none: as long as it takes
  bool strict = false;  // never the baseline: EIO when lowering fails, ETIMEDOUT when it is late
};

struct LazyHooks {
  std::function<Result<std::optional<Lowered>>(const FileRecord&)> find;  // from the cache
  std::function<Result<Lowered>(const FileRecord&, const std::atomic<bool>* stop)> lower;
  std::function<Result<PrefixPlaces>(const Lowered&)> find_prefix;
  // Node `promised` of a file, which nobody has read yet, is to have this size, a multiple of 4096 whose last 4096
  // bytes are behind the promised size and of the padding. Whether the kernel knows it now. Called without locks.
  std::function<bool(InodeRef, std::uint64_t size)> grow;
  // These names are another node now. Called from a thread of this class, without locks.
  std::function<void(const std::set<NodeName>&)> moved;
  std::function<void(const std::string&)> info;     // a notice
  std::function<void(const std::string&)> warning;  // something has failed
};

// Thread-safe.
class LazyFiles {
 public:
  LazyFiles(LazyOptions options, LazyHooks hooks);
  ~LazyFiles();  // stop()
  LazyFiles(const LazyFiles&) = delete;
  LazyFiles& operator=(const LazyFiles&) = delete;

  // Whether the file was added.
  bool contains(InodeRef ref) const;
  // Does nothing when the file is known already. `places`: of the prefix in its baseline. REQUIRES: record.recipe is
  // not none.
  void add(InodeRef ref, FileRecord record, PrefixPlaces places);

  // The rest REQUIRES that `ref` was added.

  // The node that the name stands for now. The name is remembered, to be announced when it moves.
  Generation current(InodeRef ref, NodeName name);
  std::uint64_t size(InodeRef ref, Generation generation) const;
  // The content of a node, `generation` being promised or lowered; null: not decided yet.
  const Content* content(InodeRef ref, Generation generation) const;
  // Answers at once or later; starts lowering a cold file.
  void wait_for_content(InodeRef ref, Generation generation, ContentRequest request);
  // The caller of that read has been interrupted: it is answered with EINTR if it still waits. Lowering goes on.
  void interrupt(std::uint64_t id);

  std::optional<LazyReport> report(InodeRef ref) const;
  std::vector<LazyReport> reports() const;  // sorted by path

  // Ends workers and threads; reads that wait, and later ones, are answered with EIO. Threads that end may be in
  // `moved`, so whatever that waits for must go on until then.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct File;
  struct Answer {
    ContentRequest request;
    int error;
    const Content* content;
  };

  File& file(InodeRef ref) const;
  static const Content* decided(const File& file, Generation generation);
  std::optional<Answer> answer_or_park(File& file, Generation generation, ContentRequest request);
  void look_up(File& file);
  void make(File& file);
  void settle(File& file, Result<Lowered> result);
  bool grow(File& file, std::uint64_t size);
  void settle_lowered(File& file, Lowered lowered, PrefixPlaces places);
  void settle_failed(File& file, const Error& error);
  void pass_timeout(File& file);
  void decide_baseline(File& file);
  std::vector<Answer> take_waiting(File& file, int error, const Content* content);
  void watch_deadlines();
  static void send(const std::vector<Answer>& answers);

  const LazyOptions options_;
  const LazyHooks hooks_;
  std::atomic<bool> stop_{false};

  mutable std::shared_mutex files_mutex_;  // of the map; files are never removed
  std::unordered_map<InodeRef, std::unique_ptr<File>> files_;

  mutable std::mutex state_mutex_;  // of what is in the files, and of the members below; never held while calling out
  std::map<std::uint64_t, File*> waiting_;
  std::set<std::pair<Clock::time_point, File*>> deadlines_;
  std::condition_variable deadlines_changed_;

  // Looking into the cache must not wait behind files that are being lowered.
  JobPool lookups_;
  JobPool makers_;
  std::thread timer_;
};

}  // namespace xaas
