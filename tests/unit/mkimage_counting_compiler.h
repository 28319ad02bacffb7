// A compiler for tests of what need not be compiled again.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "format/base/process.h"

namespace xaas::test {

// A program of the name of a compiler that runs the compiler, and counts how often it compiles. To preprocess does not
// count.
class CountingCompiler {
 public:
  // Writes the program and its count into the directory, which must outlive it.
  CountingCompiler(const std::string& name, const std::filesystem::path& directory)
      : path_(directory / name), count_(directory / "count") {
    std::ofstream(path_) << fmt::format(
        "#!/bin/sh\ncase \" $* \" in *' -E '*) ;; *) echo >>'{}' ;; esac\nexec '{}' \"$@\"\n", count_.string(),
        find_program(name).value().string());
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }

  std::string path() const { return path_.string(); }
  std::uintmax_t compiles() const {
    std::error_code none;
    const auto size = std::filesystem::file_size(count_, none);
    return none ? 0 : size;
  }

 private:
  std::filesystem::path path_;
  std::filesystem::path count_;
};

}  // namespace xaas::test
