// The cache: entries are whole or absent, made once, and trusted only when nobody else can have written them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>
#include <random>
#include <thread>

#include "lower/cache.h"
#include "lower/cache_upkeep.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

const Digest kKey = Digest::of("key");

Fd file_of(const fs::path& directory, std::string_view content) {
  test::good(write_file(directory / "source", content));
  return test::good(open_for_reading(directory / "source"));
}

// Bytes that a file system with compression stores as they are.
std::string incompressible(std::size_t size) {
  std::mt19937 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

struct CacheFixture {
  TempDirectory root = test::scratch();
  std::unique_ptr<Cache> cache = Cache::open(root.path() / "cache");

  CacheEntry store(std::string_view content, const Digest& key = kKey) {
    const Fd source = file_of(root.path(), content);
    CacheRecord record;
    record.path = "bin/x";
    record.cpu = "haswell";
    return test::good(cache->store(key, source.get(), content.size(), record));
  }
  fs::path data() const { return cache->data_path(kKey); }
  fs::path record() const { return fs::path(data()).replace_extension(".json"); }
};

std::string content_of(const CacheEntry& entry) {
  std::string text(entry.record.size, '\0');
  REQUIRE(pread(entry.file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  return text;
}

}  // namespace

TEST_CASE_METHOD(CacheFixture, "what was stored is found, also by another process's cache") {
  store("lowered");
  for (const auto& cache : {Cache::open(root.path() / "cache"), Cache::open(root.path() / "cache")}) {
    const auto entry = cache->find(kKey);
    REQUIRE(entry);
    CHECK(content_of(*entry) == "lowered");
    CHECK(entry->record.path == "bin/x");
    CHECK(entry->record.cpu == "haswell");
  }
  CHECK_FALSE(cache->find(Digest::of("another key")));
}

TEST_CASE_METHOD(CacheFixture, "a cache is empty until there is an entry, not only the lock of one") {
  CHECK(cache->is_empty());
  const CacheLock lock = cache->lock(kKey, {});
  CHECK(lock.is_held());
  CHECK(cache->is_empty());
  store("lowered");
  CHECK_FALSE(cache->is_empty());
  CHECK_FALSE(Cache::open(root.path() / "cache")->is_empty());
}

TEST_CASE_METHOD(CacheFixture, "a damaged entry is a miss and is removed") {
  store("lowered");
  const auto other = Cache::open(root.path() / "cache");
  SECTION("content") { test::run("printf X | dd of=" + data().string() + " conv=notrunc status=none"); }
  SECTION("truncated") { fs::resize_file(data(), 3); }
  SECTION("record is no JSON") { fs::resize_file(record(), 10); }
  SECTION("record is empty") { fs::resize_file(record(), 0); }
  SECTION("no data") { fs::remove(data()); }
  CHECK_FALSE(other->find(kKey));
  CHECK_FALSE(cache->find(kKey));
  CHECK_FALSE(fs::exists(record()));
  CHECK_FALSE(fs::exists(data()));
}

TEST_CASE_METHOD(CacheFixture, "data without a record is a miss") {
  store("lowered");
  fs::remove(record());
  CHECK_FALSE(cache->find(kKey));
}

TEST_CASE_METHOD(CacheFixture, "an entry moved to another key's name is a miss") {
  store("lowered");
  const Digest other = Digest::of("other");
  store("other", other);
  fs::rename(record(), fs::path(cache->data_path(other)).replace_extension(".json"));
  fs::rename(data(), cache->data_path(other));
  CHECK_FALSE(Cache::open(root.path() / "cache")->find(other));
}

TEST_CASE_METHOD(CacheFixture, "an entry that others can write, or a symlink, is not trusted") {
  store("lowered");
  SECTION("group") { fs::permissions(data(), fs::perms::group_write, fs::perm_options::add); }
  SECTION("others") { fs::permissions(record(), fs::perms::others_write, fs::perm_options::add); }
  SECTION("symlink") {
    fs::rename(data(), root.path() / "elsewhere");
    fs::create_symlink(root.path() / "elsewhere", data());
  }
  CHECK_FALSE(cache->find(kKey));
}

TEST_CASE_METHOD(CacheFixture, "directories are private and entries are found under a careless umask") {
  const mode_t before = umask(0);
  const auto open = Cache::open(root.path() / "shared");
  const Fd source = file_of(root.path(), "lowered");
  test::good(open->store(kKey, source.get(), 7, {}));
  umask(before);
  CHECK(open->find(kKey));
  CHECK((fs::status(root.path() / "shared").permissions() & fs::perms::mask) == fs::perms::owner_all);
}

TEST_CASE_METHOD(CacheFixture,
                 "a cache that somebody else can write is not used, neither for reading nor for scratch") {
  store("lowered");
  const fs::path top = root.path() / "cache";
  SECTION("its directory") { fs::permissions(top, fs::perms::group_write, fs::perm_options::add); }
  SECTION("the entries") { fs::permissions(top / kCacheEntries, fs::perms::others_write, fs::perm_options::add); }
  SECTION("another user's") { REQUIRE((geteuid() != 0 || chown(top.c_str(), 12345, 12345) == 0)); }
  if (geteuid() != 0 && fs::status(top).permissions() == fs::perms::owner_all) return;  // only root changes owners
  const auto other = Cache::open(top);
  REQUIRE_FALSE(other->writable());
  CHECK_THAT(other->writable().error().message, Catch::Contains("only this user can write"));
  CHECK_FALSE(other->find(kKey));
  CHECK(other->scratch_parent() == fs::temp_directory_path());
}

TEST_CASE_METHOD(CacheFixture, "one caller at a time holds the lock of a key, and other keys are free") {
  auto first = std::make_optional(cache->lock(kKey, {}));
  const CacheLock other = cache->lock(Digest::of("other"), {});
  REQUIRE(first->is_held());
  CHECK(other.is_held());
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(cache->lock(kKey, stop.get_token()).is_held());
  bool has_it = false;
  std::thread second([&] { has_it = cache->lock(kKey, {}).is_held(); });
  first.reset();
  second.join();
  CHECK(has_it);
}

TEST_CASE_METHOD(CacheFixture, "a lock leaves no file behind, also where nothing was made") {
  const fs::path path = fs::path(cache->data_path(kKey)).replace_extension(".lock");
  {
    const CacheLock lock = cache->lock(kKey, {});
    CHECK(fs::exists(path));
  }
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE_METHOD(CacheFixture, "waiting for a lock ends when it is stopped") {
  const CacheLock held = cache->lock(kKey, {});
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(cache->lock(kKey, stop.get_token()).is_held());
}

TEST_CASE_METHOD(CacheFixture, "a stop that comes later ends waiting for a lock, too") {
  const CacheLock held = cache->lock(kKey, {});
  std::stop_source stop;
  bool got_it = true;
  std::thread waiter([&] { got_it = cache->lock(kKey, stop.get_token()).is_held(); });
  stop.request_stop();
  waiter.join();
  CHECK_FALSE(got_it);
}

TEST_CASE_METHOD(CacheFixture, "whoever waited for the lock finds the entry that was made meanwhile") {
  std::atomic<unsigned> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const CacheLock lock = cache->lock(kKey, {});
      if (cache->find(kKey)) return;
      ++made;
      const fs::path source = root.path() / std::to_string(i);
      if (!write_file(source, "lowered")) return;
      const auto fd = open_for_reading(source);
      if (fd) static_cast<void>(cache->store(kKey, fd->get(), 7, {}));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
}

TEST_CASE_METHOD(CacheFixture, "a source shorter than stated leaves nothing behind") {
  const Fd source = file_of(root.path(), "short");
  CHECK_FALSE(cache->store(kKey, source.get(), 1000, {}));
  CHECK_FALSE(cache->find(kKey));
  CHECK(fs::is_empty(data().parent_path()));
}

TEST_CASE_METHOD(CacheFixture, "a cache that cannot be written says why, and nothing is stored") {
  test::good(write_file(root.path() / "file", ""));
  const auto blocked = Cache::open(root.path() / "file" / "cache");
  const Status writable = blocked->writable();
  REQUIRE_FALSE(writable);
  CHECK_THAT(writable.error().message, Catch::Contains("cache"));
  const Fd source = file_of(root.path(), "lowered");
  CHECK_FALSE(blocked->store(kKey, source.get(), 7, {}));
  CHECK_FALSE(blocked->find(kKey));
  CHECK(fs::is_directory(blocked->scratch_parent()));
  blocked->lock(kKey, {});
}

TEST_CASE_METHOD(CacheFixture, "upkeep counts, verifies and clears") {
  store("one", Digest::of("1"));
  store("two", Digest::of("2"));
  CHECK(test::good(measure_cache(*cache)).entries == 2);
  fs::resize_file(cache->data_path(Digest::of("2")), 1);
  CHECK(test::good(verify_cache(*Cache::open(root.path() / "cache"))).broken == 1);
  CHECK(test::good(clear_cache(*cache)).entries == 1);
  CHECK(test::good(measure_cache(*cache)).entries == 0);
  CHECK_FALSE(cache->find(Digest::of("1")));
  CHECK(fs::is_empty(cache->directory() / kCacheEntries));
  store("one", Digest::of("1"));
  CHECK(cache->find(Digest::of("1")));
}

TEST_CASE_METHOD(CacheFixture, "pruning removes what has not been used for longest, as far as it must") {
  const auto days = [](int count) { return fs::file_time_type::clock::now() - std::chrono::hours(24 * count); };
  const auto age = [&](const char* text, int count) {
    const fs::path data = cache->data_path(Digest::of(text));
    fs::last_write_time(data, days(count));
    fs::last_write_time(fs::path(data).replace_extension(".json"), days(count));
  };
  const auto has = [&](const char* text) { return fs::exists(cache->data_path(Digest::of(text))); };
  const CacheLimits generous{.bytes = 1ULL << 40, .age = std::chrono::hours(24 * 60), .free_share = 0};
  for (const char* text : {"1", "2", "3"}) store(incompressible(20000), Digest::of(text));
  age("1", 100);
  age("2", 20);
  age("3", 50);
  CHECK(test::good(prune_cache(*cache, generous)).entries == 1);
  CHECK_FALSE(has("1"));
  REQUIRE(cache->find(Digest::of("3")));  // used now, later than the other entry
  CacheLimits one = generous;
  one.bytes = 40000;
  CHECK(test::good(prune_cache(*cache, one)).entries == 1);
  CHECK_FALSE(has("2"));
  CHECK(has("3"));
  CHECK(test::good(prune_cache(*cache, one)).entries == 0);
  CacheLimits none = generous;
  none.bytes = 0;
  none.spared = std::chrono::hours(1);
  CHECK(test::good(prune_cache(*cache, none)).entries == 0);
  none.spared = std::chrono::seconds(0);
  age("3", 1);
  CHECK(test::good(prune_cache(*cache, none)).entries == 1);
  CHECK(test::good(measure_cache(*cache)).bytes == 0);
}

TEST_CASE_METHOD(CacheFixture, "nothing is removed for a disk that would be full all the same") {
  store("one", Digest::of("1"));
  CacheLimits limits;
  limits.free_share = 1;  // the whole disk, of which others use a part
  limits.most_free = std::numeric_limits<std::uint64_t>::max();
  REQUIRE(fs::space(root.path()).available < fs::space(root.path()).capacity);
  CHECK(test::good(prune_cache(*cache, limits)).entries == 0);
}

TEST_CASE_METHOD(CacheFixture, "a cache is pruned now and then by whoever uses it, not each time") {
  CHECK(claim_upkeep(*cache));
  CHECK_FALSE(claim_upkeep(*cache));
  fs::last_write_time(root.path() / "cache/upkeep", fs::file_time_type::clock::now() - std::chrono::hours(2));
  CHECK(claim_upkeep(*cache));
  setenv("XAAS_CACHE_SIZE", "1", 1);  // NOLINT(concurrency-mt-unsafe)
  store("one", Digest::of("1"));
  do_upkeep(*cache);
  CHECK(test::good(measure_cache(*cache)).entries == 1);  // it was just used
  for (const char* suffix : {".elf", ".json"}) {
    fs::last_write_time(cache->data_path(Digest::of("1")).replace_extension(suffix),
                        fs::file_time_type::clock::now() - std::chrono::hours(2));
  }
  do_upkeep(*cache);
  CHECK(test::good(measure_cache(*cache)).entries == 0);
  unsetenv("XAAS_CACHE_SIZE");  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace xaas
