// Makes the record of a compile; see captured_unit.h.
#include "mkimage/capture/captured_unit.h"

#include <filesystem>

#include "format/base/elf_file.h"

namespace xaas {

void record_unit(const CaptureEnvironment& environment, const Compilation& compilation, const CompiledUnit& unit) {
  UnitRecord record;
  record.object = Digest::of(unit.object);
  record.reason = compilation.command.reason;
  record.compiler = compilation.compiler;
  record.source = unit.source;
  std::error_code ignored;
  const std::filesystem::path directory = std::filesystem::current_path(ignored);
  record.target = environment.without_directories((directory / unit.target).lexically_normal().string());
  record.directory = directory.string();
  record.machine_options = compilation.command.machine_options;
  record.asked_machine_options = compilation.command.asked_machine_options;
  record.sections = compilation.command.sections;
  record.headers = unit.headers;
  record.identity = unit.identity;
  record.asks = unit.asks;
  record.variants = unit.variants;
  record.regions = unit.regions;
  record.is_shared = unit.is_shared;
  if (record.reason.empty() && !unit.bitcode) record.reason = "the compiler wrote no bitcode";
  const CaptureStore store = environment.store();
  if (auto status = store.add_unit(record, record.reason.empty() ? unit.bitcode : std::nullopt); !status) {
    store.note(fmt::format("{}: not captured: {}", unit.source, status.error().message));
  }
}

std::optional<std::string_view> embedded_bitcode(std::string_view object) {
  const auto elf = ElfFile::parse(object);
  const ElfSection* section = elf ? elf->find_section(kBitcodeSection) : nullptr;
  return section == nullptr ? std::nullopt : std::optional(section->data);
}

std::string does_not_compile(const std::string& message) {
  return fmt::format("does not compile with clang ({})", message);
}

std::string does_not_compile_to_bitcode(const std::string& message) {
  return fmt::format("does not compile with bitcode ({})", message);
}

}  // namespace xaas
