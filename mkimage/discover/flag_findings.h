// What the options that makefiles give to compilers and linkers tell of a project.
#pragma once

#include <set>
#include <string>

#include "mkimage/discover/findings.h"

namespace xaas {

// Adds a finding for each term of which only options of compilers tell, and gives such an option to findings of
// variables of makefiles. `prefixes` are those of the names of the project's options.
void add_flag_findings(Discovery& found, const std::set<std::string>& prefixes, const Knowledge& knowledge);

}  // namespace xaas
