// A finding that a point of the build stands for.
#pragma once

#include <string>
#include <string_view>

#include "mkimage/discover/findings.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// A finding with the place and the condition of the point, that says nothing of flag and default yet.
Finding finding_at(const BuildPoint& point, TermCategory category, std::string name);

// Makes the point the switch for what is found, or against it if its name is negative.
void ask_by(const BuildPoint& point, const OptionName& name, Finding& finding);

// Whether the build chooses the value by itself.
bool is_default_value(const BuildPoint& point, std::string_view value);
// Whether the point is on, or off, by default.
bool is_on_by_default(const BuildPoint& point);
bool is_off_by_default(const BuildPoint& point);
// The same where the build offers the point only if the compiler can do what it tries with it.
bool is_on_if_compiler_can(const BuildPoint& point);
// Whether the build has by default what the point is a switch for, or against: the other way round for NO_MPI.
bool is_used_by_default(const BuildPoint& point, const OptionName& name);
// Code for other processors than the host's is never built by default. Null is no code.
bool is_foreign_code(const KnownTerm* term);

}  // namespace xaas
