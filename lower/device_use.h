// What the GPUs of a host run of a program's code for GPUs. `xaas-lower explain` and `check` say it. Implements
// spec/cuda.md, "What users are told".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "format/base/json_fields.h"
#include "format/gpu_code.h"
#include "format/recipe.h"
#include "lower/device_code.h"

namespace xaas {

// CUDA units of a program that are equal in what a GPU runs of them.
struct UnitsOnGpu {
  GpuPlan plan;
  std::size_t units = 0;
};

// Of one program or library.
struct DeviceUse {
  std::string path;               // in the tree
  GpuForms forms;                 // that it has
  std::size_t units = 0;          // CUDA units with code of their own
  std::vector<UnitsOnGpu> plans;  // in the order of the GPUs, and for each of them what most units have first

  // The GPUs that run nothing of any unit. Empty if there are no units.
  GpuArchitectures idle_gpus() const;
};

// Says what the fat binaries of the recipe are planned to have. `ptxas`: whether there is one.
DeviceUse device_use(std::string path, const Recipe& recipe, const GpuArchitectures& gpus, bool has_ptxas);

// "sm_86: cubins made of compute_80; sm_90: cubins made of compute_90 (2 of 3 units), nothing that it can run (1 of 3
// units); it has PTX 80, 90"
std::string describe(const DeviceUse& use);
OrderedJson to_ordered_json(const DeviceUse& use);

}  // namespace xaas
