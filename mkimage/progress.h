// What the user sees of long work: on a terminal one line that changes, elsewhere one line a stage.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

namespace xaas {

enum class Verbosity { quiet, normal, verbose };

// Thread-safe.
class Progress {
 public:
  explicit Progress(Verbosity verbosity);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  Verbosity verbosity() const { return verbosity_; }
  bool is_live() const { return is_live_; }  // a line that changes is wanted

  void begin(std::string_view stage, std::string_view what);
  void update(std::string_view what);  // shown on a terminal only
  void end();
  // Takes the changing line away.
  void clear();
  // A line of its own on standard error, unless quiet.
  void warn(std::string_view message);
  // A line of its own on standard output, unless quiet.
  void say(std::string_view message);

 private:
  void draw(std::string_view text);
  void clear_locked();

  const Verbosity verbosity_;
  bool is_live_ = false;
  std::mutex mutex_;
  std::string stage_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace xaas
