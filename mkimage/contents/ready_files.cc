// Runs the worker for each CPU and compares what it makes; see ready_files.h.
#include "mkimage/contents/ready_files.h"

#include <algorithm>
#include <span>

#include "format/base/elf_file.h"
#include "format/base/hex.h"
#include "format/base/interrupts.h"
#include "format/base/json_fields.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/base/split.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// The CPU of which nearly every host has all features, and one with wider vectors for code that asks for them.
#if defined(__aarch64__)
constexpr std::string_view kBasicCpu = "neoverse-n1";
constexpr std::string_view kWideCpu = "neoverse-v1";
#else
constexpr std::string_view kBasicCpu = "x86-64-v3";
constexpr std::string_view kWideCpu = "x86-64-v4";
#endif
constexpr const char* kAnswer = "the worker's answer";

// What the worker says of one file that it lowered.
struct LoweredFile {
  std::string configuration;
  std::string path;
  fs::path file;
  ReadyLevel level;
};

Result<LoweredFile> read_lowered(std::string_view line) {
  XAAS_ASSIGN(const Json json, parse_json(line, kAnswer));
  XAAS_ASSIGN(const JsonObject fields, JsonObject::of(json, kAnswer));
  LoweredFile lowered;
  XAAS_ASSIGN(lowered.configuration, fields.string("configuration"));
  XAAS_ASSIGN(lowered.path, fields.string("path"));
  XAAS_ASSIGN(lowered.file, fields.string("file"));
  XAAS_ASSIGN(lowered.level.cpu, fields.string("cpu"));
  XAAS_ASSIGN(lowered.level.features, fields.strings("features"));
  XAAS_ASSIGN(lowered.level.level, fields.string("level"));
  XAAS_ASSIGN(lowered.level.policy, fields.string("policy"));
  return lowered;
}

// A message of the worker without the name with which it begins.
std::string_view without_name(std::string_view message) {
  constexpr std::string_view kName = "xaas-lower: ";
  return message.starts_with(kName) ? message.substr(kName.size()) : message;
}

// Runs the worker for one CPU. It prints one line for each file that it lowers, and one on standard error for each file
// that it cannot lower.
Result<std::vector<LoweredFile>> lower_for(const std::string& cpu, const ReadyTask& task, const fs::path& worker,
                                           Progress& progress) {
  XAAS_ASSIGN(const ProcessOutput output,
              run_and_read({worker.string(), "--json", "--cpu=" + cpu, "--cache=" + task.cache.string(),
                            fmt::format("--jobs={}", task.jobs), "--", task.draft.string()}));
  yield_to_interrupt();  // which has killed the worker
  if (!output.status.ok() && output.error.empty()) {
    progress.warn(fmt::format("no ready files for {}: {}", cpu, output.status.to_string()));
  }
  for (const std::string_view line : split(output.error, '\n')) {
    if (!line.empty()) progress.warn(fmt::format("no ready file for {}: {}", cpu, without_name(line)));
  }
  std::vector<LoweredFile> files;
  for (const std::string_view line : split(output.output, '\n')) {
    if (line.empty()) continue;
    XAAS_ASSIGN(files.emplace_back(), read_lowered(line));
  }
  return files;
}

// The bytes of a lowered file without its build-id, which tells for which CPU it was made.
Result<std::string> code_of(const fs::path& path) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(path));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
  std::string code(file.bytes());
  const std::optional<std::string> id = elf.build_id();
  if (!id) return code;
  std::string bytes(id->size() / 2, '\0');
  from_hex(*id, std::as_writable_bytes(std::span(bytes)));
  const std::size_t at = code.find(bytes);
  if (at != std::string::npos) code.replace(at, bytes.size(), bytes.size(), '\0');
  return code;
}

Result<bool> is_same_code(const fs::path& one, const fs::path& other) {
  std::error_code error;
  if (fs::file_size(one, error) != fs::file_size(other, error)) return false;
  XAAS_ASSIGN(const std::string code, code_of(one));
  XAAS_ASSIGN(const std::string other_code, code_of(other));
  return code == other_code;
}

Status add(const LoweredFile& lowered, ConfigurationContents& configuration) {
  if (configuration.ready.empty() || configuration.ready.back().level.cpu != lowered.level.cpu) {
    configuration.ready.push_back({lowered.level, {}});
  }
  fs::path file = lowered.file;
  for (const ReadyFiles& earlier : configuration.ready) {
    const auto found = earlier.files.find(lowered.path);
    if (found == earlier.files.end()) continue;
    XAAS_ASSIGN(const bool is_same, is_same_code(found->second, file));
    if (is_same) file = found->second;
  }
  configuration.ready.back().files.emplace(lowered.path, file);
  return {};
}

std::string describe(const ReadyFiles& ready, const ConfigurationContents& configuration) {
  std::size_t shared = 0;
  for (const ReadyFiles& earlier : configuration.ready) {
    if (&earlier == &ready) break;
    shared += static_cast<std::size_t>(std::ranges::count_if(ready.files, [&](const auto& file) {
      const auto found = earlier.files.find(file.first);
      return found != earlier.files.end() && found->second == file.second;
    }));
  }
  return fmt::format("ready to run on {}: {} file{}{}", ready.level.cpu, ready.files.size(),
                     ready.files.size() == 1 ? "" : "s",
                     shared == 0 ? "" : fmt::format(", {} of them the same as for another CPU", shared));
}

}  // namespace

std::vector<std::string> ready_cpus(const LevelPlan& plan, const ImageContents& contents) {
  if (plan.is_chosen) return plan.names;
  std::vector<std::string> cpus{std::string(kBasicCpu)};
  const auto offers_wide = [](const ConfigurationContents& configuration) {
    const auto wide = std::ranges::find(configuration.levels, kWideCpu, &Level::name);
    return wide != configuration.levels.end() && wide->problem.empty();
  };
  if (std::ranges::any_of(contents.configurations, offers_wide)) cpus.emplace_back(kWideCpu);
  return cpus;
}

Status make_ready_files(const ReadyTask& task, const std::vector<std::string>& cpus, ImageContents& contents,
                        Progress& progress) {
  for (const std::string& cpu : cpus) {
    progress.begin("lower", "for " + cpu);
    XAAS_ASSIGN(const auto files, lower_for(cpu, task, contents.worker->file, progress));
    progress.end();
    for (const LoweredFile& lowered : files) {
      const auto configuration = std::ranges::find_if(
          contents.configurations, [&](const auto& one) { return one.plan.name == lowered.configuration; });
      if (configuration == contents.configurations.end()) {
        return fail(Code::failed, "{} is for an unknown configuration {}", kAnswer, lowered.configuration);
      }
      XAAS_TRY(contents.libc.lower(lowered.file));
      XAAS_TRY(add(lowered, *configuration));
    }
  }
  return {};
}

std::vector<std::string> describe_ready(const ImageContents& contents) {
  std::vector<std::string> lines;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const ReadyFiles& ready : configuration.ready) lines.push_back(describe(ready, configuration));
  }
  return lines;
}

}  // namespace xaas
