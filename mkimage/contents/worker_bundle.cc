// Finds, checks and strips the worker; see worker_bundle.h.
#include "mkimage/contents/worker_bundle.h"

#include <cstdlib>

#include "format/base/elf_file.h"
#include "format/base/file.h"
#include "format/base/json_fields.h"
#include "format/base/mapped_file.h"
#include "format/base/process.h"
#include "mkimage/compiler/real_compiler.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

Result<fs::path> find_worker() {
  const char* named = std::getenv("XAAS_WORKER");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  if (named != nullptr && *named != '\0') return find_program(named);
  XAAS_ASSIGN(const fs::path own, own_executable());
  auto beside = find_program((own.parent_path() / "xaas-lower").string());
  if (beside) return beside;
  return fail(Code::not_found,
              "there is no xaas-lower beside {}; install it, name it in XAAS_WORKER, or use --toolchain=none",
              own.string());
}

Status ask_version(const fs::path& worker, WorkerBundle& bundle) {
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({worker.string(), "--engine-version"}));
  if (!answer.status.ok()) {
    return fail(Code::failed, "{} --engine-version failed: {}", worker.string(),
                answer.error.substr(0, answer.error.find('\n')));
  }
  XAAS_ASSIGN(const Json json, parse_json(answer.output, "the worker's version"));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, "the worker's version"));
  XAAS_ASSIGN(bundle.llvm, object.string("llvm"));
  XAAS_ASSIGN(bundle.targets, object.strings("targets"));
  return {};
}

Status strip(const fs::path& from, const fs::path& to) {
  XAAS_ASSIGN(const ProcessOutput result, run_and_read({kObjcopy, "--strip-all", from.string(), to.string()}));
  if (result.status.ok()) return {};
  return fail(Code::failed, "{} cannot strip {}: {}", kObjcopy, from.string(),
              result.error.substr(0, result.error.find('\n')));
}

}  // namespace

Result<WorkerBundle> bundle_worker(const fs::path& directory) {
  WorkerBundle bundle;
  XAAS_ASSIGN(bundle.file, find_worker());
  bool has_symbols = false;
  {
    XAAS_ASSIGN(const MappedFile file, MappedFile::open(bundle.file));
    XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(file.bytes()));
    if (elf.interpreter()) {
      return fail(Code::unsupported,
                  "{} is dynamically linked and would not run on other hosts; build it with -DXAAS_STATIC=ON, or use "
                  "--toolchain=none",
                  bundle.file.string());
    }
    has_symbols = elf.has_symbol_table();
  }
  XAAS_TRY(ask_version(bundle.file, bundle));
  if (has_symbols) {
    const fs::path stripped = directory / "xaas-lower";
    XAAS_TRY(strip(bundle.file, stripped));
    bundle.file = stripped;
  }
  XAAS_ASSIGN(const Fd fd, open_for_reading(bundle.file));
  XAAS_ASSIGN(bundle.digest, Digest::of_file(fd.get()));
  return bundle;
}

}  // namespace xaas
