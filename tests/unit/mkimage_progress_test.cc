#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "format/base/file.h"
#include "format/base/progress.h"

namespace {

// Keeps standard output in a file as long as this exists.
class CapturedOutput {
 public:
  CapturedOutput() : before_(dup(STDOUT_FILENO)) {
    static_cast<void>(std::fflush(stdout));
    const xaas::Fd file(open(path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    REQUIRE(dup2(file.get(), STDOUT_FILENO) == STDOUT_FILENO);
  }
  ~CapturedOutput() {
    static_cast<void>(std::fflush(stdout));
    dup2(before_.get(), STDOUT_FILENO);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  std::string text() const { return xaas::read_file(path()).value(); }

 private:
  std::filesystem::path path() const { return directory_.path() / "output"; }

  xaas::TempDirectory directory_ = xaas::TempDirectory::create("/tmp").value();
  xaas::Fd before_;
};

// Returns the output of a stage that takes `seconds` seconds and gets an update each second.
std::string output_of_stage(xaas::Verbosity verbosity, int seconds, const std::string& what) {
  const CapturedOutput output;
  std::chrono::steady_clock::time_point now;
  xaas::Progress progress("mkxaas", verbosity, [&] { return now; });
  progress.begin("build", "make");
  for (int i = 0; i < seconds; ++i) {
    now += std::chrono::seconds(1);
    progress.update(what);
  }
  progress.end();
  return output.text();
}

}  // namespace

TEST_CASE("without a terminal a long stage says a line a minute") {
  CHECK(output_of_stage(xaas::Verbosity::normal, 59, "cc a.c") == "build: make\n");
  CHECK(output_of_stage(xaas::Verbosity::normal, 150, "cc a.c") ==
        "build: make\nbuild: still running, 1 min: cc a.c\nbuild: still running, 2 min: cc a.c\n");
  CHECK(output_of_stage(xaas::Verbosity::normal, 60, "") == "build: make\nbuild: still running, 1 min\n");
}

TEST_CASE("a stage says nothing when it is to be quiet") {
  CHECK(output_of_stage(xaas::Verbosity::quiet, 150, "cc a.c").empty());
}

TEST_CASE("the line of a build is one short line, whatever it holds") {
  CHECK(output_of_stage(xaas::Verbosity::normal, 60, "a\x1b[2Jb") ==
        "build: make\nbuild: still running, 1 min: a\\033[2Jb\n");
  CHECK(output_of_stage(xaas::Verbosity::normal, 60, std::string(5000, 'x')).size() < 300);
}

TEST_CASE("the line of a build is what a terminal would show of it") {
  const std::string told = "build: make\nbuild: still running, 1 min: ";
  CHECK(output_of_stage(xaas::Verbosity::normal, 60, "  \x1b[34mCC\x1b[0m \x1b[01;33ma.o\x1b[m\x1b[K\n") ==
        told + "  CC a.o\n");
  CHECK(output_of_stage(xaas::Verbosity::normal, 60, "10 %\r50 %\r\n") == told + "50 %\n");
  CHECK(output_of_stage(xaas::Verbosity::normal, 60, "a\x1b[") == told + "a\\033[\n");
}

TEST_CASE("the minutes of a stage begin with it") {
  const CapturedOutput output;
  std::chrono::steady_clock::time_point now;
  xaas::Progress progress("mkxaas", xaas::Verbosity::normal, [&] { return now; });
  progress.begin("configure", "./configure");
  now += std::chrono::seconds(59);
  progress.begin("build", "make");
  now += std::chrono::seconds(59);
  CHECK_FALSE(progress.wants_update());
  now += std::chrono::seconds(1);
  CHECK(progress.wants_update());
  progress.update("half");
  CHECK_FALSE(progress.wants_update());
  CHECK(output.text().ends_with("build: still running, 1 min: half\n"));
}
