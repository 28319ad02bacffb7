// Reads xaas.toml with toml11 and catches its exceptions; see recipe_file.h.
#include "mkimage/plan/recipe_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <set>
#include <span>
#include <sstream>
#include <toml.hpp>
#include <utility>

#include "format/base/file.h"
#include "format/base/paths.h"
#include "format/base/text.h"
#include "format/device_condition.h"
#include "format/slots.h"

namespace xaas {
namespace {

constexpr std::uint64_t kMaxRecipeFile = 1ULL << 20;
// Variables that commands have without any point; a point must not use them.
constexpr auto kReserved = std::to_array<std::string_view>({"BUILD", "CC", "CONFIGURATION", "CXX", "DESTDIR", "F77",
                                                            "F90", "F95", "FC", "HOME", "ICECC", "IFS", "JOBS", "PATH",
                                                            "PREFIX", "SOURCE_DATE_EPOCH", "SRC", "TMPDIR"});
// The beginnings of further reserved variables, which control compilers and programs in front of compilers.
constexpr auto kReservedStarts = std::to_array<std::string_view>(
    {"BUILDCACHE_", "CCACHE_", "DISTCC_", "I_MPI_", "LD_", "MPICH_", "OMPI_", "SCCACHE_", "XAAS_"});

std::string place(const std::filesystem::path& path, const toml::source_location& location) {
  return fmt::format("{}:{}:{}", path.string(), location.line(), location.column());
}

// The first line of a message. toml11 puts a drawing of the place below it, and its own name in front.
std::string first_line(std::string_view message) {
  message = message.substr(0, message.find('\n'));
  if (message.starts_with("[error] ")) message.remove_prefix(8);
  if (const std::size_t name = message.find(": "); message.starts_with("toml::") && name != std::string_view::npos) {
    message.remove_prefix(name + 2);
  }
  return std::string(message);
}

// Whether a text can name a point or a value. Such names are parts of the names of configurations, which are
// directories.
bool is_name(std::string_view name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  };
  return !name.empty() && name.front() != '.' && name.front() != '-' && std::ranges::all_of(name, is_part);
}

bool is_reserved(std::string_view variable) {
  const bool is_digit = variable.front() >= '0' && variable.front() <= '9';
  const auto begins = [&](std::string_view start) { return variable.starts_with(start); };
  return is_digit || is_in(kReserved, variable) || std::ranges::any_of(kReservedStarts, begins);
}

// Reads tables of the file, given what each key is for. The first error is kept, and later calls of fail_at() do
// nothing.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path) {}

  std::string place_of(const toml::value& value) const { return place(path_, value.location()); }

  template <typename... Parts>
  void fail_at(const toml::value& value, fmt::format_string<Parts...> text, Parts&&... parts) {
    if (!status_) return;
    status_ = fail(Code::invalid, "{}: {}", place_of(value), fmt::format(text, std::forward<Parts>(parts)...));
  }
  bool ok() const { return status_.has_value(); }
  const Status& status() const { return status_; }

  using Take = std::function<void(const toml::value&)>;
  using Keys = std::map<std::string_view, Take>;
  void read_table(const toml::value& table, const Keys& keys) {
    if (!table.is_table()) return fail_at(table, "this must be a table");
    for (const auto& [key, value] : in_order(table)) {
      const auto found = keys.find(*key);
      if (found != keys.end()) {
        found->second(*value);
        continue;
      }
      std::string known;
      for (const auto& [name, take] : keys) known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
      fail_at(*value, "unknown key \"{}\"; known are {}", *key, known);
    }
  }

  // The functions below make the values of Keys.
  template <typename Text>
  Take text(Text& into) {
    return [this, &into](const toml::value& value) {
      if (value.is_string()) {
        into = value.as_string().str;
      } else {
        fail_at(value, "this must be a string");
      }
    };
  }
  Take name(std::string& into) {
    return [this, &into](const toml::value& value) {
      text(into)(value);
      if (ok() && !is_name(into)) {
        fail_at(value, "\"{}\" is no name: letters, digits, '_', '.' and '-', not beginning with '.' or '-'", into);
      }
    };
  }
  Take rank(std::int64_t& into) {
    return [this, &into](const toml::value& value) {
      using Limits = std::numeric_limits<std::int16_t>;  // so that any sum of ranks fits in 32 bits
      if (!value.is_integer() || value.as_integer() < Limits::min() || value.as_integer() > Limits::max()) {
        return fail_at(value, "this must be an integer from {} to {}", Limits::min(), Limits::max());
      }
      into = value.as_integer();
    };
  }
  Take truth(std::optional<bool>& into) {
    return [this, &into](const toml::value& value) {
      if (!value.is_boolean()) return fail_at(value, "this must be true or false");
      into = value.as_boolean();
    };
  }
  Take list(const Take& each) {
    return [this, each](const toml::value& value) {
      if (!value.is_array()) return fail_at(value, "this must be an array");
      for (const toml::value& item : value.as_array()) each(item);
    };
  }
  Take texts(std::vector<std::string>& into) {
    return list([this, &into](const toml::value& value) { text(into.emplace_back())(value); });
  }

  // The keys of a table in the order of the file, so that errors come in that order.
  static std::vector<std::pair<const std::string*, const toml::value*>> in_order(const toml::value& table) {
    std::vector<std::pair<const std::string*, const toml::value*>> entries;
    for (const auto& [key, value] : table.as_table()) entries.emplace_back(&key, &value);
    std::ranges::sort(entries, [](const auto& a, const auto& b) {
      const auto position = [](const toml::value& value) {
        return std::pair(value.location().line(), value.location().column());
      };
      return position(*a.second) < position(*b.second);
    });
    return entries;
  }

 private:
  const std::filesystem::path& path_;
  Status status_;
};

// Reads one of the `known` texts. `kind` says, for the message, what they name.
std::string read_choice(Reader& reader, const toml::value& value, std::string_view kind,
                        std::span<const std::string_view> known) {
  std::string choice;
  reader.text(choice)(value);
  if (reader.ok() && std::ranges::find(known, choice) == known.end()) {
    reader.fail_at(value, "there is no {} \"{}\": choose one of {}", kind, choice, fmt::join(known, ", "));
  }
  return choice;
}

// A value that is built on the host is to be linked with its libraries. Any other one has them in the image.
void check_host_needs(Reader& reader, const toml::value& place, PointValue& value) {
  if (!value.on_host) {
    if (!value.tools.empty() || !value.headers.empty()) {
      reader.fail_at(place, "\"tools\" and \"headers\" are for a value with build = \"host\"");
    }
    return;
  }
  value.links = std::exchange(value.requires_.libraries, {});
  for (const std::string& tool : value.tools) {
    if (parse_tool_need(tool)) continue;
    reader.fail_at(place, "\"{}\" is no tool: write its name, as \"nvcc\" or \"nvcc>=12.1\"", tool);
  }
  for (const std::string& library : value.links) {
    if (!link_name(library).empty()) continue;
    reader.fail_at(place, "\"{}\" is no library: write it as \"libz.so\" or \"libz.so.1\"", library);
  }
  for (const std::string& header : value.headers) {
    if (!is_normal(header)) reader.fail_at(place, "\"{}\" is no header: write it as \"zlib.h\"", header);
  }
}

PointValue read_value(Reader& reader, const toml::value& value) {
  PointValue result;
  result.place = reader.place_of(value);
  std::optional<std::string> substitute;
  if (value.is_string()) {
    reader.name(result.name)(value);
  } else {
    const auto where = [&](const toml::value& item) {
      constexpr auto kWhere = std::to_array<std::string_view>({"host", "image"});
      result.on_host = read_choice(reader, item, "place to build", kWhere) == kWhere.front();
    };
    reader.read_table(value, {{"name", reader.name(result.name)},
                              {"substitute", reader.text(substitute)},
                              {"rank", reader.rank(result.rank)},
                              {"features", reader.texts(result.requires_.features)},
                              {"libraries", reader.texts(result.requires_.libraries)},
                              {"devices", reader.texts(result.requires_.devices)},
                              {"build", where},
                              {"tools", reader.texts(result.tools)},
                              {"headers", reader.texts(result.headers)}});
    if (reader.ok() && result.name.empty()) reader.fail_at(value, "a value must have a name");
    check_host_needs(reader, value, result);
  }
  for (std::string& feature : result.requires_.features) {
    if (feature.empty() || (feature.front() != '+' && !is_name(feature))) {
      reader.fail_at(value, "\"{}\" is no feature of a CPU: \"+avx2\"", feature);
    } else if (feature.front() != '+') {
      feature.insert(0, "+");
    }
  }
  for (const std::string& device : result.requires_.devices) {
    if (is_known_device(device)) continue;
    reader.fail_at(value,
                   "there is no device \"{}\"; known are {}, nvidia-gpu>=sm_80, nvidia-driver>=550 and their like",
                   device, fmt::join(kDevices, ", "));
  }
  result.substitute = substitute.value_or(result.name);
  return result;
}

SpecializationPoint read_point(Reader& reader, const toml::value& value) {
  SpecializationPoint point;
  point.place = reader.place_of(value);
  reader.read_table(value,
                    {{"name", reader.name(point.name)},
                     {"default", reader.text(point.default_value)},
                     {"values", reader.list([&](const toml::value& item) {
                        PointValue read = read_value(reader, item);
                        if (std::ranges::find(point.values, read.name, &PointValue::name) != point.values.end()) {
                          reader.fail_at(item, "there are two values \"{}\"", read.name);
                        }
                        point.values.push_back(std::move(read));
                      })}});
  if (!reader.ok()) return point;
  if (point.name.empty() || point.values.empty()) reader.fail_at(value, "a point must have a name and values");
  if (!reader.ok()) return point;
  if (point.default_value.empty()) point.default_value = point.values.front().name;
  if (std::ranges::find(point.values, point.default_value, &PointValue::name) == point.values.end()) {
    reader.fail_at(value, "the default \"{}\" of the point \"{}\" is none of its values", point.default_value,
                   point.name);
  }
  const auto first = std::ranges::find(point.values, point.default_value, &PointValue::name);
  if (reader.ok() && first->on_host) {
    reader.fail_at(value, "the default \"{}\" of the point \"{}\" must be built in the image", point.default_value,
                   point.name);
  }
  if (is_reserved(point.variable())) {
    reader.fail_at(value, "a point cannot be called \"{}\": its variable would be ${}", point.name, point.variable());
  }
  return point;
}

LeftOutCombination read_left_out(Reader& reader, const toml::value& value) {
  LeftOutCombination combination;
  combination.place = reader.place_of(value);
  if (!value.is_table() || value.as_table().empty()) {
    reader.fail_at(value, "this must be a table of points and values");
    return combination;
  }
  for (const auto& [key, choice] : Reader::in_order(value)) reader.text(combination.points[*key])(*choice);
  return combination;
}

InstalledAsIs read_file_entry(Reader& reader, const toml::value& value) {
  InstalledAsIs file;
  file.place = reader.place_of(value);
  reader.read_table(value, {{"from", reader.text(file.from)}, {"to", reader.text(file.to)}});
  if (reader.ok() && (file.from.empty() || file.to.empty())) reader.fail_at(value, "\"from\" and \"to\" are needed");
  const std::filesystem::path to = std::filesystem::path(file.to).lexically_normal();
  if (reader.ok() && (to.is_absolute() || !to.has_filename() || *to.begin() == "..")) {
    reader.fail_at(value, "\"{}\" must be a path below the prefix", file.to);
  }
  file.to = to.string();
  return file;
}

// Checks what needs more than one table.
Status check(const BuildRecipe& recipe) {
  std::set<std::string> variables;
  for (const SpecializationPoint& point : recipe.points) {
    if (variables.insert(point.variable()).second) continue;
    return fail(Code::invalid, "{}: there are two points with the variable ${}", point.place, point.variable());
  }
  for (const LeftOutCombination& combination : recipe.left_out) {
    for (const auto& [name, value] : combination.points) {
      const auto point = std::ranges::find(recipe.points, name, &SpecializationPoint::name);
      if (point == recipe.points.end()) {
        return fail(Code::invalid, "{}: there is no point \"{}\"", combination.place, name);
      }
      if (std::ranges::find(point->values, value, &PointValue::name) != point->values.end()) continue;
      return fail(Code::invalid, "{}: the point \"{}\" has no value \"{}\"", combination.place, name, value);
    }
  }
  return {};
}

// Reads "auto", "none" or an array of names of levels.
LevelPlan read_levels(Reader& reader, const toml::value& value) {
  std::vector<std::string> names;
  const auto read_name = [&](const toml::value& item) {
    if (item.is_string() && is_level(item.as_string().str)) return names.push_back(item.as_string().str);
    read_choice(reader, item, "level", kCpuLevels);  // says which there are
  };
  if (value.is_array()) {
    reader.list(read_name)(value);
  } else {
    constexpr auto kWords = std::to_array<std::string_view>({"auto", "none", "an array of levels"});
    names = {read_choice(reader, value, "choice of levels", kWords)};
  }
  if (names.empty()) names.emplace_back("none");
  return parse_levels(fmt::format("{}", fmt::join(names, ","))).value_or(LevelPlan());
}

void read_slot(Reader& reader, const toml::value& value, std::vector<std::string>& slots) {
  std::string name;
  reader.text(name)(value);
  if (!reader.ok()) return;
  if (find_slot(name) == nullptr)
    return reader.fail_at(value, "there is no slot \"{}\": known are {}", name, slot_names());
  if (is_in(slots, name)) return reader.fail_at(value, "the slot \"{}\" is there twice", name);
  slots.push_back(std::move(name));
}

// Sonames have no directories, and a pattern for one that has could match nothing.
void read_library(Reader& reader, const toml::value& value, std::vector<std::string>& patterns) {
  std::string pattern;
  reader.text(pattern)(value);
  if (!reader.ok()) return;
  if (pattern.empty() || pattern.find('/') != std::string::npos)
    return reader.fail_at(value,
                          "this must be the soname of a library, or a pattern of sonames, such as \"libcublas*\"");
  patterns.push_back(std::move(pattern));
}

// Reads the families of a table "cuda": architectures of GPUs as numbers.
void read_cuda(Reader& reader, const toml::value& table, BuildRecipe& recipe) {
  const auto read_family = [&](const toml::value& value) {
    if (!value.is_integer() || value.as_integer() < 1 || value.as_integer() > kMostCudaFamily) {
      return reader.fail_at(value, "this must be the number of an architecture of GPUs, such as 80 for compute_80");
    }
    recipe.cuda_families->push_back(static_cast<unsigned>(value.as_integer()));
  };
  reader.read_table(table, {{"families", [&](const toml::value& value) {
                               recipe.cuda_families.emplace();
                               reader.list(read_family)(value);
                             }}});
}

Result<BuildRecipe> read(const toml::value& document, const std::filesystem::path& path) {
  BuildRecipe recipe;
  Reader reader(path);
  const auto choice = [&](std::optional<std::string>& into, const char* kind, std::span<const std::string_view> known) {
    return [&reader, &into, kind, known](const auto& value) { into = read_choice(reader, value, kind, known); };
  };
  reader.read_table(
      document,
      {{"name", reader.text(recipe.name)},
       {"version", reader.text(recipe.version)},
       {"prefix", reader.text(recipe.prefix)},
       {"source",
        [&](const auto& value) {
          value.is_boolean() ? reader.truth(recipe.with_source)(value) : reader.text(recipe.source)(value);
        }},
       {"with_source", reader.truth(recipe.with_source)},
       {"bundle", reader.truth(recipe.bundle)},
       {"build_system", choice(recipe.build_system, "build system", kBuildSystems)},
       {"configure", reader.text(recipe.configure)},
       {"build", reader.text(recipe.build)},
       {"install", reader.text(recipe.install)},
       {"main", reader.text(recipe.main)},
       {"fortran", choice(recipe.fortran, "Fortran compiler", kFortranCompilers)},
       {"policy", choice(recipe.policy, "policy", kPolicies)},
       {"levels", [&](const auto& value) { recipe.levels = read_levels(reader, value); }},
       {"ready", [&](const auto& value) { recipe.ready = read_levels(reader, value); }},
       {"slots", reader.list([&](const auto& item) { read_slot(reader, item, recipe.slots); })},
       {"cuda", [&](const auto& value) { read_cuda(reader, value, recipe); }},
       {"sources_left_out", reader.texts(recipe.sources_left_out)},
       {"libraries_left_out",
        reader.list([&](const auto& item) { read_library(reader, item, recipe.libraries_left_out); })},
       {"points", reader.list([&](const auto& item) { recipe.points.push_back(read_point(reader, item)); })},
       {"leave_out", reader.list([&](const auto& item) { recipe.left_out.push_back(read_left_out(reader, item)); })},
       {"files", reader.list([&](const auto& item) { recipe.files.push_back(read_file_entry(reader, item)); })}});
  if (!reader.ok()) return tl::unexpected(reader.status().error());
  XAAS_TRY(check(recipe));
  return recipe;
}

}  // namespace

bool can_name_point(std::string_view name) {
  return is_name(name) && !is_reserved(SpecializationPoint{std::string(name), {}, {}, {}}.variable());
}

bool can_name_value(std::string_view name) { return is_name(name); }

std::string SpecializationPoint::variable() const {
  std::string result = name;
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '.' || c == '-') c = '_';
  }
  return result;
}

Result<BuildRecipe> load_recipe_file(const std::filesystem::path& path) {
  XAAS_ASSIGN(const std::string text, read_file(path, kMaxRecipeFile));
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
