// Looks at the host on which this process runs; see host_view.h.
#include "lower/host_view.h"

#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#include "format/base/search_path.h"
#include "format/base/text.h"
#include "lower/gpus.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

class ThisHost : public HostView {
 public:
  std::string name() const override { return "this host"; }
  std::string triple() const override { return host_triple(); }
  Result<Host> describe() const override { return describe_host(); }
  Result<Target> target(std::string_view triple, const TargetOverrides& overrides) const override {
    return resolve_target(triple, overrides);
  }
  std::vector<std::string> devices() const override { return devices_of_host(); }

  std::optional<fs::path> find_library(std::string_view soname, std::string_view triple) const override {
    return find_host_library(soname, triple, directories(triple));
  }
  Result<std::string> library_identity(std::string_view soname, std::string_view triple) const override {
    const auto path = find_library(soname, triple);
    if (!path) return fail(Code::not_found, "the library {} is not on this host", soname);
    return identify_library(*path);
  }
  std::optional<std::vector<std::string>> library_versions(std::string_view soname,
                                                           std::string_view triple) const override {
    const auto path = find_library(soname, triple);
    auto versions = path ? read_library_versions(*path) : fail(Code::not_found, "there is no {}", soname);
    return versions ? std::optional(std::move(*versions)) : std::nullopt;
  }
  std::optional<LibraryInterface> library_interface(std::string_view soname, std::string_view triple) const override {
    const auto path = find_library(soname, triple);
    auto interface = path ? read_library_interface(*path) : fail(Code::not_found, "there is no {}", soname);
    return interface ? std::optional(std::move(*interface)) : std::nullopt;
  }
  std::optional<LoaderDirectories> loader_directories(std::string_view triple) const override {
    LoaderDirectories found;
    const char* path = std::getenv("LD_LIBRARY_PATH");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    if (path != nullptr) found.first = absolute_directories(path);
    found.usual = directories(triple);
    return found;
  }
  Result<std::string> library_content(const fs::path& path, std::string_view identity) const override {
    XAAS_ASSIGN(auto content, read_library_with(path, identity));
    if (content) return std::move(*content);
    return fail(Code::failed, "{} changed while it was being used: start the program again", path.string());
  }

 private:
  // The directories that the loader searches. They are read again when ldconfig has run, which a change of the loader's
  // configuration needs.
  std::vector<fs::path> directories(std::string_view triple) const {
    struct stat cache{};
    if (stat("/etc/ld.so.cache", &cache) != 0) return host_library_directories(kLoaderConfiguration, triple);
    const std::lock_guard lock(mutex_);
    Directories& known = directories_[std::string(triple)];
    const std::pair made(cache.st_ino, cache.st_mtim.tv_sec * 1'000'000'000LL + cache.st_mtim.tv_nsec);
    if (known.list.empty() || known.made != made) {
      known = {made, host_library_directories(kLoaderConfiguration, triple)};
    }
    return known.list;
  }

  struct Directories {
    std::pair<ino_t, long long> made;  // inode and time of the loader's cache
    std::vector<fs::path> list;
  };
  mutable std::mutex mutex_;
  mutable std::map<std::string, Directories> directories_;  // by triple
};

}  // namespace

bool HostView::libc_has(std::string_view version, std::string_view triple) const {
  const auto versions = library_versions("libc.so.6", triple);
  return !versions || is_in(*versions, version);
}

const std::shared_ptr<const HostView>& this_host() {
  static const std::shared_ptr<const HostView> host = std::make_shared<ThisHost>();
  return host;
}

}  // namespace xaas
