// One file that is lowered when it is read for the first time. Knows which content its nodes have, which reads wait for
// it, and when its name moves to another node. A state machine without threads, locks or FUSE; LazyFiles drives it.
// Implements spec/mount.md, "Lowering on first use".
//
// The life of a file (the node generations are in node.h):
//   cold -> lowering -> ready      the result fits: it is the content of node `promised`
//                    -> interim    a ready file stands in: it is the content of node `promised`; lowering goes on
//                    -> ready      the result is too large: node `promised`, which nobody has read yet, grows
//                    -> ready      the timeout has passed, or the node cannot grow: the result is the content of node
//                                  `lowered`, to which the name moves, and node `promised` has the bytes of the image,
//                                  padded, as its content
//                    -> baseline   lowering failed: node `promised` has the bytes of the image, padded, as its content
//   interim -> ready               the result is the content of node `lowered`, to which the name moves
//           -> ready               the ready file is what lowering would make
//           -> interim             lowering failed
// When the timeout passes before a file is ready, node `promised` gets the padded bytes of the image and keeps them as
// long as the mount lasts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/file_index.h"
#include "format/moved_prefix.h"
#include "fuse/node.h"
#include "lower/lowerer.h"

namespace xaas {

// What a node serves: `stored` bytes, then zeros up to `size`. Never changes once it exists.
struct Content {
  Fd file;           // the lowered file; if it is not valid, the bytes come from the image
  InodeRef ref = 0;  // the file of the image with the bytes, if they come from there
  std::uint64_t stored = 0;
  std::uint64_t size = 0;
  PrefixPlaces places;  // of the prefix in the stored bytes
  bool is_lowered() const { return file.valid(); }
};

// A ready file that stands in for the lowered file until that is there.
struct StandIn {
  InodeRef ref = 0;        // of the ready file
  std::uint64_t size = 0;  // bytes, not more than the promised size
  PrefixPlaces places;
  std::string cpu;  // for which it was lowered
};

enum class LazyState { cold, lowering, interim, ready, baseline };
// The state as user.xaas.state shows it.
std::string_view state_name(LazyState state);

// One name of a file, kept to announce that it has moved to another node.
struct NodeName {
  NodeId parent = 0;
  std::string name;
  auto operator<=>(const NodeName&) const = default;
};

// What is known of a file, for its extended attributes and the status.
struct LazyReport {
  std::string path;
  LazyState state = LazyState::cold;
  std::string error;   // one line; empty unless lowering failed
  std::string key;     // "sha256:…"; empty until lowered
  std::string cpu;     // that of the ready file which is served; empty: none is
  double seconds = 0;  // how long lowering took
  bool from_cache = false;
  bool from_image = false;  // a ready file is what lowering would make
  bool late = false;        // the baseline was or is served while the file is lowered
  bool large = false;       // larger than promised
  unsigned waiting = 0;
  ModuleCount modules;  // how far the worker is; empty unless one lowers the file
  double working = 0;   // seconds since the first read asked for the lowered file; 0 unless it is being lowered
  double waited = 0;    // seconds since the first of the reads that wait; 0 if none does
};

// Whether the lowered file is still to come.
bool is_being_lowered(const LazyReport& report);

// A read that has to wait. `answer` is called exactly once, from any thread and without locks.
struct ContentRequest {
  std::uint64_t id = 0;               // no other read ever has it
  std::function<bool()> interrupted;  // called with locks held; must not call back
  // `error` is 0 with the content, which outlives the mount's last request, or an errno value with null.
  std::function<void(int error, const Content* content)> answer;
};

// An answer that is to be sent to a read.
struct ContentAnswer {
  ContentRequest request;
  int error;  // an errno value; 0: with the content
  const Content* content;
  void send() const { request.answer(error, content); }
};

// Whether the baseline may be served when there is no lowered file, or none yet.
enum class Fallback { baseline, none };

// Not thread-safe. No function calls back, except for ContentRequest::interrupted.
class LazyFile {
 public:
  // `places` are those of the prefix in the baseline. REQUIRES: record.recipe is not none.
  LazyFile(InodeRef ref, FileRecord record, PrefixPlaces places, Fallback fallback);

  InodeRef ref() const { return ref_; }
  const FileRecord& record() const { return record_; }
  std::string_view path() const { return report_.path; }
  LazyReport report() const;
  // The content of a node; null when it is not decided yet. `generation` is promised or lowered.
  const Content* content(Generation generation) const;
  std::uint64_t size(Generation generation) const;

  // The node for which the name stands now. Remembers the name. settle() reports the name when it moves.
  Generation current(NodeName name);

  // A read is answered now, or it waits and has no answer yet. `begins` is true for the first read that waits, which
  // makes lowering begin.
  struct Read {
    std::optional<ContentAnswer> answer{};
    bool begins = false;
  };
  Read read(Generation generation, ContentRequest request);
  // Takes back a read that waits. REQUIRES: the read waits.
  ContentRequest withdraw(std::uint64_t id);

  // What others must be told after a change of state.
  struct Settled {
    std::vector<ContentAnswer> answers{};
    std::set<NodeName> moved{};  // names that stand for node `lowered` now
  };
  // Tells that a lowered file of `size` bytes is there, and will be settled next. If the file is larger than promised
  // and node `promised` is undecided, returns the size to which the node must grow. From then on until the file is
  // settled, the timeout decides nothing.
  std::optional<std::uint64_t> prepare(std::uint64_t size);
  // `fits` is true if the file is not larger than promised, or if node `promised` has grown.
  Settled settle(Lowered lowered, PrefixPlaces places, bool fits);
  // The ready file is what lowering would make, under this key.
  Settled settle_ready_made(StandIn ready, const Digest& key);
  // Lowering failed for this reason.
  Settled fail(const std::string& reason);
  // A ready file is the content of node `promised` from now on. Nullopt when that changes nothing.
  std::optional<Settled> stand_in(StandIn ready);
  // A worker lowers the file and is this far.
  void advance(const ModuleCount& modules) { report_.modules = modules; }
  // The timeout has passed. Nullopt when that changes nothing.
  std::optional<Settled> pass_timeout();
  // The mount ends. Reads that wait get EIO.
  Settled stop();

 private:
  void decide_baseline();
  Settled serve(Content content, bool fits);
  bool is_undecided() const { return state_ == LazyState::lowering && !promised_ && !is_growing_; }
  std::vector<ContentAnswer> answer_all(int error_without_content);

  const InodeRef ref_;
  const FileRecord record_;
  const PrefixPlaces places_;
  const Fallback fallback_;
  LazyState state_ = LazyState::cold;
  std::unique_ptr<const Content> promised_;  // set once
  std::unique_ptr<const Content> lowered_;   // set once
  std::set<NodeName> names_;
  std::vector<ContentRequest> waiting_;
  bool is_late_ = false;     // the timeout has passed once
  bool is_growing_ = false;  // from prepare() to settle(); nothing else decides node `promised` then
  LazyReport report_;        // report() fills in state, late and waiting; working and waited are left out
};

}  // namespace xaas
