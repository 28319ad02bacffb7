// What a linker's command line asks for, as far as recording the link is concerned. All linkers with GNU ld's options
// are treated alike.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xaas {

struct LinkerCommand {
  std::filesystem::path output = "a.out";
  std::optional<std::filesystem::path> map;  // the file of the link map that the project asks for
  bool is_recordable = true;                 // it makes a program or library, and not an object or printed information
  bool prints_map = false;                   // it prints a map to standard output, so no map file can be added
};

// `arguments` have no program name, and their response files are expanded.
LinkerCommand parse_linker_command(const std::vector<std::string>& arguments);

// Removes the options that load LLVM's plugin for LTO. The objects are real, and clang adds the plugin only because of
// the options of the capture. GCC's plugin stays.
void remove_llvm_plugin(std::vector<std::string>& arguments);
// Removes what lld must not see of a command for GNU ld or gold: plugins, which it does not use, and
// --retain-symbols-file, by which it also hides symbols that the other two export.
void remove_for_lld(std::vector<std::string>& arguments);

}  // namespace xaas
