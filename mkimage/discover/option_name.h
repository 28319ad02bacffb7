// What the name of an option is about: "DEMO_EXTERNAL_BLAS" is about BLAS, and says that it is external.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mkimage/discover/build_description.h"
#include "mkimage/discover/knowledge.h"

namespace xaas {

enum class Provenance { none, internal, downloaded, external };

struct OptionName {
  std::vector<std::string> words;  // in capitals: what is left without the prefix and the words around
  bool is_negative = false;        // NO_MPI, without-openmp
  Provenance provenance = Provenance::none;

  std::string joined() const;
};

// What an option is about.
struct OptionSubject {
  const KnownTerm* term = nullptr;
  std::string name;                           // of the term, or as the project calls what has the term in it
  TermCategory category = TermCategory::gpu;  // MKL is also a library for Fourier transforms
};
// As the term says it.
OptionSubject subject_of(const KnownTerm& term);

// The first words that the options of a project have in common: its name or an abbreviation.
std::set<std::string> find_prefixes(const BuildDescription& build, const Knowledge& knowledge);

// Takes away the prefix, words such as USE and SUPPORT at both ends, layers such as KOKKOS in front, and notes what the
// words say that were taken away.
OptionName read_option_name(std::string_view name, const std::set<std::string>& prefixes, const Knowledge& knowledge);

// The term that a name is about, or null. CL_GPU is OpenCL.
const KnownTerm* term_of(const OptionName& name, const Knowledge& knowledge);

}  // namespace xaas
