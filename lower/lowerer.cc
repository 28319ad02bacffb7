// Turns a file's record in the image into a native file: plan, cache, job. Implements spec/lowering.md and
// spec/cache.md.
#include "lower/lowerer.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "format/base/text.h"
#include "lower/cache_upkeep.h"
#include "lower/elf_identity.h"
#include "lower/host.h"
#include "lower/job_layout.h"
#include "lower/missing_symbols.h"
#include "lower/older_libc.h"
#include "lower/runtime_libraries.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

// The ready files that may be used here: CPU and directory, the best first.
std::vector<std::pair<std::string, std::string>> usable_ready(const Manifest& manifest, const std::string& name,
                                                              const Target& target, std::string_view level,
                                                              std::string_view policy, const HostView& host) {
  std::vector<std::pair<std::string, std::string>> usable;
  const auto configuration = std::ranges::find(manifest.configurations, name, &Configuration::name);
  for (const ReadyChoice& choice : explain_ready(manifest, name, target, level, policy, host)) {
    if (choice.reason.empty()) usable.emplace_back(choice.cpu, ready_root(*configuration, choice.cpu));
  }
  std::ranges::reverse(usable);
  return usable;
}

// Nullopt: those of the host. Nobody knows the GPUs of a machine that only the name of its CPU stands for.
Result<std::optional<GpuArchitectures>> chosen_gpus(const LowererOptions& options) {
  if (!options.gpu.empty()) return named_gpus(options.gpu);
  return options.target.cpu.empty() ? std::nullopt : std::optional(GpuArchitectures());
}

// Says it better than the linker where symbols are missing because the host's libc is too old.
std::string reason_of_failure(const LoweringContext& context, const FileRecord& record, const LinkPlan& plan,
                              const std::string& message) {
  if (!context.has_older_libc) return message;
  const std::string host = context.host.name();
  LibraryInterfaces interfaces(context.image, context.host, context.target.triple);
  const auto missing = missing_symbols(context.image, record, plan, {}, interfaces);
  if (!missing || missing->empty() || message.find("undefined symbol") == std::string::npos) {
    return fmt::format("{}; the image was made with a newer libc than that of {}", message, host);
  }
  return fmt::format("it needs {}{}", printable(describe(*missing)),
                     describe_oldest_libc(*missing, host, libc_of(context.host, context.target.triple)));
}

}  // namespace

Lowerer::~Lowerer() = default;

LoweringContext LoweringDecisions::context(const Image& image) const {
  return {image, target, policy, toolchain, toolchain_libraries, has_older_libc, level, *host, gpus};
}

Result<LoweringDecisions> decide_lowering(const Image& image, const LowererOptions& options) {
  const Manifest& manifest = image.manifest();
  const HostView& host = *options.host;
  XAAS_TRY(check_lowerable(manifest));
  const Toolchain* toolchain = find_toolchain(manifest, host);
  if (toolchain == nullptr) {
    return fail(Code::unsupported, "{} has no toolchain that runs on {}: only its baseline can be used here",
                image.path().string(), host.triple());
  }
  LoweringDecisions decided;
  decided.host = options.host;
  decided.toolchain = *toolchain;
  decided.hidden_directory = hidden_directory(image, host);
  decided.toolchain_libraries = toolchain_libraries(image, decided.hidden_directory, host);
  XAAS_ASSIGN(decided.target, host.target(lowering_triple(manifest, host), options.target));
  XAAS_ASSIGN(const auto gpus, named_gpus(options.gpu));
  XAAS_ASSIGN(decided.configuration, choose_configuration(image, decided.target, options.configuration, host, gpus));
  decided.has_older_libc = has_older_libc(manifest, decided.configuration, host);
  decided.level = choose_level(manifest, decided.configuration, decided.target, options.mixes);
  XAAS_ASSIGN(decided.gpus, chosen_gpus(options));
  decided.policy = policy_for(options.policy, manifest.policy);
  decided.ready =
      usable_ready(manifest, decided.configuration, decided.target, decided.level, decided.policy.name, host);
  if (decided.policy.vector_width != 0) decided.target.prefer_vector_width = decided.policy.vector_width;
  return decided;
}

Result<std::optional<ReadyFile>> find_ready_file(const Image& image, const LoweringDecisions& decisions,
                                                 const FileRecord& record) {
  for (const auto& [cpu, root] : decisions.ready) {
    XAAS_ASSIGN(auto ready, image.files().find(root + std::string(path_in_tree(record.path))));
    if (ready && ready->size <= record.promised_size) return ReadyFile{std::move(*ready), cpu};
  }
  return std::nullopt;
}

Result<std::unique_ptr<Lowerer>> Lowerer::create(std::shared_ptr<const Image> image, const LowererOptions& options) {
  std::unique_ptr<Lowerer> lowerer(new Lowerer);
  XAAS_ASSIGN(lowerer->decisions_, decide_lowering(*image, options));
  // The worker's digest is in the keys of files, so a file for another host is made by that host's worker only.
  const Toolchain* toolchain = find_toolchain(image->manifest());
  if (toolchain == nullptr || toolchain->digest != lowerer->decisions_.toolchain.digest) {
    return fail(Code::unsupported, "the toolchain that {} has for {} does not run here: lower on such a host",
                image->path().string(), options.host->triple());
  }
  lowerer->jobs_ = options.jobs != 0 ? options.jobs : usable_cores();
  lowerer->runner_ = std::make_unique<JobRunner>(image, *toolchain, options.memory);
  lowerer->cache_ = Cache::open(options.cache);
  lowerer->site_caches_ = Cache::open_site_caches();
  lowerer->image_ = std::move(image);
  return lowerer;
}

Result<Digest> Lowerer::key(const FileRecord& record) const {
  XAAS_ASSIGN(const LinkPlan plan, plan_link(context(), record));
  return plan.key;
}

// A plan reads the recipe and looks for libraries. Nobody needs to wait for that where no cache has anything.
Result<std::optional<Lowered>> Lowerer::find(const FileRecord& record) const {
  const bool is_nothing_cached =
      cache_->is_empty() && std::ranges::all_of(site_caches_, [](const auto& cache) { return cache->is_empty(); });
  if (is_nothing_cached) return std::nullopt;
  XAAS_ASSIGN(const LinkPlan plan, plan_link(context(), record));
  return find(plan.key);
}

std::optional<Lowered> Lowerer::find(const Digest& key) const {
  auto entry = cache_->find(key);
  for (std::size_t i = 0; !entry && i < site_caches_.size(); ++i) entry = site_caches_[i]->find(key);
  if (!entry) return std::nullopt;
  return Lowered{.file = std::move(entry->file),
                 .size = entry->record.size,
                 .key = key,
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

Result<std::optional<ReadyFile>> Lowerer::ready_file(const FileRecord& record) const {
  return find_ready_file(*image_, decisions_, record);
}

// A lowered file has its key in its build-id. The file stays in the image: an image that is false could have any
// build-id, and must not fill the cache for others.
Result<std::optional<ReadyMade>> Lowerer::ready_made(const FileRecord& record) const {
  XAAS_ASSIGN(auto ready, ready_file(record));
  if (!ready) return std::nullopt;
  XAAS_ASSIGN(const InodeRef ref, image_->squashfs().resolve(ready->record.path));
  XAAS_ASSIGN(const ElfIdentity identity, read_elf_identity([&](std::uint64_t offset, std::span<std::byte> into) {
                return image_->squashfs().read(ref, offset, into);
              }));
  XAAS_ASSIGN(const Digest key, this->key(record));
  if (identity.build_id != build_id_of(key)) return std::nullopt;
  return ReadyMade{std::move(*ready), key};
}

Result<Lowered> Lowerer::lower(const FileRecord& record, const std::stop_token& stop,
                               const ModuleReport& report) const {
  XAAS_ASSIGN(const LinkPlan plan, plan_link(context(), record));
  if (auto found = find(plan.key)) return std::move(*found);
  const CacheLock lock = cache_->lock(plan.key, stop);
  if (stop.stop_requested()) return fail(Code::interrupted, "lowering was stopped");
  if (auto found = find(plan.key)) return std::move(*found);
  return make(record, plan, stop, report);
}

Result<Lowered> Lowerer::make(const FileRecord& record, const LinkPlan& plan, const std::stop_token& stop,
                              const ModuleReport& report) const {
  const auto begin = std::chrono::steady_clock::now();
  XAAS_ASSIGN(const TempDirectory scratch, TempDirectory::create(cache_->scratch_parent()));
  XAAS_ASSIGN(JobLayout layout, JobLayout::create(context(), plan, jobs_, scratch.path()));
  XAAS_ASSIGN(std::vector<std::string> warnings, add_device_code(plan, layout, stop));
  const auto lend = [&](JobLayout& lent) -> Status {
    if (!lent.has_modules()) return {};
    XAAS_ASSIGN(const Digest index, index_digest());
    lent.lend_modules(*cache_, module_scope(context(), plan, index));
    return {};
  };
  XAAS_ASSIGN(JobResult result, runner_->run(layout, lend, stop, report));
  if (!result.ok) {
    return fail(Code::failed, "cannot lower {}: {}", path_in_tree(record.path),
                reason_of_failure(context(), record, plan, result.message));
  }

  Lowered lowered;
  lowered.key = plan.key;
  lowered.peak_bytes = result.peak_bytes;
  lowered.units_prepared = layout.units_prepared();
  lowered.warnings = std::move(warnings);
  std::ranges::move(result.warnings, std::back_inserter(lowered.warnings));
  XAAS_ASSIGN(lowered.file, layout.open_output(lowered.size));
  lowered.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  keep(record, lowered);
  lowered.modules_made = layout.collect_modules();  // last, so that the file itself comes first if room is short
  return lowered;
}

Result<std::vector<std::string>> Lowerer::add_device_code(const LinkPlan& plan, JobLayout& layout,
                                                          const std::stop_token& stop) const {
  XAAS_ASSIGN(std::vector<std::string> warnings, layout.make_fatbins(stop));
  const auto compile = [&](const Recipe& recipe, unsigned gpu) { return compile_regions(recipe, gpu, stop); };
  XAAS_ASSIGN(const RegionPrograms made, make_region_programs(plan, compile, layout.scratch(), stop));
  if (!made.warning.empty()) warnings.push_back(made.warning);
  XAAS_TRY(layout.add_region_programs(made.programs));
  return warnings;
}

Result<std::string> Lowerer::compile_regions(const Recipe& recipe, unsigned gpu, const std::stop_token& stop) const {
  LoweringDecisions decisions = decisions_;
  decisions.target = {recipe.triple, fmt::format("sm_{}", gpu), {}, 0};
  LinkPlan plan;
  plan.recipe = recipe;
  plan.key = Digest::of(to_json(recipe));
  XAAS_ASSIGN(const TempDirectory scratch, TempDirectory::create(cache_->scratch_parent()));
  XAAS_ASSIGN(JobLayout layout, JobLayout::create(decisions.context(*image_), plan, jobs_, scratch.path()));
  const auto lend_nothing = [](JobLayout&) { return Status(); };
  const auto result = runner_->run(layout, lend_nothing, stop, {});
  // A damaged image is no reason to leave the regions as they were built: Code::invalid would say so.
  if (!result) {
    const Code code = result.error().code == Code::invalid ? Code::failed : result.error().code;
    return fail(code, "{}", result.error().message);
  }
  if (!result->ok) return fail(Code::invalid, "{}", result->message);
  return layout.read_text();
}

Status Lowerer::save_job(const FileRecord& record, const fs::path& directory) const {
  XAAS_ASSIGN(const LinkPlan plan, plan_link(context(), record));
  XAAS_ASSIGN(const std::string program, runner_->worker_bytes());
  XAAS_TRY(create_private_directory(directory));
  XAAS_ASSIGN(JobLayout layout, JobLayout::create(context(), plan, jobs_, directory));
  XAAS_TRY(add_device_code(plan, layout, {}));
  XAAS_TRY(layout.extract_units());
  XAAS_TRY(create_private_file(directory / "job.json", to_json(layout.job())));
  XAAS_TRY(create_private_file(directory / "xaas-lower", program));
  if (chmod((directory / "xaas-lower").c_str(), 0700) != 0) return fail_errno("cannot make the worker executable");
  return {};
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
                              .cpu = target().cpu,
                              .seconds = lowered.seconds});
  if (entry) {
    lowered.file = std::move(entry->file);
    return;
  }
  // The cache has no room or no permission. The file lives on without a name for as long as it is open.
  lowered.warnings.push_back("not kept in the cache: " + entry.error().message);
}

// The digest is computed once, because an index may be large.
Result<Digest> Lowerer::index_digest() const {
  const std::lock_guard lock(index_mutex_);
  if (index_digest_) return *index_digest_;
  XAAS_ASSIGN(const InodeRef ref, image_->squashfs().resolve(kIndexPath));
  XAAS_ASSIGN(index_digest_, image_->squashfs().digest(ref));
  return *index_digest_;
}

}  // namespace xaas
