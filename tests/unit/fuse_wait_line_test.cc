// What is said of a wait: the text for a terminal and for the status, and when it is drawn and removed.
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "fuse/status.h"
#include "fuse/wait_line.h"
#include "tests/unit/format_support.h"

namespace xaas {
namespace {

LazyReport file_waited(const std::string& path, double seconds, ModuleCount modules = {}) {
  LazyReport file;
  file.path = path;
  file.state = LazyState::lowering;
  file.waiting = 1;
  file.modules = modules;
  file.working = seconds;
  file.waited = seconds;
  return file;
}

TEST_CASE("a wait of a second is explained, by the file that is waited for longest") {
  CHECK(wait_text({}).empty());
  CHECK(wait_text({file_waited("bin/a", 0.9)}).empty());
  CHECK(wait_text({file_waited("bin/a", 1.0)}) == "xaas-mount: bin/a is being compiled for this host, 1 s");
  CHECK(wait_text({file_waited("bin/a", 2.9, {.done = 3, .all = 42})}) ==
        "xaas-mount: bin/a is being compiled for this host, 3 of 42 modules, 2 s");
  CHECK(wait_text({file_waited("bin/a", 2), file_waited("lib/b", 3), LazyReport{}}) ==
        "xaas-mount: lib/b is being compiled for this host, 3 s, and 1 more");
  CHECK_THAT(wait_text({file_waited("bin/\x1b[2J", 2)}), Catch::Contains("bin/\\033[2J is"));
}

TEST_CASE("the status says how far each file is, and what is lowered ahead") {
  StatusInput input;
  input.target = "t c";
  input.files = {file_waited("bin/a", 2.9, {.done = 3, .all = 42}), file_waited("lib/b", 0.2)};
  input.files.push_back(file_waited("lib/c", 4.2, {.done = 0, .all = 1}));
  input.files.back().state = LazyState::interim;
  input.files.back().waiting = 0;
  input.files.back().cpu = "x86-64-v3";
  input.ahead = {.files = 9, .done = 2, .path = "bin/z", .modules = {.done = 1, .all = 7}};
  const std::string text = status_text(input);
  CHECK_THAT(text, Catch::Contains("lowering  bin/a, 3 of 42 modules, 2 s, 1 waiting\n"));
  CHECK_THAT(text, Catch::Contains("lowering  lib/b, 0 s, 1 waiting\n"));
  CHECK_THAT(text, Catch::Contains("interim   lib/c, the ready file for x86-64-v3 is served, 0 of 1 modules, 4 s\n"));
  CHECK_THAT(text, Catch::Contains("ahead          2 of 9 files, 1 of 7 modules of bin/z\n"));
}

// A terminal that remembers what it shows.
class Screen {
 public:
  WaitLineHooks hooks() {
    return {.reports =
                [this] {
                  const std::lock_guard lock(mutex_);
                  return files_;
                },
            .draw = [this](const std::string& text) { show(text); },
            .erase = [this] { show(""); }};
  }
  void set_files(std::vector<LazyReport> files) {
    const std::lock_guard lock(mutex_);
    files_ = std::move(files);
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  void wait_for(const std::string& part) {
    std::unique_lock lock(mutex_);
    const auto shows = [&] { return part.empty() ? text_.empty() : text_.find(part) != std::string::npos; };
    REQUIRE(changed_.wait_for(lock, test::kPatience, shows));
  }

 private:
  void show(const std::string& text) {
    const std::lock_guard lock(mutex_);
    text_ = text;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LazyReport> files_;
  std::string text_;
};

TEST_CASE("the line is gone before a read that waited is answered, and comes back while others wait") {
  Screen screen;
  WaitLine line(screen.hooks());
  screen.set_files({file_waited("bin/a", 5), file_waited("bin/b", 4)});
  line.wake();
  screen.wait_for("bin/a");
  screen.set_files({file_waited("bin/b", 5)});
  line.clear();
  screen.wait_for("bin/b");
  screen.set_files({});
  line.clear();
  CHECK(screen.text().empty());
}

TEST_CASE("the line goes when nobody waits any more, and nothing is drawn once it is stopped") {
  Screen screen;
  WaitLine line(screen.hooks());
  screen.set_files({file_waited("bin/a", 5)});
  line.wake();
  screen.wait_for("bin/a");
  screen.set_files({});
  screen.wait_for("");
  screen.set_files({file_waited("bin/b", 5)});
  line.wake();
  screen.wait_for("bin/b");
  line.stop();
  CHECK(screen.text().empty());
  line.wake();
  CHECK(screen.text().empty());
}

}  // namespace
}  // namespace xaas
