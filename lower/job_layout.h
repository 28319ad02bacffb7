// A job in its scratch directory: lays out the files that the job may read, and takes what the job leaves there.
// Implements spec/lowering.md, section "Worker".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "format/base/error.h"
#include "format/base/file.h"
#include "lower/cache.h"
#include "lower/job.h"
#include "lower/link_plan.h"
#include "lower/link_units.h"
#include "lower/module_store.h"
#include "lower/region_programs.h"

namespace xaas {

// The build-id, in hex digits, of the file that is lowered under this key.
std::string build_id_of(const Digest& key);

// Not thread-safe. Move-only.
class JobLayout {
 public:
  // Lays out all inputs except the units. `jobs` is the largest number of threads. REQUIRES: `scratch` exists and is
  // empty; everything that `context` borrows, and `plan`, outlive the layout.
  static Result<JobLayout> create(const LoweringContext& context, const LinkPlan& plan, unsigned jobs,
                                  std::filesystem::path scratch);

  Job& job() { return job_; }
  const Job& job() const { return job_; }
  const std::filesystem::path& scratch() const { return scratch_; }
  const std::vector<std::uint64_t>& bitcode_sizes() const { return bitcode_sizes_; }  // bytes, one number for each unit
  std::uint64_t bitcode_bytes() const;                                                // the sum over all units

  // Lays out the fat binaries of units with code for GPUs, for which ptxas may run for long. Returns lines for people,
  // about code that a tool refuses. `stop` ends it early with Code::interrupted.
  Result<std::vector<std::string>> make_fatbins(const std::stop_token& stop);
  // Lays out the programs for devices of OpenMP.
  Status add_region_programs(const std::vector<RegionProgram>& programs);
  // Lays out the IR of the units that the worker has to prepare.
  Status extract_units();
  // Makes the job one whose units are not merged, and removes the units that were prepared for merging.
  Status separate_units();
  // Lays out the modules and prepared units that other links of the scope left in the cache. Call it before
  // extract_units(), which leaves out the lent units.
  void lend_modules(const Cache& cache, const Digest& scope);
  // Whether other links can use modules of this link. A single module is the whole link, which has a cache entry of its
  // own.
  bool has_modules() const { return units_.size() > 1; }

  // Opens the linked file that the job has left, and sets `size` to its size in bytes. The file is as untrusted as the
  // worker. Code::failed if it is anything else than an ELF program or library for the target.
  Result<Fd> open_output(std::uint64_t& size) const;
  // The text that the job has left, if it is for a GPU. It is as untrusted as the worker. Code::failed if it is no
  // text.
  Result<std::string> read_text() const;
  // Keeps modules and prepared units in the cache for other links. Returns how many objects of modules are new.
  std::size_t collect_modules();
  // The number of units that the worker prepares. The others were lent by the cache.
  std::size_t units_prepared() const { return units_.size() - job_.prepared.size(); }

 private:
  JobLayout(const LoweringContext& context, const LinkPlan& plan, std::filesystem::path scratch)
      : image_(&context.image), host_(&context.host), plan_(&plan), scratch_(std::move(scratch)) {}
  Status extract_inputs();
  Result<Fd> open_file(std::uint64_t& size) const;
  Result<std::string> put(const std::string& name, std::string_view content) const;

  const Image* image_;
  const HostView* host_;
  const LinkPlan* plan_;
  std::filesystem::path scratch_;
  Job job_;
  std::vector<LinkUnit> units_;  // the units of the plan's recipe
  std::vector<std::uint64_t> bitcode_sizes_;
  std::vector<Digest> unit_keys_;       // one key for each unit; empty before lend_modules()
  std::optional<ModuleStore> modules_;  // lends modules to the job and keeps new ones
};

}  // namespace xaas
