// See device_images.h.
#include "mkimage/contents/device_images.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "mkimage/capture/canonical_ir.h"
#include "mkimage/capture/offload_images.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRuntimeStart = "libomptarget-nvptx-sm_";
constexpr std::string_view kRuntimeEnd = ".bc";
constexpr std::string_view kArchitectureStart = "sm_";
// The section of objects in which code for devices is.
constexpr std::string_view kOffloadSection = ".llvm.offloading";
// What the name of clang's object has, in front of a random number, and what the object is called in recipes. Names of
// files that are not the project's are absolute.
constexpr std::string_view kImageObjectPart = ".image.wrapper-";
constexpr const char* kImageObject = "/image.wrapper.o";
// An archive with the runtime for devices, which has no code of the project.
constexpr std::string_view kRuntimeArchive = "libomptarget.devicertl.a";

std::optional<unsigned> number_behind(std::string_view name, std::string_view start, std::string_view end) {
  if (!name.starts_with(start) || !name.ends_with(end)) return std::nullopt;
  const std::string_view digits = name.substr(start.size(), name.size() - start.size() - end.size());
  unsigned number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || rest != digits.data() + digits.size()) return std::nullopt;
  return number;
}

bool has_regions(const Recipe& recipe) {
  bool found = false;
  for_each_input(recipe, [&](const auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    found = found || (unit != nullptr && !unit->regions.empty());
  });
  return found;
}

bool is_in_units(const Recipe& recipe, const OffloadImage& image) {
  bool is_in_all = true;
  for_each_input(recipe, [&](const auto& input) {
    const auto* unit = std::get_if<IrInput>(&input);
    if (unit == nullptr || unit->regions.empty()) return;
    is_in_all = is_in_all && std::ranges::any_of(unit->regions, [&](const RegionCode& code) {
                  return code.triple == image.triple && code.architecture == image.architecture;
                });
  });
  return is_in_all;
}

// Gives clang's objects for devices a name that is the same in each build.
void fix_names(Recipe& recipe) {
  for_each_input(recipe, [](auto& input) {
    auto* object = std::get_if<ObjectInput>(&input);
    if (object != nullptr && object->name.find(kImageObjectPart) != std::string::npos) object->name = kImageObject;
  });
}

// The object with the programs for devices, or why a part of these is no IR.
struct FoundImages {
  ObjectInput* object = nullptr;
  std::vector<OffloadImage> images{};
  std::string reason{};
};

Status look_at(const CaptureStore& store, ObjectInput& object, FoundImages& found) {
  if (fs::path(object.name).filename() == kRuntimeArchive) return {};
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(store.object_path(object.digest)));
  if (registers_images(file.bytes())) {
    XAAS_ASSIGN(found.images, read_offload_images(file.bytes()));
    found.object = &object;
  } else if (file.bytes().find(kOffloadSection) != std::string_view::npos) {
    found.reason = fmt::format("{} has code for devices of which there is no bitcode", object.name);
  }
  return {};
}

Result<FoundImages> find_images(const CaptureStore& store, Recipe& recipe) {
  FoundImages found;
  Status status;
  for_each_input(recipe, [&](auto& input) {
    auto* object = std::get_if<ObjectInput>(&input);
    if (object != nullptr && status) status = look_at(store, *object, found);
  });
  XAAS_TRY(status);
  return found;
}

}  // namespace

DeviceRuntime::DeviceRuntime(const std::string& compiler, const fs::path& directory)
    : compiler_(compiler), directory_(directory) {}

Result<std::vector<RegionCode>> DeviceRuntime::from(const std::string& triple, unsigned architecture) {
  const std::string asked = fmt::format("{}{}{}", kRuntimeStart, architecture, kRuntimeEnd);
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({compiler_, "-print-file-name=" + asked}));
  const fs::path file = answer.output.substr(0, answer.output.find('\n'));
  std::map<unsigned, fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(file.parent_path(), error)) {
    const auto number = number_behind(entry.path().filename().string(), kRuntimeStart, kRuntimeEnd);
    if (number && *number >= architecture) files.emplace(*number, entry.path());
  }
  std::vector<RegionCode> codes;
  for (const auto& [number, path] : files) {
    XAAS_ASSIGN(codes.emplace_back(), canonical(triple, number, path));
  }
  return codes;
}

Result<RegionCode> DeviceRuntime::canonical(const std::string& triple, unsigned architecture, const fs::path& file) {
  if (const auto known = made_.find(file); known != made_.end()) return known->second;
  XAAS_ASSIGN(const std::string bitcode, read_file(file));
  XAAS_ASSIGN(const std::string content, canonicalise_for_gpu(bitcode));
  const RegionCode code{triple, fmt::format("{}{}", kArchitectureStart, architecture), Digest::of(content)};
  XAAS_TRY(write_file(directory_ / code.digest.hex(), content));
  made_.emplace(file, code);
  return code;
}

Result<std::string> complete_device_images(const CaptureStore& store, DeviceRuntime& runtime, Recipe& recipe) {
  fix_names(recipe);
  if (!has_regions(recipe)) return std::string();
  XAAS_ASSIGN(FoundImages found, find_images(store, recipe));
  if (!found.reason.empty() || found.object == nullptr) return found.reason;
  std::vector<DeviceImage> images;
  std::optional<unsigned> lowest;
  for (const OffloadImage& image : found.images) {
    const auto architecture = number_behind(image.architecture, kArchitectureStart, "");
    if (!architecture || !image.triple.starts_with(kNvidiaTriple)) continue;
    if (!is_in_units(recipe, image)) return fmt::format("not all of its code for {} is bitcode", image.architecture);
    images.push_back({image.triple, image.architecture});
    lowest = std::min(lowest.value_or(*architecture), *architecture);
  }
  if (!lowest) return std::string();
  XAAS_ASSIGN(auto code, runtime.from(images.front().triple, *lowest));
  if (code.empty()) return std::string("the compiler has no runtime for devices as bitcode");
  found.object->images = std::move(images);
  found.object->runtime = std::move(code);
  return std::string();
}

}  // namespace xaas
