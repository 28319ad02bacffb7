// Decides at which levels each configuration can be lowered. Implements spec/lowering.md, "One level in a process".
#pragma once

#include "mkimage/contents/image_contents.h"
#include "mkimage/plan/cpu_levels.h"

namespace xaas {

// Sets the levels of each configuration, and leaves in its recipes the variants for them. A level is offered if every
// unit that asks for the CPU compiles for it and the code of some unit differs from that at the levels before. A level
// that cannot be used for another reason is listed with the reason. REQUIRES: recipes are made. `store` holds the
// objects of all configurations.
Status offer_levels(const LevelPlan& plan, const CaptureStore& store, ImageContents& contents);

}  // namespace xaas
