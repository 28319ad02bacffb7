// See offload_images.h.
#include "mkimage/capture/offload_images.h"

#include <llvm/Object/OffloadBinary.h>
#include <llvm/Support/MemoryBuffer.h>

#include "format/bitcode/module.h"

namespace xaas {

Result<std::vector<OffloadImage>> read_offload_images(std::string_view object) {
  llvm::SmallVector<llvm::object::OffloadFile> files;
  // LLVM wants what it reads to be aligned.
  const auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()));
  if (llvm::Error error = llvm::object::extractOffloadBinaries(*buffer, files)) {
    return fail(Code::invalid, "its code for devices cannot be read: {}", one_line(llvm::toString(std::move(error))));
  }
  std::vector<OffloadImage> images;
  for (const llvm::object::OffloadFile& file : files) {
    const llvm::object::OffloadBinary& binary = *file.getBinary();
    images.push_back({binary.getTriple().str(), binary.getArch().str(),
                      binary.getImageKind() == llvm::object::IMG_Bitcode,
                      binary.getOffloadKind() == llvm::object::OFK_OpenMP, binary.getImage().str()});
  }
  return images;
}

bool registers_images(std::string_view object) {
  return object.find(".omp_offloading.device_images") != std::string_view::npos;
}

}  // namespace xaas
