// The engine's phases, and the worker around them. Implements spec/lowering.md, "Engine".
#include "lower/engine/engine.h"

#include <fcntl.h>
#include <llvm/BinaryFormat/Magic.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/PrettyStackTrace.h>
#include <llvm/Support/Signals.h>
#include <llvm/TargetParser/Triple.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <set>
#include <system_error>
#include <thread>

#include "format/base/file.h"
#include "format/base/hex.h"
#include "format/bitcode/module.h"
#include "format/bitcode/module_order.h"
#include "lower/engine/codegen.h"
#include "lower/engine/image_object.h"
#include "lower/engine/link.h"
#include "lower/engine/merging.h"
#include "lower/engine/module_progress.h"
#include "lower/engine/parallel.h"
#include "lower/engine/region_program.h"
#include "lower/engine/relocations.h"
#include "lower/engine/retarget.h"
#include "lower/engine/targets.h"

namespace xaas {
namespace {

// Where CUDA's tools look for fat binaries.
constexpr const char* kRelocatableFatbinSection = "__nv_relfatbin";

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Status check_job(const Job& job) {
  if (job.output.empty()) return fail(Code::invalid, "the job names no output");
  if (job.build_id.empty() || job.build_id.size() % 2 != 0 || !is_hex(job.build_id))
    return fail(Code::invalid, "build-id \"{}\" is not pairs of lower-case hex digits", job.build_id);
  std::string why;
  if (llvm::TargetRegistry::lookupTarget(job.target.triple, why) == nullptr)
    return fail(Code::unsupported, "no code generator for {}; this worker has: {}", job.target.triple,
                fmt::join(engine_targets(), ", "));
  return {};
}

// A newer parent outside the image may know CPUs and features that this LLVM does not know. Such a CPU becomes the
// level that its features reach. Such features are dropped, since nothing here makes code for them.
Target known_target(const Target& given) {
  std::string why;
  const llvm::Target* generator = llvm::TargetRegistry::lookupTarget(given.triple, why);
  const std::unique_ptr<llvm::MCSubtargetInfo> subtarget(generator->createMCSubtargetInfo(given.triple, "", ""));
  std::set<std::string_view> names;
  for (const llvm::SubtargetFeatureKV& feature : subtarget->getAllProcessorFeatures()) names.insert(feature.Key);
  Target target = given;
  std::erase_if(target.features, [&](std::string_view feature) { return !names.contains(feature.substr(1)); });
  if (subtarget->isCPUStringValid(target.cpu)) return target;
  X86Features features;
  for (const std::string& feature : target.features) features.emplace(feature.substr(1), feature.starts_with('+'));
  target.cpu = llvm::Triple(given.triple).isX86() ? x86_level(features) : "generic";
  return target;
}

// Writes a unit into the scratch directory, without a temporary name and without fsync.
Status write_unit(const std::string& name, std::string_view bytes) {
  const Fd file(::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return fail_errno("cannot write " + name);
  return write_all(file.get(), bytes);
}

SectionOptions section_options(const IrInput& unit) {
  const auto has = [&](std::string_view name) {
    return !unit.alone || std::ranges::find(*unit.alone, name) != unit.alone->end();
  };
  return {has(kFunctionSections), has(kDataSections)};
}

// What decides whether units can become one module.
struct Merge {
  ModuleFlags flags;
  MergedOrder order;
};

// Reads, retargets and writes one unit. The unit is written as an object if it is to be lowered alone, else as bitcode.
Status prepare_unit(const Job& job, const LinkContext& link, const LinkUnit& unit, Merge& merge) {
  const llvm::PrettyStackTraceFormat at("preparing %s", unit.file.c_str());
  XAAS_ASSIGN(const std::string file, file_of(job, unit.input->digest, unit.name));
  XAAS_ASSIGN(const std::string bitcode, read_file(file));
  UnitContext context;
  XAAS_ASSIGN(const std::unique_ptr<llvm::Module> module, read_module(bitcode, context));
  XAAS_TRY(retarget(*module, link, *unit.input, unit.name));
  if (!unit.fatbin_symbol.empty()) XAAS_TRY(use_fatbin(*module, unit.fatbin_symbol));
  const bool is_alone = unit.input->alone || is_lowered_alone(*module) || (link.mixed && depends_on_order(*module));
  const bool is_merged = link.merged && !is_alone && !is_kept_apart(*module);
  merge.order.add(*module, is_alone ? MergePlace::object : is_merged ? MergePlace::merged : MergePlace::apart);
  if (is_alone) {
    XAAS_ASSIGN(const std::string object,
                compile_alone(*module, context, link, job.policy, section_options(*unit.input)));
    XAAS_TRY(write_unit(unit.file, object));
    if (!link.merged) module_is_done();
    return {};
  }
  if (is_merged) merge.flags.add(*module);
  const std::string bytes = is_merged ? write_merged_module(*module) : write_thin_module(*module, link);
  XAAS_TRY(context.status());
  return write_unit(unit.file, bytes);
}

// Writes the object that defines the fat binary of a unit with code for GPUs. It is not kept with the prepared unit,
// which is the same for all GPUs.
Status write_fatbin_object(const Job& job, const LinkContext& link, const LinkUnit& unit) {
  if (unit.fatbin_file.empty()) return {};
  const auto file = job.fatbins.find(unit.file);
  if (file == job.fatbins.end()) return fail(Code::invalid, "the job names no fat binary for it");
  XAAS_ASSIGN(std::string bytes, read_file(file->second));
  const char* section = unit.input->relocatable ? kRelocatableFatbinSection : kFatbinSection;
  XAAS_ASSIGN(const std::string object, compile_data({unit.fatbin_symbol, section, std::move(bytes)}, link));
  return write_unit(unit.fatbin_file, object);
}

// Whether a unit that is prepared was lowered alone.
bool is_object(const std::string& file) {
  llvm::file_magic magic;
  return !llvm::identify_magic(file, magic) && magic == llvm::file_magic::elf_relocatable;
}

Status prepare_units(const Job& job, const std::vector<LinkUnit>& units) {
  std::error_code error;
  std::filesystem::create_directory(kUnitDirectory, error);
  if (error) return fail(Code::io, "cannot make the directory {}: {}", kUnitDirectory, error.message());
  const Target target = known_target(job.target);
  LinkContext link{target,     job.recipe.kind,  symbolic_of(job.recipe), has_own_objects(job.recipe),
                   job.merged, units.size() == 1};
  if (!job.images.empty()) {
    XAAS_ASSIGN(const std::string object, make_image_object(job, link));
    XAAS_TRY(write_unit(kImageObject, object));
  }
  const std::set<std::string_view> given(job.prepared.begin(), job.prepared.end());
  Merge merge;
  const auto prepare_all = [&] {
    return for_each_parallel(units.size(), job.jobs, [&](std::size_t i) -> Status {
      Status status = write_fatbin_object(job, link, units[i]);
      if (status && given.contains(units[i].file)) {
        if (is_object(units[i].file)) module_is_done();
        return {};
      }
      if (status) status = prepare_unit(job, link, units[i], merge);
      if (!status) return fail(status.error().code, "cannot lower {}: {}", units[i].name, status.error().message);
      return status;
    });
  };
  XAAS_TRY(prepare_all());
  if (!link.merged || (merge.flags.agree() && merge.order.is_kept())) return {};
  link.merged = false;
  return prepare_all();
}

std::uint64_t peak_memory() {
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
}

JobResult failed(const Error& error) {
  JobResult result;
  result.message = one_line(error.message);
  return result;
}

// Writes at most one result. The worker itself and a handler of LLVM on another thread may compete; the first one
// writes.
bool write_answer(std::string_view answer) {
  static std::atomic<bool> written = false;
  if (written.exchange(true)) return true;
  return write_all(STDOUT_FILENO, answer).has_value();
}

bool write_result(const JobResult& result) { return write_answer(to_json(result)); }

// The answer is made ahead of time, because there is no memory for it when it is needed.
const std::string& out_of_memory_answer() {
  static const std::string answer = [] {
    JobResult result;
    result.out_of_memory = true;
    result.message = "LLVM ran out of memory";
    return to_json(result);
  }();
  return answer;
}

[[noreturn]] void give_up_for_memory(void*, const char*, bool) {
  ::_exit(write_answer(out_of_memory_answer()) ? 0 : 1);
}

[[noreturn]] void give_up(void*, const char* reason, bool) {
  // If another thread crashes, LLVM's handler first removes its temporary files, and this thread fails because they are
  // gone. The crash is what must be reported. It ends this process during the pause.
  if (std::string_view(reason).find("temporary file") != std::string_view::npos)
    std::this_thread::sleep_for(std::chrono::seconds(2));
  if (std::string_view(reason).find("pthread_create") != std::string_view::npos)
    give_up_for_memory(nullptr, reason, true);
  llvm::sys::RunSignalHandlers();  // prints what this thread was working on
  ::_exit(write_result(failed({Code::failed, fmt::format("LLVM gave up: {}", reason)})) ? 0 : 1);
}

JobResult result_of_region_program(const Job& job, const std::vector<LinkUnit>& units) {
  const auto start = std::chrono::steady_clock::now();
  const Result<std::string> program = make_region_program(job, units);
  if (!program) return failed(program.error());
  if (const Status status = write_unit(job.output, *program); !status) return failed(status.error());
  JobResult result;
  result.ok = true;
  result.link_seconds = seconds_since(start);
  return result;
}

}  // namespace

JobResult run_job(const Job& job) {
  initialise_targets();
  if (const Status status = check_job(job); !status) return failed(status.error());
  JobResult result;
  const std::vector<LinkUnit> units = link_units(job.recipe);
  if (is_for_gpu(job)) return result_of_region_program(job, units);
  const Result<std::vector<std::string>> command = link_command(job, units);
  if (!command) return failed(command.error());

  const auto start = std::chrono::steady_clock::now();
  if (const Status status = prepare_units(job, units); !status) return failed(status.error());
  result.retarget_seconds = seconds_since(start);

  const auto middle = std::chrono::steady_clock::now();
  LinkReport report = run_linker(*command, job, units);
  result.link_seconds = seconds_since(middle);
  result.warnings = std::move(report.warnings);
  if (report.status) report.status = order_ifunc_relocations(job.output);
  result.ok = report.status.has_value();
  if (!result.ok) result.message = fmt::format("cannot link {}: {}", job.recipe.output, report.status.error().message);
  return result;
}

// Runs the job and recognises want of memory that LLVM's handlers do not catch: for a thread, or for a file.
static JobResult run_job_within_memory(const Job& job) try {
  JobResult result = run_job(job);
  result.out_of_memory = !result.ok && result.message.find("Cannot allocate memory") != std::string::npos;
  return result;
} catch (const std::system_error& error) {
  JobResult result = failed({Code::exhausted, error.what()});
  result.out_of_memory = true;
  return result;
}

int worker_main() {
  // A crash prints what its thread was working on. The parent finds the unit in it.
  llvm::EnablePrettyStackTrace();
  llvm::install_fatal_error_handler(give_up);
  out_of_memory_answer();
  llvm::install_bad_alloc_error_handler(give_up_for_memory);
  llvm::install_out_of_memory_new_handler();
  begin_module_progress();
  const Result<std::string> input = read_fd(STDIN_FILENO);
  const Result<Job> job = input ? parse_job(*input) : tl::unexpected<Error>(input.error());
  JobResult result = job ? run_job_within_memory(*job) : failed(job.error());
  result.peak_bytes = peak_memory();
  const bool written = write_result(result);
  // Nothing is torn down, because after a crash in lld its threads may still run.
  ::_exit(written ? 0 : 1);
}

std::string engine_llvm_version() { return LLVM_VERSION_STRING; }

std::vector<std::string> engine_targets() {
  initialise_targets();
  std::set<std::string> names;
  for (const llvm::Target& target : llvm::TargetRegistry::targets()) names.insert(target.getBackendName());
  return {names.begin(), names.end()};
}

}  // namespace xaas
