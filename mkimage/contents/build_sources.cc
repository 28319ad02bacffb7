// Makes the files below .xaas/src from unit records; see build_sources.h.
#include "mkimage/contents/build_sources.h"

#include "format/image.h"

namespace xaas {

std::map<std::string, std::filesystem::path> build_sources(const CaptureEnvironment& environment,
                                                           const std::vector<UnitRecord>& units,
                                                           const std::set<Digest>& used,
                                                           const std::string& build_name) {
  std::map<std::string, std::filesystem::path> sources;
  const auto add = [&](const std::string& file, const std::filesystem::path& directory) {
    std::string name = environment.display_name(file, directory);
    if (name.starts_with(std::string(kBuildName) + "/")) name.replace(0, kBuildName.size(), build_name);
    const std::filesystem::path path = (directory / file).lexically_normal();
    std::error_code ignored;
    if (name.starts_with('/') || !std::filesystem::is_regular_file(path, ignored)) return;
    sources.emplace(fmt::format("{}/{}", kSourceDirectory, name), path);
  };
  for (const UnitRecord& unit : units) {
    // Nothing tells which units used a precompiled header, so each one counts.
    if (!used.contains(unit.object) && unit.reason != kPrecompiledHeader) continue;
    add(unit.source, unit.directory);
    for (const std::string& header : unit.headers) add(header, unit.directory);
  }
  return sources;
}

}  // namespace xaas
