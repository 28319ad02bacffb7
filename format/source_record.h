// What an image records of its source, so that it can be built again on a host: the digest of the whole tree, the
// recipe, and the configurations. Implements spec/image-format.md, section "Source".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/base/json_fields.h"

namespace xaas {

// What a configuration that is built on a host, and not in the image, needs of that host.
struct HostBuild {
  std::int64_t rank = 0;               // as Configuration::rank
  std::vector<std::string> features;   // of the CPU: "+avx2"
  std::vector<std::string> devices;    // out of kDevices
  std::vector<std::string> libraries;  // sonames that the host must have
  std::vector<std::string> tools;      // ToolNeed as text: "nvcc>=12.1"
  std::vector<std::string> links;      // libraries that the result must be linked with: "libz.so", "libmpi.so.40"
  std::vector<std::string> headers;    // "zlib.h"
  bool operator==(const HostBuild&) const = default;
};

// A program that must be in PATH.
struct ToolNeed {
  std::string name;
  std::string least;  // version; empty: any
};
// Reads "NAME" or "NAME>=VERSION". Nullopt for any other text.
std::optional<ToolNeed> parse_tool_need(std::string_view text);
// The name of the file that a linker takes for a library, "libz.so" for "libz.so" and for "libz.so.1". Empty if the
// text is no name of a library.
std::string_view link_name(std::string_view library);

// A configuration of the source, as its commands see it.
struct SourceConfiguration {
  std::string name;
  std::map<std::string, std::string> points;       // name -> value
  std::map<std::string, std::string> substitutes;  // name -> what the point's variable holds in commands
  std::optional<HostBuild> on_host{};              // nullopt: the image has it
  bool operator==(const SourceConfiguration&) const = default;
};

// A file or directory of the source that is installed as it is.
struct CopiedFile {
  std::string from;  // relative to the source, or absolute
  std::string to;    // relative to the prefix
  bool operator==(const CopiedFile&) const = default;
};

// The highest architecture of NVIDIA's GPUs that a record may name: 80 is compute_80.
inline constexpr unsigned kMostCudaFamily = 999;

struct SourceRecord {
  Digest digest;            // WholeSource::digest
  std::uint64_t files = 0;  // regular files
  std::uint64_t bytes = 0;  // in them
  // Shell commands; an empty one does nothing.
  std::string configure;
  std::string build;
  std::string install;
  std::vector<std::string> arguments;  // "$@" of the commands
  std::vector<CopiedFile> copied;      // "files_as_they_are" in JSON
  std::string fortran;                 // "flang" or "gfortran"; empty: no choice
  std::vector<std::string> levels;     // "auto", "none", or names
  std::vector<std::string> slots;      // names, as in the recipe file
  // Architectures of GPUs for which nvcc compiles, beside those that the project asks for. Nullopt: it does not say.
  std::optional<std::vector<unsigned>> cuda_families;
  std::map<std::string, std::string> tools;  // compilers and build tools of the build machine -> version
  std::vector<SourceConfiguration> configurations;
};

// The same record gives the same JSON.
OrderedJson to_ordered_json(const SourceRecord& record);
// Ignores unknown keys. Code::invalid names a key that is missing or has a wrong type.
Result<SourceRecord> parse_source_record(const JsonObject& fields);

}  // namespace xaas
