// See native_arithmetic.h.
#include "mkimage/contents/native_arithmetic.h"

#include <algorithm>
#include <filesystem>
#include <variant>

#include "mkimage/capture/arithmetic_mode.h"

namespace xaas {
namespace {

constexpr const char* kFlangRuntime = "libFortranRuntime.a";

bool asks_for_mode(const ElfFile& installed) {
  const auto symbols = installed.dynamic_symbols();
  return symbols && std::ranges::any_of(*symbols, [](const ElfSymbol& symbol) {
           return !symbol.is_defined && is_mode_function(symbol.name);
         });
}

}  // namespace

bool native_code_uses_mode(const LinkRecord& link, const ElfFile& installed,
                           const std::function<bool(const Digest&)>& is_unit, SymbolReader& symbols) {
  if (!asks_for_mode(installed)) return false;
  const auto uses_mode = [&](const RecordedFile& file) {
    return !is_unit(file.digest) && std::ranges::any_of(symbols.object(file.digest).needed, is_mode_function);
  };
  return std::ranges::any_of(link.arguments, [&](const RecordedArgument& argument) {
    if (const auto* object = std::get_if<RecordedObject>(&argument)) return uses_mode(object->file);
    const auto* archive = std::get_if<RecordedArchive>(&argument);
    if (archive == nullptr || std::filesystem::path(archive->file.name).filename() == kFlangRuntime) return false;
    return archive->whole ? uses_mode(archive->file) : std::ranges::any_of(archive->members, uses_mode);
  });
}

}  // namespace xaas
