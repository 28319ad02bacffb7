// See precompiled_header.h.
#include "mkimage/compiler/precompiled_header.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "format/base/file.h"
#include "mkimage/compiler/response_file.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrecompiled = "-include-pch";
constexpr std::string_view kInclude = "-include";
constexpr std::array<std::string_view, 2> kEndings = {".pch", ".gch"};  // in clang's order

fs::path absolute_path(const fs::path& path) {
  std::error_code ignored;
  return (fs::current_path(ignored) / path).lexically_normal();
}

// The file that clang takes for the header of -include; nullopt if it reads the header itself.
std::optional<fs::path> found_beside(const std::string& header) {
  for (const std::string_view ending : kEndings) {
    fs::path file = header + std::string(ending);
    std::error_code ignored;
    if (fs::exists(file, ignored)) return file;
  }
  return std::nullopt;
}

// An option that includes a header, with the words that hand it to the front end: -Xclang OPTION -Xclang VALUE.
struct Include {
  std::size_t first;  // index of the first word
  std::size_t count;
  bool is_precompiled;  // -include-pch
  std::string value;
};

std::vector<Include> includes_of(const std::vector<std::string>& arguments) {
  std::vector<Include> includes;
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] != kPrecompiled && arguments[i] != kInclude) continue;
    const bool is_handed_on = i > 0 && arguments[i - 1] == "-Xclang" && i + 2 < arguments.size();
    const std::size_t value = is_handed_on ? i + 2 : i + 1;
    const std::size_t first = is_handed_on ? i - 1 : i;
    includes.push_back({first, value - first + 1, arguments[i] == kPrecompiled, arguments[value]});
    i = value;
  }
  return includes;
}

}  // namespace

void record_precompiled(const CaptureEnvironment& environment, const Compilation& compilation,
                        const std::vector<Ask>& asks) {
  std::vector<std::string> lines;
  std::ranges::transform(asks, std::back_inserter(lines), &Ask::line);
  for (const CompilerInput& input : compilation.command.inputs) {
    if (input.kind == InputKind::linker_input) continue;
    std::vector<std::string> files;
    if (compilation.command.output) {
      files = {*compilation.command.output};
    } else {
      for (const std::string_view ending : kEndings) files.push_back(input.path + std::string(ending));
    }
    for (const std::string& file : files) {
      static_cast<void>(
          environment.store().add_precompiled(absolute_path(file), {absolute_path(input.path).string(), lines}));
    }
  }
}

std::vector<fs::path> precompiled_headers(const std::vector<std::string>& arguments) {
  std::vector<fs::path> headers;
  for (const Include& include : includes_of(arguments)) {
    if (include.is_precompiled) {
      headers.emplace_back(include.value);
    } else if (const auto file = found_beside(include.value)) {
      headers.push_back(*file);
    }
  }
  return headers;
}

std::optional<std::vector<Ask>> asks_of_precompiled(const CaptureEnvironment& environment,
                                                    const std::vector<fs::path>& headers) {
  std::vector<Ask> asks;
  for (const fs::path& header : headers) {
    const auto record = environment.store().find_precompiled(absolute_path(header));
    if (!record) return std::nullopt;
    for (const std::string& line : record->asks) {
      if (auto ask = parse_ask(line)) asks.push_back(std::move(*ask));
    }
  }
  return asks;
}

Result<std::vector<std::string>> TextualHeaders::rewrite(const std::vector<std::string>& arguments) {
  const std::vector<Include> includes = includes_of(arguments);
  // CMake names the header beside what was precompiled of it.
  const bool names_header = std::ranges::any_of(includes, [](const Include& one) { return !one.is_precompiled; });
  std::vector<std::string> result;
  std::size_t next = 0;
  for (const Include& include : includes) {
    const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(include.first);
    std::copy(arguments.begin() + static_cast<std::ptrdiff_t>(next), first, std::back_inserter(result));
    next = include.first + include.count;
    if (!include.is_precompiled && !found_beside(include.value)) {
      std::copy_n(first, include.count, std::back_inserter(result));
    } else if (!include.is_precompiled) {
      XAAS_ASSIGN(const std::string wrapper, wrapper_for(absolute_path(include.value)));
      result.insert(result.end(), {std::string(kInclude), wrapper});
    } else if (!names_header) {
      const auto record = environment_.store().find_precompiled(absolute_path(include.value));
      if (!record) return fail(Code::unsupported, "its precompiled header {} was not captured", include.value);
      XAAS_ASSIGN(const std::string wrapper, wrapper_for(record->header));
      result.insert(result.end(), {std::string(kInclude), wrapper});
    }
  }
  std::copy(arguments.begin() + static_cast<std::ptrdiff_t>(next), arguments.end(), std::back_inserter(result));
  return result;
}

bool TextualHeaders::is_wrapper(const std::string& header) const {
  return std::ranges::any_of(wrappers_, [&](const auto& wrapper) { return wrapper->path() == header; });
}

// Returns a header that includes `header`, and beside which clang finds nothing that was precompiled.
Result<std::string> TextualHeaders::wrapper_for(const fs::path& header) {
  wrappers_.push_back(std::make_unique<StoreFile>(environment_.store(), ".h"));
  const fs::path& path = wrappers_.back()->path();
  XAAS_TRY(replace_file(path, fmt::format("#include \"{}\"\n", header.string())));
  return path.string();
}

}  // namespace xaas
