// One file that is lowered when it is read for the first time: which content its nodes have, who waits for it, and when
// its name becomes another node. A state machine without threads, locks or FUSE: LazyFiles drives it. Implements
// spec/mount.md, "Lowering on first use".
//
// The life of a file (the node generations are in node.h):
//   cold -> lowering -> ready      it fits: it is the content of node `promised`
//                    -> ready      too large: node `promised`, which nobody has read yet, grows
//                    -> ready      later than the timeout, or the node cannot grow: a node `lowered`, to which the name
//                                  moves, and the bytes of the image, padded, are the content of node `promised`
//                    -> baseline   lowering failed: the bytes of the image, padded, are the content of node `promised`
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

// What is to be told to somebody who waited.
struct ContentAnswer {
  ContentRequest request;
  int error;  // an errno value; 0: with the content
  const Content* content;
  void send() const { request.answer(error, content); }
};

// Whether the baseline may be served where there is no lowered file (yet).
enum class Fallback { baseline, none };

// Not thread-safe. No function calls back, except for ContentRequest::interrupted.
class LazyFile {
 public:
  // `places`: of the prefix in the baseline. REQUIRES: record.recipe is not none.
  LazyFile(InodeRef ref, FileRecord record, PrefixPlaces places, Fallback fallback);

  InodeRef ref() const { return ref_; }
  const FileRecord& record() const { return record_; }
  std::string_view path() const { return report_.path; }
  LazyReport report() const;
  // The content of a node, `generation` being promised or lowered; null: not decided yet.
  const Content* content(Generation generation) const;
  std::uint64_t size(Generation generation) const;

  // The node that the name stands for now. The name is remembered, and told by settle() when it moves.
  Generation current(NodeName name);

  // A read is answered now, or waits (then there is no answer). `begins`: it is the first, so that lowering begins.
  struct Read {
    std::optional<ContentAnswer> answer{};
    bool begins = false;
  };
  Read read(Generation generation, ContentRequest request);
  // The read no longer waits. REQUIRES: it does.
  ContentRequest withdraw(std::uint64_t id);

  // What a change of state has to tell the outside.
  struct Settled {
    std::vector<ContentAnswer> answers{};
    std::set<NodeName> moved{};  // names that stand for node `lowered` now
  };
  // A lowered file of `size` bytes is there, and will be settled next. Where it is larger than promised and node
  // `promised` is undecided, the size that the node has to grow to: until it is settled, the timeout decides nothing.
  std::optional<std::uint64_t> prepare(std::uint64_t size);
  // `fits`: it is not larger than promised, or node `promised` has grown.
  Settled settle(Lowered lowered, PrefixPlaces places, bool fits);
  // Lowering did not work out, for this reason.
  Settled fail(const std::string& reason);
  // The timeout has passed; nullopt when that changes nothing.
  std::optional<Settled> pass_timeout();
  // The mount ends: reads that wait get EIO.
  Settled stop();

 private:
  void decide_baseline();
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
  bool is_growing_ = false;  // between prepare() and settle(): node `promised` is not decided otherwise
  LazyReport report_;        // state, late and waiting are filled in when it is asked for
};

}  // namespace xaas
