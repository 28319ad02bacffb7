// See process_stat.h.
#include "format/base/process_stat.h"

#include <iterator>
#include <sstream>

#include "format/base/file.h"

namespace xaas {

std::vector<std::string> words_of_stat(const std::filesystem::path& process) {
  const auto stat = read_file(process / "stat");
  const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return {};
  std::istringstream words(stat->substr(name_end + 1));
  return {std::istream_iterator<std::string>(words), {}};
}

}  // namespace xaas
