// What the command line of a linker asks for, as far as recording the link is concerned. All linkers that go by GNU
// ld's options are read alike.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xaas {

struct LinkerCommand {
  std::filesystem::path output = "a.out";
  std::optional<std::filesystem::path> map;  // the link map that the project asks for, in a file
  bool is_recordable = true;                 // it makes a program or library, rather than an object or an answer
  bool prints_map = false;                   // to standard output, so that no file can be asked for
};

// `arguments` without the program's name and with response files expanded.
LinkerCommand parse_linker_command(const std::vector<std::string>& arguments);

// Takes the options away that load LLVM's plugin for LTO: our objects are real, and clang only adds them because of
// options of ours. The plugin of GCC stays.
void remove_llvm_plugin(std::vector<std::string>& arguments);
// Takes away all plugins, which lld has no use for.
void remove_plugins(std::vector<std::string>& arguments);

}  // namespace xaas
