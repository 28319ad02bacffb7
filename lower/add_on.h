// Add-ons: configurations of an image that were built from its source on this host. Each is an image of its own in a
// cache. Implements spec/cache.md, section "Add-ons".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/manifest.h"
#include "lower/cache.h"

namespace xaas {

// A library of the host that an add-on was linked with.
struct LinkedLibrary {
  std::string soname;
  std::string path;
  std::string identity;  // identify_library() when it was built
  bool operator==(const LinkedLibrary&) const = default;
};

// What a cache records of an add-on in <key>.json, beside <key>.xaas.
struct AddOnRecord {
  Digest sha256;           // of the add-on
  std::uint64_t size = 0;  // bytes
  std::int64_t made = 0;   // seconds since 1970
  std::string configuration;
  std::string image;  // name and version of the image; for people
  std::vector<LinkedLibrary> libraries;
  std::map<std::string, std::string> tools;  // with which it was built -> version; for people
};

struct AddOn {
  std::filesystem::path file;
  AddOnRecord record;
};

// Stands for the source of an image with everything that decides how it is built. Images with the same id share their
// add-ons. REQUIRES: the image has its source.
Digest source_id(const Manifest& manifest);

// Code::invalid if the record is damaged. Code::permission if another user can write it or the add-on.
Result<AddOn> load_add_on(const std::filesystem::path& record);
// Code::invalid if the bytes of the add-on are not those of its record.
Status check_content(const AddOn& add_on);
// Removes the record and its add-on.
void remove_add_on(const std::filesystem::path& record);
// Nullopt if the cache has no such add-on. One that is not the size of its record is removed.
std::optional<AddOn> find_add_on(const Cache& cache, const Digest& source, const Digest& key);
// Copies the file `made` into the cache. The record is filled in with its digest and size. An error leaves nothing in
// the cache.
Result<AddOn> store_add_on(const Cache& cache, const Digest& source, const Digest& key,
                           const std::filesystem::path& made, AddOnRecord record);
// All add-ons of a source, the newest first: those of the cache, then those of site caches.
std::vector<AddOn> add_ons_of(const Digest& source, const std::filesystem::path& cache);

// Notes a use, by which upkeep knows what is used. It does not matter if it cannot be noted.
void note_use(const AddOn& add_on);

// Why the add-on cannot be used on this host any more, such as a library that has changed; empty if it can.
std::string problem_of(const AddOnRecord& record);

}  // namespace xaas
