// Reads the symbols of libc; see libc_symbols.h.
#include "mkimage/contents/libc_symbols.h"

#include <algorithm>
#include <array>

#include "format/base/elf_file.h"
#include "format/base/libc_version.h"
#include "format/base/mapped_file.h"
#include "mkimage/contents/dynamic_symbols.h"

namespace xaas {
namespace {

// Functions of libm that got a new version because they no longer call a handler of errors that old programs may have
// set. Results and errno are the same in both.
struct ChangedHandler {
  std::string_view name;
  std::string_view version;
};
constexpr auto kChangedHandlers = std::to_array<ChangedHandler>({{"exp", "GLIBC_2.29"},
                                                                 {"exp10", "GLIBC_2.39"},
                                                                 {"exp10f", "GLIBC_2.32"},
                                                                 {"exp2", "GLIBC_2.29"},
                                                                 {"log", "GLIBC_2.29"},
                                                                 {"log2", "GLIBC_2.29"},
                                                                 {"pow", "GLIBC_2.29"},
                                                                 {"hypot", "GLIBC_2.35"},
                                                                 {"hypotf", "GLIBC_2.35"},
                                                                 {"fmod", "GLIBC_2.38"},
                                                                 {"fmodf", "GLIBC_2.38"}});

// Beginnings of the names of functions that were in other libraries before glibc 2.34.
struct Former {
  std::string_view library;
  std::string_view beginning;
};
constexpr auto kFormer = std::to_array<Former>({{"libpthread.so.0", "pthread_"},
                                                {"libpthread.so.0", "__pthread_"},
                                                {"libpthread.so.0", "_pthread_"},
                                                {"libpthread.so.0", "sem_"},
                                                {"libpthread.so.0", "thrd_"},
                                                {"libpthread.so.0", "mtx_"},
                                                {"libpthread.so.0", "cnd_"},
                                                {"libpthread.so.0", "tss_"},
                                                {"libpthread.so.0", "call_once"},
                                                {"libdl.so.2", "dl"},
                                                {"librt.so.1", "aio_"},
                                                {"librt.so.1", "lio_"},
                                                {"librt.so.1", "mq_"},
                                                {"librt.so.1", "__mq_"},
                                                {"librt.so.1", "shm_"},
                                                {"librt.so.1", "timer_"},
                                                {"libutil.so.1", "forkpty"},
                                                {"libutil.so.1", "openpty"},
                                                {"libutil.so.1", "login"},
                                                {"libutil.so.1", "logout"},
                                                {"libutil.so.1", "logwtmp"},
                                                {"libanl.so.1", "gai_"},
                                                {"libanl.so.1", "getaddrinfo_a"},
                                                {"libresolv.so.2", "ns_"},
                                                {"libm.so.6", "__isnanf128"}});

}  // namespace

Status LibcSymbols::add(const std::filesystem::path& library) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(library));
  XAAS_ASSIGN(const DynamicSymbols dynamic, DynamicSymbols::read(file.bytes()));
  ++libraries_;
  for (const DynamicSymbol& symbol : dynamic.symbols()) {
    if (!symbol.is_defined || libc_version_numbers(symbol.version).empty()) continue;
    symbols_[symbol.name].emplace(symbol.version, CodePlace{libraries_, symbol.address});
    if (base_.empty() || libc_version_numbers(symbol.version) < libc_version_numbers(base_)) base_ = symbol.version;
  }
  return {};
}

std::string LibcSymbols::newest_version() const {
  std::vector<std::string> versions;
  for (const auto& [name, places] : symbols_) {
    for (const auto& [version, place] : places) versions.push_back(version);
  }
  return newest_libc_version(versions);
}

const LibcSymbols::Versions* LibcSymbols::versions_of(const std::string& name) const {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? nullptr : &found->second;
}

std::string LibcSymbols::oldest_same(const std::string& name, const std::string& version) const {
  const Versions* versions = versions_of(name);
  if (versions == nullptr || !versions->contains(version)) return version;
  const CodePlace here = versions->at(version);
  const bool changed_handler = std::ranges::any_of(kChangedHandlers, [&](const ChangedHandler& changed) {
    return changed.name == name && changed.version == version;
  });
  std::string oldest = version;
  for (const auto& [other, place] : *versions) {
    const bool is_same = place == here || (changed_handler && other == base_);
    if (is_same && libc_version_numbers(other) < libc_version_numbers(oldest)) oldest = other;
  }
  return oldest;
}

bool LibcSymbols::can_lose_version(const std::string& name, const std::string& version) const {
  const Versions* versions = versions_of(name);
  if (versions == nullptr) return false;
  const auto first = versions->find(base_);
  const auto here = versions->find(version);
  return here != versions->end() && (first == versions->end() || first->second == here->second);
}

std::string_view former_library(std::string_view function) {
  const auto found =
      std::ranges::find_if(kFormer, [&](const Former& former) { return function.starts_with(former.beginning); });
  return found == kFormer.end() ? std::string_view() : found->library;
}

Result<std::set<std::string>> exported_names(const std::filesystem::path& library) {
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(library));
  XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
  XAAS_ASSIGN(const std::vector<ElfSymbol> symbols, elf.dynamic_symbols());
  std::set<std::string> names;
  for (const ElfSymbol& symbol : symbols) {
    if (symbol.is_defined) names.emplace(symbol.name);
  }
  return names;
}

}  // namespace xaas
