// Which configuration, level and ready files of an image a host uses, and why not others. `xaas-lower explain` prints
// it, and `xaas-lower check` builds on it. Implements spec/lowering.md, section "Choosing a configuration".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "format/base/json_fields.h"
#include "format/image.h"
#include "lower/configuration.h"
#include "lower/device_use.h"
#include "lower/host.h"
#include "lower/lowerer.h"
#include "lower/missing_symbols.h"
#include "lower/slot_choice.h"

namespace xaas {

// A configuration that a host builds from the image's source.
struct HostBuildChoice {
  std::string configuration;
  std::vector<std::string> problems;  // empty: it can be built here
};

struct Explanation {
  Host host;
  std::string host_name;  // "this host"
  Target target;
  std::string configuration;  // the chosen one; if none fits, the default one
  std::vector<Choice> choices;
  std::vector<LevelChoice> levels;  // of the chosen configuration
  std::vector<ReadyChoice> ready;   // of the chosen configuration
  std::vector<OtherChoice> others;
  // Maps each soname that a configuration requires to the library's path on the host; empty if the host lacks it.
  std::map<std::string, std::string> libraries;
  // Maps the soname of each library that is neither in the image nor on the host to one of the files that need it.
  std::map<std::string, std::string> missing;
  MissingSymbols missing_symbols;      // of the chosen configuration
  std::vector<SlotChoice> slots;       // of the chosen configuration
  bool has_fatbins = false;            // whether programs of the chosen configuration have units with fat binaries
  bool has_target_regions = false;     // whether one has OpenMP's target regions for GPUs
  GpuArchitectures gpus;               // for which that code is made
  std::vector<DeviceUse> device_uses;  // what these run of each program with fat binaries
  std::string ptxas;                   // that makes it; empty: none, or none is needed
  bool has_relocatable_code = false;   // whether some of it must be linked
  std::string nvlink;                  // that links it; empty: none, or none is needed
  std::string libc;                    // the newest version that the host's libc defines; empty if it has no such libc
  std::string missing_libc;            // the libc floor of the baseline, if the host's libc lacks it
  std::string problem;                 // why the image cannot be lowered for the host; empty if it can
  std::vector<HostBuildChoice> builds;

  bool has_device_code() const { return has_fatbins || has_target_regions; }
};

// Decides for `options.host`, and does not look for missing symbols. An image that cannot be lowered there is no error;
// `problem` says why. Code::invalid for what the user asks for in a slot, as choose_slots().
Result<Explanation> explain_choices(const Image& image, const LowererOptions& options);

// The same with missing symbols, where the host's libc is older than the one that the image was made with.
Result<Explanation> explain_image(const Image& image, const LowererOptions& options);

OrderedJson to_ordered_json(const Explanation& explanation);
// For people, with a newline at the end. Fit for a terminal.
std::string to_text(const Image& image, const Explanation& explanation);

// A host in a line: "AMD EPYC 7763, 64 cores, …".
std::string describe(const Host& host);
// The features that the target has, without those that it lacks: "+avx2".
std::vector<std::string> features_of(const Target& target);

}  // namespace xaas
