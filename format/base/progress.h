// What the user sees of long work. A terminal shows one line that changes. Elsewhere there is one line for each stage
// and one a minute.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace xaas {

enum class Verbosity { quiet, normal, verbose };

// Thread-safe.
class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // `tool` is the name of the program, which begins its warnings.
  explicit Progress(std::string tool, Verbosity verbosity, Clock clock = std::chrono::steady_clock::now);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  Verbosity verbosity() const { return verbosity_; }
  bool is_live() const { return is_live_; }  // whether there is a line that changes

  void begin(std::string_view stage, std::string_view what);
  // Says how far the stage is: on a terminal at each call, elsewhere once a minute.
  void update(std::string_view what);
  bool wants_update();  // whether update() would say something now
  void end();
  // Removes the changing line.
  void clear();
  // Prints a line of its own on standard error, unless quiet.
  void warn(std::string_view message);
  // Prints a line of its own on standard output, unless quiet.
  void say(std::string_view message);

 private:
  void draw(std::string_view text);
  void clear_locked();
  bool wants_update_locked() const;
  std::chrono::steady_clock::duration elapsed() const;  // since the stage began

  const std::string tool_;
  const Verbosity verbosity_;
  const Clock clock_;
  bool is_live_ = false;
  std::mutex mutex_;
  std::string stage_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point spoke_;  // when the stage last printed a line
};

}  // namespace xaas
