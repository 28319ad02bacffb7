// Runs the stages of a build with their environment and their logs; see build_driver.h.
#include "mkimage/build_driver.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "format/base/file.h"
#include "format/base/interrupts.h"
#include "format/base/process.h"
#include "format/base/shell_quoted.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/build_log.h"
#include "mkimage/built_programs.h"
#include "mkimage/capture/fortran_command.h"
#include "mkimage/capture/nvcc_command.h"
#include "mkimage/capture/real_linker.h"
#include "mkimage/capture/unit_features.h"
#include "mkimage/compiler/real_compiler.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTailLines = 200;
constexpr std::size_t kSeenLines = 20;  // how many of them surely stand on the terminal
constexpr int kFollowMilliseconds = 200;

constexpr const char* kRealFortran = "XAAS_REAL_FC";
constexpr const char* kGfortran = "gfortran";

// The names that always lead to xaas-cc, besides all names of compilers in PATH.
constexpr std::array kCompilerNames = {"cc", "gcc", "clang", "c++", "g++", "clang++", "xaas-cc", "xaas-c++"};

// Variables that switch off programs which take a compiler's result from a cache, or have another machine compile. With
// them xaas-cc would not run here, and nothing would be captured.
constexpr std::array<std::pair<const char*, const char*>, 5> kNoLaunchers = {{{"BUILDCACHE_DISABLE", "true"},
                                                                              {"CCACHE_DISABLE", "1"},
                                                                              {"DISTCC_HOSTS", "localhost"},
                                                                              {"ICECC", "disable"},
                                                                              {"SCCACHE_RECACHE", "1"}}};

// MPI's compiler wrappers ask these variables which compiler they wrap.
constexpr std::array kMpiC = {"OMPI_CC", "MPICH_CC", "I_MPI_CC"};
constexpr std::array kMpiCxx = {"OMPI_CXX", "MPICH_CXX", "I_MPI_CXX"};
constexpr std::array kMpiFortran = {"OMPI_FC",   "OMPI_F77", "OMPI_F90",  "MPICH_FC", "MPICH_F77",
                                    "MPICH_F90", "I_MPI_FC", "I_MPI_F77", "I_MPI_F90"};
// The variables that say which compiler nvcc uses for host code: CMake's, and its own.
constexpr std::array kCudaHostCompilers = {"CUDAHOSTCXX", "NVCC_CCBIN"};
constexpr const char* kCudaCompiler = "CUDACXX";
// The variables with which CMake calls another program in the place of an nvcc that it has by its path: of
// enable_language(CUDA), in front of it, and of find_package(CUDA).
constexpr const char* kCudaLauncher = "CMAKE_CUDA_COMPILER_LAUNCHER";
constexpr const char* kNvccOfFindCuda = "CUDA_NVCC_EXECUTABLE";
constexpr const char* kUsualNvcc = "/usr/local/cuda/bin/nvcc";
// The variables in which build systems look for a Fortran compiler.
constexpr std::array kFortranVariables = {"FC", "F77", "F90", "F95"};

Result<std::string> real_compiler(const char* override_name, const char* fallback) {
  const std::string asked = environment_variable(override_name);
  XAAS_ASSIGN(const std::filesystem::path path, find_real_compiler(asked.empty() ? fallback : asked));
  return path.string();
}

// Checks the tools before the build, so that a missing one does not make it fail hours later. Returns clang's lld.
Result<std::filesystem::path> check_tools(const std::string& compiler) {
  for (const char* tool : {"patchelf", kObjcopy}) XAAS_TRY(find_program(tool));
  XAAS_ASSIGN(const ProcessOutput answer, run_and_read({compiler, "-print-prog-name=ld.lld"}));
  const std::filesystem::path linker = answer.output.substr(0, answer.output.find('\n'));
  if (linker.is_absolute() && std::filesystem::exists(linker)) return linker;
  return fail(Code::not_found, "{} has no lld; install lld-19", compiler);
}

// The path of a compiler plugin, which is installed beside the tools. `place`: relative to their directory's parent.
Result<std::filesystem::path> plugin_path(const char* place) {
  XAAS_ASSIGN(const std::filesystem::path own, own_executable());
  return own.parent_path().parent_path() / place;
}

// Whether the compiler compiles an empty source with the option, which loads a plugin.
Result<bool> can_load(const std::string& compiler, const std::string& option) {
  const bool is_fortran = is_flang(compiler);
  XAAS_ASSIGN(const ProcessOutput answer,
              run_and_read({compiler, option, "-c", "-o", "/dev/null", "-x", is_fortran ? "f95" : "c", "-"},
                           is_fortran ? "end\n" : ""));
  return answer.status.ok();
}

// The path of the compiler plugin. The compiler must be able to load it, or no unit would be captured.
Result<std::filesystem::path> find_prefix_pass(const std::string& compiler) {
  XAAS_ASSIGN(const std::filesystem::path pass, plugin_path(XAAS_PREFIX_PASS));
  if (!std::filesystem::exists(pass)) {
    return fail(Code::not_found, "there is no {}, which belongs to mkxaas; install it, or give a fixed --prefix",
                pass.string());
  }
  XAAS_ASSIGN(const bool loads, can_load(compiler, "-fpass-plugin=" + pass.string()));
  if (loads) return pass;
  return fail(Code::unsupported, "{} cannot load {}; use clang 19, or give a fixed --prefix", compiler, pass.string());
}

// The path of the front end's plugin; empty if the compiler cannot load it. A build works without it: only what its
// units ask of the CPU is not known then.
std::filesystem::path find_asks_plugin(const std::string& compiler) {
  const auto plugin = plugin_path(XAAS_ASKS_PLUGIN);
  if (!plugin || !std::filesystem::exists(*plugin)) return {};
  return can_load(compiler, "-fplugin=" + plugin->string()).value_or(false) ? *plugin : std::filesystem::path();
}

// Whether a project that looks for Fortran would find a compiler of this name. If there is none in PATH, it must not
// find one because of xaas-cc.
bool is_usual_fortran(const std::string& name) {
  return compiler_role(name) == CompilerRole::fortran && name != kDefaultFortran;
}

Status make_link(const std::filesystem::path& target, const std::filesystem::path& link) {
  std::error_code error;
  std::filesystem::create_symlink(target, link, error);
  if (error) return fail(Code::io, "cannot make {}: {}", link.string(), error.message());
  return {};
}

}  // namespace

Status BuildDriver::prepare(FortranChoice fortran) {
  environment_ = {};
  environment_.capture = work_.capture();
  environment_.configuration = configuration_.name;
  environment_.shares_units = shares_units_;
  if (shares_units_ || work_.is_kept()) environment_.cache = work_.cache();
  environment_.source = work_.source();
  environment_.build = work_.build();
  environment_.prefix = plan_.prefix;
  XAAS_ASSIGN(environment_.c_compiler, real_compiler("XAAS_REAL_CC", kDefaultC));
  XAAS_ASSIGN(environment_.cxx_compiler, real_compiler("XAAS_REAL_CXX", kDefaultCxx));
  XAAS_ASSIGN(environment_.lld, check_tools(environment_.c_compiler));
  XAAS_TRY(check_requirements());
  XAAS_TRY(find_fortran(fortran));
  find_nvcc();
  XAAS_TRY(environment_.store().create());
  XAAS_ASSIGN(const std::filesystem::path own, own_executable());
  XAAS_ASSIGN(const std::filesystem::path wrapper, find_program((own.parent_path() / "xaas-cc").string()));
  environment_.asks_plugin = find_asks_plugin(environment_.c_compiler);
  environment_.levels = plan_.levels.names;
  environment_.movable = plan_.movable;
  // Where the prefix is fixed, the plugin still gives target regions their names.
  if (const auto pass = find_prefix_pass(environment_.c_compiler)) {
    environment_.prefix_pass = *pass;
  } else if (plan_.movable) {
    return tl::unexpected(pass.error());
  }
  std::set<std::string> names = compiler_names_in_path();
  offers_fortran_ =
      plan_.fortran || !environment_variable(kRealFortran).empty() || std::ranges::any_of(names, is_usual_fortran);
  names.insert(kCompilerNames.begin(), kCompilerNames.end());
  names.insert({c_name(), cxx_name()});
  if (!environment_.fortran_compiler.empty()) names.insert({"xaas-fc", fortran_name()});
  if (has_nvcc_) names.emplace(kNvccLauncher);
  const auto nvcc = find_real_compiler(std::string(kNvccName));
  if (has_nvcc_ && nvcc) {
    names.emplace(kNvccName);
    XAAS_TRY(offer_toolkit(*nvcc));
  }
  for (const std::string& name : names) XAAS_TRY(make_link(wrapper, work_.tools() / name));
  XAAS_TRY(offer_linkers(wrapper));
  return write_variables(environment_, work_.tools());
}

// The directory that takes the place of the CUDA toolkit's: makefiles look for its headers and libraries beside nvcc.
fs::path BuildDriver::toolkit() const { return work_.tools() / "toolkit"; }

// Links all that is in the directory of a toolkit, with our nvcc. A toolkit in /usr has its headers where they are
// found anyway. Of its programs, only those are there of which PATH has no others.
Status BuildDriver::offer_toolkit(const fs::path& nvcc) {
  const fs::path root = nvcc.parent_path().parent_path();
  if (nvcc.parent_path().filename() != "bin" || root == "/usr" || root == "/") return {};
  std::error_code error;
  fs::create_directories(toolkit() / "bin", error);
  if (error) return fail(Code::io, "cannot make {}: {}", toolkit().string(), error.message());
  XAAS_ASSIGN(const std::vector<fs::path> entries, directory_entries(root));
  for (const fs::path& entry : entries) {
    if (entry.filename() != "bin") XAAS_TRY(make_link(entry, toolkit() / entry.filename()));
  }
  XAAS_ASSIGN(const std::vector<fs::path> programs, directory_entries(root / "bin"));
  for (const fs::path& entry : programs) {
    const std::string name = entry.filename().string();
    const auto known = find_program(name);
    std::error_code ignored;
    if (name != kNvccName && (!known || fs::equivalent(*known, entry, ignored)))
      XAAS_TRY(make_link(entry, toolkit() / "bin" / name));
  }
  return make_link(work_.tools() / kNvccName, toolkit() / "bin" / kNvccName);
}

// Makes the directory in which compilers look for a linker first. A program that starts a linker itself does not look
// there.
Status BuildDriver::offer_linkers(const std::filesystem::path& wrapper) {
  environment_.linkers = work_.tools() / "linkers";
  std::set<std::string> names = linker_names_in_path();
  names.insert(kLldName);
  std::error_code error;
  std::filesystem::create_directory(environment_.linkers, error);
  if (error) return fail(Code::io, "cannot make {}: {}", environment_.linkers.string(), error.message());
  for (const std::string& name : names) XAAS_TRY(make_link(wrapper, environment_.linkers / name));
  return {};
}

// Build systems such as CMake and libtool judge a compiler by its name, so xaas-cc has the name of the real one. The
// name must also tell xaas-cc whether it stands for the C or the C++ compiler.
std::string BuildDriver::c_name() const {
  const std::string name = std::filesystem::path(environment_.c_compiler).filename().string();
  return name.find("++") == std::string::npos ? name : "xaas-cc";
}

std::string BuildDriver::cxx_name() const {
  const std::string name = std::filesystem::path(environment_.cxx_compiler).filename().string();
  return name.find("++") != std::string::npos ? name : "xaas-c++";
}

std::string BuildDriver::fortran_name() const {
  const std::string name = std::filesystem::path(environment_.fortran_compiler).filename().string();
  return compiler_role(name) == CompilerRole::fortran ? name : "xaas-fc";
}

// Refuses features that the compiler does not know, because no host would have them.
Status BuildDriver::check_requirements() const {
  UnitFeatureTable table(environment_.c_compiler);
  for (const std::string& feature : configuration_.requires_.features) {
    const auto known = table.lookup(environment_.c_compiler, {"-m" + feature.substr(1)});
    if (known) continue;
    return fail(Code::invalid, "the recipe requires {} for the configuration {}: {}", feature, configuration_.name,
                known.error().message);
  }
  return {};
}

Status BuildDriver::find_fortran(FortranChoice choice) {
  if (!environment_variable(kRealFortran).empty()) {
    XAAS_ASSIGN(environment_.fortran_compiler, real_compiler(kRealFortran, ""));
    if (!is_flang(environment_.fortran_compiler)) return {};
    XAAS_ASSIGN(environment_.prefix_pass, find_prefix_pass(environment_.fortran_compiler));
    return {};
  }
  if (plan_.fortran) return find_chosen_fortran(*plan_.fortran);
  const auto flang = find_real_compiler(kDefaultFortran);
  const auto gfortran = find_real_compiler(kGfortran);
  const auto pass = flang ? find_prefix_pass(flang->string()) : tl::unexpected(flang.error());
  if (flang && !pass && choice == FortranChoice::flang) {
    progress_.warn(fmt::format("Fortran is not lowered: {}", pass.error().message));
  }
  if (pass && (choice == FortranChoice::flang || !gfortran)) {
    environment_.fortran_compiler = flang->string();
    environment_.prefix_pass = *pass;
  } else if (gfortran) {
    environment_.fortran_compiler = gfortran->string();
  }
  return {};
}

// Without an nvcc, or with one that refuses our C++ compiler, what nvcc compiles is built as the project asks. clang
// compiles for what nvcc knows, too, because ptxas of the same toolkit is to take it.
void BuildDriver::find_nvcc() {
  environment_.cuda_families = plan_.cuda_families;
  std::erase_if(environment_.cuda_families, [&](unsigned family) { return left_out_families_.contains(family); });
  const auto in_path = find_real_compiler(std::string(kNvccName));
  const std::string nvcc = in_path ? in_path->string() : kUsualNvcc;
  const auto works = run_and_read({nvcc, "-ccbin", environment_.cxx_compiler, "-E", "-x", "cu", "/dev/null"});
  has_nvcc_ = works && works->status.ok();
  if (!has_nvcc_) return;
  const auto known = run_and_read({nvcc, "--list-gpu-arch"});
  if (!known || !known->status.ok()) return;
  const std::vector<std::string_view> architectures = split(known->output, '\n');
  std::erase_if(environment_.cuda_families,
                [&](unsigned family) { return !is_in(architectures, fmt::format("compute_{}", family)); });
}

// Finds the Fortran compiler that the recipe names, and no other.
Status BuildDriver::find_chosen_fortran(FortranChoice choice) {
  const char* name = choice == FortranChoice::flang ? kDefaultFortran : kGfortran;
  const auto compiler = find_real_compiler(name);
  if (!compiler) {
    return fail(Code::not_found, "the recipe chooses the Fortran compiler {}, which is not there: install it", name);
  }
  environment_.fortran_compiler = compiler->string();
  if (choice == FortranChoice::gfortran) return {};
  XAAS_ASSIGN(environment_.prefix_pass, find_prefix_pass(environment_.fortran_compiler));
  return {};
}

std::optional<std::string> BuildDriver::wants_gfortran() const {
  const bool is_choice =
      !plan_.fortran && environment_variable(kRealFortran).empty() && find_real_compiler(kGfortran).has_value();
  return is_choice ? environment_.store().fortran_refusal() : std::nullopt;
}

Status BuildDriver::run(Stage first) {
  failed_.reset();
  const Status status = run_stages(first);
  remove_variables(work_.tools());
  return status;
}

Status BuildDriver::run_stages(Stage first) {
  if (first <= Stage::configure) XAAS_TRY(run_stage(Stage::configure, plan_.configure));
  if (first <= Stage::build) XAAS_TRY(run_stage(Stage::build, plan_.build));
  return install();
}

Status BuildDriver::install() {
  if (plan_.install.empty()) return {};
  XAAS_ASSIGN(install_namespace_, InstallNamespace::create(plan_.prefix, work_.installed(), work_.overlay()));
  const Status status = run_stage(Stage::install, plan_.install);
  XAAS_ASSIGN(const auto warnings, install_namespace_->end(redirection()));
  install_namespace_.reset();
  for (const std::string& warning : warnings) progress_.warn(warning);
  return status;
}

// Behind a warning about the place to which the default install command has written.
std::string BuildDriver::redirection() const {
  const bool is_make = plan_.installs_by_default && plan_.install.starts_with("make ");
  const std::string command = is_make ? redirected_install(work_.source(), plan_.install) : "";
  return command.empty() ? "" : fmt::format("; with this makefile: --install {}", shell_quoted(command));
}

Status BuildDriver::run_stage(Stage stage, const std::string& command) {
  if (command.empty()) return {};
  progress_.begin(stage_name(stage), command);
  environment_.store().clear_fortran_refusal();
  const auto status = run_logged(stage, command);
  if (!status || !status->ok()) yield_to_interrupt();
  if (!status) return tl::unexpected(status.error());
  if (!status->ok()) {
    failed_ = stage;
    progress_.clear();
    const std::string where = shares_units_ ? fmt::format(" of the configuration {}", configuration_.name) : "";
    return fail(Code::failed, "{}{} failed ({}): {}", stage_name(stage), where, status->to_string(), command);
  }
  progress_.end();
  return {};
}

std::filesystem::path BuildDriver::log(Stage stage) const {
  const std::string_view name = stage_name(stage);
  return work_.log(shares_units_ ? fmt::format("{}.{}", configuration_.name, name) : std::string(name));
}

void BuildDriver::show_failure() const {
  if (!failed_ || progress_.verbosity() == Verbosity::verbose) return;
  const std::filesystem::path log = this->log(*failed_);
  const std::string tail = read_tail(log);
  const std::string errors = errors_above(tail, kSeenLines);
  const std::string title = errors.empty() ? "" : fmt::format("mkxaas: errors further up in {}:\n", log.string());
  static_cast<void>(write_all(STDERR_FILENO, fmt::format("{}{}{}", last_lines(tail, kTailLines), title, errors)));
}

bool BuildDriver::lacks_install() const {
  return plan_.installs_by_default && failed_ == Stage::install && lacks_install_target(read_tail(log(*failed_)));
}

bool BuildDriver::lacks_fortran() const {
  return failed_ && !offers_fortran_ && is_flang(environment_.fortran_compiler) &&
         lacks_fortran_compiler(read_tail(log(*failed_)));
}

Result<ExitStatus> BuildDriver::run_logged(Stage stage, const std::string& command) {
  const Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ProcessOptions options;
  options.arguments = {"/bin/sh", "-c", prelude(stage) + command};
  if (install_namespace_) options.arguments = install_namespace_->wrap(options.arguments);
  options.environment = variables();
  options.directory = work_.source();
  options.input = nothing.get();
  const std::filesystem::path log = this->log(stage);
  const Fd log_fd(open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666));
  if (!log_fd.valid()) return fail_errno(fmt::format("cannot write {}", log.string()));
  if (progress_.verbosity() != Verbosity::verbose) options.output = options.error = log_fd.get();

  XAAS_ASSIGN(const pid_t child, start_interruptible(std::move(options)));
  if (progress_.verbosity() == Verbosity::normal) follow(child, log);
  auto status = wait_for(child);
  yield_to_interrupt();
  end_interruptible(status && status->ok() ? Leftovers::keep : Leftovers::kill);
  return status;
}

// Shows the last line of the log again and again until the process ends.
void BuildDriver::follow(int process, const std::filesystem::path& log) {
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!handle.valid()) return;
  pollfd waiting{handle.get(), POLLIN, 0};
  while (poll(&waiting, 1, kFollowMilliseconds) <= 0) {
    if (!progress_.wants_update()) continue;
    const std::string tail = read_tail(log);
    progress_.update(last_lines(tail, 1));
  }
}

// The start of the shell text that runs a command. It sets variables of the shell and not of the environment, because a
// makefile's `BUILD ?= release` must not take ours. Only DESTDIR is exported, and only in the install step, which
// expects it.
std::string BuildDriver::prelude(Stage stage) const {
  Variables variables = {{"SRC", work_.source().string()},        {"BUILD", work_.build().string()},
                         {"DESTDIR", work_.installed().string()}, {"PREFIX", plan_.prefix},
                         {"JOBS", std::to_string(jobs_)},         {"CONFIGURATION", configuration_.name}};
  variables.insert(variables.end(), configuration_.variables.begin(), configuration_.variables.end());
  std::string text;
  // A variable that the user exported would otherwise stay exported, with another value.
  for (const auto& [name, value] : variables) text += fmt::format("unset {0}; {0}={1}; ", name, shell_quoted(value));
  if (!plan_.arguments.empty()) text += fmt::format("set --{}; ", shell_words(plan_.arguments));
  if (stage == Stage::install) text += "export DESTDIR; ";
  return text;
}

Variables BuildDriver::variables() const {
  std::error_code ignored;
  const bool has_toolkit = fs::is_directory(toolkit(), ignored);
  // Names and not paths, because some projects compile the text of $CC into their programs, which must not tell where
  // they were built.
  Variables result = {
      {"CC", c_name()},
      {"CXX", cxx_name()},
      {"PATH", fmt::format("{}{}:{}", has_toolkit ? (toolkit() / "bin").string() + ":" : "", work_.tools().string(),
                           environment_variable("PATH"))},
      // Files that killed compilers leave behind are removed with the rest.
      {"TMPDIR", work_.temporary().string()},
  };
  result.insert(result.end(), kNoLaunchers.begin(), kNoLaunchers.end());
  if (environment_variable(kEpochVariable).empty()) result.emplace_back(kEpochVariable, std::to_string(kDefaultEpoch));
  if (has_nvcc_) {
    for (const char* name : kCudaHostCompilers) result.emplace_back(name, cxx_name());
    const bool is_chosen = !environment_variable(kCudaCompiler).empty();
    const bool is_in_path = find_real_compiler(std::string(kNvccName)).has_value();
    if (!is_chosen && is_in_path) result.emplace_back(kCudaCompiler, kNvccName);
    if (environment_variable(kCudaLauncher).empty())
      result.emplace_back(kCudaLauncher, (work_.tools() / kNvccLauncher).string());
    if (environment_variable(kNvccOfFindCuda).empty() && is_in_path)
      result.emplace_back(kNvccOfFindCuda, (work_.tools() / kNvccName).string());
  }
  for (const char* name : kMpiC) result.emplace_back(name, c_name());
  for (const char* name : kMpiCxx) result.emplace_back(name, cxx_name());
  if (!environment_.fortran_compiler.empty() && offers_fortran_) {
    for (const char* name : kFortranVariables) result.emplace_back(name, fortran_name());
    for (const char* name : kMpiFortran) result.emplace_back(name, fortran_name());
  }
  const auto own = to_variables(environment_);
  result.insert(result.end(), own.begin(), own.end());
  return result;
}

}  // namespace xaas
