// See moved_files.h.
#include "fuse/moved_files.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace xaas {

Result<PrefixPlaces> MovedFiles::places(const FileRecord& record) const {
  if (!prefix_ || record.place_count == 0) return PrefixPlaces{};
  return image_.files().places(record, prefix_->from().size());
}

void MovedFiles::add(InodeRef ref, PrefixPlaces places) {
  const std::unique_lock lock(files_mutex_);
  files_.try_emplace(ref, std::move(places));
}

// Null when the prefix does not stand in the file. The address of the places never changes.
const PrefixPlaces* MovedFiles::find(InodeRef ref) const {
  if (!prefix_) return nullptr;
  const std::shared_lock lock(files_mutex_);
  const auto found = files_.find(ref);
  return found == files_.end() ? nullptr : &found->second;
}

std::uint64_t MovedFiles::size(InodeRef ref, std::uint64_t stored) const {
  const PrefixPlaces* places = find(ref);
  return places == nullptr ? stored : prefix_->size(*places, stored);
}

Result<std::size_t> MovedFiles::read(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const {
  const PrefixPlaces* places = find(ref);
  if (places == nullptr) return image_.squashfs().read(ref, offset, into);
  XAAS_ASSIGN(const Attributes attributes, image_.squashfs().stat(ref));
  const std::uint64_t size = prefix_->size(*places, attributes.size);
  if (offset >= size) return 0;
  into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size - offset)));
  XAAS_TRY(prefix_->read(*places, offset, into,
                         [&](std::uint64_t at, std::span<std::byte> piece) { return read_stored(ref, at, piece); }));
  return into.size();
}

Status MovedFiles::read(const PrefixPlaces& places, std::uint64_t offset, std::span<std::byte> into,
                        const MovedPrefix::Read& stored) const {
  return prefix_ ? prefix_->read(places, offset, into, stored) : stored(offset, into);
}

std::string MovedFiles::target(std::string stored) const { return prefix_ ? prefix_->replace(stored) : stored; }

Status MovedFiles::read_stored(InodeRef ref, std::uint64_t offset, std::span<std::byte> into) const {
  XAAS_ASSIGN(const std::size_t count, image_.squashfs().read(ref, offset, into));
  if (count == into.size()) return {};
  return fail(Code::invalid, "a file of the image is shorter than the index says");
}

}  // namespace xaas
