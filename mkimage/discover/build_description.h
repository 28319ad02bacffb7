// What the files of a build system say: the choices that the build offers, the packages that it looks for, and the
// options that it gives to compilers. Every reader of a build system makes one of these. Implements spec/discovery.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xaas {

struct BuildPlace {
  std::string file;  // relative to the source
  std::size_t line = 0;

  bool operator==(const BuildPlace&) const = default;
};

enum class PointKind { boolean, choice, text };
std::string_view kind_name(PointKind kind);

// How the user gives a value to the build system.
enum class FlagForm {
  cmake,   // -DNAME=VALUE, for CMake
  meson,   // -DNAME=VALUE, for Meson
  enable,  // --enable-NAME, --disable-NAME, --enable-NAME=VALUE
  with,    // --with-NAME, --without-NAME, --with-NAME=VALUE
  make,    // NAME=VALUE
  bundle,  // --NAME, --NAME=VALUE
};

// The most values of a point that are kept.
inline constexpr std::size_t kMaxChoices = 1000;

struct BuildValue {
  std::string value;  // as the build takes it
  std::string label;  // as the build calls it towards users: "fftpack[built-in]" for "fftpack"
};

// One choice that the build offers.
struct BuildPoint {
  std::string name;
  PointKind kind = PointKind::boolean;
  FlagForm form = FlagForm::cmake;
  std::vector<BuildValue> values;            // of a choice, in the order of the file
  bool is_open = false;                      // the build takes other values, too: these are those that it asks for
  std::optional<std::string> default_value;  // nullopt: it depends on the host
  std::string help;
  std::string condition;        // of the files, if the build offers the point only under one
  bool is_offered = true;       // whether the build offers it while all other points have their defaults
  bool is_of_host = false;      // it is offered only if the host has something
  bool is_of_compiler = false;  // that is a compiler which can do what the build tries with it
  bool is_foreign = false;      // it belongs to another project that lies in the source, or the files decide it
  std::string builds;           // a project that comes with the source and that this adds to the build
  bool is_implicit = false;     // the files ask for the variable and never declare it
  std::vector<BuildPlace> places;
};

// The words that choose `value` on the command line of the build system.
std::string flag_for(const BuildPoint& point, std::string_view value);
// The words that turn a boolean point on, without a value where the build system allows that: -DUSE_MPI, --with-mpi.
std::string short_flag(const BuildPoint& point);
// How the build system says yes and no: ON, true, yes, 1.
std::string_view on_value(const BuildPoint& point);
std::string_view off_value(const BuildPoint& point);
// Whether a value means yes to CMake, make or a configure script. "" and unknown words do not.
bool is_on(std::string_view value);
// Whether a value means no. Every value that is not on need not be off.
bool is_off(std::string_view value);

// A package that the build looks for.
struct UsedPackage {
  std::string name;
  std::string version;  // the least version, or ""
  bool is_required = false;
  bool is_always = false;      // no choice of the user keeps the build from looking for it
  bool is_by_default = false;  // the build looks for it while all points have their defaults
  bool is_of_host = false;     // only the host decides whether the build looks for it
  std::string condition;
  std::string guard;  // the only point on which it depends, if there is exactly one and it is asked for alone
  std::vector<std::string> guards;  // all variables that conditions around it ask for alone, the innermost last
  BuildPlace place;
};

// An option that the files give to a compiler or linker.
struct UsedFlag {
  std::string flag;
  std::string guard;  // the variable whose value decides, or ""
  BuildPlace place;
  bool is_comment = false;  // a comment explains it, and nothing gives it
};

struct BuildDescription {
  std::string build_system;  // "cmake", "meson", "configure", "make" or "bundle"
  std::string directory;     // in which the build files are, relative to the source; "" is the source itself
  std::string minimum_version;
  std::string project;
  std::vector<BuildPoint> points;  // in the order of the files
  std::vector<UsedPackage> packages;
  std::vector<UsedPackage> links;  // names of libraries and targets with which the build links what it makes
  std::vector<UsedFlag> flags;
  std::vector<std::string> languages;
  std::vector<std::string> notes;  // what could not be read, one line each
};

// The point of that name, or null.
const BuildPoint* find_point(const BuildDescription& build, std::string_view name);

}  // namespace xaas
