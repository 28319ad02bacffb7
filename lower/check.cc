// Goes through the ELF files of a configuration and what they need; see check.h.
#include "lower/check.h"

#include <elf.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "format/base/elf_file.h"
#include "format/base/paths.h"
#include "format/base/short_list.h"
#include "format/base/text.h"
#include "lower/elf_identity.h"
#include "lower/library_search.h"
#include "lower/link_plan.h"
#include "lower/missing_symbols.h"
#include "lower/runtime_libraries.h"

namespace xaas {
namespace {

constexpr std::size_t kMostShown = 12;  // files or libraries in a list for people
constexpr std::size_t kMostNames = 4;   // symbols, versions or files in a line

// Checks the files of one image for one host. Remembers what it has found.
class Checker {
 public:
  Checker(const Image& image, const Explanation& explanation, const LowererOptions& options)
      : image_(image),
        explanation_(explanation),
        host_(*options.host),
        interfaces_(image, host_, explanation.target.triple) {
    if (auto decided = decide_lowering(image, options)) decided_.emplace(std::move(*decided));
    const std::string hidden = decided_ ? decided_->hidden_directory : hidden_directory(image, host_);
    directories_ = toolchain_libraries(image, hidden, host_);
  }

  // Nullopt if the file is no program or shared library for the target.
  Result<std::optional<FileCheck>> check(const FileRecord& record) {
    XAAS_ASSIGN(const std::optional<std::string> content, read_elf(image_, record.path));
    if (!content) return std::nullopt;
    const auto elf = ElfFile::parse(*content);
    const bool is_loaded = elf && (elf->kind() == ElfKind::executable || elf->kind() == ElfKind::shared);
    if (!is_loaded || elf->is_debug_only() || !is_for_target(*elf)) return std::nullopt;
    FileCheck file;
    file.path = path_in_tree(record.path);
    file.is_program = elf->kind() == ElfKind::executable || elf->interpreter().has_value();
    const bool is_lowered = !record.recipe.is_none() && decided_;
    XAAS_TRY(is_lowered ? check_lowered(record, *elf, file) : check_baseline(record.path, *elf, file));
    check_gpus(file);
    return file;
  }

  const std::string& level() const { return decided_ ? decided_->level : no_level_; }
  // Those of all files that were checked.
  MissingSymbols take_missing_symbols() { return std::move(missing_symbols_); }

 private:
  // Files for other machines, such as code for GPUs, are data here.
  bool is_for_target(const ElfFile& elf) const {
    const std::uint8_t elf_class = elf.is_64() ? ELFCLASS64 : ELFCLASS32;
    return is_elf_for({.elf_class = elf_class, .machine = elf.machine(), .type = 0, .build_id = {}}, triple());
  }

  Status check_lowered(const FileRecord& record, const ElfFile& elf, FileCheck& file) {
    const auto plan = plan_link(decided_->context(image_), record);
    if (!plan) {
      const bool keeps = keeps_to_level(image_.manifest(), decided_->configuration, decided_->level);
      (keeps ? file.missing : file.notes).push_back("cannot be lowered: " + plan.error().message);
      return keeps ? Status() : check_baseline(record.path, elf, file);
    }
    file.way = FileCheck::Way::lowered;
    for (const FoundLibrary& library : plan->libraries) XAAS_TRY(use(library, file));
    XAAS_TRY(check_interpreter(elf, file));
    XAAS_ASSIGN(Lack lack, find_lack(elf, plan->recipe, file.libraries, interfaces_));
    note(lack, file);
    if (!lack.symbols.empty()) missing_symbols_.emplace(file.path, std::move(lack.symbols));
    if (!file.missing.empty()) return {};
    return check_ready(record, file);
  }

  Status check_baseline(const std::string& path, const ElfFile& elf, FileCheck& file) {
    XAAS_TRY(check_interpreter(elf, file));
    XAAS_ASSIGN(const ElfDynamic dynamic, elf.dynamic());
    bool has_all = true;
    for (const std::string& soname : dynamic.needed) {
      const auto library = find_library(image_, soname, path, directories_, triple(), host_);
      if (library) {
        XAAS_TRY(use(*library, file));
      } else if (library.error().code == Code::not_found) {
        file.missing.push_back(library.error().message);
        has_all = false;
      } else {
        return tl::unexpected(library.error());
      }
    }
    if (!has_all) return {};  // the library that is not there may be the one that has a version
    XAAS_ASSIGN(const std::vector<std::string> versions, interfaces_.missing_versions(elf, file.libraries));
    if (versions.empty()) return {};
    XAAS_ASSIGN(const std::vector<MissingSymbol> symbols, symbols_by_versions(elf, versions));
    file.missing.push_back(fmt::format("needs {}, which its libraries on {} do not define{}",
                                       symbols.empty() ? short_list(versions, kMostNames) : describe(symbols),
                                       host_.name(), describe_oldest_libc(symbols, host_.name(), explanation_.libc)));
    return {};
  }

  // Programs that are linked statically have no interpreter.
  Status check_interpreter(const ElfFile& elf, FileCheck& file) const {
    const auto interpreter = elf.interpreter();
    if (!interpreter) return {};
    const std::string name = std::filesystem::path(*interpreter).filename().string();
    if (host_.find_library(name, triple())) return {};
    file.missing.push_back(fmt::format("needs the loader {}, which {} does not have", *interpreter, host_.name()));
    return {};
  }

  // Notes the library, and what it lacks itself.
  Status use(const FoundLibrary& library, FileCheck& file) {
    file.libraries.push_back(use_of(library, explanation_.slots));
    if (!file.libraries.back().bundled) return {};
    XAAS_ASSIGN(const std::string reason, reason_against(library.path));
    if (!reason.empty()) file.missing.push_back(fmt::format("its library {} does not run: {}", library.soname, reason));
    return {};
  }

  // Why a library of the image does not run; empty if it does. Libraries that need each other are looked at once.
  Result<std::string> reason_against(const std::string& path) {
    const auto [place, is_new] = reasons_.emplace(path, "");
    if (!is_new) return place->second;
    XAAS_ASSIGN(const auto record, image_.files().find(path));
    XAAS_ASSIGN(const auto found, check(record ? *record : FileRecord{.path = path}));
    if (found && !found->missing.empty()) place->second = found->missing.front();
    return place->second;
  }

  // The baseline needs versions that the host lacks. Lowered code takes any version of a symbol, so what counts is
  // whether the symbols that ask for these versions are there at all.
  void note(const Lack& lack, FileCheck& file) const {
    if (lack.versions.empty()) return;
    if (lack.symbols.empty()) {
      file.notes.push_back(fmt::format("{} lacks {}: only the lowered file runs, not the baseline", host_.name(),
                                       short_list(lack.versions, kMostNames)));
    } else {
      file.missing.push_back(fmt::format("needs {}, which its libraries on {} have in no version{}",
                                         describe(lack.symbols), host_.name(),
                                         describe_oldest_libc(lack.symbols, host_.name(), explanation_.libc)));
    }
  }

  // A ready file was linked where the image was made, as the baseline was.
  Status check_ready(const FileRecord& record, FileCheck& file) {
    XAAS_ASSIGN(const auto ready, find_ready_file(image_, *decided_, record));
    if (!ready) return {};
    XAAS_ASSIGN(const std::string content, image_.file(ready->record.path));
    XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(content));
    XAAS_ASSIGN(const std::vector<std::string> versions, interfaces_.missing_versions(elf, file.libraries));
    if (versions.empty()) {
      file.ready = ready->cpu;
    } else {
      file.notes.push_back(fmt::format("the file that is ready for {} needs {}: lower ahead with xaas-lower",
                                       ready->cpu, short_list(versions, kMostNames)));
    }
    return {};
  }

  // A program for several GPUs may use the one that runs its code.
  void check_gpus(FileCheck& file) const {
    const auto use = std::ranges::find(explanation_.device_uses, file.path, &DeviceUse::path);
    if (use == explanation_.device_uses.end()) return;
    const GpuArchitectures idle = use->idle_gpus();
    if (idle.size() == explanation_.gpus.size()) {
      file.missing.push_back(
          fmt::format("has no code for GPUs that {} can run: it has {}", describe_gpus(idle), describe(use->forms)));
    } else if (std::ranges::any_of(use->plans, is_lacking)) {
      file.notes.push_back(fmt::format("code for GPUs: {}", describe(*use)));
    }
  }

  static bool is_lacking(const UnitsOnGpu& units) { return units.plan.way == GpuPlan::Way::nothing; }

  const std::string& triple() const { return explanation_.target.triple; }

  const Image& image_;
  const Explanation& explanation_;
  const HostView& host_;
  std::optional<LoweringDecisions> decided_;  // nullopt: nothing is lowered
  std::vector<std::string> directories_;      // toolchain_libraries()
  std::string no_level_;
  std::map<std::string, std::string> reasons_;  // of libraries in the image, by path
  LibraryInterfaces interfaces_;
  MissingSymbols missing_symbols_;
};

const char* to_string(FileCheck::Way way) { return way == FileCheck::Way::lowered ? "lowered" : "baseline"; }

// The sonames of all libraries that the files use, from the image or from the host.
std::vector<std::string> sonames(const ImageCheck& check, bool bundled) {
  std::set<std::string> names;
  for (const FileCheck& file : check.files) {
    for (const LibraryUse& library : file.libraries) {
      if (library.bundled == bundled) names.insert(library.soname);
    }
  }
  return {names.begin(), names.end()};
}

// The paths of the files that run in this way.
std::vector<std::string> running(const ImageCheck& check, FileCheck::Way way) {
  std::vector<std::string> paths;
  for (const FileCheck& file : check.files) {
    if (file.missing.empty() && file.way == way) paths.push_back(printable(file.path));
  }
  return paths;
}

// The CPUs of ready files, each with how many files it starts.
std::map<std::string, std::size_t> ready_files(const ImageCheck& check) {
  std::map<std::string, std::size_t> ready;
  for (const FileCheck& file : check.files) {
    if (!file.ready.empty()) ++ready[file.ready];
  }
  return ready;
}

// Each note with the files that have it, in the order of the files.
std::vector<std::pair<std::string, std::vector<std::string>>> notes_of(const ImageCheck& check) {
  std::vector<std::pair<std::string, std::vector<std::string>>> notes;
  for (const FileCheck& file : check.files) {
    for (const std::string& note : file.notes) {
      auto found = std::ranges::find(notes, note, &std::pair<std::string, std::vector<std::string>>::first);
      if (found == notes.end()) found = notes.insert(notes.end(), {note, {}});
      found->second.push_back(file.path);
    }
  }
  return notes;
}

std::size_t failing(const ImageCheck& check) {
  return static_cast<std::size_t>(
      std::ranges::count_if(check.files, [](const FileCheck& file) { return !file.missing.empty(); }));
}

void add_files(const ImageCheck& check, std::string& text) {
  const auto out = std::back_inserter(text);
  for (const FileCheck::Way way : {FileCheck::Way::lowered, FileCheck::Way::baseline}) {
    const auto paths = running(check, way);
    if (!paths.empty()) fmt::format_to(out, "{:<9} {}\n", to_string(way), short_list(paths, kMostShown));
  }
  std::size_t shown = 0;
  for (const FileCheck& file : check.files) {
    if (file.missing.empty() || ++shown > kMostShown) continue;
    for (const std::string& reason : file.missing) {
      fmt::format_to(out, "fails     {}: {}\n", printable(file.path), printable(reason));
    }
  }
  if (shown > kMostShown) fmt::format_to(out, "fails     {} more\n", shown - kMostShown);
}

std::string verdict(const ImageCheck& check) {
  if (!check.problem.empty()) return fmt::format("nothing runs: {}", printable(check.problem));
  const std::size_t bad = failing(check);
  if (bad != 0) return fmt::format("{} of {} programs and libraries do not run", bad, check.files.size());
  return fmt::format("all {} programs and libraries run", check.files.size());
}

}  // namespace

bool ImageCheck::runs() const { return problem.empty() && failing(*this) == 0; }

Result<ImageCheck> check_image(const Image& image, const LowererOptions& options) {
  ImageCheck check;
  XAAS_ASSIGN(check.explanation, explain_choices(image, options));
  XAAS_ASSIGN(const auto gpus, named_gpus(options.gpu));
  const auto chosen = choose_configuration(image, check.explanation.target, options.configuration, *options.host, gpus);
  if (!chosen) {
    check.problem = chosen.error().message;
    return check;
  }
  Checker checker(image, check.explanation, options);
  check.level = checker.level();
  const std::string root = tree_root(image.manifest(), *chosen);
  for (std::uint64_t i = 0; i < image.files().count(); ++i) {
    XAAS_ASSIGN(const FileRecord record, image.files().at(i));
    const bool is_private = root.empty() && is_below(record.path, kPrivateDirectory);
    if (tree_root_of(record.path) != root || is_private) continue;
    XAAS_ASSIGN(auto file, checker.check(record));
    if (file) check.files.push_back(std::move(*file));
  }
  check.explanation.missing_symbols = checker.take_missing_symbols();
  return check;
}

OrderedJson to_ordered_json(const ImageCheck& check) {
  OrderedJson files = OrderedJson::array();
  for (const FileCheck& file : check.files) {
    OrderedJson libraries = OrderedJson::array();
    for (const LibraryUse& library : file.libraries) {
      libraries.push_back(
          {{"soname", library.soname}, {"from", library.bundled ? "image" : "host"}, {"path", library.path}});
    }
    files.push_back({{"path", file.path},
                     {"program", file.is_program},
                     {"runs", file.missing.empty()},
                     {"as", to_string(file.way)},
                     {"ready", file.ready},
                     {"libraries", libraries},
                     {"missing", file.missing},
                     {"notes", file.notes}});
  }
  OrderedJson json = {{"runs", check.runs()},
                      {"problem", check.problem},
                      {"libc", check.explanation.libc},
                      {"configuration", check.explanation.configuration},
                      {"level", check.level},
                      {"files", files},
                      {"decisions", to_ordered_json(check.explanation)}};
  return json;
}

std::string to_text(const Image& image, const ImageCheck& check) {
  const Explanation& decided = check.explanation;
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "image     {} ({})\n", printable(full_name(image.manifest())), image.path().string());
  fmt::format_to(out, "host      {}: {}\n", decided.host_name, printable(describe(decided.host)));
  if (!decided.host.devices.empty())
    fmt::format_to(out, "devices   {}\n", short_list(decided.host.devices, kMostShown));
  fmt::format_to(out, "target    {} {}\n", decided.target.triple, decided.target.cpu);
  if (!decided.libc.empty()) fmt::format_to(out, "libc      {}\n", printable(decided.libc));
  for (const Choice& choice : decided.choices) {
    if (choice.chosen) {
      fmt::format_to(out, "config    {}{}\n", printable(choice.configuration),
                     choice.note.empty() ? "" : printable(fmt::format("  {}", choice.note)));
    }
    if (!choice.accepted) {
      fmt::format_to(out, "config    not {}: {}\n", printable(choice.configuration), printable(choice.reason));
    }
  }
  if (!check.level.empty()) fmt::format_to(out, "level     {}\n", printable(check.level));
  for (const SlotChoice& slot : decided.slots) {
    fmt::format_to(out, "slot      {}: {}\n", printable(slot.slot), describe(slot));
  }
  for (const auto& [cpu, count] : ready_files(check)) {
    fmt::format_to(out, "ready     {}, for the first start of {} files\n", printable(cpu), count);
  }
  add_files(check, text);
  for (const bool bundled : {false, true}) {
    const auto names = sonames(check, bundled);
    if (names.empty()) continue;
    fmt::format_to(out, "{:<9} {}\n", bundled ? "bundled" : "from host", printable(short_list(names, kMostShown)));
  }
  for (const auto& [note, paths] : notes_of(check)) {
    fmt::format_to(out, "note      {}: {}\n", printable(short_list(paths, kMostNames)), printable(note));
  }
  if (!decided.problem.empty() && check.problem.empty()) {
    fmt::format_to(out, "note      nothing is lowered: {}\n", printable(decided.problem));
  }
  if (!decided.host.fuse) fmt::format_to(out, "note      no mount there without /dev/fuse: see xaas-lower install\n");
  fmt::format_to(out, "verdict   {}\n", verdict(check));
  return text;
}

}  // namespace xaas
