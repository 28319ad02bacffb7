// A mount namespace of this process's own, in which directories appear at places of our choice. It needs no rights, and
// other processes do not see it. Implements spec/mount.md, "Life of a mount", and spec/recipe.md, "Installing".
#pragma once

#include <filesystem>

#include "format/base/error.h"

namespace xaas {

// Moves this process into a mount namespace of its own, and into a user namespace if it may not make a mount namespace
// otherwise. The user keeps their ids. Mounts that are made afterwards end with the last process in the namespace.
// Code::unsupported when the host allows no user namespaces. REQUIRES: the process has one thread.
Status enter_private_namespace();

// What happens to entries that are made later, directly in a directory of which ensure_directory() shows a copy.
enum class NewEntries {
  refused,  // the copy is read-only
  lost,     // they are gone with the namespace
};

// Makes `directory` exist, in this namespace only. A copy in memory covers its nearest existing ancestor; each entry of
// the copy is the real one. REQUIRES: enter_private_namespace(); `directory` is an absolute path.
Status ensure_directory(const std::filesystem::path& directory, NewEntries entries);

// Shows `source` at `target`; both are directories. REQUIRES: enter_private_namespace().
Status bind_directory(const std::filesystem::path& source, const std::filesystem::path& target);

// Shows the files of `upper` over those in `directory`. Changes in `directory` go into `upper`. `scratch` is an empty
// directory on the file system of `upper`, for the kernel. Code::unsupported when the overlay would hide other mounts,
// or when a path has a character that the kernel's options cannot carry. REQUIRES: enter_private_namespace().
Status overlay_directory(const std::filesystem::path& directory, const std::filesystem::path& upper,
                         const std::filesystem::path& scratch);

}  // namespace xaas
