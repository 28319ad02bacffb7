// The schema of spcl/xaas-containers; see discovery_text.h. Its keys are theirs.
#include <algorithm>

#include "mkimage/discover/discovery_text.h"
#include "mkimage/discover/names.h"

namespace xaas {
namespace {

OrderedJson flag_json(const std::string& flag) { return flag.empty() ? OrderedJson(nullptr) : OrderedJson(flag); }

// The least version of the packages that stand for a term.
OrderedJson version_json(const Discovery& discovery, const Knowledge& knowledge, const std::string& term) {
  const KnownTerm* known = knowledge.term(term);
  for (const UsedPackage& package : discovery.build.packages) {
    if (known != nullptr && !package.version.empty() && knowledge.term_by_package(package.name) == known)
      return package.version;
  }
  return nullptr;
}

OrderedJson entry_of(const Finding& finding, const Discovery& discovery, const Knowledge& knowledge) {
  OrderedJson entry = {{"used_as_default", finding.is_default}, {"build_flag", flag_json(finding.flag)}};
  const OrderedJson condition = flag_json(finding.condition);
  switch (finding.category) {
    case TermCategory::gpu:
    case TermCategory::parallel:
      entry["minimum_version"] = version_json(discovery, knowledge, finding.term);
      break;
    case TermCategory::linear_algebra:
      entry["condition"] = condition;
      break;
    case TermCategory::fft:
      entry["built-in"] = finding.is_built_in;
      entry["dependencies"] = condition;
      entry["condition"] = condition;
      break;
    case TermCategory::simd:
      entry = {{"build_flag", flag_json(finding.flag)}, {"default", finding.is_default}};
      break;
  }
  return entry;
}

OrderedJson entries(const Discovery& discovery, const Knowledge& knowledge, TermCategory category) {
  OrderedJson object = OrderedJson::object();
  for (const Finding& finding : discovery.findings) {
    if (finding.category == category) object[finding.name] = entry_of(finding, discovery, knowledge);
  }
  return object;
}

OrderedJson other_libraries(const Discovery& discovery, const Knowledge& knowledge) {
  OrderedJson object = OrderedJson::object();
  for (const UsedPackage& package : discovery.build.packages) {
    if (knowledge.term_by_package(package.name) != nullptr || object.contains(package.name)) continue;
    object[package.name] = {{"version", package.version},
                            {"used_as_default", package.is_always},
                            {"conditions", package.condition},
                            {"build_flag", nullptr}};
  }
  return object;
}

std::string type_of(const std::string& build_system) {
  if (build_system == "cmake" || build_system == "bundle") return "cmake";
  return build_system == "meson" ? "undetermined" : "make";
}

OrderedJson compilers(const Discovery& discovery) {
  OrderedJson object = OrderedJson::object();
  for (const std::string& language : discovery.build.languages) object[language] = {{"minimum_version", ""}};
  return object;
}

OrderedJson architectures(const Discovery& discovery, const Knowledge& knowledge) {
  std::vector<std::string> names;
  for (const Finding& finding : discovery.findings) {
    const KnownTerm* term = knowledge.term(finding.term);
    if (term == nullptr || finding.category != TermCategory::simd || !term->machine.empty()) continue;
    if (std::ranges::find(names, term->architecture) == names.end()) names.push_back(term->architecture);
  }
  return names;
}

}  // namespace

OrderedJson discovery_in_xaas_schema(const Discovery& discovery, const Knowledge& knowledge) {
  const auto of = [&](TermCategory category) { return entries(discovery, knowledge, category); };
  const auto& internal = discovery.internal;
  return {{"gpu_build", {{"value", discovery.supports_gpu}, {"build_flag", flag_json(discovery.gpu_flag)}}},
          {"gpu_backends", of(TermCategory::gpu)},
          {"parallel_programming_libraries", of(TermCategory::parallel)},
          {"linear_algebra_libraries", of(TermCategory::linear_algebra)},
          {"FFT_libraries", of(TermCategory::fft)},
          {"other_external_libraries", other_libraries(discovery, knowledge)},
          {"compiler_flags", OrderedJson::array()},
          {"optimization_build_flags", OrderedJson::array()},
          {"compilers", compilers(discovery)},
          {"architectures", architectures(discovery, knowledge)},
          {"simd_vectorization", of(TermCategory::simd)},
          {"build_system",
           {{"type", type_of(discovery.build.build_system)},
            {"minimum_version", flag_json(discovery.build.minimum_version)}}},
          {"internal_build",
           {{"library_name", internal ? internal->name : "None"},
            {"build_flag", flag_json(internal ? internal->flag : "")}}}};
}

}  // namespace xaas
