// Lowers files of one image for one target: key, cache, job, worker. What the mount and `xaas-lower` are built on.
// Implements spec/lowering.md and spec/cache.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "format/image.h"
#include "lower/cache.h"
#include "lower/configuration.h"
#include "lower/job_runner.h"
#include "lower/link_plan.h"
#include "lower/policy.h"
#include "lower/target.h"

namespace xaas {

struct LowererOptions {
  std::string configuration;  // empty: the best that this target satisfies
  TargetOverrides target;
  Policy policy;                // without a name: the one that the image says
  unsigned jobs = 0;            // threads per worker, as far as memory lets; 0: usable_cores()
  std::uint64_t memory = 0;     // bytes, of all workers together; 0: half of available_memory()
  std::filesystem::path cache;  // empty: the user's
};

struct Lowered {
  Fd file;                 // the ELF file, open for reading
  std::uint64_t size = 0;  // bytes
  Digest key;
  bool from_cache = false;
  double seconds = 0;                 // wall time that lowering took, also when it was found in the cache
  std::uint64_t peak_bytes = 0;       // of memory that the worker took; 0 when it was found in the cache
  std::size_t units_prepared = 0;     // for the link; others were found. 0 when the file was found in the cache
  std::size_t modules_made = 0;       // that are kept; others were found. 0 when the file was found in the cache
  std::vector<std::string> warnings;  // of the worker, one line each; empty when it was found in the cache
};

// Thread-safe.
class Lowerer {
 public:
  // Code::unsupported when the image cannot be lowered here (unknown lower_incompat feature, no toolchain for this
  // host, no configuration that the target satisfies); the caller may then serve the baseline.
  static Result<std::unique_ptr<Lowerer>> create(std::shared_ptr<const Image> image, const LowererOptions& options);
  ~Lowerer();

  const Target& target() const { return target_; }
  const std::string& configuration() const { return configuration_; }
  const Policy& policy() const { return policy_; }
  const Cache& cache() const { return *cache_; }
  // Where the lowered file with this key lies; nullopt where no cache has it.
  std::optional<std::filesystem::path> place(const Digest& key) const;

  // Of everything that decides the bytes of `record` lowered here. Code::not_found when a library is missing.
  Result<Digest> key(const FileRecord& record) const;
  // From the cache only. Code::not_found when a library is missing.
  Result<std::optional<Lowered>> find(const FileRecord& record) const;
  // From the cache, or made now; blocks for as long as that takes. `stop` ends it early: Code::interrupted. REQUIRES:
  // record.recipe is not none.
  Result<Lowered> lower(const FileRecord& record, const std::stop_token& stop) const;
  // Saves in `directory`, which is made, what lowering takes: the worker "xaas-lower", the job "job.json" and its
  // files, so that `cd directory && ./xaas-lower --worker <job.json` does what the worker would do here, only not
  // confined.
  Status save_job(const FileRecord& record, const std::filesystem::path& directory) const;

 private:
  Lowerer() = default;
  LoweringContext context() const;
  std::optional<Lowered> find(const Digest& key) const;
  Result<Lowered> make(const FileRecord& record, const LinkPlan& plan, const std::stop_token& stop) const;
  void keep(const FileRecord& record, Lowered& lowered) const;  // in the cache, where that can be
  Result<Digest> index_digest() const;

  std::shared_ptr<const Image> image_;
  Target target_;
  Policy policy_;
  std::string configuration_;
  Toolchain toolchain_;
  std::vector<std::string> toolchain_libraries_;
  unsigned jobs_ = 1;
  std::unique_ptr<JobRunner> runner_;
  std::unique_ptr<Cache> cache_;
  std::vector<std::unique_ptr<Cache>> site_caches_;  // looked into where cache_ has nothing
  mutable std::mutex index_mutex_;
  mutable std::optional<Digest> index_digest_;
  mutable std::mutex upkeep_mutex_;
  mutable std::jthread upkeep_;  // the last member: it uses the cache
};

}  // namespace xaas
