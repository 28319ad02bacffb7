// See make_executable.h.
#include "format/make_executable.h"

#include "format/base/file.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "format/image.h"
#include "format/squashfs/runner.h"

namespace xaas {
namespace {

constexpr const char* kProgram = "xaas-mount";

}  // namespace

Result<std::string> load_runner() {
  XAAS_ASSIGN(const std::filesystem::path own, own_executable());
  const std::filesystem::path program = own.parent_path() / kProgram;
  if (!is_program(program)) {
    return fail(Code::not_found, "there is no {} beside {}, to stand in front of the image: install it", kProgram,
                own.string());
  }
  XAAS_ASSIGN(const MappedFile file, MappedFile::open(program));
  auto runner = make_runner(file.bytes());
  if (runner) return runner;
  return fail(runner.error().code, "{}: cannot stand in front of an image: {}", program.string(),
              runner.error().message);
}

Status make_executable(const std::filesystem::path& image, std::uint64_t offset,
                       const std::filesystem::path& executable) {
  XAAS_ASSIGN(const auto opened, Image::open(image, {.offset = offset}));
  XAAS_ASSIGN(const std::string runner, load_runner());
  const std::filesystem::path directory = executable.has_parent_path() ? executable.parent_path() : ".";
  XAAS_ASSIGN(TempFile file, TempFile::create(directory));
  const auto write = [&]() -> Status {
    const SquashfsReader& squashfs = opened->squashfs();
    XAAS_TRY(write_all(file.fd(), runner));
    XAAS_TRY(copy_bytes(squashfs.fd(), squashfs.offset(), squashfs.extent(), file.fd()));
    return make_executable_for_readers(file.fd());
  };
  if (const Status written = write(); !written) {
    return fail(written.error().code, "cannot make {}: {}", executable.string(), written.error().message);
  }
  return file.commit(executable);
}

}  // namespace xaas
