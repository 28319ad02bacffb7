// What the packages that a build looks for, and the libraries that it links with, tell of a project.
#pragma once

#include <map>
#include <set>
#include <string>

#include "mkimage/discover/findings.h"
#include "mkimage/discover/option_name.h"

namespace xaas {

// What is known of a project's points when its packages are looked at.
struct ClassifiedPoints {
  const std::set<std::string>& prefixes;           // of their names
  const std::map<std::string, OptionName>& names;  // of the project's own points
  const std::set<TermCategory>& choices;           // the categories that are left to a choice
  const BuildPoint* gpu_switch = nullptr;          // a switch for all GPUs, or null
};

// Adds a finding for each term that no point stands for, and for which the build looks, or with which it links.
void add_package_findings(Discovery& found, const ClassifiedPoints& points, const Knowledge& knowledge);

}  // namespace xaas
