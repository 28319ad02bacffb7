// The worker as its parent sees it: a job on standard input, a result on standard output, a file in the directory.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "format/base/digest.h"
#include "format/base/file.h"
#include "lower/job.h"
#include "tests/unit/clang_units.h"
#include "tests/unit/format_support.h"

namespace xaas::test {

inline Target target_of(const std::string& cpu, const std::string& features = "") {
  return resolve_target(test::kTriple, {.cpu = cpu, .features = features}).value();
}

// One job in one directory. The members may be called in any order, and run() as often as needed.
class Worker {
 public:
  explicit Worker(LinkKind kind, const std::string& cpu = "haswell", const std::string& features = "") {
    job_.recipe.kind = kind;
    job_.recipe.triple = test::kTriple;
    job_.recipe.output = "app";
    job_.target = target_of(cpu, features);
    job_.policy = find_policy("default").value();
    job_.build_id = "00112233445566778899aabbccddeeff00112233";
    job_.output = "out";
    std::filesystem::create_directories(directory() / "in");
  }

  const ClangUnits& clang() const { return clang_; }
  std::filesystem::path directory() const { return clang_.directory("job"); }
  Job& job() { return job_; }

  IrInput unit(const std::string& name, const std::string& source, const std::string& flags = "",
               std::vector<std::string> features = {}) {
    return {store(clang_.canonical(source, flags)), name, std::move(features)};
  }

  // A unit of IR in LLVM's textual form.
  IrInput unit_of_ir(const std::string& name, const std::string& source) {
    const std::filesystem::path at = clang_.directory("ir");
    REQUIRE(write_file(at / "unit.ll", source));
    clang_.run(at, "opt-19 -thinlto-bc unit.ll -o unit.bc");
    return {store(read_file(at / "unit.bc").value()), name, {}};
  }
  // A byte for each module that is done.
  std::string progress() const { return read_file(directory() / "progress").value(); }
  std::string messages() const { return read_file(directory() / "messages").value(); }

  ObjectInput object(const std::string& name, const std::string& source) {
    const std::filesystem::path at = clang_.directory("native");
    REQUIRE(write_file(at / "unit.c", source));
    clang_.run(at, "clang-19 -O2 -fPIC -c unit.c -o unit.o");
    return {store(read_file(at / "unit.o").value()), name};
  }

  FileOption file_option(const std::string& option, const std::string& content) { return {option, store(content)}; }

  void add(LinkArgument argument) { job_.recipe.arguments.push_back(std::move(argument)); }

  JobResult run() { return run_text(to_json(job_)); }

  JobResult run_text(const std::string& job) {
    REQUIRE(write_file(directory() / "job.json", job));
    const std::string answer = clang_.output(
        directory(), "XAAS_PROGRESS_FD=4 " XAAS_BIN_DIR "/xaas-lower --worker < job.json 2>messages 4>progress");
    const Result<JobResult> result = parse_job_result(answer);
    if (!result) FAIL(answer + result.error().message);
    CHECK(result->message.find('\n') == std::string::npos);
    return *result;
  }

  void run_well() {
    const JobResult result = run();
    if (!result.ok) FAIL(result.message);
  }

  std::string result_bytes() const { return read_file(directory() / "out").value(); }
  std::string of_result(const std::string& command) const { return clang_.output(directory(), command + " out"); }
  std::string disassembly() const { return of_result("llvm-objdump-19 -d"); }

 private:
  Digest store(const std::string& bytes) {
    const Digest digest = Digest::of(bytes);
    const std::string name = "in/" + std::to_string(job_.files.size());
    if (job_.files.emplace(digest, name).second) REQUIRE(write_file(directory() / name, bytes));
    return digest;
  }

  ClangUnits clang_;
  Job job_;
};

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline constexpr const char* kMain = R"(
#include <stdio.h>
int part(int); static int helper(int x) { return x * 3; }
int main(int argc, char** argv) { (void)argv; printf("%d\n", part(argc) + helper(argc)); return 0; }
)";
inline constexpr const char* kPart = R"(
static int state = 4; static int helper(int x) { return x + state; }
int part(int x) { state += x; return helper(x) * 10; }
)";

// Adds the files that a program needs: start files and libc, as clang names them.
inline void add_program(Worker& worker) {
  const auto file = [&worker](const std::string& name) {
    std::string path = worker.clang().output(worker.directory(), "clang-19 -print-file-name=" + name);
    path.pop_back();
    return path;
  };
  worker.add(file(worker.job().recipe.kind == LinkKind::pie ? "Scrt1.o" : "crt1.o"));
  worker.add("-dynamic-linker");
  worker.add("/lib64/ld-linux-x86-64.so.2");
  std::filesystem::copy_file(file("libc.so.6"), worker.directory() / "in/libc");
  worker.job().libraries["libc.so.6"] = "in/libc";
  worker.add(LibraryInput{"libc.so.6"});
}

}  // namespace xaas::test
