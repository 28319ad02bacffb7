// Writes ImageContents as an image. Implements spec/image-format.md, "Layout" and "Manifest".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "format/squashfs/writer.h"
#include "mkimage/contents/image_assembler.h"
#include "mkimage/contents/image_contents.h"
#include "mkimage/plan/build_plan.h"

namespace xaas {

Manifest make_manifest(const BuildPlan& plan, const ImageContents& contents);

struct WrittenImage {
  std::uint64_t size = 0;  // bytes
  PaddedStrings padded{};  // empty if the prefix is fixed
};

// Writes the image beside `image` and renames it, so that a failure leaves what was there. `objects` may be any store
// of the build. `ir` is the directory with the canonical bitcode.
Result<WrittenImage> write_image(const std::filesystem::path& image, const WriterOptions& writer,
                                 const CaptureStore& objects, const std::filesystem::path& ir,
                                 const ImageContents& contents, const Manifest& manifest);

}  // namespace xaas
