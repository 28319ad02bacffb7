// See install_namespace.h.
#include "mkimage/install_namespace.h"

#include "format/base/file.h"
#include "format/base/private_namespace.h"
#include "format/base/process.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOperands = 3;  // operands of kWithPrefix, in front of the command

// What a namespace needs below its scratch directory.
fs::path prefix_work(const fs::path& scratch) { return scratch / "prefix"; }
fs::path local_work(const fs::path& scratch) { return scratch / "local"; }
fs::path local_files(const fs::path& scratch) { return scratch / "local-files"; }
fs::path local_mark(const fs::path& scratch) { return scratch / "local-is-covered"; }  // whether it is

bool is_within(const fs::path& path, const fs::path& directory) {
  const fs::path relative = path.lexically_relative(directory);
  return !relative.empty() && *relative.begin() != "..";
}

// Has files that the command writes to kLocal go into the scratch directory, so that they do not stay on the host.
// Leaves a mark if that is done. Where it cannot be done, the command writes there as any other.
Status keep_local_away(const fs::path& prefix, const fs::path& scratch) {
  std::error_code error;
  const fs::path local = fs::canonical(kLocal, error);
  const fs::path place = fs::weakly_canonical(prefix, error);
  if (error || is_within(place, local) || is_within(local, place) || is_within(scratch, local)) return {};
  if (!overlay_directory(local, local_files(scratch), local_work(scratch))) return {};
  return write_file(local_mark(scratch), "");
}

// Whether the directory holds something, which the build may need.
bool is_in_use(const fs::path& path) {
  std::error_code error;
  const bool is_empty = fs::is_empty(path, error);
  return error || !is_empty;
}

Status show_tree(const fs::path& prefix, const fs::path& tree, const fs::path& scratch) {
  XAAS_TRY(enter_private_namespace());
  XAAS_TRY(keep_local_away(prefix, scratch));
  const fs::path missing = outermost_missing(prefix);
  if (missing.empty() && !fs::is_directory(prefix)) return fail(Code::invalid, "{} is no directory", prefix.string());
  if (missing.empty() && is_in_use(prefix)) return overlay_directory(fs::canonical(prefix), tree, prefix_work(scratch));
  // In the root, new files are refused: the namespace would lose a file there, though it seems to be installed.
  // Elsewhere, as in /tmp, a step may need files that it makes, and loses them.
  XAAS_TRY(ensure_directory(prefix, missing.parent_path() == "/" ? NewEntries::refused : NewEntries::lost));
  return bind_directory(tree, prefix);
}

void remove_whiteouts(const fs::path& tree) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(tree, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (is_whiteout(entry->path())) found.push_back(entry->path());
  }
  for (const fs::path& path : found) fs::remove(path, error);
}

Status move_entry(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (is_real_directory(from) && is_real_directory(to)) return move_contents(from, to);
  if (fs::exists(fs::symlink_status(to, error))) return {};
  fs::rename(from, to, error);
  if (error == std::errc::cross_device_link) {
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  }
  if (error) return fail(Code::io, "cannot move {} to {}: {}", from.string(), to.string(), error.message());
  return {};
}

}  // namespace

Error exec_with_prefix(const std::vector<std::string>& arguments) {
  if (arguments.size() <= kOperands) return fail(Code::invalid, "{} lacks its operands", kWithPrefix).value();
  if (const Status shown = show_tree(arguments[0], arguments[1], arguments[2]); !shown) return shown.error();
  return exec_process({arguments.begin() + kOperands, arguments.end()});
}

Result<InstallNamespace> InstallNamespace::create(const fs::path& prefix, const fs::path& destination,
                                                  const fs::path& scratch) {
  InstallNamespace space;
  XAAS_ASSIGN(space.self_, own_executable());
  space.prefix_ = prefix;
  space.destination_ = destination;
  space.tree_ = destination / prefix.relative_path();
  space.scratch_ = scratch;
  space.missing_ = outermost_missing(prefix);
  std::error_code error;
  for (const fs::path& directory : {space.tree_, prefix_work(scratch), local_work(scratch), local_files(scratch)}) {
    if (!error) fs::create_directories(directory, error);
  }
  if (error) return fail(Code::io, "cannot make {}: {}", space.tree_.string(), error.message());
  // Only a trial tells whether this host allows it.
  XAAS_ASSIGN(const ProcessOutput probe, run_and_read(space.call({"true"})));
  space.is_private_ = probe.status.ok();
  space.covers_local_ = space.is_private_ && fs::exists(local_mark(scratch), error);
  if (space.is_private_ && space.missing_.empty()) XAAS_TRY(space.make_outline());
  space.start_ = file_clock_now();
  return space;
}

// An overlay does not show a directory that is made beside it, in the tree, after it was looked up. A step that
// installs to $DESTDIR$PREFIX would then find nothing at the prefix. So every directory of the prefix is made in the
// tree beforehand.
Status InstallNamespace::make_outline() {
  XAAS_ASSIGN(const auto entries, directory_entries(prefix_));
  for (const fs::path& entry : entries) {
    std::error_code error;
    const fs::path copy = tree_ / entry.filename();
    if (!is_real_directory(entry) || !fs::create_directory(copy, error)) continue;
    outline_.push_back(copy);
  }
  return {};
}

std::vector<std::string> InstallNamespace::call(const std::vector<std::string>& command) const {
  std::vector<std::string> words = {self_, kWithPrefix, prefix_.string(), tree_.string(), scratch_.string()};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

std::vector<std::string> InstallNamespace::wrap(const std::vector<std::string>& command) const {
  return is_private_ ? call(command) : command;
}

StrayFiles InstallNamespace::strays(bool is_all) const {
  // A step that installs into the image as well may change a cache or a list of the host. One that installs nothing
  // there is named even if the host has the same files from an earlier installation.
  const fs::path written = local_files(scratch_);
  if (covers_local_) return {is_all ? files_in(written) : files_added(written, kLocal), false};
  std::error_code error;
  const fs::path local = fs::canonical(kLocal, error);
  if (error) return {};
  return {files_changed_since(start_, local, scratch_.parent_path()), true};
}

Result<std::vector<std::string>> InstallNamespace::end(std::string_view advice) const {
  std::error_code ignored;
  std::vector<std::string> warnings;
  for (const fs::path& directory : outline_) fs::remove(directory, ignored);  // not if it holds something
  if (is_private_ && missing_.empty()) remove_whiteouts(tree_);
  if (!is_private_ && !missing_.empty() && is_real_directory(missing_)) {
    XAAS_TRY(move_contents(missing_, destination_ / missing_.relative_path()));
    warnings.push_back(fmt::format(
        "the install command ignored $DESTDIR and wrote to {}: its files were moved to {}; have it put $DESTDIR in "
        "front of the prefix (in a makefile: $(DESTDIR)$(PREFIX)), or give another with --install{}",
        missing_.string(), destination_.string() + missing_.string(), advice));
  }
  const bool is_all = files_in(destination_).empty();
  const StrayFiles strays = this->strays(is_all);
  remove_tree(scratch_);
  if (!strays.names.empty()) warnings.push_back(describe_strays(strays, is_all, advice));
  return warnings;
}

fs::path outermost_missing(const fs::path& path) {
  fs::path missing;
  std::error_code ignored;
  for (fs::path here = path; !here.empty() && !fs::exists(here, ignored); here = here.parent_path()) missing = here;
  return missing;
}

Status move_contents(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return fail(Code::io, "cannot make {}: {}", to.string(), error.message());
  XAAS_ASSIGN(const auto entries, directory_entries(from));
  for (const fs::path& entry : entries) XAAS_TRY(move_entry(entry, to / entry.filename()));
  remove_tree(from);
  return {};
}

}  // namespace xaas
