// Compiles an empty function with a unit's flags; see unit_features.h.
#include "mkimage/capture/unit_features.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "format/base/process.h"
#include "format/base/split.h"
#include "mkimage/capture/fortran_command.h"
#include "mkimage/compiler/compiler_command.h"

namespace xaas {
namespace {

std::set<std::string> entries_of(std::string_view list) {
  std::set<std::string> entries;
  for (const std::string_view entry : split(list, ',')) {
    if (!entry.empty()) entries.emplace(entry);
  }
  return entries;
}

// The target attributes in the output of `command`, which compiles `source` from its standard input.
Result<UnitTarget> target_of_unit(const std::vector<std::string>& command, std::string_view source,
                                  const std::vector<std::string>& machine_options) {
  XAAS_ASSIGN(const ProcessOutput output, run_and_read(command, source));
  if (output.status.ok()) return read_unit_target(output.output);
  return fail(Code::failed, "the compiler does not know the flags {}: {}", fmt::join(machine_options, " "),
              output.error.substr(0, output.error.find('\n')));
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

Result<UnitFeatures> UnitFeatureTable::lookup(const std::string& compiler,
                                              const std::vector<std::string>& machine_options) {
  // C and C++ have the same features.
  const std::string& asked = is_flang(compiler) ? compiler : c_compiler_;
  const auto key = std::pair(asked, machine_options);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  XAAS_ASSIGN(UnitFeatures result,
              is_flang(compiler) ? ask_fortran(compiler, machine_options) : ask_c(machine_options));
  known_.emplace(key, result);
  return result;
}

Result<UnitFeatures> UnitFeatureTable::ask_c(const std::vector<std::string>& machine_options) {
  std::vector<std::string> arguments = {c_compiler_, "-x", "c", "-O1", "-S", "-emit-llvm", "-o", "-"};
  arguments.insert(arguments.end(), machine_options.begin(), machine_options.end());
  const auto without_cpu = options_without_cpu(parse_compiler_command(machine_options).names_cpu);
  arguments.insert(arguments.end(), without_cpu.begin(), without_cpu.end());
  arguments.emplace_back("-");
  UnitFeatures result;
  XAAS_ASSIGN(result.target, target_of_unit(arguments, "void f(void) {}\n", machine_options));
  if (!machine_options.empty()) {
    XAAS_ASSIGN(const UnitFeatures base, lookup(c_compiler_, {}));
    result.features = feature_difference(base.target.features, result.target.features);
  }
  return result;
}

Result<UnitFeatures> UnitFeatureTable::ask_fortran(const std::string& compiler,
                                                   const std::vector<std::string>& machine_options) {
  std::vector<std::string> arguments = {compiler, "-x", "f95", "-O1", "-S", "-emit-llvm", "-o", "-"};
  arguments.insert(arguments.end(), machine_options.begin(), machine_options.end());
  arguments.emplace_back("-");
  UnitFeatures result;
  XAAS_ASSIGN(result.target, target_of_unit(arguments, "subroutine f\nend subroutine\n", machine_options));
  XAAS_ASSIGN(const UnitFeatures c, lookup(c_compiler_, machine_options));
  result.features = c.features;
  return result;
}

}  // namespace xaas
