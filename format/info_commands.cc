// The commands of `xaas-info`; see info_commands.h.
#include "format/info_commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "format/base/paths.h"
#include "format/base/text.h"
#include "format/base/tool_main.h"
#include "format/image.h"
#include "format/image_extract.h"
#include "format/image_summary.h"
#include "format/image_walk.h"
#include "format/make_executable.h"

namespace xaas {
namespace {

Result<std::shared_ptr<const Image>> open_image(const InfoOptions& options) {
  return Image::open(options.image, {.offset = options.offset});
}

std::string mode_text(mode_t mode) {
  constexpr std::array<std::pair<mode_t, char>, 7> kTypes{{{S_IFDIR, 'd'},
                                                           {S_IFREG, '-'},
                                                           {S_IFLNK, 'l'},
                                                           {S_IFBLK, 'b'},
                                                           {S_IFCHR, 'c'},
                                                           {S_IFIFO, 'p'},
                                                           {S_IFSOCK, 's'}}};
  std::string text = "?";
  for (const auto& [type, letter] : kTypes) {
    if ((mode & S_IFMT) == type) text[0] = letter;
  }
  for (int bit = 8; bit >= 0; --bit) text += (mode >> bit & 1) != 0 ? "xwr"[bit % 3] : '-';
  return text;
}

// Prints mode, size, whether the file is lowered, and path.
Status print_entry(const Image& image, const std::string& path, const DirectoryEntry& entry) {
  XAAS_ASSIGN(const Attributes attributes, image.squashfs().stat(entry.ref));
  std::string suffix;
  bool lowered = false;
  if (S_ISLNK(attributes.mode)) {
    XAAS_ASSIGN(const std::string target, image.squashfs().read_link(entry.ref));
    suffix = " -> " + printable(target);
  } else if (S_ISREG(attributes.mode)) {
    XAAS_ASSIGN(const auto record, image.files().find(path));
    lowered = record && !record->recipe.is_none();
  }
  return print(fmt::format("{} {:>12} {:<7} {}{}\n", mode_text(attributes.mode), attributes.size,
                           lowered ? "lowered" : "", printable(path), suffix));
}

// Shows on a terminal which file is being checked. Uses one line, and removes it at the end.
class Progress {
 public:
  Progress() : on_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (on_) fmt::print(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view path) const {
    if (on_) fmt::print(stderr, "\r\033[K{:.78}", printable(path));
  }

 private:
  bool on_;
};

}  // namespace

Status info_summary(const InfoOptions& options) {
  XAAS_ASSIGN(const auto image, open_image(options));
  XAAS_ASSIGN(const ImageSummary summary, summarise(*image));
  return print(options.json ? to_json(image->manifest(), summary) : to_text(image->manifest(), summary));
}

Status info_list(const InfoOptions& options) {
  XAAS_ASSIGN(const auto image, open_image(options));
  const std::string from = without_extra_slashes(options.path);
  XAAS_ASSIGN(const InodeRef start, image->squashfs().resolve(from));
  XAAS_ASSIGN(const Attributes attributes, image->squashfs().stat(start));
  if (!S_ISDIR(attributes.mode)) {
    return print_entry(*image, from, {.name = from, .ref = start, .type = attributes.mode & S_IFMT});
  }
  const bool hide = !options.all && from.empty();
  return walk(image->squashfs(), from, [&](const std::string& path, const DirectoryEntry& entry) -> Status {
    if (hide && is_below(path, kPrivateDirectory)) return {};
    return print_entry(*image, path, entry);
  });
}

Status info_extract(const InfoOptions& options) {
  XAAS_ASSIGN(const auto image, open_image(options));
  return extract(*image, options.directory);
}

Status info_make_executable(const InfoOptions& options) {
  return make_executable(options.image, options.offset, options.output);
}

Status info_verify(const InfoOptions& options) {
  XAAS_ASSIGN(const auto image, open_image(options));
  const auto report = [&] {
    const Progress progress;
    return verify(*image, [&](std::string_view path) { progress.show(path); });
  }();
  if (!report) return tl::unexpected<Error>(report.error());
  for (const std::string& problem : report->problems) XAAS_TRY(print(problem + '\n'));
  XAAS_TRY(print(fmt::format("checked {} files, {} IR modules, {} native objects, {} link recipes\n", report->files,
                             report->ir, report->objects, report->recipes)));
  if (report->problem_count == 0) return {};
  return fail(Code::invalid, "{}: {} problem{}: make or fetch the image again", options.image.string(),
              report->problem_count, report->problem_count == 1 ? "" : "s");
}

}  // namespace xaas
