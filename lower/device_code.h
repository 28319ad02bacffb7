// Puts the code for GPUs of a CUDA unit together again when the unit is lowered, for the GPUs of the host. Implements
// spec/cuda.md, "Lowering".
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "format/fatbin.h"
#include "format/image.h"
#include "format/recipe.h"
#include "lower/host_view.h"
#include "lower/ptxas.h"

namespace xaas {

// The architectures of the GPUs that are found: 90 for sm_90. Ascending, each once. Empty if there are none.
using GpuArchitectures = std::vector<unsigned>;

// Reads "sm_80,sm_90"; "none" gives none. Code::invalid for anything else.
Result<GpuArchitectures> parse_gpus(std::string_view text);
// The same where the text is what a user gives, which may be nothing: then nullopt.
Result<std::optional<GpuArchitectures>> named_gpus(std::string_view text);
std::string describe_gpus(const GpuArchitectures& gpus);  // "sm_80 sm_90"

// The architectures of NVIDIA's GPUs among the devices of a host; see HostView::devices().
GpuArchitectures gpus_among(const std::vector<std::string>& devices);
// Those of a host. Looks for its GPUs each time.
GpuArchitectures gpus_of(const HostView& host);

// What makes cubins: ptxas makes them of PTX, and nvlink of the relocatable code of several units.
enum class CubinSource { none, ptxas, nvlink };

// A cubin that is made.
struct CubinPlan {
  std::size_t code;  // index of the PTX among the unit's codes; 0 for nvlink
  unsigned architecture;
};

// What one GPU runs of a unit.
struct GpuPlan {
  // No form; a cubin that is made for it; one that the project has made; PTX, which the driver compiles.
  enum class Way { nothing, made, own, driver };

  unsigned gpu;
  Way way = Way::nothing;
  std::string form{};     // "compute_80": of which it is made, or what it is; empty for `nothing` and for nvlink
  std::string problem{};  // why ptxas makes no cubin of the PTX; empty if it does, if none is asked for, or without PTX
};

// What the fat binary of a unit gets.
struct FatbinPlan {
  std::vector<CubinPlan> cubins;
  std::vector<std::size_t> kept;  // indices of the unit's codes, ascending
  std::vector<GpuPlan> gpus;      // one for each GPU
};

// Chooses for `gpus`. Keeps everything if no GPU is known, or if one of them could run nothing else.
FatbinPlan plan_fatbin(const std::vector<DeviceCode>& codes, const GpuArchitectures& gpus, CubinSource source);

// Whether the recipe has code for GPUs, that of OpenMP included.
bool has_device_code(const Recipe& recipe);
// Whether it has units with fat binaries.
bool has_fatbins(const Recipe& recipe);
// The object with programs for devices of OpenMP, of which a recipe has one at most; null if there is none.
const ObjectInput* object_with_images(const Recipe& recipe);
// Whether it has programs for devices of OpenMP that can be made again.
bool has_device_images(const Recipe& recipe);
// Whether some of it is relocatable, so that it must be linked.
bool has_relocatable_code(const Recipe& recipe);

// What a user should know of the plan for a unit whose code no other unit links: lines about GPUs that run nothing of
// it, and about cubins that are not made.
std::vector<std::string> shortcomings(const std::vector<DeviceCode>& codes, const FatbinPlan& plan);

struct MadeFatbin {
  std::string bytes;
  std::vector<std::string> warnings;  // why it has less than it could have, a line each; empty if it has all
};

// Makes a cubin for an architecture of GPUs.
using MakeCubin = std::function<Result<FatbinEntry>(const CubinPlan&)>;

// Makes the fat binary that is planned. If a cubin is refused, which is Code::invalid, the fat binary has all forms
// that the image has. Other errors are those of the image and of `make`.
Result<MadeFatbin> make_planned(const Image& image, const std::vector<DeviceCode>& codes, FatbinPlan plan,
                                const MakeCubin& make);

// Makes the fat binary of a unit. `ptxas` may be null. ptxas runs in `scratch`. If it refuses the code, the fat binary
// has all forms that the image has. Warns of shortcomings(), too. Other errors are those of the image and of
// Ptxas::compile().
Result<MadeFatbin> make_fatbin(const Image& image, const std::vector<DeviceCode>& codes, const GpuArchitectures& gpus,
                               const Ptxas* ptxas, const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace xaas
