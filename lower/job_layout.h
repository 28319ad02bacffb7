// A job and the files that it may read, laid out in a scratch directory, and what it leaves there. Implements
// spec/lowering.md, section "Worker".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "format/base/error.h"
#include "format/base/file.h"
#include "lower/cache.h"
#include "lower/job.h"
#include "lower/link_plan.h"
#include "lower/link_units.h"
#include "lower/module_store.h"

namespace xaas {

// One thread. Move-only.
class JobLayout {
 public:
  // Lays out all but the units. `jobs`: the most threads. REQUIRES: `scratch` exists and is empty; what `context`
  // borrows and `plan` outlive the layout.
  static Result<JobLayout> create(const LoweringContext& context, const LinkPlan& plan, unsigned jobs,
                                  std::filesystem::path scratch);

  Job& job() { return job_; }
  const Job& job() const { return job_; }
  const std::filesystem::path& scratch() const { return scratch_; }
  const std::vector<std::uint64_t>& bitcode_sizes() const { return bitcode_sizes_; }  // bytes, of each unit
  std::uint64_t bitcode_bytes() const;                                                // of all units

  // Lays out the units that are to be prepared.
  Status extract_units();
  // The units are no longer to be merged: removes what they were prepared as.
  Status separate_units();
  // Lays out what other links of the scope left behind. Before extract_units().
  void lend_modules(const Cache& cache, const Digest& scope);
  // Whether a link has modules that others can use: one module alone is the whole link, which has an entry of its own.
  bool has_modules() const { return units_.size() > 1; }

  // What the job has left. The linked file, of `size` bytes, is as trusted as the worker: Code::failed when it is
  // anything else than an ELF program or library for the target.
  Result<Fd> open_output(std::uint64_t& size) const;
  // Keeps modules and units for other links. How many objects of modules are new.
  std::size_t collect_modules();
  // Units that were prepared; the others were lent.
  std::size_t units_prepared() const { return units_.size() - job_.prepared.size(); }

 private:
  JobLayout(const LoweringContext& context, const LinkPlan& plan, std::filesystem::path scratch)
      : image_(&context.image), plan_(&plan), scratch_(std::move(scratch)) {}
  Status extract_inputs();
  Result<std::string> put(const std::string& name, std::string_view content) const;

  const Image* image_;
  const LinkPlan* plan_;
  std::filesystem::path scratch_;
  Job job_;
  std::vector<LinkUnit> units_;  // of the plan's recipe
  std::vector<std::uint64_t> bitcode_sizes_;
  std::vector<Digest> unit_keys_;       // of each, where there are modules
  std::optional<ModuleStore> modules_;  // that are lent to the job and kept of it
};

}  // namespace xaas
