// Reads xaas.toml with toml11, whose exceptions end here; see recipe_file.h.
#include "mkimage/recipe_file.h"

#include <array>
#include <sstream>
#include <toml.hpp>
#include <utility>

#include "format/file.h"

namespace xaas {
namespace {

constexpr std::uint64_t kMaxSize = 1ULL << 20;

using Member = std::optional<std::string> BuildRecipe::*;
constexpr std::array kKeys = std::to_array<std::pair<std::string_view, Member>>({
    {"build", &BuildRecipe::build},
    {"configure", &BuildRecipe::configure},
    {"install", &BuildRecipe::install},
    {"name", &BuildRecipe::name},
    {"prefix", &BuildRecipe::prefix},
    {"version", &BuildRecipe::version},
});

std::string place(const std::filesystem::path& path, const toml::source_location& location) {
  return fmt::format("{}:{}:{}", path.string(), location.line(), location.column());
}

// toml11 puts a drawing of the place below the first line of its messages, and its own name in front.
std::string first_line(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  if (message.starts_with("[error] ")) message.remove_prefix(8);
  if (const std::size_t name = message.find(": "); message.starts_with("toml::") && name != std::string_view::npos) {
    message.remove_prefix(name + 2);
  }
  return std::string(message);
}

Result<BuildRecipe> read(const toml::value& document, const std::filesystem::path& path) {
  BuildRecipe recipe;
  for (const auto& [key, value] : document.as_table()) {
    const auto found = std::ranges::find(kKeys, key, &std::pair<std::string_view, Member>::first);
    if (found == kKeys.end()) {
      return fail(Code::invalid, "{}: unknown key \"{}\"; known are name, version, prefix, configure, build, install",
                  place(path, value.location()), key);
    }
    if (!value.is_string())
      return fail(Code::invalid, "{}: \"{}\" must be a string", place(path, value.location()), key);
    recipe.*(found->second) = value.as_string().str;
  }
  return recipe;
}

}  // namespace

Result<BuildRecipe> load_recipe_file(const std::filesystem::path& path) {
  XAAS_ASSIGN(const std::string text, read_file(path, kMaxSize));
  try {
    std::istringstream stream(text);
    return read(toml::parse(stream, path.string()), path);
  } catch (const toml::exception& error) {
    return fail(Code::invalid, "{}: {}", place(path, error.location()), first_line(error.what()));
  } catch (const std::exception& error) {
    return fail(Code::invalid, "{}: {}", path.string(), first_line(error.what()));
  }
}

}  // namespace xaas
