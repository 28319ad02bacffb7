// See relocations.h.
#include "lower/engine/relocations.h"

#include <llvm/Object/ELF.h>
#include <llvm/Support/FileOutputBuffer.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "format/bitcode/module.h"

namespace xaas {
namespace {

using Elf = llvm::object::ELFFile<llvm::object::ELF64LE>;

// The relocation that calls a function for an address, by machine; none for other machines.
std::optional<std::uint32_t> irelative(std::uint16_t machine) {
  if (machine == llvm::ELF::EM_X86_64) return llvm::ELF::R_X86_64_IRELATIVE;
  if (machine == llvm::ELF::EM_AARCH64) return llvm::ELF::R_AARCH64_IRELATIVE;
  return std::nullopt;
}

bool calls_resolver(const Elf::Elf_Rela& relocation, std::uint32_t irelative, Elf::Elf_Sym_Range symbols) {
  if (relocation.getType(false) == irelative) return true;
  const std::uint32_t index = relocation.getSymbol(false);
  return index < symbols.size() && symbols[index].getType() == llvm::ELF::STT_GNU_IFUNC &&
         symbols[index].st_shndx != llvm::ELF::SHN_UNDEF;
}

// The dynamic relocations other than those of the procedure linkage table, as they are in memory; empty if the file has
// none.
llvm::Expected<llvm::MutableArrayRef<Elf::Elf_Rela>> dynamic_relocations(const Elf& elf) {
  auto entries = elf.dynamicEntries();
  if (!entries) return entries.takeError();
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  for (const auto& entry : *entries) {
    if (entry.getTag() == llvm::ELF::DT_RELA) address = entry.getVal();
    if (entry.getTag() == llvm::ELF::DT_RELASZ) size = entry.getVal();
  }
  if (address == 0 || size == 0) return llvm::MutableArrayRef<Elf::Elf_Rela>();
  auto start = elf.toMappedAddr(address);
  if (!start) return start.takeError();
  auto* first = const_cast<Elf::Elf_Rela*>(reinterpret_cast<const Elf::Elf_Rela*>(*start));
  return llvm::MutableArrayRef<Elf::Elf_Rela>(first, static_cast<std::size_t>(size / sizeof(Elf::Elf_Rela)));
}

llvm::Expected<Elf::Elf_Sym_Range> dynamic_symbols(const Elf& elf) {
  auto sections = elf.sections();
  if (!sections) return sections.takeError();
  for (const auto& section : *sections) {
    if (section.sh_type == llvm::ELF::SHT_DYNSYM) return elf.symbols(&section);
  }
  return Elf::Elf_Sym_Range();
}

llvm::Error order(llvm::MutableArrayRef<char> bytes) {
  auto elf = Elf::create(llvm::StringRef(bytes.data(), bytes.size()));
  if (!elf) return elf.takeError();
  const auto type = irelative(elf->getHeader().e_machine);
  if (!type) return llvm::Error::success();
  auto relocations = dynamic_relocations(*elf);
  if (!relocations) return relocations.takeError();
  auto symbols = dynamic_symbols(*elf);
  if (!symbols) return symbols.takeError();
  std::vector<Elf::Elf_Rela> ordered;
  ordered.reserve(relocations->size());
  for (const bool calls : {false, true}) {
    std::ranges::copy_if(*relocations, std::back_inserter(ordered), [&](const Elf::Elf_Rela& relocation) {
      return calls_resolver(relocation, *type, *symbols) == calls;
    });
  }
  std::ranges::copy(ordered, relocations->begin());
  return llvm::Error::success();
}

}  // namespace

Status order_ifunc_relocations(const std::filesystem::path& file) {
  auto buffer = llvm::WriteThroughMemoryBuffer::getFile(file.string());
  if (!buffer) return fail(Code::io, "cannot open {}: {}", file.string(), buffer.getError().message());
  if (llvm::Error error = order((*buffer)->getBuffer())) {
    return fail(Code::invalid, "cannot order the relocations of {}: {}", file.string(),
                one_line(llvm::toString(std::move(error))));
  }
  return {};
}

}  // namespace xaas
