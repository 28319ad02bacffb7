// Leads from build-ids to links, units and recipes; see captured_programs.h.
#include "mkimage/contents/captured_programs.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/text.h"
#include "mkimage/capture/canonical_ir.h"
#include "mkimage/capture/unit_features.h"
#include "mkimage/contents/native_archives.h"

namespace xaas {
namespace {

struct VariantTask {
  UnitVariant variant;
  UnitFeatures features;
};

struct Task {
  Digest object;
  UnitFeatures features;
  std::vector<std::string> sections;
  UnitVariants captured;
  std::vector<UnitRegions> regions;
  std::vector<VariantTask> variants{};
  std::map<std::string, std::string> refusals{};
};

constexpr const char* kAmbiguous = "its object is that of another unit, which asks for something else";

void refuse(const UnitVariant& variant, const std::string& why, std::map<std::string, std::string>& refusals) {
  for (const std::string& level : variant.levels) refusals.emplace(level, why);
}

// Finds the features of the task's variants.
void add_variants(const std::string& compiler, UnitFeatureTable& table, Task& task) {
  task.refusals = task.captured.refusals;
  for (const UnitVariant& variant : task.captured.list) {
    auto features = table.lookup(compiler, variant.machine_options);
    if (features) {
      task.variants.push_back({variant, std::move(*features)});
    } else {
      refuse(variant, features.error().message, task.refusals);
    }
  }
}

// Looks at another record of a unit's object. Two units can have equal objects and differ at a level. Links name
// objects, so nothing tells which of the two is meant.
void compare_variants(const UnitVariants& other, CanonicalUnit& unit) {
  if (other == unit.captured) return;
  const UnitVariants& own = unit.captured;
  for (const UnitVariants* variants : {&own, &other}) {
    for (const UnitVariant& variant : variants->list) refuse(variant, kAmbiguous, unit.refusals);
    unit.refusals.insert(variants->refusals.begin(), variants->refusals.end());
  }
  unit.variants.clear();
}

// Stores the object without its bitcode, which has no use in an object that is linked as it is.
Result<Digest> store_native(const CaptureStore& store, const Digest& object) {
  const StoreFile stripped(store, ".o");
  XAAS_TRY(copy_without_bitcode(store.object_path(object), stripped.path()));
  XAAS_ASSIGN(const std::string content, read_file(stripped.path()));
  const Digest digest = Digest::of(content);
  XAAS_TRY(store.add_object(digest, content));
  return digest;
}

Result<std::vector<DeviceCode>> store_device_code(const CaptureStore& store, const std::vector<FatbinEntry>& entries) {
  std::vector<DeviceCode> codes;
  for (const FatbinEntry& entry : entries) {
    DeviceCode& code = codes.emplace_back(entry, Digest::of(entry.content));
    code.form.content.clear();
    XAAS_TRY(store.add_object(code.digest, entry.content));
  }
  return codes;
}

// The state that the threads share. Each result has a slot of its own, so nothing depends on which thread is faster.
class Canonicaliser {
 public:
  Canonicaliser(const CanonicaliseOptions& options, const std::vector<Task>& tasks)
      : options_(options), tasks_(tasks), results_(tasks.size()) {}

  void run() {
    std::vector<std::jthread> threads;
    const std::size_t count = std::min<std::size_t>(std::max(options_.jobs, 1U), tasks_.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
  }

  const std::vector<Result<CanonicalUnit>>& results() const { return results_; }

 private:
  void work() {
    for (std::size_t i = next_++; i < tasks_.size(); i = next_++) {
      results_[i] = canonicalise_one(tasks_[i]);
      const std::lock_guard lock(progress_mutex_);
      options_.progress(++done_, tasks_.size());
    }
  }

  Result<CanonicalUnit> canonicalise_one(const Task& task) {
    XAAS_ASSIGN(const std::string bitcode, read_file(options_.store.bitcode_path(task.object)));
    XAAS_ASSIGN(const MappedFile object, MappedFile::open(options_.store.object_path(task.object)));
    XAAS_ASSIGN(const CanonicalIr canonical,
                canonicalise(bitcode, task.features.target, object.bytes(), {task.features.features}));
    CanonicalUnit unit{Digest::of(canonical.bitcode), canonical.features};
    unit.context = canonical.context;
    unit.sections = task.sections;
    XAAS_TRY(write(unit.digest, canonical.bitcode));
    if (std::ranges::any_of(unit.features, [](const std::string& feature) { return feature.starts_with('+'); })) {
      XAAS_ASSIGN(unit.native, store_native(options_.store, task.object));
    }
    XAAS_ASSIGN(unit.device, store_device_code(options_.store, canonical.device.entries));
    unit.relocatable = canonical.device.relocatable;
    unit.links = canonical.device.links;
    for (const UnitRegions& regions : task.regions) XAAS_TRY(add_regions(regions, unit));
    unit.captured = task.captured;
    unit.refusals = task.refusals;
    for (const VariantTask& variant : task.variants) {
      const Status added = add_variant(task.features.features, variant, unit);
      if (!added && added.error().code == Code::io) return tl::unexpected(added.error());
      if (!added) refuse(variant.variant, added.error().message, unit.refusals);
    }
    return unit;
  }

  // `options`: the features for which the unit's own options ask.
  Status add_variant(const std::vector<std::string>& options, const VariantTask& task, CanonicalUnit& unit) {
    XAAS_ASSIGN(const std::string bitcode, read_file(options_.store.bitcode_path(task.variant.bitcode)));
    AllowedFeatures allowed{{}, {}, task.variant.asks};
    for (const std::string& feature : task.features.features) {
      const bool is_own = feature.starts_with('-') || is_in(options, feature);
      (is_own ? allowed.options : allowed.level).push_back(feature);
    }
    XAAS_ASSIGN(const CanonicalIr canonical, canonicalise(bitcode, task.features.target, {}, allowed));
    const Digest digest = Digest::of(canonical.bitcode);
    if (digest == unit.digest) return {};
    XAAS_TRY(write(digest, canonical.bitcode));
    unit.variants.push_back({task.variant.levels, digest, canonical.features});
    unit.variant_symbols.emplace(digest, canonical.symbols);
    add_context_at_level(canonical.context, unit.context);
    return {};
  }

  Status add_regions(const UnitRegions& regions, CanonicalUnit& unit) {
    XAAS_ASSIGN(const std::string bitcode, read_file(options_.store.bitcode_path(regions.bitcode)));
    XAAS_ASSIGN(const std::string canonical, canonicalise_for_gpu(bitcode));
    unit.regions.push_back({regions.triple, regions.architecture, Digest::of(canonical)});
    return write(unit.regions.back().digest, canonical);
  }

  Status write(const Digest& digest, const std::string& canonical) {
    const std::filesystem::path path = options_.directory / digest.hex();
    {
      const std::lock_guard lock(written_mutex_);
      if (!written_.insert(digest).second || std::filesystem::exists(path)) return {};
    }
    std::ofstream file(path, std::ios::binary);
    file.write(canonical.data(), static_cast<std::streamsize>(canonical.size()));
    file.close();
    if (!file) return fail(Code::io, "cannot write {}; is the disk full?", path.string());
    return {};
  }

  const CanonicaliseOptions& options_;
  const std::vector<Task>& tasks_;
  std::vector<Result<CanonicalUnit>> results_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex written_mutex_;
  std::set<Digest> written_;
  std::mutex progress_mutex_;
  std::size_t done_ = 0;
};

std::vector<Digest> objects_of(const RecordedArgument& argument) {
  if (const auto* object = std::get_if<RecordedObject>(&argument)) return {object->file.digest};
  std::vector<Digest> digests;
  if (const auto* archive = std::get_if<RecordedArchive>(&argument)) {
    for (const RecordedFile& member : archive->members) digests.push_back(member.digest);
  }
  return digests;
}

// Finds the link of a file by its build-id, and by its content if the file has no build-id or a project gives several
// files the same one.
std::optional<LinkRecord> link_of(const ElfFile& elf, const std::vector<LinkRecord>& links) {
  const std::string build_id = elf.build_id().value_or("");
  std::vector<const LinkRecord*> candidates;
  for (const LinkRecord& link : links) {
    if (link.build_id == build_id) candidates.push_back(&link);
  }
  if (candidates.size() != 1 || build_id.empty()) {
    const auto same = std::ranges::find(candidates, elf.content_digest(), &LinkRecord::content);
    if (same != candidates.end()) return **same;
    if (build_id.empty()) return std::nullopt;
  }
  return candidates.empty() ? std::nullopt : std::optional(*candidates.front());
}

// The name by which other files need this one.
std::string needed_name(const ElfFile& elf, const std::string& path) {
  const auto dynamic = elf.dynamic();
  if (dynamic && dynamic->soname) return *dynamic->soname;
  return std::filesystem::path(path).filename();
}

}  // namespace

Result<std::vector<InstalledProgram>> find_programs(const InstalledTree& tree, const std::vector<LinkRecord>& links) {
  std::vector<InstalledProgram> programs;
  for (const TreeEntry& entry : tree.entries) {
    if (!S_ISREG(entry.type) || !entry.same_as.empty()) continue;
    XAAS_ASSIGN(const MappedFile file, MappedFile::open(tree.path_of(entry)));
    const auto elf = ElfFile::parse(file.bytes());
    if (!elf || elf->is_debug_only()) continue;
    if (elf->kind() != ElfKind::executable && elf->kind() != ElfKind::shared) continue;
    InstalledProgram program;
    program.path = entry.path;
    program.name = needed_name(*elf, entry.path);
    program.link = link_of(*elf, links);
    if (!program.link) program.reason = "no captured link made it";
    programs.push_back(std::move(program));
  }
  return programs;
}

const InstalledProgram* find_installed(const std::vector<InstalledProgram>& programs, std::string_view name) {
  const auto by_name = std::ranges::find(programs, name, &InstalledProgram::name);
  if (by_name != programs.end()) return &*by_name;
  // An install step may have changed the soname since the link.
  const auto by_file = std::ranges::find_if(
      programs, [&](const InstalledProgram& one) { return std::filesystem::path(one.path).filename() == name; });
  return by_file == programs.end() ? nullptr : &*by_file;
}

std::set<Digest> linked_objects(const std::vector<InstalledProgram>& programs) {
  std::set<Digest> objects;
  for (const InstalledProgram& program : programs) {
    if (!program.link) continue;
    for (const RecordedArgument& argument : program.link->arguments) {
      for (const Digest& digest : objects_of(argument)) objects.insert(digest);
    }
  }
  return objects;
}

Status canonicalise_units(const CanonicaliseOptions& options, const std::vector<UnitRecord>& units,
                          const std::set<Digest>& objects, CanonicalStore& result) {
  UnitFeatureTable table(options.compiler);
  std::vector<Task> tasks;
  for (const UnitRecord& unit : units) {  // sorted by object
    const bool is_known = (!tasks.empty() && tasks.back().object == unit.object) ||
                          result.units.contains(unit.object) || result.failures.contains(unit.object);
    if (is_known || !unit.reason.empty() || !objects.contains(unit.object)) continue;
    auto features = table.lookup(unit.compiler, unit.machine_options);
    if (features) {
      tasks.push_back({unit.object, std::move(*features), unit.sections, unit.variants, unit.regions});
      add_variants(unit.compiler, table, tasks.back());
    } else {
      result.failures.emplace(unit.object, features.error().message);
    }
  }
  Canonicaliser canonicaliser(options, tasks);
  canonicaliser.run();

  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Result<CanonicalUnit>& unit = canonicaliser.results()[i];
    if (unit) {
      result.units.emplace(tasks[i].object, *unit);
    } else if (unit.error().code == Code::io) {
      return tl::unexpected(unit.error());
    } else {
      result.failures.emplace(tasks[i].object, unit.error().message);
    }
  }
  for (const UnitRecord& record : units) {
    if (const auto unit = result.units.find(record.object); unit != result.units.end() && record.reason.empty()) {
      compare_variants(record.variants, unit->second);
    }
  }
  return {};
}

InputNames source_names(const CaptureEnvironment& environment, const std::vector<UnitRecord>& units,
                        const CanonicalUnits& canonical) {
  const auto content_of = [&](const UnitRecord& unit) {
    const auto found = canonical.find(unit.object);
    return found == canonical.end() ? unit.object : found->second.digest;
  };
  const auto file_of = [](const UnitRecord& unit) { return std::filesystem::path(unit.source).filename().string(); };
  std::map<std::pair<Digest, std::string>, std::string> first;  // content and file name -> the first of the names
  for (const UnitRecord& unit : units) {
    const std::string name = environment.display_name(unit.source, unit.directory);
    const auto [entry, is_new] = first.try_emplace({content_of(unit), file_of(unit)}, name);
    if (!is_new) entry->second = std::min(entry->second, name);
  }
  InputNames names;
  for (const UnitRecord& unit : units) {
    const std::string& name = first.at({content_of(unit), file_of(unit)});
    const auto [entry, is_new] = names.try_emplace(unit.object, name);
    // Several files may have equal objects. The choice must not depend on the order of the build.
    if (!is_new) entry->second = std::min(entry->second, name);
  }
  return names;
}

Status make_recipes(const InstalledTree& tree, const CanonicalStore& canonical, const InputNames& names,
                    const std::string& triple, SymbolReader& symbols, std::vector<InstalledProgram>& programs) {
  for (InstalledProgram& program : programs) {
    if (!program.link) continue;
    XAAS_ASSIGN(const MappedFile file, MappedFile::open(tree.root / program.path));
    XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
    auto recipe = make_recipe(*program.link, elf, canonical.units, names, triple, symbols);
    if (!recipe) {
      program.reason = recipe.error().message;
    } else if (!holds_only_utf8(*recipe)) {
      program.reason = "its link has an argument that is not UTF-8";
    } else {
      program.recipe = std::move(*recipe);
    }
  }
  return {};
}

}  // namespace xaas
