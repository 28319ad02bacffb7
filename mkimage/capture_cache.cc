// Keys and entries of the capture cache; see capture_cache.h.
#include "mkimage/capture_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "format/file.h"
#include "mkimage/process.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKeyVersion = "xaas capture cache 1";

// Options by which a compiler reads or writes files that neither the preprocessed text nor an entry tells of. By the
// beginning of their names.
constexpr auto kNotCached = std::to_array<std::string_view>({"--config",     "--serialize-diagnostics",
                                                             "-MJ",          "-Wp,",
                                                             "-Xarch",       "-Xclang",
                                                             "-Xpreproc",    "-dependency-",
                                                             "-dumpdir",     "-fauto-",
                                                             "-fcrash-",     "-fdebug-macro",
                                                             "-fmemory-",    "-foptimization-record",
                                                             "-fpass-",      "-fplugin",
                                                             "-fproc-",      "-fprofile-",
                                                             "-fsave-",      "-fstack-usage",
                                                             "-fthin-link-", "-ftime-trace",
                                                             "-fxray-",      "-include-pch",
                                                             "-ivfsov",      "-load",
                                                             "-object-file", "-serialize-",
                                                             "-specs",       "-working-directory"});
// Assembly in the text that reads a file.
constexpr std::array<std::string_view, 2> kReadsFile = {".incbin", ".include"};

bool is_one_of(std::string_view argument, std::initializer_list<std::string_view> options) {
  return std::ranges::find(options, argument) != options.end();
}

// A precompiled header that the compiler would take in place of the one that is named.
bool has_precompiled(const CommandPart& part) {
  if (part.option == nullptr || part.option->name != "-include") return false;
  std::error_code ignored;
  return fs::exists(part.value + ".pch", ignored) || fs::exists(part.value + ".gch", ignored);
}

bool can_be_cached(const Compilation& compilation) {
  const CompilerCommand& command = compilation.command;
  if (command.mode != CommandMode::compile || command.inputs.size() != 1) return false;
  return std::ranges::none_of(command_parts(compilation.arguments), [&](const CommandPart& part) {
    const std::string_view argument = compilation.arguments[part.first];
    const auto begins = [&](std::string_view name) { return argument.starts_with(name); };
    return !part.is_input && (std::ranges::any_of(kNotCached, begins) || has_precompiled(part));
  });
}

// The same command, but for the text on standard output.
std::vector<std::string> preprocessing_arguments(const CaptureEnvironment& environment,
                                                 const Compilation& compilation) {
  const std::vector<std::string> all = capturing_arguments(environment, compilation, {});
  std::vector<std::string> arguments = {compilation.compiler, "-E"};
  for (const CommandPart& part : command_parts(all)) {
    const std::string& argument = all[part.first];
    const std::string_view name = part.option == nullptr ? argument : part.option->name;
    if (!part.is_input && is_one_of(name, {"--compile", "--output", "--output=", "-MD", "-MF", "-MG", "-MMD", "-MP",
                                           "-MQ", "-MT", "-MV", "-c", "-o"})) {
      continue;
    }
    arguments.insert(arguments.end(), all.begin() + static_cast<std::ptrdiff_t>(part.first),
                     all.begin() + static_cast<std::ptrdiff_t>(part.first + part.count));
  }
  return arguments;
}

class KeyHash {
 public:
  void add(std::string_view part) {
    hash_.update(fmt::format("{}:", part.size()));
    hash_.update(part);
  }
  // A program or plugin, by what tells it from another version of itself.
  void add_program(const fs::path& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) status = {};
    add(fmt::format("{} {} {}.{}", path.string(), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
  }
  Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

using Json = nlohmann::json;

Json to_binary(std::string_view bytes) { return Json::binary({bytes.begin(), bytes.end()}); }

std::string from_binary(const Json& value) {
  const auto& bytes = value.get_binary();
  return {bytes.begin(), bytes.end()};
}

std::string encode(const CompileResult& result) {
  Json json = {{"object", to_binary(result.object)},
               {"output", to_binary(result.output)},
               {"messages", to_binary(result.messages)},
               {"headers", Json::array()}};
  if (result.dependencies) json["dependencies"] = to_binary(*result.dependencies);
  for (const std::string& header : result.headers) json["headers"].push_back(to_binary(header));
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

// Nullopt for what is damaged.
std::optional<CompileResult> decode(std::string_view bytes) try {
  const Json json = Json::from_cbor(bytes);
  CompileResult result;
  result.object = from_binary(json.at("object"));
  result.output = from_binary(json.at("output"));
  result.messages = from_binary(json.at("messages"));
  if (json.contains("dependencies")) result.dependencies = from_binary(json["dependencies"]);
  for (const Json& header : json.at("headers")) result.headers.push_back(from_binary(header));
  return result;
} catch (const Json::exception&) {
  return std::nullopt;
}

}  // namespace

Status CaptureCache::begin() const {
  std::error_code error;
  fs::create_directories(earlier(), error);
  if (!error) fs::create_directories(current(), error);
  fs::directory_iterator entry(current(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    fs::rename(entry->path(), earlier() / entry->path().filename(), error);
    if (error) break;
  }
  if (error) return fail(Code::io, "cannot prepare {}: {}", root_.string(), error.message());
  return {};
}

void CaptureCache::end() const { remove_tree(earlier()); }

std::optional<Digest> CaptureCache::key(const CaptureEnvironment& environment, const Compilation& compilation) {
  if (!can_be_cached(compilation)) return std::nullopt;
  const auto text = run_and_read(preprocessing_arguments(environment, compilation));
  if (!text || !text->status.ok()) return std::nullopt;
  const auto is_in_text = [&](std::string_view word) { return text->output.find(word) != std::string::npos; };
  if (std::ranges::any_of(kReadsFile, is_in_text)) return std::nullopt;
  KeyHash hash;
  hash.add(kKeyVersion);
  hash.add_program(compilation.compiler);
  hash.add_program(environment.prefix_pass);
  std::error_code error;
  hash.add(fs::current_path(error).string());
  for (const std::string& argument : capturing_arguments(environment, compilation, {})) hash.add(argument);
  hash.add(text->output);
  return hash.finish();
}

std::optional<CompileResult> CaptureCache::find(const Digest& key) const {
  const fs::path entry = current() / key.hex();
  // Of an earlier run: one of this run now.
  static_cast<void>(rename((earlier() / key.hex()).c_str(), entry.c_str()));
  const auto bytes = read_file(entry);
  return bytes ? decode(*bytes) : std::nullopt;
}

Status CaptureCache::add(const Digest& key, const CompileResult& result) const {
  XAAS_ASSIGN(const TempFile file, TempFile::create(root_));
  XAAS_TRY(write_all(file.fd(), encode(result)));
  const fs::path entry = current() / key.hex();
  if (rename(file.path().c_str(), entry.c_str()) != 0)
    return fail_errno(fmt::format("cannot create {}", entry.string()));
  return {};
}

std::optional<fs::path> dependency_file(const Compilation& compilation) {
  bool is_asked_for = false;
  std::optional<fs::path> named;
  for (const CommandPart& part : command_parts(compilation.arguments)) {
    const std::string& argument = compilation.arguments[part.first];
    if (part.is_input) continue;
    if (argument == "-MD" || argument == "-MMD") is_asked_for = true;
    if (part.option != nullptr && part.option->name == "-MF") named = part.value;
  }
  if (!is_asked_for) return std::nullopt;
  return named ? *named : fs::path(object_of(compilation, compilation.command.inputs.front())).replace_extension(".d");
}

}  // namespace xaas
