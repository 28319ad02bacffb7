// From LinkRecord to Recipe; see recipe_maker.h.
#include "mkimage/recipe_maker.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace xaas {
namespace {

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

// What install changed: the installed file is what people run.
std::vector<LinkArgument> installed_options(const ElfFile& installed, const ElfDynamic& dynamic, LinkKind kind) {
  std::vector<LinkArgument> options;
  const auto interpreter = installed.interpreter();
  if (kind != LinkKind::shared && interpreter) options.push_back(fmt::format("--dynamic-linker={}", *interpreter));
  if (dynamic.runpath) {
    options.insert(options.end(), {"--enable-new-dtags", fmt::format("--rpath={}", *dynamic.runpath)});
  } else if (dynamic.rpath) {
    options.insert(options.end(), {"--disable-new-dtags", fmt::format("--rpath={}", *dynamic.rpath)});
  }
  if (dynamic.soname) options.push_back(fmt::format("--soname={}", *dynamic.soname));
  if (!installed.has_symbol_table()) {
    options.emplace_back("--strip-all");
  } else if (!installed.has_debug_info()) {
    options.emplace_back("--strip-debug");
  }
  return options;
}

class Translator {
 public:
  Translator(const CanonicalUnits& units, const InputNames& names) : units_(units), names_(names) {}

  bool found_ir() const { return found_ir_; }
  const std::set<std::string>& sonames() const { return sonames_; }

  std::optional<LinkArgument> translate(const LinkerArgument& option) {
    if (linker_effect(option.name) == LinkerEffect::kind) return std::nullopt;
    return to_argument(option);
  }
  std::optional<LinkArgument> translate(const RecordedObject& object) {
    return std::visit([](auto&& value) { return LinkArgument(value); }, input(object.file));
  }
  std::optional<LinkArgument> translate(const RecordedArchive& archive) {
    if (archive.whole) return ObjectInput{archive.file.digest, archive.file.name};
    ArchiveInput result{std::filesystem::path(archive.file.name).filename().string(), {}};
    for (const RecordedFile& member : archive.members) result.members.push_back(input(member));
    return result;
  }
  std::optional<LinkArgument> translate(const RecordedLibrary& library) {
    sonames_.insert(library.soname);
    return LibraryInput{library.soname};
  }
  std::optional<LinkArgument> translate(const RecordedFileOption& option) {
    return FileOption{option.option, option.file.digest};
  }

 private:
  std::variant<IrInput, ObjectInput> input(const RecordedFile& file) {
    const auto found = units_.find(file.digest);
    const auto source = names_.find(file.digest);
    const std::string& name = source == names_.end() ? file.name : source->second;
    if (found == units_.end()) return ObjectInput{file.digest, name};
    found_ir_ = true;
    return IrInput{found->second.digest, name, found->second.features, found->second.native};
  }

  const CanonicalUnits& units_;
  const InputNames& names_;
  bool found_ir_ = false;
  std::set<std::string> sonames_;
};

}  // namespace

Result<Recipe> make_recipe(const LinkRecord& link, const ElfFile& installed, const CanonicalUnits& units,
                           const InputNames& names, const std::string& triple) {
  if (!link.reason.empty()) return fail(Code::unsupported, "{}", link.reason);
  if (!installed.is_x86_64()) return fail(Code::unsupported, "not for x86-64");
  XAAS_ASSIGN(const ElfDynamic dynamic, installed.dynamic());
  Recipe recipe;
  recipe.kind = kind_of(link, installed);
  recipe.triple = triple;
  recipe.output = link.output;
  recipe.arguments = installed_options(installed, dynamic, recipe.kind);
  Translator translator(units, names);
  for (const RecordedArgument& argument : link.arguments) {
    auto translated = std::visit([&](const auto& value) { return translator.translate(value); }, argument);
    if (translated) recipe.arguments.push_back(std::move(*translated));
  }
  // What was done to it then would be lost.
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
  return recipe;
}

}  // namespace xaas
