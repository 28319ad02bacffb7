// See nvlink.h.
#include "lower/nvlink.h"

#include <elf.h>

#include <algorithm>
#include <utility>

#include "format/base/text.h"
#include "lower/ptxas.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNvlinkName = "nvlink";
constexpr const char* kLinkedFile = "linked.cubin";
constexpr std::string_view kArchiveMagic = "!<arch>\n";
constexpr std::size_t kSectionAlignment = 8;

constexpr const char* kRelocatableSection = "__nv_relfatbin";
// By this section nvlink knows a host object that has code for GPUs. It does not look into it.
constexpr const char* kWrapperSection = ".nvFatBinSegment";

// Writes a relocatable ELF file without symbols.
class ObjectWriter {
 public:
  ObjectWriter() : bytes_(sizeof(Elf64_Ehdr), '\0'), headers_(1) {}

  void add(std::string_view name, Elf64_Word type, std::string_view content) {
    align();
    Elf64_Shdr& header = headers_.emplace_back();
    header.sh_name = static_cast<Elf64_Word>(names_.size());
    header.sh_type = type;
    header.sh_flags = type == SHT_PROGBITS ? SHF_ALLOC : 0;
    header.sh_offset = bytes_.size();
    header.sh_size = content.size();
    header.sh_addralign = kSectionAlignment;
    names_.append(name).push_back('\0');
    bytes_ += content;
  }

  std::string finish() && {
    constexpr std::string_view kNames = ".shstrtab";
    const std::string names = fmt::format("{}{}{}", names_, kNames, '\0');
    add(kNames, SHT_STRTAB, names);
    align();
    Elf64_Ehdr header{};
    std::ranges::copy(std::string_view(ELFMAG), header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_REL;
    header.e_machine = EM_X86_64;  // nvlink takes this one on every host
    header.e_version = EV_CURRENT;
    header.e_shoff = bytes_.size();
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<Elf64_Half>(headers_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(headers_.size() - 1);
    bytes_.replace(0, sizeof header, bytes_of(header));
    for (const Elf64_Shdr& section : headers_) bytes_ += bytes_of(section);
    return std::move(bytes_);
  }

 private:
  template <typename Header>
  static std::string_view bytes_of(const Header& header) {
    return {reinterpret_cast<const char*>(&header), sizeof header};
  }
  void align() { bytes_.resize((bytes_.size() + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment, '\0'); }

  std::string bytes_;
  std::vector<Elf64_Shdr> headers_;
  std::string names_{'\0'};
};

}  // namespace

fs::path find_nvlink() {
  const fs::path ptxas = find_ptxas();
  if (ptxas.empty()) return {};
  const fs::path path = ptxas.parent_path() / kNvlinkName;
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? path : fs::path();
}

std::string nvlink_object(std::string_view fatbin, const std::vector<HostReferences>& references) {
  ObjectWriter object;
  object.add(kRelocatableSection, SHT_PROGBITS, fatbin);
  for (const HostReferences& one : references) {
    std::string names;
    for (const std::string& name : one.names) names.append(name).push_back('\0');
    if (names.empty()) names.push_back('\0');
    object.add(one.section, SHT_PROGBITS, names);
  }
  object.add(kWrapperSection, SHT_PROGBITS, "");
  return std::move(object).finish();
}

std::shared_ptr<const Nvlink> Nvlink::of_host() {
  static const std::shared_ptr<const Nvlink> nvlink = usable_tool<Nvlink>(find_nvlink());
  return nvlink;
}

Result<std::shared_ptr<const Nvlink>> Nvlink::open(const fs::path& path) {
  XAAS_ASSIGN(CudaTool tool, CudaTool::open(path));
  return std::shared_ptr<const Nvlink>(new Nvlink(std::move(tool)));
}

// What nvlink warns of makes code that is not complete, as where an input has nothing for this GPU. That it cannot
// tell the size of a stack is no such thing.
Result<std::string> Nvlink::link(const std::vector<NvlinkInput>& inputs, unsigned architecture,
                                 const std::vector<std::string>& options, const fs::path& scratch,
                                 const std::stop_token& stop) const {
  std::vector<std::string> arguments = {fmt::format("-arch=sm_{}", architecture), "-m64", "-Werror",
                                        "-suppress-stack-size-warning"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  std::vector<CudaTool::Input> files;
  bool has_runtime = false;
  for (const NvlinkInput& input : inputs) {
    const char* suffix = input.content.starts_with(kArchiveMagic) ? "a" : "o";
    const bool is_runtime = input.is_device_runtime && !std::exchange(has_runtime, true);
    files.push_back({is_runtime ? std::string(kDeviceRuntime) : fmt::format("{}.{}", files.size(), suffix),
                     std::string_view(input.content)});
    arguments.push_back(files.back().name);
  }
  arguments.insert(arguments.end(), {"-o", kLinkedFile});
  auto linked = tool_.run(arguments, files, kLinkedFile, scratch, stop);
  if (!linked && linked.error().code == Code::invalid) {
    return fail(Code::invalid, "nvlink does not link it for sm_{}: {}", architecture, linked.error().message);
  }
  return linked;
}

}  // namespace xaas
