// Links on a host whose libc is older than the one for which an image was made. Implements spec/lowering.md, section
// "Older libcs".
#pragma once

#include <string_view>

#include "format/manifest.h"
#include "format/recipe.h"
#include "lower/host_view.h"

namespace xaas {

// Whether the image was made with a newer libc than the host's. False if one of the two is not known.
bool has_older_libc(const Manifest& manifest, std::string_view configuration, const HostView& host = *this_host());

// Lets a link find what was in other libraries of an older libc, and what it lacks. Adds the host's libraries that
// became parts of libc.so.6 later, and the image's additions, which must be among its bundled libraries. Only some
// images have the one for the resolver. Leaves a static program as it is.
void link_with_older_libc(Recipe& recipe, bool has_resolver, const HostView& host = *this_host());

}  // namespace xaas
