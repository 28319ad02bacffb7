// Compiles an empty function with a unit's flags; see unit_features.h.
#include "mkimage/unit_features.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "mkimage/compiler_options.h"
#include "mkimage/process.h"
#include "mkimage/split.h"

namespace xaas {
namespace {

std::set<std::string> entries_of(std::string_view list) {
  std::set<std::string> entries;
  for (const std::string_view entry : split(list, ',')) {
    if (!entry.empty()) entries.emplace(entry);
  }
  return entries;
}

}  // namespace

std::vector<std::string> feature_difference(const std::string& base, const std::string& unit) {
  const std::set<std::string> base_set = entries_of(base);
  const std::set<std::string> unit_set = entries_of(unit);
  std::set<std::string> difference;
  for (const std::string& entry : unit_set) {
    if (!base_set.contains(entry)) difference.insert(entry);
  }
  for (const std::string& entry : base_set) {
    const std::string opposite = "-" + entry.substr(1);
    if (entry.starts_with('+') && !unit_set.contains(entry)) difference.insert(opposite);
  }
  return {difference.begin(), difference.end()};
}

Result<UnitFeatures> UnitFeatureTable::lookup(const std::vector<std::string>& machine_options) {
  if (const auto found = known_.find(machine_options); found != known_.end()) return found->second;
  UnitFeatures result;
  XAAS_ASSIGN(result.target, ask(machine_options));
  if (!machine_options.empty()) {
    XAAS_ASSIGN(const UnitFeatures base, lookup({}));
    result.features = feature_difference(base.target.features, result.target.features);
  }
  known_.emplace(machine_options, result);
  return result;
}

Result<UnitTarget> UnitFeatureTable::ask(const std::vector<std::string>& machine_options) const {
  std::vector<std::string> arguments = {compiler_, "-x", "c", "-O1", "-S", "-emit-llvm", "-o", "-"};
  arguments.insert(arguments.end(), machine_options.begin(), machine_options.end());
  if (!parse_compiler_command(machine_options).names_cpu) {
    for (const char* argument : {"-Xclang", "-target-cpu", "-Xclang", ""}) arguments.emplace_back(argument);
  }
  arguments.insert(arguments.end(), {"-mtune=", "-"});
  XAAS_ASSIGN(const ProcessOutput output, run_and_read(std::move(arguments), "void f(void) {}\n"));
  if (!output.status.ok()) {
    return fail(Code::failed, "the compiler does not know the flags {}: {}", fmt::join(machine_options, " "),
                output.error.substr(0, output.error.find('\n')));
  }
  return read_unit_target(output.output);
}

}  // namespace xaas
