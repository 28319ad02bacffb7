// Decides, for each slot of an image, whether the host's libraries are used in place of the bundled ones, and how a
// tree shows that. Implements spec/mount.md, section "Slots".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/json_fields.h"
#include "format/image.h"
#include "lower/host_view.h"

namespace xaas {

// What the user asks for, by slot: kBundledSlot, or the absolute path of a library or of a directory with libraries.
using SlotOverrides = std::map<std::string, std::string, std::less<>>;

// Reads "PATH" or "bundled" for a slot, and adds it. Code::invalid if there is no such slot or no such file.
Status add_slot_override(std::string_view slot, std::string_view value, SlotOverrides& overrides);
// The same for "NAME=PATH" and "NAME=bundled".
Status add_slot_override(std::string_view text, SlotOverrides& overrides);

struct SlotChoice {
  std::string slot;
  // The host's library for each library that files of the image need of the slot, by soname. Empty: the bundled ones
  // are used.
  std::map<std::string, std::filesystem::path> libraries{};
  std::string reason{};  // why the bundled ones are used; empty if they are not
  // What stands in the slot's directory in place of the bundled libraries: name of a file -> its bytes.
  std::map<std::string, std::string> files{};

  bool uses_host() const { return !libraries.empty(); }
};

// The choice for each slot of a configuration. Code::invalid if the user asks for a slot that the image does not have,
// or for a library that cannot stand in it; the message names the first symbol that it lacks. An image without slots
// costs nothing. For a described host, whose libraries cannot be read, the bundled ones are chosen.
Result<std::vector<SlotChoice>> choose_slots(const Image& image, std::string_view configuration,
                                             const SlotOverrides& overrides, const HostView& host = *this_host());

// How a tree differs from the image: by paths in the image.
struct ShownSlots {
  std::vector<std::string> hidden;           // files that are not shown
  std::map<std::string, std::string> files;  // files that have these bytes instead of those in the image
};
ShownSlots shown_slots(const Image& image, std::string_view configuration, const std::vector<SlotChoice>& choices);

// "libblas.so.3 is /usr/lib/libblas.so.3", or "bundled, because …". For people, fit for a terminal.
std::string describe(const SlotChoice& choice);
OrderedJson to_ordered_json(const std::vector<SlotChoice>& choices);

}  // namespace xaas
