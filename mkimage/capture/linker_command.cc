// See linker_command.h.
#include "mkimage/capture/linker_command.h"

#include <array>
#include <string_view>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr auto kAnswers =
    std::to_array<std::string_view>({"help", "print-output-format", "print-sysroot", "target-help", "version"});
constexpr auto kRelocatable = std::to_array<std::string_view>({"Ur", "i", "r", "relocatable"});

// The option's name without its dashes; long options may have one or two. Empty for an input.
std::string_view name_of(std::string_view argument) {
  if (!argument.starts_with('-') || argument == "-") return {};
  argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
  return argument;
}

// The value of an option in the form -NAME VALUE or -NAME=VALUE. `next` is the argument behind it, or null.
std::optional<std::string> value_of(std::string_view option, std::string_view name, const std::string* next) {
  if (option == name) return next == nullptr ? std::nullopt : std::optional(*next);
  if (!option.starts_with(name) || option.substr(name.size(), 1) != "=") return std::nullopt;
  return std::string(option.substr(name.size() + 1));
}

bool is_llvm_plugin(const std::string& path) {
  return std::filesystem::path(path).filename().string().starts_with("LLVMgold");
}

// Removes `-plugin FILE` if `drop(FILE)` returns true, and the plugin's options, which follow it.
template <typename Drop>
void remove_plugins_if(std::vector<std::string>& arguments, const Drop& drop) {
  std::vector<std::string> kept;
  bool dropped = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = name_of(arguments[i]);
    const std::string* next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    if (const auto plugin = value_of(option, "plugin", next)) {
      dropped = drop(*plugin);
      if (dropped) i += option == "plugin" ? 1 : 0;
      if (dropped) continue;
    } else if (value_of(option, "plugin-opt", next)) {
      if (dropped) i += option == "plugin-opt" ? 1 : 0;
      if (dropped) continue;
    }
    kept.push_back(arguments[i]);
  }
  arguments = std::move(kept);
}

// Removes the option in both forms, with its value.
void remove_option(std::vector<std::string>& arguments, std::string_view name) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = name_of(arguments[i]);
    const std::string* next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    if (!value_of(option, name, next)) {
      kept.push_back(arguments[i]);
    } else if (option == name) {
      ++i;
    }
  }
  arguments = std::move(kept);
}

}  // namespace

LinkerCommand parse_linker_command(const std::vector<std::string>& arguments) {
  LinkerCommand command;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = name_of(arguments[i]);
    const std::string* next = i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    if (option == "o") {
      if (next != nullptr) command.output = arguments[++i];
    } else if (const auto output = value_of(option, "output", next)) {
      command.output = *output;
    } else if (const auto map = value_of(option, "Map", next)) {
      command.map = *map;
    } else if (option == "M" || option == "print-map") {
      command.prints_map = true;
    } else if (is_in(kAnswers, option) || is_in(kRelocatable, option)) {
      command.is_recordable = false;
    } else if (arguments[i].starts_with("-o")) {  // a long option that begins with an o has two dashes
      command.output = option.substr(1);
    }
  }
  return command;
}

void remove_llvm_plugin(std::vector<std::string>& arguments) { remove_plugins_if(arguments, is_llvm_plugin); }

void remove_for_lld(std::vector<std::string>& arguments) {
  remove_plugins_if(arguments, [](const std::string& /*path*/) { return true; });
  remove_option(arguments, "retain-symbols-file");
}

}  // namespace xaas
