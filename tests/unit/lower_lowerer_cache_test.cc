// What has been lowered is not lowered again, and a cache that is damaged or missing changes nothing else.
#include <elf.h>

#include <atomic>
#include <thread>

#include "lower/elf_identity.h"
#include "tests/unit/lower_lowerer_support.h"

namespace xaas {
namespace fs = std::filesystem;

using test::LowererFixture;

TEST_CASE_METHOD(LowererFixture, "the key depends on the target and the policy, and on nothing of this process") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Digest key = test::good(lowerer()->key(part));
  CHECK(test::good(lowerer()->key(part)) == key);
  CHECK(test::good(lowerer("haswell")->key(part)) != test::good(lowerer("haswell", "-fma")->key(part)));
  CHECK(test::good(lowerer("haswell")->key(part)) != test::good(lowerer("broadwell")->key(part)));
}

TEST_CASE_METHOD(LowererFixture,
                 "what another link of the image has made of a unit is not made again, unless it was damaged") {
  if (image() == nullptr) return;
  const auto lower = [&](const char* path, const char* policy = "default") {
    return test::good(lowerer("haswell", "", policy)->lower(record(path), {}));
  };
  const Lowered plus = lower("lib/plus.so");
  CHECK(plus.modules_made == 2);
  CHECK(plus.units_prepared == 2);
  const Lowered minus = lower("lib/minus.so");
  CHECK(minus.modules_made == 1);
  CHECK(minus.units_prepared == 1);
  const Lowered most = lower("lib/minus.so", "max");
  CHECK(most.modules_made == 2);
  CHECK(most.units_prepared == 2);

  const auto bytes_of = [](const Lowered& lowered) { return test::good(Digest::of_file(lowered.file.get())); };
  clear_linked();
  const Lowered again = lower("lib/plus.so");
  CHECK_FALSE(again.from_cache);
  CHECK(again.modules_made == 0);
  CHECK(again.units_prepared == 0);
  CHECK(bytes_of(again) == bytes_of(plus));

  clear_linked();
  std::vector<fs::path> modules;
  for (const auto& entry : fs::recursive_directory_iterator(root.path() / "cache" / kCacheModules)) {
    if (entry.is_regular_file()) modules.push_back(entry.path());
  }
  CHECK(modules.size() == 3);  // a pack for each link
  for (const fs::path& module : modules) fs::resize_file(module, fs::file_size(module) - 1);
  const Lowered mended = lower("lib/plus.so");
  CHECK(mended.modules_made == 2);
  CHECK(mended.units_prepared == 2);
  CHECK(bytes_of(mended) == bytes_of(plus));
}

TEST_CASE_METHOD(LowererFixture, "what a site's cache has is not lowered again, unless others can write there") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Digest key = test::good(lowerer()->lower(part, {})).key;
  const fs::path site = root.path() / "site";
  fs::rename(root.path() / "cache", site);
  const std::string names = "/nonexistent:" + site.string();
  setenv("XAAS_SITE_CACHES", names.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  const auto reader = lowerer();
  fs::permissions(site, fs::perms::all);
  const auto distrustful = lowerer();
  unsetenv("XAAS_SITE_CACHES");  // NOLINT(concurrency-mt-unsafe)
  CHECK_FALSE(test::good(distrustful->find(part)));
  const auto found = test::good(reader->find(part));
  REQUIRE(found);
  CHECK(found->key == key);
  REQUIRE(reader->place(key));
  CHECK(reader->place(key)->string().starts_with(fs::canonical(site).string()));
  CHECK_FALSE(fs::exists(reader->cache().data_path(key)));
  const fs::path there = *reader->place(key);
  fs::resize_file(there, 100);
  CHECK_FALSE(test::good(reader->find(part)));
  CHECK(fs::exists(there));  // the owner of the site cache removes it
}

TEST_CASE_METHOD(LowererFixture, "however many ask for a file, it is lowered once") {
  if (image() == nullptr) return;
  const auto one = lowerer();
  const auto other = lowerer();  // as another process would have it
  const FileRecord part = record("lib/libpart.so.1.0");
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const auto lowered = (i % 2 == 0 ? one : other)->lower(part, {});
      if (lowered && !lowered->from_cache) ++made;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
}

TEST_CASE_METHOD(LowererFixture, "a damaged cache entry is made again") {
  if (image() == nullptr) return;
  const FileRecord part = record("lib/libpart.so.1.0");
  const Lowered first = test::good(lowerer()->lower(part, {}));
  fs::resize_file(lowerer()->cache().data_path(first.key), 100);
  const Lowered second = test::good(lowerer()->lower(part, {}));
  CHECK_FALSE(second.from_cache);
  CHECK(second.size == first.size);
}

TEST_CASE_METHOD(LowererFixture, "without a cache a file is lowered and usable all the same") {
  if (image() == nullptr) return;
  test::good(write_file(root.path() / "cache", "in the way"));
  const Lowered lowered = test::good(lowerer()->lower(record("lib/libpart.so.1.0"), {}));
  CHECK_FALSE(lowered.warnings.empty());
  CHECK(test::good(read_elf_identity(lowered.file.get())).type == ET_DYN);
}

}  // namespace xaas
