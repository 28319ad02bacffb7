// What is known about programming models, libraries, instruction sets and options of compilers: the data of
// knowledge.toml, which is part of the program.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/base/error.h"

namespace xaas {

enum class TermCategory { gpu, parallel, linear_algebra, fft, simd };
std::string_view category_name(TermCategory category);
// Linear algebra and Fourier transforms.
bool is_library_category(TermCategory category);

// What a host needs to build with a term that no image can hold ready; as in a recipe file.
struct BuildNeeds {
  std::vector<std::string> tools;      // empty: the term needs no building on the host
  std::vector<std::string> libraries;  // with which the result is linked: "libmpi.so"
  std::vector<std::string> headers;
  bool tool_is_package = false;  // the first tool has the version of the package
  std::string note;              // what else the user must do, or ""
};

struct KnownTerm {
  std::string name;
  TermCategory category = TermCategory::gpu;
  std::vector<std::string> words;        // joined by '_'
  std::vector<std::string> vague_words;  // that mean the term only where something says so
  std::vector<std::string> packages;
  std::vector<std::string> library_options;  // names behind -l, without it
  std::vector<std::string> devices;
  std::vector<std::string> features;
  std::vector<std::string> libraries;  // sonames
  BuildNeeds on_host;
  std::string architecture = "x86";
  std::string machine;   // "build": the machine that builds decides
  bool is_rare = false;  // few hosts have it
  std::string source;
};

// BLAS, LAPACK or ScaLAPACK: what several libraries offer.
bool is_library_interface(const KnownTerm& term);

struct KnownFlag {
  std::string flag;
  std::string term;
  std::string name;  // as the term is called where only the flag tells of it
};

struct KnownMacro {
  std::string option;  // the option that it adds, or ""
  std::string form;    // "enable" or "with"
  std::string default_value;
  std::string package;  // the package that it looks for, or ""
};

struct Knowledge {
  std::vector<KnownTerm> terms;
  std::map<std::string, std::vector<std::string>> words;          // lists of words, by what they do in a name
  std::vector<std::pair<std::string, std::string>> blas_vendors;  // as FindBLAS calls them, and the term
  std::vector<KnownFlag> flags;
  std::map<std::string, KnownMacro> macros;
  std::map<std::string, std::size_t, std::less<>> terms_by_words;  // places in `terms`
  std::map<std::string, std::size_t, std::less<>> sets_by_words;   // of instruction sets, without '_'
  std::map<std::string, std::size_t, std::less<>> terms_by_vague_words;

  // Each gives null if there is none.
  const KnownTerm* term(std::string_view name) const;
  // '_' does not count in the names of instruction sets: AVX512_VNNI and AVX512VNNI.
  const KnownTerm* term_by_words(std::string_view joined_words) const;
  const KnownTerm* term_by_vague_words(std::string_view joined_words) const;
  const KnownTerm* term_by_package(std::string_view package) const;
  const KnownTerm* term_by_library_option(std::string_view library) const;
  const KnownFlag* flag(std::string_view flag) const;
  // Whether the list of that name has the word.
  bool has_word(const std::string& list, std::string_view word) const;
};

// Reads text in the form of knowledge.toml. Code::invalid, naming the place, if it has another form.
Result<Knowledge> parse_knowledge(const std::string& toml);

// The data that is part of the program. Thread-safe.
const Knowledge& built_in_knowledge();

}  // namespace xaas
