// Runs lld in process. Keeps what it prints, and replaces file names by those of the recipe. Implements
// spec/lowering.md, "Engine".
#include "lower/engine/link.h"

#include <lld/Common/Driver.h>
#include <llvm/Support/CrashRecoveryContext.h>
#include <llvm/Support/raw_ostream.h>
#include <unistd.h>

#include <map>
#include <sstream>

#include "format/base/file.h"

LLD_HAS_DRIVER(elf)

namespace xaas {
namespace {

constexpr std::string_view kErrorPrefix = "ld.lld: error: ";
constexpr std::string_view kWarningPrefix = "ld.lld: warning: ";
constexpr std::string_view kDetailPrefix = ">>> ";

// Keeps what is written and passes it on to standard error at once, so that an exit within lld does not lose the
// reason.
class Transcript final : public llvm::raw_ostream {
 public:
  Transcript() : llvm::raw_ostream(/*unbuffered=*/true) {}
  const std::string& text() const { return text_; }

 private:
  void write_impl(const char* data, std::size_t size) override {
    text_.append(data, size);
    (void)write_all(STDERR_FILENO, {data, size});
  }
  std::uint64_t current_pos() const override { return text_.size(); }

  std::string text_;
};

// Maps names of files as lld prints them to their names in the recipe.
using Names = std::map<std::string, std::string, std::greater<>>;

void add_object(Names& names, const Job& job, const ObjectInput& object, const std::string& name) {
  if (const auto file = job.files.find(object.digest); file != job.files.end()) names.emplace(file->second, name);
}

Names printed_names(const Job& job, const std::vector<LinkUnit>& units) {
  Names names;
  for (std::size_t i = 0; i < units.size(); i++) {
    names.emplace(units[i].file, units[i].name);
    names.emplace(fmt::format("{}/{}.lto.{}.o", kUnitDirectory, job.output, i), units[i].name);
  }
  // The module that merged units become, and its object.
  names.emplace("ld-temp.o", job.recipe.output);
  names.emplace(job.output + ".lto.o", job.recipe.output);
  for (const LinkArgument& argument : job.recipe.arguments) {
    if (const auto* object = std::get_if<ObjectInput>(&argument)) add_object(names, job, *object, object->name);
    const auto* archive = std::get_if<ArchiveInput>(&argument);
    if (archive == nullptr) continue;
    for (const auto& member : archive->members)
      if (const auto* object = std::get_if<ObjectInput>(&member))
        add_object(names, job, *object, fmt::format("{}({})", archive->name, object->name));
  }
  for (const auto& [soname, file] : job.libraries) names.emplace(file, soname);
  return names;
}

bool is_name_end(const std::string& text, std::size_t at) {
  if (at >= text.size()) return true;
  const char c = text[at];
  return !(std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '_' || c == '-');
}

std::string with_recipe_names(std::string line, const Names& names) {
  for (const auto& [file, name] : names) {  // a longer name comes before its own prefixes
    for (std::size_t at = line.find(file); at != std::string::npos; at = line.find(file, at)) {
      const bool whole = is_name_end(line, at + file.size()) && (at == 0 || is_name_end(line, at - 1));
      if (whole) line.replace(at, file.size(), name);
      at += whole ? name.size() : 1;
    }
  }
  return line;
}

// After "undefined symbol: f", lld prints the reference by source line and by object.
constexpr int kDetailLines = 2;

std::string without_indent(const std::string& line) {
  const std::size_t start = line.find_first_not_of(' ');
  return start == std::string::npos ? std::string() : line.substr(start);
}

// The first error with its details, and all warnings.
LinkReport read_transcript(const std::string& transcript, const Names& names) {
  LinkReport report;
  std::string error;
  int details_wanted = 0;
  std::istringstream lines(transcript);
  for (std::string line; std::getline(lines, line);) {
    if (details_wanted-- > 0 && line.starts_with(kDetailPrefix)) {
      error += ", " + with_recipe_names(without_indent(line.substr(kDetailPrefix.size())), names);
      continue;
    }
    details_wanted = 0;
    if (line.starts_with(kWarningPrefix))
      report.warnings.push_back(with_recipe_names(line.substr(kWarningPrefix.size()), names));
    if (!line.starts_with(kErrorPrefix) || !error.empty()) continue;
    error = with_recipe_names(line.substr(kErrorPrefix.size()), names);
    details_wanted = kDetailLines;
  }
  if (!error.empty()) report.status = fail(Code::failed, "{}", error);
  return report;
}

}  // namespace

LinkReport run_linker(const std::vector<std::string>& command, const Job& job, const std::vector<LinkUnit>& units) {
  std::vector<const char*> arguments;
  arguments.reserve(command.size());
  for (const std::string& argument : command) arguments.push_back(argument.c_str());
  llvm::CrashRecoveryContext::Enable();  // lld's fatal() then comes back here instead of ending the process
  Transcript transcript;
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  const lld::Result result = lld::lldMain(arguments, transcript, transcript, drivers);
  llvm::CrashRecoveryContext::Disable();
  LinkReport report = read_transcript(transcript.text(), printed_names(job, units));
  if (result.retCode != 0 && report.status)
    report.status = fail(Code::failed, "lld ended with status {} and said nothing", result.retCode);
  return report;
}

}  // namespace xaas
