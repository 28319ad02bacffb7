// See region_names.h.
#include "mkimage/capture/region_names.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/Support/xxhash.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xaas {
namespace {

// The metadata by which clang tells the compile for a device which regions the host's part has.
constexpr llvm::StringLiteral kRegions = "omp_offload.info";
constexpr llvm::StringLiteral kNameStart = "__omp_offloading_";  // device and inode follow, with '_' behind each

// A file with target regions.
struct RegionFile {
  std::uint64_t order;  // of a region in it, among all regions of the unit
  std::string id;       // device and inode, as in names: "fe00_a722b6_"
};

std::optional<std::uint64_t> number(const llvm::MDNode& node, unsigned operand) {
  const auto* value = llvm::mdconst::dyn_extract<llvm::ConstantInt>(node.getOperand(operand));
  return value == nullptr ? std::nullopt : std::optional(value->getZExtValue());
}

std::string in_name(std::uint64_t device, std::uint64_t file) {
  return llvm::utohexstr(device, /*LowerCase=*/true) + "_" + llvm::utohexstr(file, /*LowerCase=*/true) + "_";
}

// Reads {0, device, inode, function, line, count, order}.
std::optional<RegionFile> read_region(const llvm::MDNode& node) {
  constexpr unsigned kOperands = 7;
  if (node.getNumOperands() != kOperands || number(node, 0) != 0) return std::nullopt;
  const auto device = number(node, 1);
  const auto file = number(node, 2);
  const auto order = number(node, kOperands - 1);
  if (!device || !file || !order) return std::nullopt;
  return RegionFile{*order, in_name(*device, *file)};
}

class Renaming {
 public:
  Renaming(const llvm::Module& module, llvm::StringRef source) {
    std::vector<RegionFile> files;
    if (const llvm::NamedMDNode* regions = module.getNamedMetadata(kRegions)) {
      for (const llvm::MDNode* node : regions->operands()) {
        if (auto file = read_region(*node)) files.push_back(std::move(*file));
      }
    }
    std::ranges::sort(files, {}, &RegionFile::order);  // the only thing that host and devices have in common
    const std::uint64_t digest = llvm::xxh3_64bits(source);
    for (const RegionFile& file : files) {
      if (!find(file.id)) names_.emplace_back(file.id, in_name(digest, names_.size()));
    }
  }

  bool is_empty() const { return names_.empty(); }

  // The text with other names, or nullopt if it has none.
  std::optional<std::string> renamed(llvm::StringRef text) const {
    std::string result;
    bool is_changed = false;
    for (std::size_t at = text.find(kNameStart); at != llvm::StringRef::npos; at = text.find(kNameStart)) {
      result += text.take_front(at + kNameStart.size());
      text = text.drop_front(at + kNameStart.size());
      for (const auto& [from, to] : names_) {
        if (!text.consume_front(from)) continue;
        result += to;
        is_changed = true;
        break;
      }
    }
    if (!is_changed) return std::nullopt;
    return result + text.str();
  }

 private:
  bool find(llvm::StringRef id) const {
    return std::ranges::any_of(names_, [&](const auto& name) { return name.first == id; });
  }

  std::vector<std::pair<std::string, std::string>> names_;  // device and inode, and what takes their place
};

void rename_value(const Renaming& renaming, llvm::Module& module, llvm::GlobalValue& value) {
  const auto name = renaming.renamed(value.getName());
  if (!name) return;
  auto* object = llvm::dyn_cast<llvm::GlobalObject>(&value);
  const llvm::Comdat* comdat = object == nullptr ? nullptr : object->getComdat();
  if (comdat != nullptr && comdat->getName() == value.getName()) {
    llvm::Comdat* renamed = module.getOrInsertComdat(*name);
    renamed->setSelectionKind(comdat->getSelectionKind());
    object->setComdat(renamed);
  }
  value.setName(*name);
}

// A name is also in the string by which the runtime finds the region on the device, and in strings for people.
void rename_string(const Renaming& renaming, llvm::Module& module, llvm::GlobalVariable& string) {
  const auto* data =
      string.hasInitializer() ? llvm::dyn_cast<llvm::ConstantDataSequential>(string.getInitializer()) : nullptr;
  if (data == nullptr || !data->isCString()) return;
  const auto text = renaming.renamed(data->getAsCString());
  if (!text) return;
  llvm::Constant* renamed = llvm::ConstantDataArray::getString(module.getContext(), *text, /*AddNull=*/true);
  auto* variable =
      new llvm::GlobalVariable(module, renamed->getType(), string.isConstant(), string.getLinkage(), renamed, "",
                               &string, string.getThreadLocalMode(), string.getType()->getAddressSpace());
  variable->copyAttributesFrom(&string);
  variable->copyMetadata(&string, 0);
  variable->takeName(&string);
  string.replaceAllUsesWith(variable);
  string.eraseFromParent();
}

void rename_debug_names(const Renaming& renaming, const llvm::Module& module) {
  constexpr unsigned kNameOperand = 2;  // of a DISubprogram
  constexpr unsigned kLinkageNameOperand = 3;
  llvm::DebugInfoFinder finder;
  finder.processModule(module);
  for (llvm::DISubprogram* function : finder.subprograms()) {
    llvm::LLVMContext& context = function->getContext();
    if (const auto name = renaming.renamed(function->getName())) {
      function->replaceOperandWith(kNameOperand, llvm::MDString::get(context, *name));
    }
    if (const auto name = renaming.renamed(function->getLinkageName())) {
      function->replaceOperandWith(kLinkageNameOperand, llvm::MDString::get(context, *name));
    }
  }
}

}  // namespace

void fix_region_names(llvm::Module& module, llvm::StringRef source) {
  const Renaming renaming(module, source);
  if (renaming.is_empty()) return;
  for (llvm::GlobalValue& value : module.global_values()) rename_value(renaming, module, value);
  std::vector<llvm::GlobalVariable*> strings;
  for (llvm::GlobalVariable& variable : module.globals()) strings.push_back(&variable);
  for (llvm::GlobalVariable* string : strings) rename_string(renaming, module, *string);
  rename_debug_names(renaming, module);
  // In the host's module, the compile for the device reads it.
  if (module.getModuleFlag("openmp-device") != nullptr) module.eraseNamedMetadata(module.getNamedMetadata(kRegions));
}

}  // namespace xaas
