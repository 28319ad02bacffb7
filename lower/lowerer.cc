// From a file's record in the image to a native file: plan, key, cache, worker. Implements spec/lowering.md and
// spec/cache.md.
#include "lower/lowerer.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "format/base/json_fields.h"
#include "lower/cache_upkeep.h"
#include "lower/elf_identity.h"
#include "lower/host.h"
#include "lower/library_search.h"
#include "lower/link_units.h"
#include "lower/module_store.h"
#include "lower/runtime_libraries.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr int kKeyVersion = 1;
constexpr std::uint64_t kWorkerLimit = 1ULL << 30;
constexpr std::uint64_t kOutputLimit = 8ULL << 30;
constexpr std::uint64_t kLentPerBitcodeByte = 16;  // objects are about as large as bitcode
constexpr std::uint64_t kLeastMemory = 256ULL << 20;
constexpr std::uint64_t kStacksPerThread = 16ULL << 20;  // address space of a thread and of one that it waits for
constexpr std::size_t kBuildIdDigits = 40;
constexpr const char* kOutputName = "output";
constexpr const char* kModulesName = "modules";

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

bool is_set(const std::atomic<bool>* flag) { return flag != nullptr && flag->load(); }

// What a recipe refers to beside its units.
struct Inputs {
  std::vector<Digest> objects;
  std::vector<std::string> sonames;
};

Inputs inputs_of(const Recipe& recipe) {
  Inputs inputs;
  const Overloaded add_member{[](const IrInput&) {},
                              [&](const ObjectInput& object) { inputs.objects.push_back(object.digest); }};
  const Overloaded add{
      [](const std::string&) {},
      [&](const IrInput& ir) { add_member(ir); },
      [&](const ObjectInput& object) { add_member(object); },
      [&](const ArchiveInput& archive) {
        for (const auto& member : archive.members) std::visit(add_member, member);
      },
      [&](const LibraryInput& library) { inputs.sonames.push_back(library.soname); },
      [&](const FileOption& option) { inputs.objects.push_back(option.digest); },
  };
  for (const LinkArgument& argument : recipe.arguments) std::visit(add, argument);
  return inputs;
}

// Puts the build's own object in the place of every unit that requires what `target` lacks.
Status use_native_objects(Recipe& recipe, const Target& target) {
  Status status;
  for_each_input(recipe, [&](auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    const auto missing = unit == nullptr ? std::vector<std::string>() : missing_features(target, unit->features);
    if (missing.empty()) return;
    if (unit->native) {
      input = ObjectInput{*unit->native, unit->name};
    } else if (status) {
      status = fail(Code::unsupported, "{} needs {}, which {} lacks here: only the baseline can be used", unit->name,
                    missing.front(), target.cpu);
    }
  });
  return status;
}

// Options of a link that say how its modules are compiled, and that LLVM's own names of their objects may leave out.
std::vector<std::string> compiling_options(const Recipe& recipe) {
  std::vector<std::string> options;
  bool is_value = false;
  for (const LinkArgument& argument : recipe.arguments) {
    const auto* option = std::get_if<std::string>(&argument);
    if (option == nullptr) continue;
    const bool takes_value = *option == "-mllvm" || *option == "--mllvm" || *option == "-plugin-opt";
    const auto has = [&](std::string_view word) { return option->find(word) != std::string::npos; };
    if (is_value || takes_value || has("mllvm") || has("plugin-opt") || has("lto")) options.push_back(*option);
    is_value = takes_value;
  }
  return options;
}

Digest compute_key(const Digest& recipe, const Digest& worker, const Policy& policy, const Target& target,
                   const std::vector<FoundLibrary>& libraries) {
  OrderedJson identities = OrderedJson::object();
  for (const FoundLibrary& library : libraries) identities[library.soname] = library.identity;
  const OrderedJson key = {{"version", kKeyVersion},       {"recipe", recipe.to_string()},
                           {"worker", worker.to_string()}, {"policy", policy_json(policy)},
                           {"triple", target.triple},      {"cpu", target.cpu},
                           {"features", target.features},  {"prefer_vector_width", target.prefer_vector_width},
                           {"libraries", identities}};
  return Digest::of(dump_json(key));
}

// Puts a file into the scratch directory. Returns its name, relative to it.
Result<std::string> put(const fs::path& scratch, const std::string& name, std::string_view content) {
  XAAS_TRY(create_private_file(scratch / name, content));
  return name;
}

Status make_directory(const fs::path& path) {
  if (mkdir(path.c_str(), 0700) != 0) return fail_errno(fmt::format("cannot create {}", path.string()));
  return {};
}

// Lays out in `scratch` what `job` may read of objects and libraries.
Status extract(const Image& image, const Inputs& inputs, const std::vector<FoundLibrary>& libraries,
               const fs::path& scratch, Job& job) {
  for (const char* directory : {"ir", "obj", "lib", kUnitDirectory}) XAAS_TRY(make_directory(scratch / directory));
  for (const Digest& digest : inputs.objects) {
    if (job.files.contains(digest)) continue;
    XAAS_ASSIGN(const std::string content, image.object(digest));
    XAAS_ASSIGN(job.files[digest], put(scratch, "obj/" + digest.hex() + ".o", content));
  }
  for (const FoundLibrary& library : libraries) {
    XAAS_ASSIGN(const std::string content, read_library(image, library));
    XAAS_ASSIGN(job.libraries[library.soname], put(scratch, "lib/" + library.soname, content));
  }
  return {};
}

// Of each unit, as the image has it.
Result<std::vector<std::uint64_t>> bitcode_sizes(const Image& image, const std::vector<LinkUnit>& units) {
  std::vector<std::uint64_t> sizes;
  for (const LinkUnit& unit : units) {
    XAAS_ASSIGN(const InodeRef ref, image.squashfs().resolve(ir_path(unit.input->digest)));
    XAAS_ASSIGN(const Attributes attributes, image.squashfs().stat(ref));
    sizes.push_back(attributes.size);
  }
  return sizes;
}

std::uint64_t sum(const std::vector<std::uint64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
}

// What the worker made is as trusted as the worker: a plain ELF file of this machine, or nothing.
Result<Fd> open_output(const fs::path& path, std::string_view triple, std::uint64_t& size) {
  Fd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return fail_errno("cannot open the worker's output");
  if (!S_ISREG(status.st_mode)) return fail(Code::failed, "the worker's output is no regular file");
  size = static_cast<std::uint64_t>(status.st_size);
  if (size > kOutputLimit) return fail(Code::failed, "the worker's output is larger than {} bytes", kOutputLimit);
  const auto identity = read_elf_identity(fd.get());
  const bool links = identity && (identity->type == ET_EXEC || identity->type == ET_DYN);
  if (!links || !is_elf_for(*identity, triple)) {
    return fail(Code::failed, "the worker's output is no ELF program or library for {}", triple);
  }
  return fd;
}

}  // namespace

// Everything that decides the bytes of one file.
struct Lowerer::Plan {
  Recipe recipe;
  Inputs inputs;
  std::vector<FoundLibrary> libraries;  // sorted by soname
  Digest key;
};

// A job laid out in its scratch directory.
struct Lowerer::Work {
  Job job;
  fs::path scratch;
  std::vector<std::uint64_t> sizes;    // of the units' bitcode
  std::vector<LinkUnit> units;         // of the plan's recipe
  std::vector<Digest> unit_keys;       // of each, where there are modules
  std::optional<ModuleStore> modules;  // that are lent to the job and kept of it
};

Lowerer::~Lowerer() = default;

Result<std::unique_ptr<Lowerer>> Lowerer::create(std::shared_ptr<const Image> image, const LowererOptions& options) {
  XAAS_TRY(check_lowerable(image->manifest()));
  std::unique_ptr<Lowerer> lowerer(new Lowerer);
  const Toolchain* toolchain = find_toolchain(image->manifest());
  if (toolchain == nullptr) {
    return fail(Code::unsupported, "{} has no toolchain that runs on {}: only its baseline can be used here",
                image->path().string(), host_triple());
  }
  lowerer->toolchain_ = *toolchain;
  lowerer->toolchain_libraries_ = toolchain_libraries(*image);
  XAAS_ASSIGN(lowerer->target_, resolve_target(lowering_triple(image->manifest()), options.target));
  XAAS_ASSIGN(lowerer->configuration_, choose_configuration(*image, lowerer->target_, options.configuration));
  lowerer->policy_ = policy_for(options.policy, image->manifest().policy);
  if (lowerer->policy_.vector_width != 0) lowerer->target_.prefer_vector_width = lowerer->policy_.vector_width;
  lowerer->jobs_ = options.jobs != 0 ? options.jobs : usable_cores();
  lowerer->memory_ = std::make_unique<MemoryBudget>(
      options.memory != 0 ? options.memory : std::max(kLeastMemory, available_memory() / 2));
  lowerer->cache_ = Cache::open(options.cache);
  lowerer->site_caches_ = Cache::open_site_caches();
  lowerer->image_ = std::move(image);
  return lowerer;
}

Result<Lowerer::Plan> Lowerer::plan(const FileRecord& record) const {
  Plan plan;
  XAAS_ASSIGN(plan.recipe, image_->recipe(record.recipe));
  if (const Status fits = use_native_objects(plan.recipe, target_); !fits) {
    return fail(fits.error().code, "{}: {}", path_in_tree(record.path), fits.error().message);
  }
  plan.inputs = inputs_of(plan.recipe);
  std::vector<std::string>& sonames = plan.inputs.sonames;
  std::sort(sonames.begin(), sonames.end());
  sonames.erase(std::unique(sonames.begin(), sonames.end()), sonames.end());
  for (const std::string& soname : sonames) {
    XAAS_ASSIGN(auto library, find_library(*image_, soname, record.path, toolchain_libraries_, target_.triple));
    plan.libraries.push_back(std::move(library));
  }
  plan.key = compute_key(record.recipe, toolchain_.digest, policy_, target_, plan.libraries);
  return plan;
}

Result<Digest> Lowerer::key(const FileRecord& record) const {
  XAAS_ASSIGN(const Plan plan, this->plan(record));
  return plan.key;
}

Result<std::optional<Lowered>> Lowerer::find(const FileRecord& record) const {
  XAAS_ASSIGN(const Plan plan, this->plan(record));
  return find(plan);
}

std::optional<Lowered> Lowerer::find(const Plan& plan) const {
  auto entry = cache_->find(plan.key);
  for (std::size_t i = 0; !entry && i < site_caches_.size(); ++i) entry = site_caches_[i]->find(plan.key);
  if (!entry) return std::nullopt;
  return Lowered{.file = std::move(entry->file),
                 .size = entry->record.size,
                 .key = plan.key,
                 .from_cache = true,
                 .seconds = entry->record.seconds,
                 .peak_bytes = 0,
                 .units_prepared = 0,
                 .modules_made = 0,
                 .warnings = {}};
}

std::optional<fs::path> Lowerer::place(const Digest& key) const {
  std::error_code error;
  if (fs::path own = cache_->data_path(key); fs::exists(own, error)) return own;
  for (const auto& cache : site_caches_) {
    if (fs::path there = cache->data_path(key); fs::exists(there, error)) return there;
  }
  return std::nullopt;
}

Result<Lowered> Lowerer::lower(const FileRecord& record, const std::atomic<bool>* stop) const {
  XAAS_ASSIGN(const Plan plan, this->plan(record));
  if (auto found = find(plan)) return std::move(*found);
  const CacheLock lock = cache_->lock(plan.key, stop);
  if (is_set(stop)) return fail(Code::interrupted, "lowering was stopped");
  if (auto found = find(plan)) return std::move(*found);
  return make(record, plan, stop);
}

// In `scratch`, with all that the job may read but the units.
Result<Lowerer::Work> Lowerer::lay_out(const Plan& plan, const fs::path& scratch) const {
  Work work{.job = {.recipe = plan.recipe,
                    .target = target_,
                    .policy = policy_,
                    .build_id = plan.key.hex().substr(0, kBuildIdDigits),
                    .jobs = jobs_,
                    .files = {},
                    .libraries = {},
                    .prepared = {},
                    .modules = {},
                    .output = kOutputName},
            .scratch = scratch,
            .sizes = {},
            .units = link_units(plan.recipe),
            .unit_keys = {},
            .modules = {}};
  XAAS_TRY(extract(*image_, plan.inputs, plan.libraries, scratch, work.job));
  XAAS_ASSIGN(work.sizes, bitcode_sizes(*image_, work.units));
  work.job.merged = merges_units(policy_, plan.recipe.kind, sum(work.sizes));
  return work;
}

// Of the units that are to be prepared.
Status Lowerer::extract_ir(Work& work) const {
  const std::set<std::string_view> prepared(work.job.prepared.begin(), work.job.prepared.end());
  for (const LinkUnit& unit : work.units) {
    const Digest& digest = unit.input->digest;
    if (work.job.files.contains(digest) || prepared.contains(unit.file)) continue;
    XAAS_ASSIGN(const std::string content, image_->ir(digest));
    XAAS_ASSIGN(work.job.files[digest], put(work.scratch, "ir/" + digest.hex() + ".bc", content));
  }
  return {};
}

// What other links of the image left behind.
Status Lowerer::lend_modules(const Plan& plan, Work& work) const {
  // A module alone is the whole link, which has an entry of its own.
  if (work.units.size() < 2) return {};
  XAAS_ASSIGN(const Digest scope, module_scope(plan));
  work.modules.emplace(*cache_, scope);
  work.job.modules = kModulesName;
  work.modules->lend(work.scratch / kModulesName, kLentPerBitcodeByte * sum(work.sizes));
  work.unit_keys = unit_keys(plan.recipe, work.units);
  for (std::size_t i = 0; i < work.units.size(); ++i) {
    const std::string& file = work.units[i].file;
    if (work.modules->lend_unit(work.unit_keys[i], work.scratch / file)) work.job.prepared.push_back(file);
  }
  return {};
}

// How many objects of modules are new.
std::size_t Lowerer::collect_modules(Work& work) const {
  if (!work.modules) return 0;
  for (std::size_t i = 0; i < work.units.size(); ++i)
    work.modules->collect_unit(work.unit_keys[i], work.scratch / work.units[i].file);
  return work.modules->collect(work.scratch / kModulesName, work.units.size());
}

Status Lowerer::save_job(const FileRecord& record, const fs::path& directory) const {
  XAAS_ASSIGN(const Plan plan, this->plan(record));
  XAAS_ASSIGN(const std::string program, worker_bytes());
  XAAS_TRY(make_directory(directory));
  XAAS_ASSIGN(Work work, lay_out(plan, directory));
  XAAS_TRY(extract_ir(work));
  XAAS_TRY(put(directory, "job.json", to_json(work.job)));
  XAAS_TRY(put(directory, "xaas-lower", program));
  if (chmod((directory / "xaas-lower").c_str(), 0700) != 0) return fail_errno("cannot make the worker executable");
  return {};
}

Result<Lowered> Lowerer::make(const FileRecord& record, const Plan& plan, const std::atomic<bool>* stop) const {
  const auto begin = std::chrono::steady_clock::now();
  XAAS_ASSIGN(const TempDirectory scratch, TempDirectory::create(cache_->scratch_parent()));
  XAAS_ASSIGN(Work work, lay_out(plan, scratch.path()));
  XAAS_ASSIGN(JobResult result, run(plan, work, stop));
  if (!result.ok) return fail(Code::failed, "cannot lower {}: {}", path_in_tree(record.path), result.message);

  Lowered lowered;
  lowered.key = plan.key;
  lowered.peak_bytes = result.peak_bytes;
  lowered.units_prepared = work.units.size() - work.job.prepared.size();
  lowered.warnings = std::move(result.warnings);
  XAAS_ASSIGN(lowered.file, open_output(work.scratch / kOutputName, target_.triple, lowered.size));
  lowered.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  keep(record, lowered);
  lowered.modules_made = collect_modules(work);  // last: where there is little room, the file itself goes first
  return lowered;
}

// What does not work with the units as one module, for want of memory or because of what they are, may work with them
// side by side.
Result<JobResult> Lowerer::run(const Plan& plan, Work& work, const std::atomic<bool>* stop) const {
  if (work.job.merged) {
    XAAS_TRY(extract_ir(work));
    auto result = run_merged(work, stop);
    if ((result && result->ok) || is_set(stop)) return result;
    work.job.merged = false;
    remove_tree(work.scratch / kUnitDirectory);  // of another form
    XAAS_TRY(make_directory(work.scratch / kUnitDirectory));
  }
  XAAS_TRY(lend_modules(plan, work));
  XAAS_TRY(extract_ir(work));
  return run_within_memory(work, stop);
}

Result<JobResult> Lowerer::run_merged(const Work& work, const std::atomic<bool>* stop) const {
  XAAS_ASSIGN(const auto program, worker());
  const std::uint64_t bytes = sum(work.sizes);
  const auto share = memory_->take(estimated_memory(std::span(&bytes, 1), 1), stop);
  return run_worker(*program, work.job, work.scratch,
                    {.memory = memory_->bytes() + work.job.jobs * kStacksPerThread, .stop = stop});
}

// With as many threads as memory lets, and fewer where that was too many: what was compiled until then is not lost.
Result<JobResult> Lowerer::run_within_memory(Work& work, const std::atomic<bool>* stop) const {
  XAAS_ASSIGN(const auto program, worker());
  Job& job = work.job;
  job.jobs = threads_within(memory_->bytes(), work.sizes, jobs_);
  const auto share = memory_->take(estimated_memory(work.sizes, job.jobs), stop);
  WorkerLimits limits{.stop = stop};
  bool is_limited = true;
  for (;;) {
    limits.memory = is_limited ? memory_->bytes() + job.jobs * kStacksPerThread : 0;
    auto result = run_worker(*program, job, work.scratch, limits);
    if (result || result.error().code != Code::exhausted) return result;
    // With one thread nothing is left to be saved.
    if (job.jobs == 1 && !is_limited) return result;
    is_limited = job.jobs > 1;
    job.jobs = std::max(1U, job.jobs / 2);
  }
}

void Lowerer::keep(const FileRecord& record, Lowered& lowered) const {
  const Manifest& manifest = image_->manifest();
  {
    const std::lock_guard lock(upkeep_mutex_);
    if (claim_upkeep(*cache_)) upkeep_ = std::jthread([this] { do_upkeep(*cache_); });
  }
  auto entry = cache_->store(lowered.key, lowered.file.get(), lowered.size,
                             {.sha256 = {},
                              .size = 0,
                              .path = std::string(path_in_tree(record.path)),
                              .image = full_name(manifest),
                              .cpu = target_.cpu,
                              .seconds = lowered.seconds});
  if (entry) {
    lowered.file = std::move(entry->file);
    return;
  }
  // No room or no permission: the file lives on without a name, for as long as it is open.
  lowered.warnings.push_back("not kept in the cache: " + entry.error().message);
}

// The index names every recipe by its content, so that it tells images with other IR apart: a worker that damaged IR,
// or a damaged library, has taken over could leave false objects behind. Libraries of the image that the index does not
// have are told by themselves.
Result<Digest> Lowerer::module_scope(const Plan& plan) const {
  XAAS_ASSIGN(const Digest index, index_digest());
  std::vector<std::string> libraries;
  for (const FoundLibrary& library : plan.libraries) {
    if (library.in_image && !library.is_indexed) libraries.push_back(library.identity);
  }
  const OrderedJson scope = {{"version", kKeyVersion},
                             {"index", index.to_string()},
                             {"libraries", libraries},
                             {"worker", toolchain_.digest.to_string()},
                             {"policy", policy_json(policy_)},
                             {"triple", target_.triple},
                             {"cpu", target_.cpu},
                             {"features", target_.features},
                             {"prefer_vector_width", target_.prefer_vector_width},
                             {"options", compiling_options(plan.recipe)}};
  return Digest::of(dump_json(scope));
}

// Read once: an index may be large.
Result<Digest> Lowerer::index_digest() const {
  const std::lock_guard lock(worker_mutex_);
  if (index_digest_) return *index_digest_;
  XAAS_ASSIGN(const InodeRef ref, image_->squashfs().resolve(kIndexPath));
  XAAS_ASSIGN(index_digest_, image_->squashfs().digest(ref));
  return *index_digest_;
}

Result<std::string> Lowerer::worker_bytes() const {
  const SquashfsReader& squashfs = image_->squashfs();
  XAAS_ASSIGN(const InodeRef ref, squashfs.resolve(toolchain_.worker));
  XAAS_ASSIGN(std::string bytes, squashfs.read_all(ref, kWorkerLimit));
  // The digest is part of every key: another program must not fill the cache under its name.
  if (Digest::of(bytes) != toolchain_.digest) {
    return fail(Code::invalid, "{} in {} is damaged: fetch the image again", toolchain_.worker,
                image_->path().string());
  }
  return bytes;
}

Result<std::shared_ptr<const WorkerProgram>> Lowerer::worker() const {
  const std::lock_guard lock(worker_mutex_);
  if (worker_) return worker_;
  XAAS_ASSIGN(const std::string bytes, worker_bytes());
  XAAS_ASSIGN(worker_, WorkerProgram::from_bytes(bytes));
  return worker_;
}

}  // namespace xaas
