// The states of one file, without threads: what readers get, and which names move, in each order of events.
#include <catch2/catch.hpp>
#include <cerrno>

#include "fuse/lazy_file.h"

namespace xaas {
namespace {

constexpr std::uint64_t kPromised = 10'000;

LazyFile file(Fallback fallback = Fallback::baseline) {
  FileRecord record;
  record.path = "bin/x";
  record.size = 5'000;
  record.promised_size = kPromised;
  record.recipe = Digest::of("recipe");
  return {7, record, {}, fallback};
}

ContentRequest request(std::uint64_t id) { return {id, {}, {}}; }

Lowered lowered(std::uint64_t size) {
  Lowered result;
  result.file = Fd(dup(STDOUT_FILENO));  // any valid descriptor
  result.size = size;
  result.key = Digest::of("key");
  return result;
}

TEST_CASE("lowering begins with the first read, and all who wait get its content") {
  LazyFile file = xaas::file();
  CHECK(file.current({1, "x"}) == Generation::promised);
  CHECK(file.report().state == LazyState::cold);
  const LazyFile::Read first = file.read(Generation::promised, request(1));
  CHECK_FALSE(first.answer);
  CHECK(first.begins);
  const LazyFile::Read second = file.read(Generation::promised, request(2));
  CHECK_FALSE(second.answer);
  CHECK_FALSE(second.begins);
  CHECK(file.report().waiting == 2);
  CHECK_FALSE(file.prepare(8'000));
  const LazyFile::Settled settled = file.settle(lowered(8'000), {}, true);
  REQUIRE(settled.answers.size() == 2);
  CHECK(settled.answers[1].error == 0);
  CHECK(settled.answers[1].content->is_lowered());
  CHECK(settled.moved.empty());
  CHECK(file.size(Generation::promised) == kPromised);
  CHECK(file.read(Generation::promised, request(3)).answer->content->stored == 8'000);
  CHECK(file.report().state == LazyState::ready);
}

TEST_CASE("a node that nobody has read grows for a file that is too large") {
  LazyFile file = xaas::file();
  static_cast<void>(file.read(Generation::promised, request(1)));
  const auto grown = file.prepare(kPromised + 1);
  REQUIRE(grown);
  CHECK(*grown % 4096 == 0);
  CHECK(*grown >= kPromised + 1 + 4096);
  CHECK_FALSE(file.pass_timeout());  // while the kernel is asked whether the node can grow
  const LazyFile::Settled settled = file.settle(lowered(kPromised + 1), {}, true);
  CHECK(settled.answers.front().content->size == *grown);
  CHECK(settled.moved.empty());
}

TEST_CASE("where the node cannot grow, readers get the baseline and the name moves") {
  LazyFile file = xaas::file();
  static_cast<void>(file.current({1, "x"}));
  static_cast<void>(file.read(Generation::promised, request(1)));
  REQUIRE(file.prepare(kPromised + 1));
  const LazyFile::Settled settled = file.settle(lowered(kPromised + 1), {}, false);
  CHECK_FALSE(settled.answers.front().content->is_lowered());
  CHECK(settled.moved == std::set<NodeName>{{1, "x"}});
  CHECK(file.current({1, "x"}) == Generation::lowered);
  CHECK(file.content(Generation::lowered)->is_lowered());
}

TEST_CASE("after the timeout the node keeps the baseline, and the lowered file gets a node of its own") {
  LazyFile file = xaas::file();
  static_cast<void>(file.current({1, "x"}));
  CHECK_FALSE(file.pass_timeout());  // no read waits
  static_cast<void>(file.read(Generation::promised, request(1)));
  const auto late = file.pass_timeout();
  REQUIRE(late);
  CHECK_FALSE(late->answers.front().content->is_lowered());
  CHECK(file.report().late);
  const LazyFile::Settled settled = file.settle(lowered(100), {}, true);
  CHECK(settled.moved.size() == 1);
  CHECK_FALSE(file.content(Generation::promised)->is_lowered());
  CHECK(file.content(Generation::lowered)->stored == 100);
}

TEST_CASE("without a fallback a late read times out, and the node it has open is stale later") {
  LazyFile file = xaas::file(Fallback::none);
  static_cast<void>(file.read(Generation::promised, request(1)));
  CHECK(file.pass_timeout()->answers.front().error == ETIMEDOUT);
  CHECK(file.read(Generation::promised, request(2)).answer->error == ETIMEDOUT);
  static_cast<void>(file.settle(lowered(100), {}, true));
  // Nothing of the node was ever read, so it may have the lowered file as its content.
  CHECK(file.content(Generation::promised)->is_lowered());
}

TEST_CASE("what cannot be lowered is served as the baseline, or not at all") {
  LazyFile file = xaas::file();
  static_cast<void>(file.read(Generation::promised, request(1)));
  CHECK(file.fail("no").answers.front().error == 0);
  CHECK(file.report().state == LazyState::baseline);
  CHECK(file.report().error == "no");
  LazyFile strict = xaas::file(Fallback::none);
  static_cast<void>(strict.read(Generation::promised, request(1)));
  CHECK(strict.fail("no").answers.front().error == EIO);
  CHECK(strict.read(Generation::promised, request(2)).answer->error == EIO);
}

StandIn ready_file() { return {9, 6'000, {}, "x86-64-v3"}; }

TEST_CASE("a ready file is served at once, and the lowered file gets a node of its own") {
  LazyFile file = xaas::file();
  static_cast<void>(file.current({1, "x"}));
  CHECK_FALSE(file.stand_in(ready_file()));  // nobody reads
  static_cast<void>(file.read(Generation::promised, request(1)));
  const auto settled = file.stand_in(ready_file());
  REQUIRE(settled);
  CHECK(settled->answers.front().content->ref == 9);
  CHECK(settled->answers.front().content->stored == 6'000);
  CHECK(file.size(Generation::promised) == kPromised);
  CHECK(file.report().state == LazyState::interim);
  CHECK(file.report().cpu == "x86-64-v3");
  CHECK_FALSE(file.report().late);
  CHECK_FALSE(file.pass_timeout());
  CHECK(file.settle(lowered(100), {}, true).moved == std::set<NodeName>{{1, "x"}});
  CHECK(file.content(Generation::promised)->ref == 9);
  CHECK(file.content(Generation::lowered)->stored == 100);
  CHECK(file.report().state == LazyState::ready);
  CHECK(file.report().cpu.empty());
}

TEST_CASE("a ready file that is what lowering would make is served for good, without another node") {
  const Digest key = Digest::of("key");
  LazyFile file = xaas::file();
  static_cast<void>(file.current({1, "x"}));
  static_cast<void>(file.read(Generation::promised, request(1)));
  SECTION("it is served already") {
    REQUIRE(file.stand_in(ready_file()));
    const LazyFile::Settled settled = file.settle_ready_made(ready_file(), key);
    CHECK(settled.answers.empty());
    CHECK(settled.moved.empty());
  }
  SECTION("reads wait") {
    const LazyFile::Settled settled = file.settle_ready_made(ready_file(), key);
    CHECK(settled.answers.front().content->ref == 9);
    CHECK(settled.moved.empty());
  }
  CHECK(file.content(Generation::promised)->ref == 9);
  CHECK(file.content(Generation::lowered) == nullptr);
  CHECK(file.report().state == LazyState::ready);
  CHECK(file.report().from_image);
  CHECK(file.report().key == key.to_string());
  CHECK(file.report().cpu.empty());
  CHECK_FALSE(file.report().late);
}

TEST_CASE("a ready file that is what lowering would make takes the name where the baseline is served") {
  LazyFile file = xaas::file();
  static_cast<void>(file.current({1, "x"}));
  static_cast<void>(file.read(Generation::promised, request(1)));
  REQUIRE(file.pass_timeout());
  CHECK(file.settle_ready_made(ready_file(), Digest::of("key")).moved == std::set<NodeName>{{1, "x"}});
  CHECK(file.content(Generation::promised)->ref == 7);
  CHECK(file.content(Generation::lowered)->ref == 9);
  CHECK(file.report().late);
}

TEST_CASE("a ready file goes on being served when lowering fails, also where the baseline must not be") {
  for (const Fallback fallback : {Fallback::baseline, Fallback::none}) {
    LazyFile file = xaas::file(fallback);
    static_cast<void>(file.read(Generation::promised, request(1)));
    REQUIRE(file.stand_in(ready_file()));
    CHECK(file.fail("no").answers.empty());
    CHECK(file.report().state == LazyState::interim);
    CHECK(file.report().error == "no");
    CHECK(file.read(Generation::promised, request(2)).answer->content->ref == 9);
  }
}

TEST_CASE("a ready file comes too late for a node whose content is decided") {
  LazyFile file = xaas::file();
  static_cast<void>(file.read(Generation::promised, request(1)));
  REQUIRE(file.pass_timeout());
  CHECK_FALSE(file.stand_in(ready_file()));
  CHECK(file.read(Generation::promised, request(2)).answer->content->ref == 7);
}

TEST_CASE("a read that is interrupted waits no longer, and the end of the mount answers the others") {
  LazyFile file = xaas::file();
  static_cast<void>(file.read(Generation::promised, request(1)));
  static_cast<void>(file.read(Generation::promised, request(2)));
  CHECK(file.withdraw(1).id == 1);
  const LazyFile::Settled settled = file.stop();
  REQUIRE(settled.answers.size() == 1);
  CHECK(settled.answers.front().request.id == 2);
  CHECK(settled.answers.front().error == EIO);
}

}  // namespace
}  // namespace xaas
