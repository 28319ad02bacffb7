// See merge_images.h.
#include "mkimage/merge_images.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "format/base/staged_file.h"
#include "format/base/text.h"
#include "format/image.h"
#include "format/make_executable.h"
#include "mkimage/image_target.h"
#include "mkimage/merge/image_merger.h"
#include "mkimage/merge/merge_plan.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

// A merged image is made once and goes to many machines, and most of it are compilers, of which no two are alike.
constexpr int kMergeLevel = 19;
constexpr std::uint32_t kMergeBlockSize = 256U << 10;

struct Merged {
  std::uint64_t size = 0;  // bytes
  DifferentSources different;
};

Result<Merged> write_merged(const fs::path& target, const WriterOptions& options, const MergePlan& plan) {
  Merged merged;
  XAAS_TRY(write_staged(target, [&](const fs::path& staged) -> Status {
    XAAS_ASSIGN(const auto writer, SquashfsWriter::create(staged, options));
    ImageMerger merger(plan, *writer);
    XAAS_TRY(merger.add_all());
    merged.different = merger.different();
    XAAS_ASSIGN(merged.size, writer->finish());
    return {};
  }));
  return merged;
}

std::string size_line(const MergeOptions& options, const MergePlan& plan, std::uint64_t size) {
  std::uint64_t together = 0;
  for (const MergePart& part : plan.parts) together += part.image->squashfs().extent();
  return fmt::format("{}: {:.1f} MB for {}, {:.2f} of the images that it was made of",
                     printable(options.output.string()), static_cast<double>(size) / 1e6,
                     printable(fmt::format("{}", fmt::join(plan.manifest.triples, " and "))),
                     static_cast<double>(size) / static_cast<double>(std::max<std::uint64_t>(together, 1)));
}

void say_names(const MergePlan& plan, Progress& progress) {
  for (const MergePart& part : plan.parts) {
    for (const auto& [old, name] : part.names) {
      if (old == name) continue;
      progress.say(fmt::format("the configuration {} of {} is called {}", printable(old), printable(part.path()),
                               printable(name)));
    }
  }
}

void say_runner(const MergeOptions& options, const MergePlan& plan, Progress& progress) {
  if (options.executable) {
    progress.say("it runs itself only where this mkxaas runs: elsewhere xaas-mount mounts it");
    return;
  }
  const auto had_runner = [](const MergePart& part) { return part.image->squashfs().offset() != 0; };
  if (std::ranges::any_of(plan.parts, had_runner)) {
    progress.say("it does not run itself, unlike what it was made of: --executable makes one that does");
  }
}

void say_what_was_merged(const MergeOptions& options, const MergePlan& plan, const Merged& merged, Progress& progress) {
  const DifferentSources& different = merged.different;
  if (different.count > 0) {
    progress.warn(fmt::format("{} source{} not the same in all images ({}{}): the first image's {} kept",
                              different.count, different.count == 1 ? " is" : "s are", printable(different.example),
                              different.count == 1 ? "" : ", ...", different.count == 1 ? "is" : "are"));
  }
  progress.say(size_line(options, plan, merged.size));
  say_names(plan, progress);
  say_runner(options, plan, progress);
}

}  // namespace

Status merge_images(const MergeOptions& options, Progress& progress) {
  XAAS_ASSIGN(const fs::path target, image_path(options.output));
  WriterOptions writer;
  writer.jobs = options.jobs;
  writer.zstd_level = options.compression.value_or(kMergeLevel);
  writer.block_size = kMergeBlockSize;
  XAAS_ASSIGN(writer.mtime, source_date_epoch());
  if (options.executable) {
    XAAS_ASSIGN(writer.runner, load_runner());
  }
  std::vector<std::shared_ptr<const Image>> images;
  for (const fs::path& path : options.images) {
    XAAS_ASSIGN(images.emplace_back(), Image::open(path));
  }
  XAAS_ASSIGN(const MergePlan plan, plan_merge(images));
  progress.begin("merge", target.string());
  XAAS_ASSIGN(const Merged merged, write_merged(target, writer, plan));
  progress.end();
  say_what_was_merged(options, plan, merged, progress);
  return {};
}

}  // namespace xaas
