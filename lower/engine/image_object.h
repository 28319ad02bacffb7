// The object that registers programs for devices of OpenMP when the program starts. Implements spec/cuda.md, "OpenMP".
#pragma once

#include "format/base/error.h"
#include "lower/engine/retarget.h"
#include "lower/job.h"

namespace xaas {

// The file of the object, an input of lld.
inline constexpr const char* kImageObject = "units/images.o";

// Whether the input is the object that the job makes anew.
inline bool is_made(const Job& job, const ObjectInput& input) { return !job.images.empty() && !input.images.empty(); }

// The bytes of the object. It has the job's images, and, of those that the build made, the ones for other triples.
// REQUIRES: the job has images, and its recipe an input that is_made().
Result<std::string> make_image_object(const Job& job, const LinkContext& link);

}  // namespace xaas
