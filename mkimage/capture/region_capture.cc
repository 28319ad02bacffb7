// See region_capture.h.
#include "mkimage/capture/region_capture.h"

#include <algorithm>
#include <utility>

#include "format/base/mapped_file.h"
#include "mkimage/capture/offload_images.h"
#include "mkimage/compiler/compiler_options.h"
#include "mkimage/compiler/compiler_run.h"
#include "mkimage/compiler/response_file.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// The command with the devices' code as bitcode in `object`, in the form in which clang links it.
std::vector<std::string> region_arguments(const CaptureEnvironment& environment, const Compilation& compilation,
                                          const fs::path& object) {
  const std::vector<std::string> expanded = expand_response_files(compilation.arguments);
  std::vector<std::string> arguments = filter_parts(
      expanded, [](const CommandPart& part, std::string_view) { return !part.has(option_flags::names_output); });
  const auto ours = {std::string("-w"), std::string("-foffload-lto"), std::string("-c"), std::string("-o"),
                     object.string()};
  arguments.insert(std::ranges::find(arguments, "--"), ours);
  return with_fixed_names(environment, std::move(arguments));
}

// What an object has of target regions for NVIDIA's GPUs.
Result<std::vector<OffloadImage>> images_for_nvidia(const fs::path& object) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(object));
  XAAS_ASSIGN(std::vector<OffloadImage> images, read_offload_images(file.bytes()));
  std::erase_if(images, [](const OffloadImage& image) {
    return !image.is_for_openmp || !image.triple.starts_with(kNvidiaTriple);
  });
  return images;
}

}  // namespace

std::vector<std::string> with_fixed_names(const CaptureEnvironment& environment, std::vector<std::string> arguments) {
  const std::vector<std::string> maps = environment.prefix_maps();
  if (!environment.prefix_pass.empty()) {
    arguments.insert(std::ranges::find(arguments, "--"), "-fpass-plugin=" + environment.prefix_pass.string());
  }
  arguments.insert(arguments.begin(), maps.begin(), maps.end());
  return arguments;
}

Result<std::vector<UnitRegions>> capture_regions(const CaptureEnvironment& environment, const Compilation& compilation,
                                                 const fs::path& object) {
  XAAS_ASSIGN(const auto made, images_for_nvidia(object));
  if (made.empty()) return std::vector<UnitRegions>();
  const CaptureStore store = environment.store();
  const StoreFile bitcode_object(store, ".o");
  const TentativeRun run(compilation, region_arguments(environment, compilation, bitcode_object.path()), {});
  if (!run.ok()) return fail(Code::unsupported, "{}", run.first_message());
  XAAS_ASSIGN(const auto images, images_for_nvidia(bitcode_object.path()));
  std::vector<UnitRegions> regions;
  for (const OffloadImage& image : images) {
    if (!image.is_bitcode) continue;
    XAAS_ASSIGN(const Digest bitcode, store.add_bitcode(image.content));
    regions.push_back({image.triple, image.architecture, bitcode});
  }
  return regions;
}

}  // namespace xaas
