// What a switch is about, by its name and its help; see spec/discovery.md, "Names".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/instruction_set_name.h"
#include "mkimage/discover/knowledge.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// Whether the point is about tests or documents, and not about what is built.
bool is_about_tests(const BuildPoint& point, const Knowledge& knowledge);
// --with-cuda-libs=LIBS says where something is, and does not ask for it.
bool names_files(const BuildPoint& point);
// Whether the point asks for GPUs without naming a model.
bool is_switch_for_gpus(const BuildPoint& point, const OptionName& name, const Knowledge& knowledge);

// What the names of a project's own points are about.
using OptionNames = std::map<std::string, OptionName>;

// The terms that the point is a switch for. Two if the name has two libraries or instruction sets, none if it is about
// nothing that is known.
std::vector<OptionSubject> subjects_of_switch(const BuildPoint& point, const OptionNames& names,
                                              const Knowledge& knowledge);

}  // namespace xaas
