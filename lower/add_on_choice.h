// Which configuration is used where an image has add-ons. Implements spec/cache.md, section "Add-ons".
#pragma once

#include <memory>
#include <vector>

#include "format/base/error.h"
#include "format/image.h"
#include "lower/configuration.h"
#include "lower/lowerer.h"

namespace xaas {

// A decision between the configurations of an image and its add-ons.
struct AddOnDecision {
  std::shared_ptr<const Image> image;  // the image, or the add-on that is chosen in its place
  std::vector<Choice> choices;         // of all; empty if there are no add-ons
};

// Decides by rank and requirements, as explain_configurations() does. Only for this host: with another host in
// `options`, the image itself is chosen. Neither builds nor runs anything of the image. Code::unsupported if the
// configuration that was asked for has no add-on that can be used.
Result<AddOnDecision> choose_add_on(std::shared_ptr<const Image> image, const LowererOptions& options);

}  // namespace xaas
