// Moves files from the image to a worker, and from the worker to the cache; see job_layout.h.
#include "lower/job_layout.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "lower/elf_identity.h"
#include "lower/fatbins.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kOutputLimit = 8ULL << 30;
constexpr std::uint64_t kLentPerBitcodeByte = 16;  // objects are about as large as bitcode
constexpr const char* kOutputName = "output";
constexpr const char* kModulesName = "modules";

// The size of each unit's bitcode in bytes, as stored in the image.
Result<std::vector<std::uint64_t>> sizes_of_bitcode(const Image& image, const std::vector<LinkUnit>& units) {
  std::vector<std::uint64_t> sizes;
  for (const LinkUnit& unit : units) {
    XAAS_ASSIGN(const InodeRef ref, image.squashfs().resolve(ir_path(unit.input->digest)));
    XAAS_ASSIGN(const Attributes attributes, image.squashfs().stat(ref));
    sizes.push_back(attributes.size);
  }
  return sizes;
}

}  // namespace

std::string build_id_of(const Digest& key) {
  constexpr std::size_t kDigits = 40;
  return key.hex().substr(0, kDigits);
}

Result<JobLayout> JobLayout::create(const LoweringContext& context, const LinkPlan& plan, unsigned jobs,
                                    fs::path scratch) {
  JobLayout layout(context, plan, std::move(scratch));
  layout.job_ = {.recipe = plan.recipe,
                 .target = context.target,
                 .policy = context.policy,
                 .build_id = build_id_of(plan.key),
                 .jobs = jobs,
                 .files = {},
                 .libraries = {},
                 .prepared = {},
                 .modules = {},
                 .output = kOutputName};
  layout.units_ = link_units(plan.recipe);
  XAAS_TRY(layout.extract_inputs());
  XAAS_ASSIGN(layout.bitcode_sizes_, sizes_of_bitcode(context.image, layout.units_));
  layout.job_.merged = merges_units(context.policy, plan.recipe.kind, layout.bitcode_bytes());
  return layout;
}

std::uint64_t JobLayout::bitcode_bytes() const {
  return std::accumulate(bitcode_sizes_.begin(), bitcode_sizes_.end(), std::uint64_t{0});
}

// Returns the name, which is relative to the scratch directory.
Result<std::string> JobLayout::put(const std::string& name, std::string_view content) const {
  XAAS_TRY(create_private_file(scratch_ / name, content));
  return name;
}

Status JobLayout::extract_inputs() {
  for (const char* directory : {"ir", "obj", "lib", kUnitDirectory}) {
    XAAS_TRY(create_private_directory(scratch_ / directory));
  }
  for (const Digest& digest : plan_->objects) {
    if (job_.files.contains(digest)) continue;
    XAAS_ASSIGN(const std::string content, image_->object(digest));
    XAAS_ASSIGN(job_.files[digest], put("obj/" + digest.hex() + ".o", content));
  }
  for (const FoundLibrary& library : plan_->libraries) {
    XAAS_ASSIGN(const std::string content, read_library(*image_, library, *host_));
    XAAS_ASSIGN(job_.libraries[library.soname], put("lib/" + library.soname, content));
  }
  return {};
}

Result<std::vector<std::string>> JobLayout::make_fatbins(const std::stop_token& stop) {
  XAAS_ASSIGN(const MadeFatbins made, xaas::make_fatbins(*image_, *plan_, units_, job_.jobs, scratch_, stop));
  for (const UnitFatbin& one : made.fatbins) {
    XAAS_ASSIGN(job_.fatbins[one.unit->file], put(fmt::format("obj/{}.fatbin", job_.fatbins.size()), one.bytes));
  }
  return made.warnings;
}

Status JobLayout::add_region_programs(const std::vector<RegionProgram>& programs) {
  for (const RegionProgram& program : programs) {
    JobImage image{program.triple, fmt::format("sm_{}", program.architecture), {}};
    XAAS_ASSIGN(image.file, put(fmt::format("obj/{}.cubin", image.architecture), program.cubin));
    job_.images.push_back(std::move(image));
  }
  return {};
}

Status JobLayout::extract_units() {
  const std::set<std::string_view> prepared(job_.prepared.begin(), job_.prepared.end());
  for (const LinkUnit& unit : units_) {
    const Digest& digest = unit.input->digest;
    if (job_.files.contains(digest) || prepared.contains(unit.file)) continue;
    XAAS_ASSIGN(const std::string content, image_->ir(digest));
    XAAS_ASSIGN(job_.files[digest], put("ir/" + digest.hex() + ".bc", content));
  }
  return {};
}

Status JobLayout::separate_units() {
  job_.merged = false;
  remove_tree(scratch_ / kUnitDirectory);
  return create_private_directory(scratch_ / kUnitDirectory);
}

void JobLayout::lend_modules(const Cache& cache, const Digest& scope) {
  modules_.emplace(cache, scope);
  job_.modules = kModulesName;
  modules_->lend(scratch_ / kModulesName, kLentPerBitcodeByte * bitcode_bytes());
  unit_keys_ = unit_keys(plan_->recipe, units_);
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const std::string& file = units_[i].file;
    if (modules_->lend_unit(unit_keys_[i], scratch_ / file)) job_.prepared.push_back(file);
  }
}

std::size_t JobLayout::collect_modules() {
  if (!modules_) return 0;
  for (std::size_t i = 0; i < units_.size(); ++i) modules_->collect_unit(unit_keys_[i], scratch_ / units_[i].file);
  const std::size_t made = modules_->collect(scratch_ / kModulesName, units_.size());
  modules_->commit();
  return made;
}

Result<Fd> JobLayout::open_file(std::uint64_t& size) const {
  Fd fd(open((scratch_ / kOutputName).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return fail_errno("cannot open the worker's output");
  if (!S_ISREG(status.st_mode)) return fail(Code::failed, "the worker's output is no regular file");
  size = static_cast<std::uint64_t>(status.st_size);
  if (size > kOutputLimit) return fail(Code::failed, "the worker's output is larger than {} bytes", kOutputLimit);
  return fd;
}

Result<Fd> JobLayout::open_output(std::uint64_t& size) const {
  const std::string& triple = job_.target.triple;
  XAAS_ASSIGN(Fd fd, open_file(size));
  const auto identity = read_elf_identity(fd.get());
  const bool links = identity && (identity->type == ET_EXEC || identity->type == ET_DYN);
  if (!links || !is_elf_for(*identity, triple)) {
    return fail(Code::failed, "the worker's output is no ELF program or library for {}", triple);
  }
  return fd;
}

Result<std::string> JobLayout::read_text() const {
  std::uint64_t size = 0;
  XAAS_ASSIGN(const Fd fd, open_file(size));
  XAAS_ASSIGN(std::string text, read_fd(fd.get()));
  if (text.find('\0') != std::string::npos) return fail(Code::failed, "the worker's output is no text");
  return text;
}

}  // namespace xaas
