// See native_export.h. Lowered files are collected first, in a staging directory. Everything else goes from the image
// into the SquashFS piece by piece.
#include "lower/native_export.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "format/base/paths.h"
#include "format/squashfs/writer.h"
#include "format/squashfs/xattrs.h"
#include "lower/host.h"
#include "lower/staging_directory.h"

namespace xaas {
namespace fs = std::filesystem;
namespace {

constexpr const char* kNewImage = "image";  // in the staging directory

Result<fs::path> output_place(const fs::path& output) {
  std::error_code error;
  fs::path place = fs::absolute(output, error).lexically_normal();
  if (error) return fail(Code::io, "cannot write {}: {}", output.string(), error.message());
  if (!place.has_filename() || fs::is_directory(place, error)) {
    return fail(Code::invalid, "{} is a directory: name a file", output.string());
  }
  return place;
}

Status check_prefix(const Manifest& manifest, const std::string& prefix) {
  if (!prefix.starts_with('/') || !is_normal(std::string_view(prefix).substr(1))) {
    return fail(Code::invalid, "--prefix={}: name an absolute path without '.', '..' and extra slashes", prefix);
  }
  if (is_movable(manifest) || prefix == manifest.prefix) return {};
  return fail(Code::invalid, "--prefix={}: the image was built for {}, and cannot have another prefix", prefix,
              manifest.prefix);
}

// One export: the lowered files, and the writer of the SquashFS.
class Export {
 public:
  Export(const NativeTree& tree, const StagingDirectory& staging, std::stop_token stop)
      : tree_(tree), staging_(staging), stop_(std::move(stop)) {}

  Status lower();
  Result<std::uint64_t> write(unsigned jobs);  // returns the bytes of the SquashFS

 private:
  Status keep_lowered(const NativeEntry& file, NativeTree::Source source);
  Status add(SquashfsWriter& writer, const NativeEntry& entry) const;
  Status add_file(SquashfsWriter& writer, const NativeEntry& file, const EntryOptions& options) const;
  UseBytes until_stopped(UseBytes use) const;

  const NativeTree& tree_;
  const StagingDirectory& staging_;
  const std::stop_token stop_;
  std::mutex lowered_mutex_;
  std::map<const NativeEntry*, fs::path> lowered_;
};

Status Export::lower() {
  std::vector<const NativeEntry*> files;
  for (const NativeEntry& entry : tree_.entries()) {
    if (entry.is_lowered()) files.push_back(&entry);
  }
  return tree_.lower(files, stop_, [this](const NativeEntry& file, NativeTree::Source source) {
    return source == nullptr ? Status() : keep_lowered(file, source);
  });
}

Status Export::keep_lowered(const NativeEntry& file, NativeTree::Source source) {
  fs::path copy;
  {
    const std::lock_guard lock(lowered_mutex_);
    copy = staging_.path(fmt::format("lowered-{}", lowered_.size()));
    lowered_.emplace(&file, copy);
  }
  return write_new_file(copy, [&](const UseBytes& use) { return tree_.read(file, source, until_stopped(use)); });
}

UseBytes Export::until_stopped(UseBytes use) const {
  return [this, use = std::move(use)](std::string_view piece) -> Status {
    if (stop_.stop_requested()) return fail(Code::interrupted, "stopped by a signal");
    return use(piece);
  };
}

Result<std::uint64_t> Export::write(unsigned jobs) {
  const WriterOptions options{.jobs = jobs, .mtime = tree_.entries().front().attributes.mtime};
  XAAS_ASSIGN(const auto writer, SquashfsWriter::create(staging_.path(kNewImage), options));
  for (const NativeEntry& entry : tree_.entries()) XAAS_TRY(add(*writer, entry));
  return writer->finish();
}

Status Export::add(SquashfsWriter& writer, const NativeEntry& entry) const {
  EntryOptions options{.permissions = entry.attributes.mode & kPermissionBits};
  XAAS_ASSIGN(const auto xattrs, tree_.image().squashfs().xattrs(entry.ref));
  for (const auto& [name, value] : xattrs) {
    if (name.starts_with(kXattrPrefix)) options.xattrs.emplace(name, value);
  }
  switch (entry.kind) {
    case NativeEntry::Kind::directory:
      return writer.add_directory(entry.path, options);
    case NativeEntry::Kind::symlink:
      return writer.add_symlink(entry.path, entry.target, options);
    case NativeEntry::Kind::hard_link:
      return writer.add_hard_link(entry.path, entry.target);
    default:
      return add_file(writer, entry, options);
  }
}

Status Export::add_file(SquashfsWriter& writer, const NativeEntry& file, const EntryOptions& options) const {
  if (const auto found = lowered_.find(&file); found != lowered_.end()) {
    return writer.add_file(file.path, found->second, options);
  }
  return writer.add_stream(
      file.path, [this, &file](const UseBytes& use) { return tree_.read(file, nullptr, until_stopped(use)); }, options);
}

}  // namespace

Status export_native(const std::shared_ptr<const Image>& image, const NativeOptions& options, const fs::path& output,
                     const std::stop_token& stop, Progress& progress) {
  const Manifest& manifest = image->manifest();
  NativeOptions there = options;
  if (there.prefix.empty()) there.prefix = own_prefix(manifest);
  XAAS_TRY(check_prefix(manifest, there.prefix));
  XAAS_ASSIGN(const fs::path place, output_place(output));
  XAAS_ASSIGN(const StagingDirectory staging, StagingDirectory::create(place));
  XAAS_ASSIGN(const NativeTree tree, NativeTree::describe(image, there, progress));
  progress.begin("export", fmt::format("{} for {}", full_name(manifest), there.prefix));
  Export run(tree, staging, stop);
  XAAS_TRY(run.lower());
  progress.update("writing");
  const unsigned jobs = options.lowerer.jobs != 0 ? options.lowerer.jobs : usable_cores();
  XAAS_ASSIGN(const std::uint64_t bytes, run.write(jobs));
  XAAS_TRY(staging.publish(kNewImage));
  progress.say(fmt::format("{}: {:.1f} MB, to be mounted at {}", output.string(), static_cast<double>(bytes) / 1e6,
                           there.prefix));
  return {};
}

}  // namespace xaas
