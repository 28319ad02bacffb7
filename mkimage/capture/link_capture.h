// Runs one compiler command that links, as part of a capturing build. The compiler links with the linker that the
// project asked for; it finds our stand-in by that linker's name (linker.h), which records the link. Implements
// spec/lowering.md, "The link that the project asked for".
#pragma once

#include <optional>
#include <string>

#include "format/base/process.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// Runs the compiler and returns its exit status.
int link_and_capture(const CaptureEnvironment& environment, const Compilation& compilation);

// What the linker's stand-in has to know of the compiler command that it is a part of; through the environment.
struct LinkOrder {
  std::string reason;                      // why nothing can be lowered; empty when nothing speaks against it
  std::optional<Compilation> compilation;  // of a command with sources of its own, which become temporary objects
  std::filesystem::path headers;           // list of the headers that these read
};
// `compilation` has only options and sources in its arguments.
Variables to_variables(const LinkOrder& order);
LinkOrder link_order();

}  // namespace xaas
