// See gpu_code.h.
#include "format/gpu_code.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace xaas {
namespace {

constexpr std::string_view kGpuPrefix = "sm_";

std::vector<std::string> words_of(const Architectures& architectures) {
  std::vector<std::string> words;
  for (const auto& [number, word] : architectures) words.push_back(word);
  return words;
}

// Without "90a" and its like.
std::size_t count_families(const Architectures& architectures) {
  const auto is_family = [](const auto& one) { return one.second == fmt::format("{}", one.first); };
  return static_cast<std::size_t>(std::ranges::count_if(architectures, is_family));
}

// Adds "80" for "sm_80". Devices that are no NVIDIA GPUs have other names.
void add_named(std::string_view name, Architectures& into) {
  if (!name.starts_with(kGpuPrefix)) return;
  name.remove_prefix(kGpuPrefix.size());
  std::uint32_t number = 0;
  if (std::from_chars(name.data(), name.data() + name.size(), number).ec == std::errc()) into.emplace(number, name);
}

}  // namespace

void GpuForms::add(const FatbinEntry& form) {
  std::string word = architecture_name(form);
  word.erase(0, word.find('_') + 1);
  (form.kind == DeviceCodeKind::ptx ? ptx : cubins).emplace(form.architecture, std::move(word));
}

GpuForms forms_of(const std::vector<DeviceCode>& codes) {
  GpuForms forms;
  for (const DeviceCode& code : codes) forms.add(code.form);
  return forms;
}

std::string describe(const GpuForms& forms) {
  std::vector<std::string> parts;
  for (const auto& [what, architectures] :
       {std::pair("PTX", &forms.ptx), {"cubins", &forms.cubins}, {"OpenMP's regions", &forms.regions}}) {
    if (!architectures->empty()) parts.push_back(fmt::format("{} {}", what, fmt::join(words_of(*architectures), ", ")));
  }
  return fmt::format("{}", fmt::join(parts, " and "));
}

void GpuCodeCounter::add(const Recipe& recipe) {
  for_each_input(recipe, [&](const auto& input) {
    if (const auto* object = std::get_if<ObjectInput>(&input)) {
      for (const DeviceImage& image : object->images) add_named(image.architecture, forms_.regions);
    }
    const auto* unit = std::get_if<IrInput>(&input);
    if (unit == nullptr || unit->device.empty()) return;
    std::vector<Digest> contents;
    GpuForms own;
    for (const DeviceCode& code : unit->device) {
      contents.push_back(code.digest);
      own.add(code.form);
      forms_.add(code.form);
    }
    if (!own.ptx.empty()) units_.emplace(std::pair(unit->digest, std::move(contents)), count_families(own.ptx));
  });
}

GpuCode GpuCodeCounter::count() const {
  GpuCode code{forms_, units_.size(), 0};
  const std::size_t all = count_families(forms_.ptx);
  for (const auto& [unit, families] : units_) {
    if (families < all) ++code.units_with_less;
  }
  return code;
}

std::string describe(const GpuCode& code) {
  std::string text = describe(code.forms);
  if (code.units_with_less != 0) {
    text += fmt::format("; {} of {} CUDA units {} less PTX", code.units_with_less, code.units,
                        code.units_with_less == 1 ? "has" : "have");
  }
  return text;
}

OrderedJson to_ordered_json(const GpuCode& code) {
  return {{"ptx", words_of(code.forms.ptx)},
          {"cubins", words_of(code.forms.cubins)},
          {"openmp", words_of(code.forms.regions)},
          {"units", code.units},
          {"units_with_less", code.units_with_less}};
}

}  // namespace xaas
