// See image_object.h.
#include "lower/engine/image_object.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Frontend/Offloading/OffloadWrapper.h>
#include <llvm/Frontend/Offloading/Utility.h>
#include <llvm/Object/OffloadBinary.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>

#include "format/base/file.h"
#include "lower/device_code.h"
#include "lower/engine/codegen.h"

namespace xaas {
namespace {

// The section in which the units of the host list their target regions. lld defines symbols for its two ends.
constexpr const char* kEntrySection = "omp_offloading_entries";
constexpr const char* kImageModule = "offload.wrapper.module";

// The image in LLVM's container, as the runtime reads it.
Result<std::string> contain(const JobImage& image) {
  XAAS_ASSIGN(const std::string content, read_file(image.file));
  llvm::object::OffloadBinary::OffloadingImage contained{};
  contained.TheImageKind = llvm::object::IMG_Object;
  contained.TheOffloadKind = llvm::object::OFK_OpenMP;
  contained.StringData["triple"] = image.triple;
  contained.StringData["arch"] = image.architecture;
  contained.Image = llvm::MemoryBuffer::getMemBuffer(content, "", /*RequiresNullTerminator=*/false);
  return std::string(llvm::object::OffloadBinary::write(contained));
}

// Those of the build that are for devices for which the job has none.
Status add_kept(const Job& job, const ObjectInput& object, std::vector<std::string>& images) {
  XAAS_ASSIGN(const std::string path, file_of(job, object.digest, object.name));
  XAAS_ASSIGN(const std::string bytes, read_file(path));
  llvm::SmallVector<llvm::object::OffloadFile> files;
  const auto buffer = llvm::MemoryBuffer::getMemBufferCopy(bytes);
  if (llvm::Error error = llvm::object::extractOffloadBinaries(*buffer, files)) return fail_llvm(std::move(error));
  for (const llvm::object::OffloadFile& file : files) {
    const llvm::object::OffloadBinary& binary = *file.getBinary();
    const bool is_replaced = std::ranges::any_of(
        job.images, [&](const JobImage& image) { return binary.getTriple() == llvm::StringRef(image.triple); });
    if (!is_replaced) images.push_back(binary.getMemoryBufferRef().getBuffer().take_front(binary.getSize()).str());
  }
  return {};
}

}  // namespace

Result<std::string> make_image_object(const Job& job, const LinkContext& link) {
  const ObjectInput* object = object_with_images(job.recipe);
  if (object == nullptr) return fail(Code::invalid, "the job has images, and its recipe has no object for them");
  std::vector<std::string> images;
  for (const JobImage& image : job.images) {
    XAAS_ASSIGN(images.emplace_back(), contain(image));
  }
  XAAS_TRY(add_kept(job, *object, images));
  return compile_made(kImageModule, link, [&](llvm::Module& module) -> Status {
    std::vector<llvm::ArrayRef<char>> arrays;
    for (const std::string& image : images) arrays.emplace_back(image.data(), image.size());
    const auto entries = llvm::offloading::getOffloadEntryArray(module, kEntrySection);
    if (llvm::Error error = llvm::offloading::wrapOpenMPBinaries(module, arrays, entries)) {
      return fail_llvm(std::move(error));
    }
    return {};
  });
}

}  // namespace xaas
