// What a choice is about, by its name and its values; see spec/discovery.md, "Choices".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/knowledge.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// Null if the value is no term.
const KnownTerm* term_of_value(const std::string& value, const Knowledge& knowledge);
// MKL is a library for linear algebra and for Fourier transforms.
bool is_of_category(const KnownTerm& term, TermCategory category);
// Whether at least `least` values are terms of the category.
bool offers_terms(const BuildPoint& point, TermCategory category, std::size_t least, const Knowledge& knowledge);
// Whether a value is that name, in any case.
bool offers_name(const BuildPoint& point, std::string_view name);
// A choice such as no, yes and auto, or yes, no and a special case.
bool offers_yes(const BuildPoint& point);
// A text of CMake that is on or off by default takes yes and no, and perhaps the place of a library.
bool is_switch_by_default(const BuildPoint& point);

// Whether a word of the name begins or ends with one of the parts: FFT in CUFFT, but no ISA in DISABLED.
bool has_word_with(const OptionName& name, const std::vector<std::string_view>& parts);
// Not a choice for GPUs, such as CUDA_ARCHITECTURE.
bool is_choice_of_simd(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge);
// THREADING_MODEL, and not SOLVER_THREADS.
bool is_choice_of_parallel(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge);
// Not a choice that names another term or a layer, such as SYCL or RAJA_BACKENDS, or CPUs.
bool is_choice_of_gpus(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge);

}  // namespace xaas
