// The text of knowledge.toml. The build makes its definition.
#pragma once

#include <string_view>

namespace xaas {

extern const std::string_view kKnowledgeToml;

}  // namespace xaas
