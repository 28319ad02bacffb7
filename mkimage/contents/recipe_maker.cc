// Makes a Recipe from a LinkRecord; see recipe_maker.h.
#include "mkimage/contents/recipe_maker.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "format/base/text.h"
#include "mkimage/contents/native_arithmetic.h"
#include "mkimage/contents/program_symbols.h"

namespace xaas {
namespace {

constexpr const char* kNoBuildId = "--build-id=none";

bool has_option(const LinkRecord& link, std::string_view name) {
  return std::ranges::any_of(link.arguments, [&](const RecordedArgument& argument) {
    const auto* option = std::get_if<LinkerArgument>(&argument);
    return option != nullptr && option->name == name;
  });
}

LinkKind kind_of(const LinkRecord& link, const ElfFile& installed) {
  if (has_option(link, "shared")) return LinkKind::shared;
  const bool is_static = !installed.interpreter().has_value();
  if (installed.kind() == ElfKind::shared) return is_static ? LinkKind::static_pie : LinkKind::pie;
  return is_static && !installed.is_dynamic() ? LinkKind::static_no_pie : LinkKind::no_pie;
}

// The options that give a lowered file what the install step has set, because users run the installed file.
std::vector<LinkArgument> installed_options(const ElfFile& installed, const ElfDynamic& dynamic, LinkKind kind) {
  std::vector<LinkArgument> options;
  const auto interpreter = installed.interpreter();
  if (kind != LinkKind::shared && interpreter) options.push_back(fmt::format("--dynamic-linker={}", *interpreter));
  if (dynamic.runpath) {
    options.insert(options.end(), {"--enable-new-dtags", fmt::format("--rpath={}", *dynamic.runpath)});
  } else if (dynamic.rpath) {
    options.insert(options.end(), {"--disable-new-dtags", fmt::format("--rpath={}", *dynamic.rpath)});
  }
  if (!installed.build_id()) options.emplace_back(kNoBuildId);
  if (dynamic.soname) options.push_back(fmt::format("--soname={}", *dynamic.soname));
  if (!installed.has_symbol_table()) {
    options.emplace_back("--strip-all");
  } else if (!installed.has_debug_info()) {
    options.emplace_back("--strip-debug");
  }
  return options;
}

// The options for what else the loader is told. A flag that was added after the link becomes an option of lld.
// Code::unsupported, with the reason, for a flag that was removed, and for an added one that no option sets.
Result<std::vector<LinkArgument>> installed_flags(const LinkShape& linked, const LinkShape& installed) {
  static constexpr auto kOptions =
      std::to_array<std::pair<std::string_view, const char*>>({{"BIND_NOW", "-znow"},
                                                               {"GLOBAL", "-zglobal"},
                                                               {"INITFIRST", "-zinitfirst"},
                                                               {"INTERPOSE", "-zinterpose"},
                                                               {"NODEFLIB", "-znodefaultlib"},
                                                               {"NODELETE", "-znodelete"},
                                                               {"NOOPEN", "-znodlopen"},
                                                               {"ORIGIN", "-zorigin"}});
  const auto words = [](const LinkShape& shape, std::string_view aspect) {
    const auto found = shape.find(aspect);
    return found == shape.end() ? std::vector<std::string>() : found->second;
  };
  const std::vector<std::string> before = words(linked, aspect::kDynamicFlags);
  const std::vector<std::string> after = words(installed, aspect::kDynamicFlags);
  std::vector<LinkArgument> options;
  for (const std::string& flag : before) {
    if (std::ranges::find(after, flag) == after.end()) {
      return fail(Code::unsupported, "it was changed after its link: {} (without {})", aspect::kDynamicFlags, flag);
    }
  }
  for (const std::string& flag : after) {
    if (is_in(before, flag)) continue;
    const auto option = std::ranges::find(kOptions, flag, &decltype(kOptions)::value_type::first);
    if (option == kOptions.end()) {
      return fail(Code::unsupported, "it was changed after its link: {} (with {})", aspect::kDynamicFlags, flag);
    }
    options.emplace_back(option->second);
  }
  const bool is_executable = words(installed, aspect::kExecutableStack) == std::vector<std::string>{"yes"};
  options.emplace_back(is_executable ? "-zexecstack" : "-znoexecstack");
  return options;
}

// Whether each unit must be compiled by itself. Optimising across units decides anew what a section holds and what is
// named. So the layout of a script, its tables and its bounds would not be those of the link. Code that is generated
// last may also name functions that --wrap should have redirected. Where a link allows several definitions of a symbol,
// LLVM takes what a unit defines for what the unit uses, although the linker chooses the first definition for all.
bool keeps_units_apart(const LinkRecord& link) {
  const auto keeps_apart = [](const LinkerArgument& option) {
    return option.name == "wrap" || option.name == "allow-multiple-definition" ||
           (option.name == "z" && option.value == "muldefs");
  };
  return std::ranges::any_of(link.arguments, [&](const RecordedArgument& argument) {
    if (const auto* option = std::get_if<LinkerArgument>(&argument)) return keeps_apart(*option);
    const auto* file = std::get_if<RecordedFileOption>(&argument);
    return file != nullptr && (file->option == "--script=" || file->option == "--default-script=");
  });
}

// Whether the program makes the CPU take denormal numbers for zero when it starts, as -ffast-math in a link asks for.
// If a unit knew more of another's numbers, it would compute with them at compile time, where denormal numbers are not
// zero. Units that were compiled for fast arithmetic themselves accept that.
bool flushes_denormals(const LinkRecord& link) {
  return std::ranges::any_of(link.arguments, [](const RecordedArgument& argument) {
    const auto* object = std::get_if<RecordedObject>(&argument);
    return object != nullptr && std::filesystem::path(object->file.name).filename() == "crtfastmath.o";
  });
}

// The captured units of a link, once for each place, with the digests of their objects.
using UnitsOfLink = std::vector<const CanonicalUnits::value_type*>;

UnitsOfLink units_of_link(const LinkRecord& link, const CanonicalUnits& units) {
  UnitsOfLink linked;
  const auto add = [&](const RecordedFile& file) {
    if (const auto unit = units.find(file.digest); unit != units.end()) linked.push_back(&*unit);
  };
  for (const RecordedArgument& argument : link.arguments) {
    if (const auto* object = std::get_if<RecordedObject>(&argument)) add(object->file);
    if (const auto* archive = std::get_if<RecordedArchive>(&argument)) std::ranges::for_each(archive->members, add);
  }
  return linked;
}

// The signature of most units of a link.
std::string usual_signature(const UnitsOfLink& units) {
  std::map<std::string, std::size_t> counts;
  for (const auto* unit : units) ++counts[unit->second.context.signature];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  return most == counts.end() ? std::string() : most->first;
}

// Which units of a link are compiled by themselves because of exceptions. LLVM takes the handlers of units that catch
// exceptions away if it sees the code of units that hide them.
enum class Exceptions { none_alone, catching_alone, hiding_alone };

// The smaller group is compiled by itself.
Exceptions exceptions_of(const UnitsOfLink& units) {
  const auto catching =
      std::ranges::count_if(units, [](const auto* unit) { return unit->second.context.catches_exceptions; });
  const auto hiding =
      std::ranges::count_if(units, [](const auto* unit) { return unit->second.context.hides_exceptions; });
  if (catching == 0 || hiding == 0) return Exceptions::none_alone;
  return catching < hiding ? Exceptions::catching_alone : Exceptions::hiding_alone;
}

// Names of which a unit of the link says that they leave memory alone, while another unit makes them use or change it.
std::set<std::string> wrongly_said(const UnitsOfLink& units) {
  MemoryUses said;
  for (const auto* unit : units) add_said_uses(unit->second.context.said_uses, said);
  std::set<std::string> names;
  for (const auto* unit : units) {
    for (const auto& [name, use] : unit->second.context.real_uses) {
      if (const auto found = said.find(name); found != said.end() && found->second < use) names.insert(name);
    }
  }
  return names;
}

// Adds the names in an option such as --defsym=second=first+8. A number gives nothing a second name.
void add_defined_names(const std::string& definition, std::set<std::string>& names) {
  static constexpr const char* kBetweenNames = "=+-*/%()&|^~<>?:!, \t";
  std::set<std::string> words;
  for (std::size_t at = definition.find_first_not_of(kBetweenNames); at != std::string::npos;) {
    const std::size_t end = std::min(definition.find_first_of(kBetweenNames, at), definition.size());
    const std::string word = definition.substr(at, end - at);
    if (word != "." && std::isdigit(static_cast<unsigned char>(word.front())) == 0) words.insert(word);
    at = definition.find_first_not_of(kBetweenNames, end);
  }
  if (words.size() > 1) names.merge(words);
}

// Names of what has several names in the link.
std::set<std::string> doubled_names(const LinkRecord& link, const UnitsOfLink& units) {
  std::set<std::string> names;
  for (const RecordedArgument& argument : link.arguments) {
    const auto* option = std::get_if<LinkerArgument>(&argument);
    if (option != nullptr && option->name == "defsym" && option->value) add_defined_names(*option->value, names);
  }
  for (const auto* unit : units) {
    names.insert(unit->second.context.doubled_names.begin(), unit->second.context.doubled_names.end());
  }
  return names;
}

class Translator {
 public:
  Translator(const LinkRecord& link, const CanonicalUnits& units, const InputNames& names,
             const std::vector<std::string>& needed, bool native_uses_mode, SymbolReader& symbols)
      : units_(units),
        linked_(units_of_link(link, units)),
        symbols_(symbols),
        names_(names),
        needed_(needed.begin(), needed.end()),
        keeps_apart_(keeps_units_apart(link)),
        computes_at_run_time_(
            native_uses_mode || flushes_denormals(link) ||
            std::ranges::any_of(linked_, [](const auto* unit) { return unit->second.context.uses_arithmetic_mode; })),
        exceptions_(exceptions_of(linked_)),
        wrongly_said_(wrongly_said(linked_)),
        doubled_names_(doubled_names(link, linked_)),
        signature_(usual_signature(linked_)),
        orders_alone_(std::ranges::any_of(linked_, [&](const auto* unit) {
          return unit->second.context.is_ordered && must_be_alone(unit->first, unit->second);
        })) {}

  bool found_ir() const { return found_ir_; }
  const std::set<std::string>& sonames() const { return sonames_; }

  std::vector<LinkArgument> translate(const LinkerArgument& option) {
    if (linker_effect(option.name) == LinkerEffect::kind || says_stack(option)) return {};
    follow_state(option.name);
    return {to_argument(option)};
  }
  std::vector<LinkArgument> translate(const RecordedObject& object) {
    return {std::visit([](auto&& value) { return LinkArgument(value); }, input(object.file))};
  }
  std::vector<LinkArgument> translate(const RecordedArchive& archive) {
    if (archive.whole) return {ObjectInput{archive.file.digest, archive.file.name}};
    ArchiveInput result{std::filesystem::path(archive.file.name).filename().string(), {}};
    for (const RecordedFile& member : archive.members) result.members.push_back(input(member));
    return {result};
  }
  // The link has decided whether a library is needed. Optimised code may no longer name anything in it.
  std::vector<LinkArgument> translate(const RecordedLibrary& library) {
    sonames_.insert(library.soname);
    const LinkArgument argument = LibraryInput{library.soname};
    if (!as_needed_ || !needed_.contains(library.soname)) return {argument};
    return {"--push-state", "--no-as-needed", argument, "--pop-state"};
  }
  std::vector<LinkArgument> translate(const RecordedFileOption& option) {
    return {FileOption{option.option, option.file.digest}};
  }

 private:
  // The installed file decides whether the stack is executable.
  static bool says_stack(const LinkerArgument& option) {
    return option.name == "z" && (option.value == "execstack" || option.value == "noexecstack");
  }

  void follow_state(std::string_view name) {
    if (name == "as-needed") as_needed_ = true;
    if (name == "no-as-needed") as_needed_ = false;
    if (name == "push-state") states_.push_back(as_needed_);
    if (name == "pop-state" && !states_.empty()) {
      as_needed_ = states_.back();
      states_.pop_back();
    }
  }

  std::variant<IrInput, ObjectInput> input(const RecordedFile& file) {
    const auto found = units_.find(file.digest);
    const std::string& name = input_name(file, names_);
    if (found == units_.end()) return ObjectInput{file.digest, name};
    found_ir_ = true;
    const CanonicalUnit& unit = found->second;
    return IrInput{unit.digest,   name,        unit.features,    unit.native, alone(file.digest, unit),
                   unit.variants, unit.device, unit.relocatable, unit.links,  unit.regions};
  }

  // LLVM takes two names for two things.
  bool names_something_doubled(const Digest& object, const CanonicalUnit& unit) const {
    if (doubled_names_.empty()) return false;
    const auto is_named = [&](const ModuleSymbols& symbols) {
      return share_one(doubled_names_, symbols.defined) || share_one(doubled_names_, symbols.needed) ||
             share_one(doubled_names_, symbols.weak);
    };
    return is_named(symbols_.object(object)) ||
           std::ranges::any_of(unit.variant_symbols, [&](const auto& entry) { return is_named(entry.second); });
  }

  bool must_be_alone(const Digest& object, const CanonicalUnit& unit) const {
    const OptimisingContext& context = unit.context;
    if (exceptions_ == Exceptions::catching_alone && context.catches_exceptions) return true;
    if (exceptions_ == Exceptions::hiding_alone && context.hides_exceptions) return true;
    if (computes_at_run_time_ && context.has_arithmetic && !context.is_fast_math()) return true;
    if (std::ranges::any_of(wrongly_said_, [&](const auto& name) { return context.said_uses.contains(name); }))
      return true;
    return !context.alone.empty() || context.signature != signature_ || names_something_doubled(object, unit);
  }

  // Objects of units that are compiled by themselves stand before what LTO makes of the others. If the order of one
  // such unit matters, then all units whose order matters are compiled by themselves.
  std::optional<std::vector<std::string>> alone(const Digest& object, const CanonicalUnit& unit) const {
    if (keeps_apart_) return unit.sections;
    if (!must_be_alone(object, unit) && !(orders_alone_ && unit.context.is_ordered)) return std::nullopt;
    return std::vector<std::string>{std::string(kDataSections), std::string(kFunctionSections)};
  }

  const CanonicalUnits& units_;
  const UnitsOfLink linked_;
  SymbolReader& symbols_;
  const InputNames& names_;
  const std::set<std::string> needed_;
  const bool keeps_apart_;
  const bool computes_at_run_time_;  // compile time would know another mode of arithmetic
  const Exceptions exceptions_;
  const std::set<std::string> wrongly_said_;
  const std::set<std::string> doubled_names_;
  const std::string signature_;
  const bool orders_alone_;
  bool as_needed_ = false;
  std::vector<bool> states_;  // states saved by --push-state
  bool found_ir_ = false;
  std::set<std::string> sonames_;
};

}  // namespace

const IrVariant* variant_at(const CanonicalUnit& unit, const std::string& level) {
  const auto found = std::ranges::find_if(unit.variants, [&](const IrVariant& variant) {
    return std::ranges::find(variant.levels, level) != variant.levels.end();
  });
  return found == unit.variants.end() ? nullptr : &*found;
}

const std::string& input_name(const RecordedFile& file, const InputNames& names) {
  const auto found = names.find(file.digest);
  return found == names.end() ? file.name : found->second;
}

Result<Recipe> make_recipe(const LinkRecord& link, const ElfFile& installed, const CanonicalUnits& units,
                           const InputNames& names, const std::string& triple, SymbolReader& symbols) {
  if (!link.reason.empty()) return fail(Code::unsupported, "{}", link.reason);
  if (!installed.is_native()) return fail(Code::unsupported, "not for the architecture of this machine");
  XAAS_ASSIGN(const ElfDynamic dynamic, installed.dynamic());
  Recipe recipe;
  recipe.kind = kind_of(link, installed);
  recipe.triple = triple;
  recipe.output = link.output;
  recipe.arguments = installed_options(installed, dynamic, recipe.kind);
  XAAS_ASSIGN(const LinkShape shape, link_shape(installed.bytes()));
  XAAS_ASSIGN(const std::vector<LinkArgument> flags, installed_flags(link.shape, shape));
  recipe.arguments.insert(recipe.arguments.end(), flags.begin(), flags.end());
  const bool is_mode_used =
      native_code_uses_mode(link, installed, [&](const Digest& object) { return units.contains(object); }, symbols);
  Translator translator(link, units, names, dynamic.needed, is_mode_used, symbols);
  for (const RecordedArgument& argument : link.arguments) {
    auto translated = std::visit([&](const auto& value) { return translator.translate(value); }, argument);
    std::ranges::move(translated, std::back_inserter(recipe.arguments));
  }
  // Lowering would undo the change.
  if (installed.content_digest() != link.content) return fail(Code::unsupported, "it was changed after its link");
  if (!translator.found_ir()) return fail(Code::unsupported, "no object of it has bitcode");
  for (const std::string& soname : dynamic.needed) {
    if (!translator.sonames().contains(soname)) {
      return fail(Code::unsupported, "it needs {}, which its link did not name", soname);
    }
  }
  const std::set<std::string> linked(link.needed.begin(), link.needed.end());
  if (linked != std::set<std::string>(dynamic.needed.begin(), dynamic.needed.end())) {
    return fail(Code::unsupported, "it was changed after its link: it needs other libraries");
  }
  if (const auto difference = difference_of_installed(link.shape, abbreviated(shape))) {
    return fail(Code::unsupported, "it was changed after its link: {}", *difference);
  }
  return recipe;
}

}  // namespace xaas
