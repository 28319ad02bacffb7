// The lazy state machine, without FUSE. A fake replaces lowering and the requests of the kernel.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <future>
#include <thread>

#include "fuse/lazy_files.h"
#include "tests/unit/format_support.h"

namespace xaas {
namespace {

constexpr InodeRef kRef = 77;
const NodeName kName{kRootNode, "tool"};

struct Outcome {
  int error = 0;
  const Content* content = nullptr;
};

Lowered lowered_file(std::string_view bytes) {
  Lowered result;
  result.file = Fd(::memfd_create("lowered", MFD_CLOEXEC));
  REQUIRE(write_all(result.file.get(), bytes));
  result.size = bytes.size();
  result.seconds = 1.5;
  return result;
}

std::string bytes_of(const Content& content) {
  std::string bytes(content.stored, '\0');
  REQUIRE(::pread(content.file.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return bytes;
}

// A file of 4 bytes with a promised size of 10. Its lowering ends when the test says so.
class Bench {
 public:
  explicit Bench(LazyOptions options = {})
      : files(options, LazyHooks{.find = [this](const FileRecord&) { return find(); },
                                 .lower = [this](const FileRecord&, const std::stop_token& stop,
                                                 const ModuleReport& report) { return lower(stop, report); },
                                 .find_prefix = [](const Lowered&) -> Result<PrefixPlaces> { return PrefixPlaces{}; },
                                 .grow =
                                     [this](InodeRef, std::uint64_t size) {
                                       grown = size;
                                       return can_grow;
                                     },
                                 .moved = [this](const std::set<NodeName>& names) { moved.set_value(names); },
                                 .waits = [this] { ++waits; },
                                 .answers = [this] { ++answers; },
                                 .info = [this](const std::string& line) { note(line); },
                                 .warning = [this](const std::string& line) { note(line); }}) {
    FileRecord record;
    record.path = "bin/tool";
    record.size = 4;
    record.promised_size = 10;
    record.recipe = Digest::of("recipe");
    files.add(kRef, record, {});
  }
  ~Bench() { finish(fail(Code::failed, "the test is over")); }

  std::future<Outcome> read(std::uint64_t id, Generation generation = Generation::promised, bool interrupted = false) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    files.wait_for_content(kRef, generation,
                           {id, [interrupted] { return interrupted; },
                            [promise](int error, const Content* content) { promise->set_value({error, content}); }});
    return promise->get_future();
  }
  Outcome read_now(std::uint64_t id, Generation generation = Generation::promised) {
    std::future<Outcome> outcome = read(id, generation);
    REQUIRE(outcome.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    return outcome.get();
  }
  Generation current() { return files.current(kRef, kName); }
  void finish(Result<Lowered> result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    changed_.notify_all();
  }
  void wait_until_lowering() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, test::kPatience, [this] { return lowerings > 0; }));
  }
  void wait_until_ready() {
    const auto end = std::chrono::steady_clock::now() + test::kPatience;
    while (files.report(kRef)->state != LazyState::ready) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      std::this_thread::yield();
    }
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

  std::optional<std::string> cached;
  bool can_grow = true;
  std::uint64_t grown = 0;
  int lowerings = 0;
  std::atomic<int> waits = 0;
  std::atomic<int> answers = 0;  // how often reads that waited were answered
  bool stopped = false;
  std::promise<std::set<NodeName>> moved;

 private:
  Result<std::optional<Lowered>> find() {
    if (!cached) return std::optional<Lowered>();
    return std::optional<Lowered>(lowered_file(*cached));
  }
  Result<Lowered> lower(const std::stop_token& stop, const ModuleReport& report) {
    report({.done = 3, .all = 42});
    std::unique_lock lock(mutex_);
    ++lowerings;
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return result_.has_value(); });
    stopped = !result_;
    if (stopped) return fail(Code::interrupted, "stopped");
    return std::move(*result_);
  }
  void note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Result<Lowered>> result_;
  std::vector<std::string> lines_;

 public:
  LazyFiles files;  // last, because its threads use the other members
};

TEST_CASE("looking at a file never lowers it") {
  Bench bench;
  for (int i = 0; i < 100; ++i) {
    CHECK(bench.current() == Generation::promised);
    CHECK(bench.files.size(kRef, Generation::promised) == 10);
    CHECK(bench.files.report(kRef)->state == LazyState::cold);
  }
  bench.files.stop();
  CHECK(bench.lowerings == 0);
}

TEST_CASE("many reads are one lowering and all get its result") {
  Bench bench({.parallel = 4});
  std::vector<std::future<Outcome>> reads;
  for (std::uint64_t id = 1; id <= 24; ++id) reads.push_back(bench.read(id));
  bench.wait_until_lowering();
  CHECK(bench.files.report(kRef)->state == LazyState::lowering);
  CHECK(bench.files.report(kRef)->waiting == 24);
  bench.finish(lowered_file("lowered"));
  for (std::future<Outcome>& reader : reads) {
    const Outcome outcome = reader.get();
    REQUIRE(outcome.error == 0);
    CHECK(bytes_of(*outcome.content) == "lowered");
    CHECK(outcome.content->size == 10);
  }
  CHECK(bench.lowerings == 1);
  CHECK(bench.current() == Generation::promised);
  CHECK(bytes_of(*bench.read_now(30).content) == "lowered");
  CHECK(bench.files.report(kRef)->state == LazyState::ready);
}

TEST_CASE("while a file is lowered its report says how far that is, and nothing of it once it is there") {
  Bench bench;
  CHECK(bench.files.report(kRef)->modules == ModuleCount{});
  CHECK(bench.files.report(kRef)->working == 0);
  std::future<Outcome> reader = bench.read(1);
  bench.wait_until_lowering();
  const LazyReport working = *bench.files.report(kRef);
  CHECK(working.modules == ModuleCount{.done = 3, .all = 42});
  CHECK(working.working > 0);
  CHECK(working.waited > 0);
  bench.finish(lowered_file("lowered"));
  reader.get();
  const LazyReport ready = *bench.files.report(kRef);
  CHECK(ready.modules == ModuleCount{});
  CHECK(ready.working == 0);
  CHECK(ready.waited == 0);
}

TEST_CASE("it is told when a read begins to wait, and before such a read is answered") {
  Bench bench;
  int answers_before = -1;
  bench.files.wait_for_content(kRef, Generation::promised,
                               {1, [] { return false; }, [&](int, const Content*) { answers_before = bench.answers; }});
  CHECK(bench.waits == 1);
  CHECK(bench.answers == 0);
  bench.files.interrupt(1);
  CHECK(answers_before == 1);
  std::future<Outcome> reader = bench.read(2);
  CHECK(bench.waits == 2);
  bench.finish(lowered_file("lowered"));
  reader.get();
  CHECK(bench.answers == 2);
  bench.read_now(3);
  CHECK(bench.waits == 2);
  CHECK(bench.answers == 2);
}

TEST_CASE("a file found in the cache is not lowered") {
  Bench bench;
  bench.cached = "cached";
  const Outcome outcome = bench.read(1).get();
  REQUIRE(outcome.error == 0);
  CHECK(bytes_of(*outcome.content) == "cached");
  CHECK(bench.lowerings == 0);
}

TEST_CASE("an interrupted read leaves at once and the lowering goes on") {
  Bench bench;
  std::future<Outcome> first = bench.read(1);
  std::future<Outcome> second = bench.read(2);
  bench.wait_until_lowering();
  bench.files.interrupt(1);
  REQUIRE(first.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(first.get().error == EINTR);
  bench.files.interrupt(1);  // too late: no read is answered twice
  std::future<Outcome> joined = bench.read(3);
  bench.finish(lowered_file("lowered"));
  CHECK(second.get().error == 0);
  CHECK(joined.get().error == 0);
  CHECK(bench.lowerings == 1);
}

TEST_CASE("a read that was interrupted before it could wait does not wait") {
  Bench bench;
  std::future<Outcome> reader = bench.read(1, Generation::promised, true);
  REQUIRE(reader.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(reader.get().error == EINTR);
}

TEST_CASE("a file that cannot be lowered is the baseline, padded to its promised size") {
  Bench bench;
  std::future<Outcome> reader = bench.read(1);
  bench.finish(fail(Code::failed, "unit x.c: bad"));
  const Outcome outcome = reader.get();
  REQUIRE(outcome.error == 0);
  CHECK_FALSE(outcome.content->is_lowered());
  CHECK(outcome.content->stored == 4);
  CHECK(outcome.content->size == 10);
  CHECK(bench.current() == Generation::promised);
  CHECK(bench.files.report(kRef)->state == LazyState::baseline);
  CHECK(bench.files.report(kRef)->error == "unit x.c: bad");
  CHECK(bench.lines().size() == 1);
  CHECK(bench.read_now(2).content == outcome.content);
}

TEST_CASE("strict: a file that cannot be lowered cannot be read") {
  Bench bench({.strict = true});
  std::future<Outcome> reader = bench.read(1);
  bench.finish(fail(Code::failed, "bad"));
  CHECK(reader.get().error == EIO);
  CHECK(bench.read_now(2).error == EIO);
}

TEST_CASE("a result larger than promised makes the node grow, which nobody has read yet") {
  Bench bench;
  CHECK(bench.current() == Generation::promised);
  std::future<Outcome> reader = bench.read(1);
  bench.finish(lowered_file("larger than promised"));
  const Outcome first = reader.get();
  REQUIRE(first.error == 0);
  CHECK(bytes_of(*first.content) == "larger than promised");
  CHECK(first.content->size == 8192);
  CHECK(bench.grown == 8192);
  CHECK(bench.current() == Generation::promised);
  CHECK(bench.files.size(kRef, Generation::promised) == 8192);
  CHECK(bench.files.report(kRef)->large);
}

TEST_CASE("where the node cannot grow, a result larger than promised is a new one, and who waits gets the baseline") {
  Bench bench;
  bench.can_grow = false;
  CHECK(bench.current() == Generation::promised);
  std::future<Outcome> reader = bench.read(1);
  bench.finish(lowered_file("larger than promised"));
  const Outcome first = reader.get();
  REQUIRE(first.error == 0);
  CHECK_FALSE(first.content->is_lowered());
  CHECK(bench.moved.get_future().get() == std::set<NodeName>{kName});
  CHECK(bench.current() == Generation::lowered);
  CHECK(bench.files.size(kRef, Generation::lowered) == 8192);
  CHECK(bytes_of(*bench.read_now(2, Generation::lowered).content) == "larger than promised");
  CHECK(bench.read_now(3, Generation::promised).content == first.content);
  CHECK(bench.files.size(kRef, Generation::promised) == 10);
  CHECK(bench.files.report(kRef)->large);
  CHECK_FALSE(bench.files.report(kRef)->late);
}

TEST_CASE("strict: where the node cannot grow, a result larger than promised is not the baseline for who waits") {
  Bench bench({.strict = true});
  bench.can_grow = false;
  CHECK(bench.current() == Generation::promised);
  std::future<Outcome> reader = bench.read(1);
  bench.finish(lowered_file("larger than promised"));
  CHECK(reader.get().error == ESTALE);
  CHECK(bench.current() == Generation::lowered);
  CHECK(bytes_of(*bench.read_now(2, Generation::lowered).content) == "larger than promised");
}

TEST_CASE("when the timeout passes the baseline is served, and the lowered file later, as another node") {
  const int milliseconds = GENERATE(0, 20);
  Bench bench({.timeout = std::chrono::milliseconds(milliseconds)});
  CHECK(bench.current() == Generation::promised);
  const Outcome baseline = bench.read(1).get();
  REQUIRE(baseline.error == 0);
  CHECK_FALSE(baseline.content->is_lowered());
  bench.wait_until_lowering();
  CHECK(bench.files.report(kRef)->state == LazyState::lowering);
  CHECK(bench.files.report(kRef)->late);
  CHECK(bench.read_now(2).content == baseline.content);
  CHECK(bench.current() == Generation::promised);
  bench.finish(lowered_file("lowered"));
  CHECK(bench.moved.get_future().get() == std::set<NodeName>{kName});
  CHECK(bench.current() == Generation::lowered);
  const Outcome lowered = bench.read_now(3, Generation::lowered);
  CHECK(bytes_of(*lowered.content) == "lowered");
  CHECK(lowered.content->size == 10);
  CHECK(bench.read_now(4).content == baseline.content);  // the content of a node never changes
  CHECK(bench.lowerings == 1);
}

TEST_CASE("strict: when the timeout passes a read fails, and one after the lowering succeeds") {
  Bench bench({.timeout = std::chrono::milliseconds(20), .strict = true});
  CHECK(bench.read(1).get().error == ETIMEDOUT);
  CHECK(bench.read_now(2).error == ETIMEDOUT);  // the kernel tries again at once, and must not wait twice
  bench.finish(lowered_file("lowered"));
  bench.wait_until_ready();
  CHECK(bytes_of(*bench.read_now(3).content) == "lowered");
  CHECK(bench.lowerings == 1);
}

TEST_CASE("strict, and no time to wait: reads fail at once until the file is lowered") {
  Bench bench({.timeout = std::chrono::milliseconds(0), .strict = true});
  CHECK(bench.read(1).get().error == ETIMEDOUT);
  bench.wait_until_lowering();
  CHECK(bench.read_now(2).error == ETIMEDOUT);
  bench.finish(lowered_file("lowered"));
  bench.wait_until_ready();
  CHECK(bytes_of(*bench.read_now(3).content) == "lowered");
}

TEST_CASE("what lowering warns of is logged with the name of the file") {
  Bench bench;
  std::future<Outcome> reader = bench.read(1);
  Lowered lowered = lowered_file("lowered");
  lowered.warnings = {"not kept in the cache: no room"};
  bench.finish(std::move(lowered));
  CHECK(reader.get().error == 0);
  const std::vector<std::string> lines = bench.lines();
  REQUIRE_FALSE(lines.empty());
  CHECK(lines[0] == "bin/tool: not kept in the cache: no room");
}

TEST_CASE("a timeout that does not pass changes nothing") {
  Bench bench({.timeout = std::chrono::hours(1)});
  std::future<Outcome> reader = bench.read(1);
  bench.finish(lowered_file("lowered"));
  CHECK(bytes_of(*reader.get().content) == "lowered");
  CHECK(bench.current() == Generation::promised);
}

TEST_CASE("ending the mount ends the workers and answers who waits") {
  Bench bench;
  std::future<Outcome> reader = bench.read(1);
  bench.wait_until_lowering();
  bench.files.stop();
  CHECK(bench.stopped);
  CHECK(reader.get().error == EIO);
}

}  // namespace
}  // namespace xaas
