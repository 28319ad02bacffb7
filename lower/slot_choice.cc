// Looks for libraries of known interfaces and compares symbols; see slot_choice.h.
#include "lower/slot_choice.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "format/base/text.h"
#include "format/slots.h"
#include "lower/forwarding_library.h"
#include "lower/host_library.h"
#include "lower/library_closure.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

// For each library that a slot needs, by soname, one of the host's that may stand for it.
using Assignment = std::map<std::string, fs::path>;

const Configuration* find_configuration_of(const Manifest& manifest, std::string_view name) {
  const auto found = std::ranges::find(manifest.configurations, name, &Configuration::name);
  return found == manifest.configurations.end() ? nullptr : &*found;
}

// "a, b and 7 more"
std::string first_of(const SymbolNames& symbols) {
  constexpr std::size_t kShown = 3;
  std::string text;
  std::size_t count = 0;
  for (const std::string& symbol : symbols) {
    if (count++ == kShown) return text + fmt::format(" and {} more", symbols.size() - kShown);
    text += (text.empty() ? "" : ", ") + printable(symbol);
  }
  return text;
}

std::string soname_of(const ClosureMember& member) {
  return member.dynamic.soname.value_or(member.path.filename().string());
}

// What the table of known libraries has against a library; empty if nothing.
Result<std::string> reason_against_member(const ClosureMember& member, const Slot& slot) {
  const std::string soname = soname_of(member);
  const ElfSection* const constants = member.elf.find_section(".rodata");
  if (has_wide_integers(soname, constants == nullptr ? std::string_view() : constants->data)) {
    return fmt::format("{} takes integers of 64 bits, and the image's programs pass 32", member.path.string());
  }
  for (const SlotLibrary& known : slot_libraries()) {
    if (known.slot != slot.name || known.soname != soname) continue;
    if (!known.foreign_symbol.empty()) {
      SymbolNames foreign = {std::string(known.foreign_symbol)};
      XAAS_TRY(remove_defined(foreign, member.elf));
      if (foreign.empty())
        return fmt::format("{} is of another family: it has {}", member.path.string(), known.foreign_symbol);
    }
    const auto complex = std::ranges::find_if(slot.symbols, returns_complex);
    if (known.has_other_complex && complex != slot.symbols.end()) {
      return fmt::format("{} is called in another way for functions such as {}", member.path.string(), *complex);
    }
  }
  return std::string();
}

// The libraries that were asked for, and those of the slot that they need: Debian's libblas.so.3 may be OpenBLAS's.
std::vector<const ClosureMember*> members_for(const Slot& slot, const LibraryClosure& closure) {
  std::vector<const ClosureMember*> members;
  for (const ClosureMember& member : closure.own()) members.push_back(&member);
  for (const std::string& soname : closure.needed()) {
    const ClosureMember* const member = closure.find_needed(soname);
    if (member != nullptr && !slot_of(soname, {slot.name}).empty()) members.push_back(member);
  }
  return members;
}

// Decides for one configuration. Borrows everything.
class Chooser {
 public:
  // `bundled` are the slots of which it is known that their bundled libraries are used.
  Chooser(const Image& image, const Configuration& configuration, const LoaderDirectories& directories,
          const std::set<std::string>& bundled)
      : image_(image), configuration_(configuration), directories_(directories), bundled_(bundled) {}

  // By the host's own libraries, else the bundled ones.
  SlotChoice choose(const Slot& slot) const;
  // By a library or a directory that the user names.
  Result<SlotChoice> choose(const Slot& slot, const fs::path& given) const;

 private:
  Result<std::vector<Assignment>> assignments(const Slot& slot, const std::vector<fs::path>& directories) const;
  Result<Assignment> assign_file(const Slot& slot, const fs::path& file) const;
  Result<SlotChoice> try_out(const Slot& slot, const Assignment& assignment) const;
  Result<SlotChoice> try_all(const Slot& slot, const std::vector<fs::path>& directories) const;
  Result<std::string> path_of_bundled(const Slot& slot, const std::string& soname) const;
  Result<std::vector<std::string>> check_shared(const Slot& slot, const LibraryClosure& closure) const;
  Result<SlotChoice> use(const Slot& slot, const Assignment& assignment, const LibraryClosure& closure) const;

  const Image& image_;
  const Configuration& configuration_;
  const LoaderDirectories& directories_;
  const std::set<std::string>& bundled_;
};

// The preferred library for each soname, then the next, as long as there is another one. Code::not_found if there is
// none for a soname.
Result<std::vector<Assignment>> Chooser::assignments(const Slot& slot, const std::vector<fs::path>& directories) const {
  std::map<std::string, std::vector<fs::path>> found;
  std::size_t most = 0;
  for (const std::string& soname : slot.libraries) {
    std::vector<fs::path>& paths = found[soname];
    for (const SlotLibrary& library : stand_ins(slot.name, soname)) {
      if (const auto path = find_host_library(library.soname, configuration_.triple, directories))
        paths.push_back(*path);
    }
    if (paths.empty()) return fail(Code::not_found, "there is neither {} nor another library for it", soname);
    most = std::max(most, paths.size());
  }
  std::vector<Assignment> all;
  for (std::size_t i = 0; i < most; ++i) {
    Assignment assignment;
    for (const auto& [soname, paths] : found) assignment.emplace(soname, paths[std::min(i, paths.size() - 1)]);
    all.push_back(std::move(assignment));
  }
  return all;
}

// One file stands for all libraries of the slot.
Result<Assignment> Chooser::assign_file(const Slot& slot, const fs::path& file) const {
  XAAS_ASSIGN(const LibraryClosure closure, LibraryClosure::read({file}, directories_, configuration_.triple));
  const std::string given = soname_of(closure.own().front());
  const SlotInterface* interface = find_slot(slot.name);
  Assignment assignment;
  for (const std::string& soname : slot.libraries) {
    const auto fitting = stand_ins(slot.name, soname);
    const bool fits = std::ranges::find(fitting, given, &SlotLibrary::soname) != fitting.end();
    if (!fits && interface != nullptr && interface->rule == SlotRule::sonames) {
      return fail(Code::invalid, "{} is {}, which cannot stand for {}", file.string(), given, soname);
    }
    assignment.emplace(soname, file);
  }
  return assignment;
}

// Where the image has a library that its own files load, outside the slot; empty if it has none.
Result<std::string> Chooser::path_of_bundled(const Slot& slot, const std::string& soname) const {
  std::vector<std::string> directories = {
      fmt::format("{}/{}/{}", kToolchainDirectory, configuration_.triple, kBundledLibraries)};
  for (const std::string& other : bundled_) {
    if (other != slot.name) directories.push_back(slot_directory(configuration_.triple, other));
  }
  for (const std::string& directory : directories) {
    std::string path = fmt::format("{}/{}", directory, soname);
    if (image_.squashfs().resolve(path)) return path;
  }
  return std::string();
}

// A process has one library of each soname. Where both the image and the host's libraries need one, it is the image's.
// Returns the paths of these. Code::unsupported if one lacks what the host's libraries ask of their own.
Result<std::vector<std::string>> Chooser::check_shared(const Slot& slot, const LibraryClosure& closure) const {
  std::vector<std::string> shared;
  for (const std::string& soname : closure.needed()) {
    XAAS_ASSIGN(const std::string path, path_of_bundled(slot, soname));
    if (path.empty()) continue;
    XAAS_ASSIGN(SymbolNames asked, closure.asked_of(soname));
    XAAS_ASSIGN(const std::string content, image_.file(path));
    XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(content));
    XAAS_TRY(remove_defined(asked, elf));
    if (!asked.empty()) {
      return fail(Code::unsupported, "{} needs {} of {}, which the image has without that",
                  closure.own().front().path.string(), first_of(asked), soname);
    }
    shared.push_back(path);
  }
  return shared;
}

Result<SlotChoice> Chooser::use(const Slot& slot, const Assignment& assignment, const LibraryClosure& closure) const {
  XAAS_ASSIGN(const std::vector<std::string> shared, check_shared(slot, closure));
  std::set<std::string> versions;
  for (const ClosureMember& member : closure.own()) {
    std::ranges::copy_if(member.dynamic.defined_versions, std::inserter(versions, versions.end()),
                         [&](const std::string& version) { return version != member.dynamic.soname; });
  }
  ForwardingLibrary library;
  library.machine = closure.own().front().elf.machine();
  library.versions.assign(versions.begin(), versions.end());
  const fs::path here = slot_directory(configuration_.triple, slot.name);
  std::set<std::string> searched;
  for (const fs::path path : shared) {
    library.needed.push_back(path.filename().string());
    const std::string directory = path.parent_path().lexically_relative(here).string();
    if (!searched.insert(directory).second) continue;
    library.runpath += fmt::format("{}$ORIGIN/{}", library.runpath.empty() ? "" : ":", directory);
  }
  SlotChoice choice{.slot = slot.name, .libraries = assignment};
  library.needed.emplace_back();
  for (const auto& [soname, path] : assignment) {
    library.soname = soname;
    library.needed.back() = path.string();
    choice.files.emplace(soname, make_forwarding_library(library));
  }
  return choice;
}

// Code::unsupported says why the libraries cannot stand in the slot.
Result<SlotChoice> Chooser::try_out(const Slot& slot, const Assignment& assignment) const {
  std::vector<fs::path> paths;
  for (const auto& [soname, path] : assignment) {
    if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
  }
  XAAS_ASSIGN(const LibraryClosure closure, LibraryClosure::read(paths, directories_, configuration_.triple));
  for (const ClosureMember* member : members_for(slot, closure)) {
    XAAS_ASSIGN(const std::string reason, reason_against_member(*member, slot));
    if (!reason.empty()) return fail(Code::unsupported, "{}", reason);
  }
  SymbolNames lacking(slot.symbols.begin(), slot.symbols.end());
  XAAS_TRY(closure.remove_defined(lacking));
  if (!lacking.empty()) {
    return fail(Code::unsupported, "{} lacks {}", paths.front().string(), first_of(lacking));
  }
  return use(slot, assignment, closure);
}

// The first that can stand in the slot; else the error of the first.
Result<SlotChoice> Chooser::try_all(const Slot& slot, const std::vector<fs::path>& directories) const {
  XAAS_ASSIGN(const std::vector<Assignment> all, assignments(slot, directories));
  auto first = try_out(slot, all.front());
  for (std::size_t i = 1; !first && i < all.size(); ++i) {
    if (auto other = try_out(slot, all[i])) return other;
  }
  return first;
}

SlotChoice Chooser::choose(const Slot& slot) const {
  auto choice = try_all(slot, directories_.all());
  return choice ? std::move(*choice) : SlotChoice{.slot = slot.name, .reason = choice.error().message};
}

Result<SlotChoice> Chooser::choose(const Slot& slot, const fs::path& given) const {
  std::error_code error;
  auto choice = [&]() -> Result<SlotChoice> {
    if (fs::is_directory(given, error)) return try_all(slot, {given});
    XAAS_ASSIGN(const Assignment assignment, assign_file(slot, given));
    return try_out(slot, assignment);
  }();
  if (choice) return choice;
  return fail(Code::invalid, "slot.{}={}: {}: name another library, or \"{}\"", slot.name, given.string(),
              choice.error().message, kBundledSlot);
}

Status check_overrides(const Image& image, const Configuration& configuration, const SlotOverrides& overrides) {
  for (const auto& [name, value] : overrides) {
    if (std::ranges::find(configuration.slots, name, &Slot::name) != configuration.slots.end()) continue;
    std::string names;
    for (const Slot& slot : configuration.slots) names += (names.empty() ? "" : ", ") + slot.name;
    return fail(Code::invalid, "slot.{}: {} has no such slot, but {}", name, image.path().string(),
                names.empty() ? "none at all" : names);
  }
  return {};
}

// A choice for each slot, given that the bundled libraries of the slots `bundled` are used.
Result<std::vector<SlotChoice>> choose_beside(const std::set<std::string>& bundled, const Image& image,
                                              const Configuration& configuration, const SlotOverrides& overrides,
                                              const HostView& host) {
  std::vector<SlotChoice> choices;
  const auto directories = host.loader_directories(configuration.triple);
  const LoaderDirectories none;
  const Chooser chooser(image, configuration, directories ? *directories : none, bundled);
  for (const Slot& slot : configuration.slots) {
    const auto asked = overrides.find(slot.name);
    if (asked != overrides.end() && asked->second == kBundledSlot) {
      choices.push_back({.slot = slot.name, .reason = "they were asked for"});
    } else if (!directories) {
      choices.push_back({.slot = slot.name, .reason = fmt::format("the libraries of {} cannot be read", host.name())});
    } else if (asked == overrides.end()) {
      choices.push_back(chooser.choose(slot));
    } else {
      XAAS_ASSIGN(choices.emplace_back(), chooser.choose(slot, asked->second));
    }
  }
  return choices;
}

}  // namespace

Status add_slot_override(std::string_view slot, std::string_view value, SlotOverrides& overrides) {
  if (find_slot(slot) == nullptr) return fail(Code::invalid, "there is no slot '{}': known are {}", slot, slot_names());
  if (value == kBundledSlot) {
    overrides[std::string(slot)] = value;
    return {};
  }
  // Absolute, because a mount in the background leaves this directory.
  std::error_code error;
  const fs::path path = fs::absolute(value, error);
  if (value.empty() || error || !fs::exists(path, error)) {
    return fail(Code::invalid, "slot '{}': there is no library '{}': name one, or \"{}\"", slot, value, kBundledSlot);
  }
  overrides[std::string(slot)] = path.lexically_normal().string();
  return {};
}

Status add_slot_override(std::string_view text, SlotOverrides& overrides) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return fail(Code::invalid, "'{}' is no choice for a slot, such as blas=PATH or blas={}", text, kBundledSlot);
  }
  return add_slot_override(text.substr(0, equals), text.substr(equals + 1), overrides);
}

Result<std::vector<SlotChoice>> choose_slots(const Image& image, std::string_view name, const SlotOverrides& overrides,
                                             const HostView& host) {
  std::vector<SlotChoice> choices;
  const Configuration* configuration = find_configuration_of(image.manifest(), name);
  if (configuration == nullptr) return choices;
  XAAS_TRY(check_overrides(image, *configuration, overrides));
  if (configuration->slots.empty()) return choices;
  // What the libraries of one slot find there depends on the other slots. With every slot that stays as it is bundled,
  // there are more libraries to get along with, so this comes to an end.
  std::set<std::string> bundled;
  while (true) {
    XAAS_ASSIGN(choices, choose_beside(bundled, image, *configuration, overrides, host));
    std::set<std::string> now;
    for (const SlotChoice& choice : choices) {
      if (!choice.uses_host()) now.insert(choice.slot);
    }
    if (now == bundled) return choices;
    bundled = std::move(now);
  }
}

ShownSlots shown_slots(const Image& image, std::string_view name, const std::vector<SlotChoice>& choices) {
  ShownSlots shown;
  const Configuration* configuration = find_configuration_of(image.manifest(), name);
  if (configuration == nullptr) return shown;
  for (const SlotChoice& choice : choices) {
    if (!choice.uses_host()) continue;
    const std::string directory = slot_directory(configuration->triple, choice.slot);
    const auto ref = image.squashfs().resolve(directory);
    const auto entries = ref ? image.squashfs().list(*ref) : tl::unexpected(ref.error());
    if (!entries) continue;
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = fmt::format("{}/{}", directory, entry.name);
      const auto file = choice.files.find(entry.name);
      if (file == choice.files.end()) {
        shown.hidden.push_back(path);
      } else {
        shown.files.emplace(path, file->second);
      }
    }
  }
  return shown;
}

std::string describe(const SlotChoice& choice) {
  if (!choice.uses_host()) return fmt::format("bundled: {}", printable(choice.reason));
  std::string text;
  for (const auto& [soname, path] : choice.libraries) {
    text += text.empty() ? "" : ", ";
    text += path.filename() == soname ? printable(path.string())
                                      : fmt::format("{} for {}", printable(path.string()), printable(soname));
  }
  return text;
}

OrderedJson to_ordered_json(const std::vector<SlotChoice>& choices) {
  OrderedJson json = OrderedJson::array();
  for (const SlotChoice& choice : choices) {
    OrderedJson libraries = OrderedJson::object();
    for (const auto& [soname, path] : choice.libraries) libraries[soname] = path.string();
    json.push_back({{"name", choice.slot},
                    {"uses", choice.uses_host() ? "host" : "bundled"},
                    {"libraries", libraries},
                    {"reason", choice.reason}});
  }
  return json;
}

}  // namespace xaas
