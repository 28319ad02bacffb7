// A mount namespace of this process's own, in which directories appear at places of our choice, without rights and
// unseen by others. Implements spec/mount.md, "Life of a mount", and spec/recipe.md, "Installing".
#pragma once

#include <filesystem>

#include "format/base/error.h"

namespace xaas {

// Moves this process into a mount namespace of its own, and into a user namespace where that needs one; the user stays
// who they are. Mounts made afterwards end with the last process in it. Code::unsupported where the host allows none.
// REQUIRES: one thread.
Status enter_private_namespace();

// Of entries that are made, later on, directly in a directory of which ensure_directory() shows a copy.
enum class NewEntries {
  refused,  // the copy is read-only
  lost,     // they are gone with the namespace
};

// Makes `directory` exist, in this namespace only: its nearest existing ancestor gets a copy in memory of its list of
// entries, each the real one. REQUIRES: enter_private_namespace(), an absolute path.
Status ensure_directory(const std::filesystem::path& directory, NewEntries entries);

// Shows `source` at `target`; both are directories. REQUIRES: enter_private_namespace().
Status bind_directory(const std::filesystem::path& source, const std::filesystem::path& target);

// Shows at `directory` what is there, with the files of `upper` over them; whatever is changed there goes into `upper`.
// `scratch`: an empty directory on the file system of `upper`, for the kernel. Code::unsupported where that would hide
// other mounts, or a name cannot be said to the kernel. REQUIRES: enter_private_namespace().
Status overlay_directory(const std::filesystem::path& directory, const std::filesystem::path& upper,
                         const std::filesystem::path& scratch);

}  // namespace xaas
