// Runs one compiler command that links, in a build by mkxaas. The compiler links with the linker that the project asked
// for, but finds xaas-cc by that linker's name (linker.h), which records the link. Implements spec/lowering.md, "The
// link that the project asked for".
#pragma once

#include <optional>
#include <string>

#include "format/base/process.h"
#include "mkimage/compiler/compilation.h"
#include "mkimage/record/capture_environment.h"

namespace xaas {

// Runs the compiler and returns its exit status.
int link_and_capture(const CaptureEnvironment& environment, const Compilation& compilation);

// What the linker's stand-in must know of the compiler command to which it belongs. It travels through the environment.
struct LinkOrder {
  std::string reason;                      // why the link cannot be lowered; empty if it may be
  std::optional<Compilation> compilation;  // set if the command has sources, which become temporary objects
  std::filesystem::path headers;           // file with the list of the headers that the sources read
};
// The `compilation` in `order` has only options and sources in its arguments.
Variables to_variables(const LinkOrder& order);
LinkOrder link_order();

}  // namespace xaas
