// What decisions ask of a host: its CPU, devices and libraries. The host is this one, which is looked at when it is
// asked, or another one, which a description says. Implements spec/host.md.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"
#include "lower/host.h"
#include "lower/host_library.h"
#include "lower/library_closure.h"
#include "lower/target.h"

namespace xaas {

// Thread-safe. A library for another architecture than that of `triple` is never found.
class HostView {
 public:
  virtual ~HostView() = default;

  virtual std::string name() const = 0;    // for messages: "this host"
  virtual std::string triple() const = 0;  // such as "x86_64-pc-linux-gnu"
  virtual Result<Host> describe() const = 0;
  // As resolve_target(), with this host's CPU where the overrides name none.
  virtual Result<Target> target(std::string_view triple, const TargetOverrides& overrides) const = 0;
  // As devices_of_host().
  virtual std::vector<std::string> devices() const = 0;

  // Where the host's dynamic loader would find a library, as a path on that host. Nullopt if it has none.
  virtual std::optional<std::filesystem::path> find_library(std::string_view soname, std::string_view triple) const = 0;
  // Stands for the content of a library in a key: "build-id:…" or "sha256:…". Code::not_found if the host has none.
  virtual Result<std::string> library_identity(std::string_view soname, std::string_view triple) const = 0;
  // Nullopt if the library is not found or cannot be read. Reading the versions alone takes less time.
  virtual std::optional<std::vector<std::string>> library_versions(std::string_view soname,
                                                                   std::string_view triple) const = 0;
  virtual std::optional<LibraryInterface> library_interface(std::string_view soname, std::string_view triple) const = 0;
  // Where programs that this process starts find libraries. Nullopt if the host is a described one, whose libraries
  // cannot be read.
  virtual std::optional<LoaderDirectories> loader_directories(std::string_view triple) const = 0;
  // The bytes of the library that was found at `path` and had this identity. Code::failed if it has been replaced since
  // then. Code::unsupported if the host is a described one, and there is no such library here.
  virtual Result<std::string> library_content(const std::filesystem::path& path, std::string_view identity) const = 0;

  // Whether the host's libc defines a symbol version, such as "GLIBC_2.34". True if libc's versions cannot be read.
  bool libc_has(std::string_view version, std::string_view triple) const;
};

// The host on which this process runs. Never null.
const std::shared_ptr<const HostView>& this_host();

}  // namespace xaas
