// Which code for GPUs an image, a program or a unit has. Implements spec/cuda.md, "What users are told".
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "format/base/digest.h"
#include "format/base/json_fields.h"
#include "format/recipe.h"

namespace xaas {

// Architectures as numbers and as words, in their order: {90, "90"}, {90, "90a"}.
using Architectures = std::set<std::pair<std::uint32_t, std::string>>;

struct GpuForms {
  Architectures ptx;
  Architectures cubins;
  Architectures regions;  // of OpenMP's target regions, as far as they can be made for other GPUs

  void add(const FatbinEntry& form);
  bool empty() const { return ptx.empty() && cubins.empty() && regions.empty(); }
};

GpuForms forms_of(const std::vector<DeviceCode>& codes);
// "PTX 75, 80 and cubins 80"; empty if there is nothing.
std::string describe(const GpuForms& forms);

struct GpuCode {
  GpuForms forms;                   // of all units
  std::size_t units = 0;            // CUDA units with PTX
  std::size_t units_with_less = 0;  // those of them that lack PTX of a family of which others have some
};

// Collects the code of recipes. A unit of several recipes counts once.
class GpuCodeCounter {
 public:
  void add(const Recipe& recipe);
  GpuCode count() const;

 private:
  GpuForms forms_;
  std::map<std::pair<Digest, std::vector<Digest>>, std::size_t> units_;  // how many families the PTX is for
};

// For people: "PTX 75, 80 and cubins 80; 1 of 7 CUDA units has less PTX"; empty if there is no code for GPUs.
std::string describe(const GpuCode& code);
OrderedJson to_ordered_json(const GpuCode& code);

}  // namespace xaas
