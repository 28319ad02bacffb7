// Looks at the host on which this process runs; see host_view.h.
#include "lower/host_view.h"

#include "format/base/text.h"
#include "lower/devices.h"

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
  std::vector<std::string> devices() const override { return host_devices(); }

  std::optional<fs::path> find_library(std::string_view soname, std::string_view triple) const override {
    return find_host_library(soname, triple);
  }
  Result<std::string> library_identity(std::string_view soname, std::string_view triple) const override {
    const auto path = find_host_library(soname, triple);
    if (!path) return fail(Code::not_found, "the library {} is not on this host", soname);
    return identify_library(*path);
  }
  std::optional<LibraryInterface> library_interface(std::string_view soname, std::string_view triple) const override {
    const auto path = find_host_library(soname, triple);
    auto interface = path ? read_library_interface(*path) : fail(Code::not_found, "there is no {}", soname);
    return interface ? std::optional(std::move(*interface)) : std::nullopt;
  }
  Result<std::string> library_content(const fs::path& path, std::string_view identity) const override {
    XAAS_ASSIGN(auto content, read_library_with(path, identity));
    if (content) return std::move(*content);
    return fail(Code::failed, "{} changed while it was being used: start the program again", path.string());
  }
};

}  // namespace

bool HostView::libc_has(std::string_view version, std::string_view triple) const {
  const auto libc = library_interface("libc.so.6", triple);
  return !libc || is_in(libc->versions, version);
}

const std::shared_ptr<const HostView>& this_host() {
  static const std::shared_ptr<const HostView> host = std::make_shared<ThisHost>();
  return host;
}

}  // namespace xaas
