// Makes lld's command line from a recipe: the kind of link, the arguments in the recipe's order, and then the engine's
// own options. Implements spec/lowering.md, "Engine".
#include <algorithm>
#include <array>
#include <filesystem>

#include "format/base/overloaded.h"
#include "lower/engine/image_object.h"
#include "lower/engine/link.h"

namespace xaas {
namespace {

std::vector<std::string> kind_options(LinkKind kind) {
  switch (kind) {
    case LinkKind::shared:
      return {"-shared"};
    case LinkKind::pie:
      return {"-pie"};
    case LinkKind::no_pie:
      return {"-no-pie"};
    case LinkKind::static_pie:
      return {"-static", "-pie", "--no-dynamic-linker"};
    case LinkKind::static_no_pie:
      return {"-static", "-no-pie"};
  }
  return {};
}

// Groups mean nothing to lld, because it searches every archive for every symbol. A group may not contain --start-lib.
bool is_group(std::string_view option) {
  constexpr std::array<std::string_view, 4> kGroups = {"-start-group", "-end-group", "-(", "-)"};
  return std::ranges::find(kGroups, option_name(option)) != kGroups.end();
}

// Whether the recipe asks for no build-id. A file that was linked without one may have no place for it.
bool has_no_build_id(const Recipe& recipe) {
  return std::ranges::any_of(recipe.arguments, [](const LinkArgument& argument) {
    const auto* option = std::get_if<std::string>(&argument);
    return option != nullptr && option_name(*option) == "-build-id=none";
  });
}

// Builds the arguments one by one. Tracks whether --whole-archive is in force, because it does not affect --start-lib.
class CommandBuilder {
 public:
  CommandBuilder(const Job& job, const std::vector<LinkUnit>& units) : job_(job), next_unit_(units.begin()) {}

  void add(std::string argument) { arguments_.push_back(std::move(argument)); }

  Status add_argument(const LinkArgument& argument) {
    return std::visit(
        Overloaded{[this](const std::string& option) { return add_option(option); },
                   [this](const IrInput&) { return add_unit(); },
                   [this](const ObjectInput& input) { return add_object(input); },
                   [this](const ArchiveInput& input) { return add_archive(input); },
                   [this](const LibraryInput& input) { return add_library(input); },
                   [this](const FileOption& input) { return add_file(input.option, input.digest, input.option); }},
        argument);
  }

  std::vector<std::string> take() { return std::move(arguments_); }

 private:
  Status add_option(const std::string& option) {
    const std::string_view name = option_name(option);
    if (is_group(name)) return {};
    if (name == "-whole-archive") whole_archive_ = true;
    if (name == "-no-whole-archive") whole_archive_ = false;
    if (name == "-push-state") states_.push_back(whole_archive_);
    if (name == "-pop-state" && !states_.empty()) {
      whole_archive_ = states_.back();
      states_.pop_back();
    }
    add(option);
    return {};
  }

  Status add_unit() {
    const LinkUnit& unit = *next_unit_++;
    add(unit.file);
    if (!unit.fatbin_file.empty()) add(unit.fatbin_file);
    return {};
  }

  Status add_object(const ObjectInput& input) {
    if (!is_made(job_, input)) return add_file("", input.digest, input.name);
    add(kImageObject);
    return {};
  }

  Status add_file(const std::string& prefix, const Digest& digest, const std::string& name) {
    XAAS_ASSIGN(const std::string file, file_of(job_, digest, name));
    add(prefix + file);
    return {};
  }

  Status add_archive(const ArchiveInput& archive) {
    if (!whole_archive_) add("--start-lib");
    for (const auto& member : archive.members) {
      const auto* object = std::get_if<ObjectInput>(&member);
      XAAS_TRY(object == nullptr ? add_unit() : add_file("", object->digest, object->name));
    }
    if (!whole_archive_) add("--end-lib");
    return {};
  }

  Status add_library(const LibraryInput& library) {
    const auto file = job_.libraries.find(library.soname);
    if (file == job_.libraries.end())
      return fail(Code::invalid, "the job names no file for the library {}", library.soname);
    // The library is not given by its path, because a library without a soname would then be needed by that path.
    const std::filesystem::path path = file->second;
    add("-L" + path.parent_path().string());
    add("-l:" + path.filename().string());
    return {};
  }

  const Job& job_;
  std::vector<LinkUnit>::const_iterator next_unit_;
  std::vector<std::string> arguments_;
  std::vector<bool> states_;
  bool whole_archive_ = false;
};

}  // namespace

Result<std::vector<std::string>> link_command(const Job& job, const std::vector<LinkUnit>& units) {
  CommandBuilder command(job, units);
  command.add("ld.lld");
  for (std::string& option : kind_options(job.recipe.kind)) command.add(std::move(option));
  for (const LinkArgument& argument : job.recipe.arguments) XAAS_TRY(command.add_argument(argument));
  // These options come last, because the last one wins.
  command.add("-o" + job.output);
  if (!has_no_build_id(job.recipe)) command.add("--build-id=0x" + job.build_id);
  command.add("--no-fat-lto-objects");
  command.add(fmt::format("--threads={}", job.jobs));
  command.add(fmt::format("--thinlto-jobs={}", job.jobs));
  command.add(fmt::format("--lto-O{}", job.policy.opt_level));
  command.add("-mllvm");
  command.add(fmt::format("-import-instr-limit={}", job.policy.import_limit));
  if (!job.modules.empty()) {
    command.add("--thinlto-cache-dir=" + job.modules);
    // lld must remove nothing. The parent that gave the directory looks after it.
    command.add("--thinlto-cache-policy=prune_after=0s:cache_size=0%:cache_size_bytes=0:cache_size_files=0");
  }
  return command.take();
}

}  // namespace xaas
