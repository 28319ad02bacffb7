// The description of a host: a file that says what decisions need to know of it, so that another machine can decide for
// it. Implements spec/host.md.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "format/base/error.h"
#include "lower/host_view.h"

namespace xaas {

inline constexpr int kHostDescriptionVersion = 1;

struct DescribedLibrary {
  std::string path;  // on the described host, absolute
  std::string identity;
  LibraryInterface interface;  // the symbols only of libc and its parts
};

struct HostDescription {
  Host host;
  std::string libc;                                                // the newest version that libc defines: "GLIBC_2.36"
  std::map<std::string, DescribedLibrary, std::less<>> libraries;  // by the name that find_host_library() takes
};

// Describes the host on which this process runs. Reads the headers of all its libraries, which can take seconds.
Result<HostDescription> describe_this_host();

// The file's text, which ends with a newline. The same description gives the same bytes.
std::string to_json(const HostDescription& description);
// Reads a description. `what`, such as the file's name, begins every error. Code::invalid if it is damaged or no
// description. Code::unsupported for another version.
Result<HostDescription> parse_host_description(std::string_view json, std::string_view what);

// The host that is described. Contents of its libraries are read below `root`, at the paths that they have on that
// host; only those with the identity that the description says are used.
std::shared_ptr<const HostView> described_host(HostDescription description, std::filesystem::path root);
// The same with the description in a file.
Result<std::shared_ptr<const HostView>> read_host_description(const std::filesystem::path& file,
                                                              const std::filesystem::path& root);

}  // namespace xaas
