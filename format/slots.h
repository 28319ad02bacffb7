// The slots that an image can have: interfaces of libraries of which hosts often have a library of their own, which
// fits their processors or their network better than a bundled one. Says which libraries can stand for each other.
// Implements spec/image-format.md, section "Slots".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

// The value of an option that keeps a slot's bundled libraries in use.
inline constexpr std::string_view kBundledSlot = "bundled";

// Who decides whether a library that the user names can stand in a slot.
enum class SlotRule {
  symbols,  // any library that has the symbols
  sonames,  // only libraries of the same role: others have the same symbols with another meaning
};

struct SlotInterface {
  std::string_view name;
  SlotRule rule;
};

// The known slots, sorted by name.
inline constexpr SlotInterface kSlots[] = {
    {"blas", SlotRule::symbols}, {"fftw3", SlotRule::symbols},  {"lapack", SlotRule::symbols},
    {"mpi", SlotRule::sonames},  {"openmp", SlotRule::sonames},
};

struct SlotLibrary {
  std::string_view slot;
  std::string_view role;  // what the library is within the slot
  std::string_view soname;
  // Whether it can stand for all libraries of its role. If not, it stands only for one of the same soname.
  bool stands_for_role = true;
  // The library is no such library if it defines this symbol. Empty: none.
  std::string_view foreign_symbol{};
  // Whether its functions that return complex numbers are called in another way than those of the other libraries.
  bool has_other_complex = false;
};

// Null if there is no such slot.
const SlotInterface* find_slot(std::string_view name);
// The names of all slots, for messages: "blas, fftw3, …".
std::string slot_names();

// All libraries that are known, those of a slot in the order in which they are preferred.
std::span<const SlotLibrary> slot_libraries();

// The one of `slots` to which a library belongs; empty if it belongs to none of them.
std::string_view slot_of(std::string_view soname, const std::vector<std::string>& slots);

// The libraries that can stand in `slot` for the one of this soname: that one first, then the others in the order in
// which they are preferred. Empty if the slot has no such library.
std::vector<SlotLibrary> stand_ins(std::string_view slot, std::string_view soname);

// Whether a function returns a complex number, which SlotLibrary::has_other_complex is about.
bool returns_complex(std::string_view symbol);

// Whether a library for linear algebra takes integers of 64 bits (ILP64) where others take 32. It can have functions of
// the same names. Its soname tells, or what OpenBLAS says of its own build in `constants`, its read-only data.
bool has_wide_integers(std::string_view soname, std::string_view constants);

}  // namespace xaas
