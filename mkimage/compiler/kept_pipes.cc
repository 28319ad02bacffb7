// See kept_pipes.h.
#include "mkimage/compiler/kept_pipes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <set>

#include "format/base/file.h"
#include "format/base/memory_file.h"

namespace xaas {
namespace {

constexpr std::string_view kStandardInput = "/dev/stdin";
constexpr std::string_view kDescriptors[] = {"/dev/fd/", "/proc/self/fd/"};

// Adds the descriptors whose paths occur in an argument, even within an option.
void add_descriptors(std::string_view argument, std::set<int>& descriptors) {
  if (argument.find(kStandardInput) != std::string_view::npos) descriptors.insert(STDIN_FILENO);
  for (const std::string_view directory : kDescriptors) {
    for (auto at = argument.find(directory); at != std::string_view::npos; at = argument.find(directory, at + 1)) {
      const std::string_view number = argument.substr(at + directory.size());
      int descriptor = -1;
      if (std::from_chars(number.data(), number.data() + number.size(), descriptor).ec == std::errc()) {
        descriptors.insert(descriptor);
      }
    }
  }
}

bool is_pipe(int descriptor) {
  struct stat status{};
  return fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

Status keep(int descriptor) {
  XAAS_ASSIGN(const std::string content, read_fd(descriptor));
  XAAS_ASSIGN(const Fd memory, memory_file("kept", content));
  if (dup2(memory.get(), descriptor) < 0) return fail_errno("cannot keep the input of a command");
  return {};
}

}  // namespace

Status keep_pipes(const std::vector<std::string>& arguments) {
  std::set<int> descriptors;
  std::string_view before;
  for (const std::string& argument : arguments) {
    if (argument == "-" && before != "-o") descriptors.insert(STDIN_FILENO);
    add_descriptors(argument, descriptors);
    before = argument;
  }
  for (const int descriptor : descriptors) {
    if (is_pipe(descriptor)) XAAS_TRY(keep(descriptor));
  }
  return {};
}

InputStart::InputStart() : offset_(lseek(STDIN_FILENO, 0, SEEK_CUR)) {}

void InputStart::rewind() const {
  if (offset_ >= 0) static_cast<void>(lseek(STDIN_FILENO, offset_, SEEK_SET));
}

}  // namespace xaas
