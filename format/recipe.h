// A link recipe: how one ELF file is linked from IR, native objects and libraries. Implements spec/link-recipe.md;
// the order and names of the fields are the same there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "format/base/digest.h"
#include "format/base/error.h"
#include "format/fatbin.h"

namespace xaas {

// What the link makes. Position independence follows from this, never from the record of the build.
enum class LinkKind { shared, pie, no_pie, static_pie, static_no_pie };

// The attribute that canonical IR gives to a function that must not be copied into other units. The function differs
// from the rest of its unit in something that LLVM does not look at when it inlines.
inline constexpr const char* kOddFunction = "xaas-odd";

// The values of IrInput::alone. They say what gets a section of its own: each variable, or each function.
inline constexpr std::string_view kDataSections = "data-sections";
inline constexpr std::string_view kFunctionSections = "function-sections";

// The symbol by which canonical IR of a CUDA unit refers to its fat binary. The unit does not define it, because what
// the fat binary holds is decided when the unit is lowered.
inline constexpr const char* kFatbinSymbol = "xaas.fatbin";

// One form of a CUDA unit's code for GPUs, stored like a native object.
struct DeviceCode {
  FatbinEntry form;  // without its content
  Digest digest;     // of the content
  bool operator==(const DeviceCode&) const = default;
};

// What the host's code of a unit uses of the code for GPUs: a section of nvcc's host objects, and the names in it.
struct HostReferences {
  std::string section;             // ".nvHRKE"
  std::vector<std::string> names;  // as nvcc writes them: "_Z5scalePf*"
  bool operator==(const HostReferences&) const = default;
};

// Of a CUDA unit whose code for GPUs is relocatable: what the linker for GPUs must know beside the code.
struct RelocatableCode {
  std::string id;                          // what nvcc calls the unit in symbols: "_0ffc0c7d_4_a_cu__Z4basei"
  std::vector<HostReferences> references;  // those sections that the host's object has, sorted
  bool operator==(const RelocatableCode&) const = default;
};

// How the triples of NVIDIA's GPUs begin, and names of their architectures: "sm_80".
inline constexpr std::string_view kNvidiaTriple = "nvptx64-";

// A unit's code for a device of OpenMP: canonical bitcode, stored like that of units.
struct RegionCode {
  std::string triple;        // "nvptx64-nvidia-cuda"
  std::string architecture;  // for which it was compiled: "sm_80"
  Digest digest;             // as in IrInput
  bool operator==(const RegionCode&) const = default;
};

// What a unit that asks for the CPU while it is compiled is at other levels: canonical bitcode like the unit's own.
struct IrVariant {
  std::vector<std::string> levels;    // names of the levels at which it takes the unit's place, at least one
  Digest digest;                      // as in IrInput
  std::vector<std::string> features;  // as in IrInput
  bool operator==(const IrVariant&) const = default;
};

// A translation unit as canonical bitcode, /.xaas/ir/<2>/<digest>.bc.
struct IrInput {
  Digest digest;
  std::string name;                   // the build's name of the object, for people and diagnostics
  std::vector<std::string> features;  // target features that the unit's own flags set, sorted: "+avx2", "-sse4a"
  std::optional<Digest> native{};     // the object to link in its place if the target lacks one of the features
  // Set if the unit is compiled by itself and takes no part in optimisation across units. Holds kDataSections if each
  // variable gets a section of its own, and kFunctionSections if each function gets one; sorted.
  std::optional<std::vector<std::string>> alone{};
  std::vector<IrVariant> variants{};             // in the order of levels; no level is named twice
  std::vector<DeviceCode> device{};              // of a CUDA unit, in the order of its fat binary
  std::optional<RelocatableCode> relocatable{};  // set if another unit links the code for GPUs
  // Of the unit that nvcc makes when it links code for GPUs: the ids of the units whose code is in its fat binary, in
  // the order in which they were linked.
  std::vector<std::string> links{};
  std::vector<RegionCode> regions{};  // of a unit with OpenMP target regions, in the order of the build

  // Whether the unit has a fat binary, which may be empty; then the IR needs kFatbinSymbol.
  bool has_fatbin() const { return !device.empty() || !links.empty(); }
  bool operator==(const IrInput&) const = default;
};

// A program for a device of OpenMP that the build has put into an object.
struct DeviceImage {
  std::string triple;        // as in RegionCode
  std::string architecture;  // as in RegionCode
  bool operator==(const DeviceImage&) const = default;
};

// A relocatable object, or a whole archive without IR, /.xaas/obj/<2>/<digest>.o.
struct ObjectInput {
  Digest digest;
  std::string name;
  // Of the object that clang makes of a link's code for devices, if the link's units have all of that as IR.
  std::vector<DeviceImage> images{};
  std::vector<RegionCode> runtime{};  // what clang links to such code for each architecture, by rising architecture
  bool operator==(const ObjectInput&) const = default;
};

// An archive in which at least one member is IR. The members are in order. The link takes a member when a symbol asks
// for it.
struct ArchiveInput {
  std::string name;
  std::vector<std::variant<IrInput, ObjectInput>> members;
  bool operator==(const ArchiveInput&) const = default;
};

// A shared library of the image or of the host, found by soname when the file is lowered.
struct LibraryInput {
  std::string soname;
  bool operator==(const LibraryInput&) const = default;
};

// A linker option that names a file, such as --version-script=; the file is stored like a native object.
struct FileOption {
  std::string option;  // the text in front of the file's name, such as "--version-script="
  Digest digest;
  bool operator==(const FileOption&) const = default;
};

// A string is a plain option, as lld understands it.
using LinkArgument = std::variant<std::string, IrInput, ObjectInput, ArchiveInput, LibraryInput, FileOption>;

// A function or variable of glibc that the oldest hosts lack.
struct NewerSymbol {
  std::string name;                // "fsopen"
  std::vector<std::string> units;  // that need it, by their names in the recipe, objects included; in link order
  bool operator==(const NewerSymbol&) const = default;
};

struct Recipe {
  LinkKind kind = LinkKind::pie;
  std::string triple;                        // target triple of the units
  std::string output;                        // file name of the linked file, for people
  std::vector<LinkArgument> arguments;       // in link order, without -o, --build-id and the driver's own options
  std::vector<NewerSymbol> newer_symbols{};  // that the baseline needs, sorted by name; for messages
  bool operator==(const Recipe&) const = default;
};

// Calls `visit` with every argument of `recipe`, and after an archive with each member of it. `visit` gets a variant,
// either a LinkArgument or a member of an archive, so that std::get_if tells which kind of input it is.
template <typename AnyRecipe, typename Visit>
void for_each_input(AnyRecipe& recipe, const Visit& visit) {
  for (auto& argument : recipe.arguments) {
    visit(argument);
    auto* archive = std::get_if<ArchiveInput>(&argument);
    if (archive == nullptr) continue;
    for (auto& member : archive->members) visit(member);
  }
}

// Puts each unit's variant for the level in the unit's place, and removes all variants. A unit without a variant for
// the level stays, as all do for the empty name.
void choose_variants(Recipe& recipe, std::string_view level);

// Canonical JSON: fixed key order, no white space, one newline at the end. The same recipe gives the same bytes.
// REQUIRES: holds_only_utf8().
std::string to_json(const Recipe& recipe);
// Whether all strings of the recipe are UTF-8, as JSON demands. Other recipes cannot be written.
bool holds_only_utf8(const Recipe& recipe);
// Reads a recipe. Code::invalid names the place in the text. Unknown keys and unknown kinds of argument are errors,
// because ignoring one would link a different file.
Result<Recipe> parse_recipe(std::string_view json);

const char* to_string(LinkKind kind);  // "shared", "pie", "no-pie", "static-pie", "static"

}  // namespace xaas
