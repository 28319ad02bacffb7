// A least-recently-used cache for many threads. It is sharded by key, so that hits on different blocks rarely meet. It
// loads each key once, so that threads that want the same block do not decompress it twice.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "format/base/error.h"

namespace xaas {

// Value needs `std::size_t cost() const`, which returns its bytes in memory. Thread-safe.
template <typename Value>
class ShardedCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  // Keeps values of up to `capacity` bytes. Each shard also keeps its latest value, whatever its size. A value that is
  // still in use elsewhere lives on after the cache has dropped it.
  explicit ShardedCache(std::size_t capacity) : shard_capacity_(capacity / kShards) {}

  // The value of `key`: a kept one, the one that another thread is loading, or a new one from `load`. `load` returns
  // Result<Pointer>, is called without a lock and must not throw. An error of `load` is not kept.
  template <typename Load>
  Result<Pointer> get(std::uint64_t key, const Load& load) {
    Shard& shard = shards_[(key * kGoldenRatio) >> (64 - kShardBits)];
    if (Pointer found = find_or_claim(shard, key)) return found;
    Result<Pointer> loaded = load();
    const std::lock_guard lock(shard.mutex);
    if (loaded) {
      publish(shard, key, *loaded);
    } else {
      shard.entries.erase(key);
    }
    shard.loaded.notify_all();
    return loaded;
  }

  // Drops all values that are kept.
  void clear() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      for (const std::uint64_t key : shard.recent) shard.entries.erase(key);
      shard.recent.clear();
      shard.used = 0;
    }
  }

 private:
  static constexpr unsigned kShardBits = 3;
  static constexpr std::size_t kShards = 1 << kShardBits;
  static constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;  // spreads keys that are neighbours

  struct Entry {
    Pointer value;  // null while a thread is loading it
    std::list<std::uint64_t>::iterator recent;
  };
  struct Shard {
    std::mutex mutex;
    std::condition_variable loaded;
    std::unordered_map<std::uint64_t, Entry> entries;
    std::list<std::uint64_t> recent;  // keys with a value, the most recently used first
    std::size_t used = 0;             // bytes
  };

  // Null when the caller has claimed `key` and must load it.
  static Pointer find_or_claim(Shard& shard, std::uint64_t key) {
    std::unique_lock lock(shard.mutex);
    while (true) {
      const auto [entry, inserted] = shard.entries.try_emplace(key);
      if (inserted) return nullptr;
      if (entry->second.value) {
        shard.recent.splice(shard.recent.begin(), shard.recent, entry->second.recent);
        return entry->second.value;
      }
      shard.loaded.wait(lock);
    }
  }

  // REQUIRES: shard.mutex is held.
  void publish(Shard& shard, std::uint64_t key, const Pointer& value) {
    shard.recent.push_front(key);
    shard.entries[key] = {value, shard.recent.begin()};
    shard.used += value->cost();
    while (shard.used > shard_capacity_ && shard.recent.size() > 1) {
      const auto oldest = shard.entries.find(shard.recent.back());
      shard.used -= oldest->second.value->cost();
      shard.entries.erase(oldest);
      shard.recent.pop_back();
    }
  }

  const std::size_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

}  // namespace xaas
