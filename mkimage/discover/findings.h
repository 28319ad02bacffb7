// What was found that a project can be built with, in the terms of the knowledge base.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/knowledge.h"

namespace xaas {

// A programming model, a library or an instruction set that the build offers or uses.
struct Finding {
  TermCategory category = TermCategory::gpu;
  std::string name;         // of the term, or the value as the project calls it
  std::string term;         // "" if the knowledge base does not have it
  bool is_default = false;  // used while all points have their defaults
  bool is_built_in = false;
  std::string flag;   // what the user writes to get it; "" if there is nothing to write
  std::string point;  // the point that decides, or ""
  std::string value;  // the value of the point that chooses it
  std::string condition;
  BuildPlace place;
};

struct InternalLibrary {
  std::string name;
  std::string flag;  // "" if it is internal without any
  BuildPlace place;
};

struct Discovery {
  BuildDescription build;
  std::vector<Finding> findings;  // by category, then in the order of the files
  bool supports_gpu = false;
  std::string gpu_flag;  // of a switch for all GPUs, or ""
  std::optional<InternalLibrary> internal;

  const Finding* find(std::string_view term) const;
};

}  // namespace xaas
