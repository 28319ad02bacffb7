// Ways to print a discovery.
#pragma once

#include <string>

#include "format/base/json_fields.h"
#include "mkimage/discover/discovery.h"

namespace xaas {

// For people: what is found, by kind, then the other points of the build, then what could not be read.
std::string describe_discovery(const Discovery& discovery);

// Everything, for programs. The fields are those of spec/discovery.md, "JSON".
OrderedJson discovery_json(const Discovery& discovery);

// The same findings in the schema of spcl/xaas-containers (xaas/source/json_schema.json).
OrderedJson discovery_in_xaas_schema(const Discovery& discovery, const Knowledge& knowledge);

}  // namespace xaas
