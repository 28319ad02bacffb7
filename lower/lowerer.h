// Lowers files of one image for one target: computes the key, looks in the cache, runs the job in a worker. The mount
// and `xaas-lower` are built on it. Implements spec/lowering.md and spec/cache.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "format/image.h"
#include "lower/cache.h"
#include "lower/configuration.h"
#include "lower/job_runner.h"
#include "lower/link_plan.h"
#include "lower/policy.h"
#include "lower/slot_choice.h"
#include "lower/target.h"

namespace xaas {

struct LowererOptions {
  std::string configuration;  // empty: the one with the highest rank that this target satisfies
  TargetOverrides target;
  Policy policy;                // if its name is empty: the image's own policy
  unsigned jobs = 0;            // the most threads of a worker, if memory allows; 0: usable_cores()
  std::uint64_t memory = 0;     // bytes, for all workers together; 0: half of available_memory()
  std::filesystem::path cache;  // empty: the user's cache
  std::string gpu;              // "sm_90,…" or "none"; empty: the host's GPUs, unless `target` says another CPU
  bool mixes = false;           // baselines may run together with lowered files
  SlotOverrides slots{};        // what stands in the image's slots; lowered files are the same whatever that is
  std::shared_ptr<const HostView> host = this_host();  // for which files are lowered, unless `target` says another CPU
};

// A file of the image that stands in for the lowered file until that is there.
struct ReadyFile {
  FileRecord record;  // of the ready file itself
  std::string cpu;    // for which it was lowered
};

// What is decided once for all files of an image that are lowered for a host.
struct LoweringDecisions {
  Target target;
  std::string configuration;
  bool has_older_libc = false;  // than the one that the image was made with
  std::string level;            // whose variants are lowered; empty: none
  Policy policy;
  Toolchain toolchain;           // the one for the host
  std::string hidden_directory;  // in the image; see runtime_libraries.h
  std::vector<std::string> toolchain_libraries;
  std::vector<std::pair<std::string, std::string>> ready;  // CPU and ready_root(), the best first
  std::shared_ptr<const HostView> host;
  std::optional<GpuArchitectures> gpus;  // for which code is made; nullopt: those of the host

  LoweringContext context(const Image& image) const;  // borrows from the image and from *this
};

// Code::unsupported if the image cannot be lowered for the host: it has an unknown lower_incompat feature, no toolchain
// for the host, or no configuration that the target satisfies.
Result<LoweringDecisions> decide_lowering(const Image& image, const LowererOptions& options);

// The best ready file that can be used in place of the lowered one; nullopt if the image has none.
Result<std::optional<ReadyFile>> find_ready_file(const Image& image, const LoweringDecisions& decisions,
                                                 const FileRecord& record);

struct Lowered {
  Fd file;                 // the ELF file, open for reading
  std::uint64_t size = 0;  // bytes
  Digest key;
  bool from_cache = false;
  double seconds = 0;                 // wall time that lowering took, now or when the cache's entry was made
  std::uint64_t peak_bytes = 0;       // the most memory that the worker had; 0 if found in the cache
  std::size_t units_prepared = 0;     // units that the worker prepared, not lent by the cache; 0 if found in the cache
  std::size_t modules_made = 0;       // new objects of modules, kept in the cache; 0 if found in the cache
  std::vector<std::string> warnings;  // the worker's, one line each; empty if found in the cache
};

// A ready file that is what lower() would make.
struct ReadyMade {
  ReadyFile file;
  Digest key;
};

// Thread-safe.
class Lowerer {
 public:
  // Code::unsupported if the image cannot be lowered here: for the reasons of decide_lowering(), or because its
  // toolchain for the host does not run here. The caller may then serve the baseline.
  static Result<std::unique_ptr<Lowerer>> create(std::shared_ptr<const Image> image, const LowererOptions& options);
  ~Lowerer();

  const Target& target() const { return decisions_.target; }
  std::string target_name() const { return target().triple + " " + target().cpu; }  // for people
  const std::string& configuration() const { return decisions_.configuration; }
  const std::string& level() const { return decisions_.level; }  // whose variants are lowered; empty: none
  const std::string& hidden_directory() const { return decisions_.hidden_directory; }
  const Policy& policy() const { return decisions_.policy; }
  const Cache& cache() const { return *cache_; }
  // The path of the lowered file with this key; nullopt if no cache has it.
  std::optional<std::filesystem::path> place(const Digest& key) const;

  // The digest of everything that decides the bytes of `record` lowered here. Code::not_found if a library is missing.
  Result<Digest> key(const FileRecord& record) const;
  // Looks in the caches only. Code::not_found if a library is missing and there is a cache to look in.
  Result<std::optional<Lowered>> find(const FileRecord& record) const;
  // The best ready file that this host can use in place of the lowered one; nullopt if the image has none.
  Result<std::optional<ReadyFile>> ready_file(const FileRecord& record) const;
  // That ready file, if it was lowered under the key that the file has here. Nullopt if it was not, or is not known to
  // be. Code::not_found if a library is missing.
  Result<std::optional<ReadyMade>> ready_made(const FileRecord& record) const;
  // Takes the lowered file from a cache, or makes it now and blocks meanwhile. `stop` ends the wait early with
  // Code::interrupted. `report` may be empty. REQUIRES: record.recipe is set.
  Result<Lowered> lower(const FileRecord& record, const std::stop_token& stop, const ModuleReport& report = {}) const;
  // Makes `directory` and saves in it the worker "xaas-lower", the job "job.json" and the job's files. Then `cd
  // directory && ./xaas-lower --worker <job.json` does what the worker would do here, but unconfined.
  Status save_job(const FileRecord& record, const std::filesystem::path& directory) const;

 private:
  Lowerer() = default;
  LoweringContext context() const { return decisions_.context(*image_); }
  std::optional<Lowered> find(const Digest& key) const;
  Result<Lowered> make(const FileRecord& record, const LinkPlan& plan, const std::stop_token& stop,
                       const ModuleReport& report) const;
  // Lays out the code for GPUs. Returns lines for people.
  Result<std::vector<std::string>> add_device_code(const LinkPlan& plan, JobLayout& layout,
                                                   const std::stop_token& stop) const;
  // Compiles target regions for a GPU, in a job of its own; see CompileRegions.
  Result<std::string> compile_regions(const Recipe& recipe, unsigned gpu, const std::stop_token& stop) const;
  void keep(const FileRecord& record, Lowered& lowered) const;  // stores in the cache; a failure becomes a warning
  Result<Digest> index_digest() const;

  std::shared_ptr<const Image> image_;
  LoweringDecisions decisions_;
  unsigned jobs_ = 1;
  std::unique_ptr<JobRunner> runner_;
  std::unique_ptr<Cache> cache_;
  std::vector<std::unique_ptr<Cache>> site_caches_;  // searched if cache_ lacks an entry
  mutable std::mutex index_mutex_;
  mutable std::optional<Digest> index_digest_;
  mutable std::mutex upkeep_mutex_;
  mutable std::jthread upkeep_;  // must be the last member, because it uses the cache
};

}  // namespace xaas
