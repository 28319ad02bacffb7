// See add_on_choice.h.
#include "lower/add_on_choice.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "lower/add_on.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

std::int64_t rank_of(const Manifest& manifest, const std::string& configuration) {
  const auto& all = manifest.source->configurations;
  const auto found = std::ranges::find(all, configuration, &SourceConfiguration::name);
  return found == all.end() || !found->on_host ? 0 : found->on_host->rank;
}

// An add-on that this host can use, opened. Null if it is damaged.
std::shared_ptr<const Image> open_add_on(const AddOn& add_on) {
  const auto image = Image::open(add_on.file);
  if (!image || (*image)->manifest().configurations.size() != 1) return nullptr;
  return (*image)->manifest().configurations.front().name == add_on.record.configuration ? *image : nullptr;
}

// The add-ons that can be used, by configuration, and why others cannot.
struct SortedAddOns {
  std::map<std::string, std::pair<AddOn, std::shared_ptr<const Image>>> usable;
  std::map<std::string, std::string> refused;
};

SortedAddOns sort_add_ons(const Manifest& manifest, const fs::path& cache) {
  SortedAddOns sorted;
  for (AddOn& add_on : add_ons_of(source_id(manifest), cache)) {
    const std::string name = add_on.record.configuration;
    if (sorted.usable.contains(name)) continue;
    std::string problem = problem_of(add_on.record);
    if (auto opened = problem.empty() ? open_add_on(add_on) : nullptr) {
      sorted.usable.emplace(name, std::pair(std::move(add_on), std::move(opened)));
    } else {
      sorted.refused.emplace(name, problem.empty() ? "is damaged: build it again" : problem);
    }
  }
  return sorted;
}

// A configuration that was asked for, and that only an add-on could have.
Status check_forced(const Manifest& manifest, const SortedAddOns& sorted, const std::string& forced) {
  const auto& all = manifest.source->configurations;
  const auto named = std::ranges::find(all, forced, &SourceConfiguration::name);
  if (named == all.end() || !named->on_host || sorted.usable.contains(forced)) return {};
  const auto refused = sorted.refused.find(forced);
  if (refused != sorted.refused.end()) return fail(Code::unsupported, "{} {}", forced, refused->second);
  return fail(Code::unsupported, "{} is not built on this host: xaas-lower build builds it", forced);
}

}  // namespace

Result<AddOnDecision> choose_add_on(std::shared_ptr<const Image> image, const LowererOptions& options) {
  AddOnDecision decision{.image = image, .choices = {}};
  const Manifest& manifest = image->manifest();
  if (!manifest.source || options.host != this_host()) return decision;
  const SortedAddOns sorted = sort_add_ons(manifest, options.cache);
  XAAS_TRY(check_forced(manifest, sorted, options.configuration));
  const auto target = this_host()->target(lowering_triple(manifest), options.target);
  if (!target || (sorted.usable.empty() && sorted.refused.empty())) return decision;

  Manifest together = manifest;
  for (const auto& [name, add_on] : sorted.usable) {
    Configuration configuration = add_on.second->manifest().configurations.front();
    configuration.rank = rank_of(manifest, name);
    together.configurations.push_back(std::move(configuration));
  }
  XAAS_ASSIGN(const auto gpus, named_gpus(options.gpu));
  decision.choices = explain_configurations(together, *target, options.configuration, *this_host(), gpus);
  for (const auto& [name, problem] : sorted.refused) {
    if (!sorted.usable.contains(name))
      decision.choices.push_back({.configuration = name, .reason = problem, .note = {}});
  }
  const auto chosen = std::ranges::find(decision.choices, true, &Choice::chosen);
  const auto found = chosen == decision.choices.end() ? sorted.usable.end() : sorted.usable.find(chosen->configuration);
  if (found == sorted.usable.end()) return decision;
  note_use(found->second.first);
  decision.image = found->second.second;
  return decision;
}

}  // namespace xaas
