// See merging.h.
#include "lower/merging.h"

#include <llvm/Support/raw_ostream.h>

#include <filesystem>
#include <system_error>

namespace xaas {
namespace {

// How the flag is merged and, where LLVM refuses or warns of two values, its value.
std::string what_must_agree(const llvm::Module::ModuleFlagEntry& flag) {
  std::string text = std::to_string(flag.Behavior);
  const bool is_merged = flag.Behavior == llvm::Module::Max || flag.Behavior == llvm::Module::Min ||
                         flag.Behavior == llvm::Module::Append || flag.Behavior == llvm::Module::AppendUnique;
  if (is_merged) return text;
  llvm::raw_string_ostream stream(text);
  stream << ' ';
  flag.Val->print(stream);
  return text;
}

bool is_closed(const Recipe& recipe) { return recipe.kind != LinkKind::shared || symbolic_of(recipe) == Symbolic::all; }

}  // namespace

Result<bool> is_to_be_merged(const Job& job, const std::vector<LinkUnit>& units) {
  if (job.policy.merge_limit == 0 || !is_closed(job.recipe)) return false;
  std::uint64_t total = 0;
  for (const LinkUnit& unit : units) {
    const auto file = job.files.find(unit.input->digest);
    if (file == job.files.end())
      return fail(Code::invalid, "the job names no file for {}", unit.input->digest.to_string());
    std::error_code error;
    total += std::filesystem::file_size(file->second, error);
    if (error) return fail(Code::io, "cannot read {}: {}", file->second, error.message());
  }
  return total <= job.policy.merge_limit;
}

void ModuleFlags::add(const llvm::Module& module) {
  llvm::SmallVector<llvm::Module::ModuleFlagEntry, 8> flags;
  module.getModuleFlagsMetadata(flags);
  const std::lock_guard lock(mutex_);
  for (const llvm::Module::ModuleFlagEntry& flag : flags) {
    const std::string value = what_must_agree(flag);
    agree_ &= flags_.try_emplace(flag.Key->getString().str(), value).first->second == value;
  }
}

bool ModuleFlags::agree() const {
  const std::lock_guard lock(mutex_);
  return agree_;
}

}  // namespace xaas
