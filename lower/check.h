// Whether the programs and libraries of an image will run on a host, without running or lowering anything. Implements
// spec/host.md, "Checking an image".
#pragma once

#include <string>
#include <vector>

#include "format/base/json_fields.h"
#include "lower/explanation.h"
#include "lower/library_use.h"

namespace xaas {

// One ELF file of the tree.
struct FileCheck {
  enum class Way { lowered, baseline };

  std::string path;  // in the tree
  bool is_program = false;
  Way way = Way::baseline;              // how the host uses it, if it runs
  std::string ready;                    // the CPU of the ready file that stands in until it is lowered; empty: none
  std::vector<LibraryUse> libraries{};  // that were found, out of those at which its link, or the baseline, looks
  std::vector<std::string> missing{};   // why it does not run, a line each; empty: it runs
  std::vector<std::string> notes{};     // what else a user should know, a line each
};

struct ImageCheck {
  Explanation explanation;
  std::string level;             // the chosen one; empty: none
  std::vector<FileCheck> files;  // programs and libraries of the chosen configuration, in the order of the index
  std::string problem;           // why no file can run; empty if some may

  bool runs() const;
};

// Decides for `options.host` by what explain_choices() and plan_link() decide. Reads the ELF files of the
// configuration. Code::invalid if the image is damaged.
//
// A file runs if all of these hold: each library that it names is in the image or on the host; each library of the
// image among them runs itself; each library defines the symbol versions that are asked of it. A file that is lowered
// does without such a version if its libraries export, by any version, the symbols for which the baseline asks for it.
Result<ImageCheck> check_image(const Image& image, const LowererOptions& options);

OrderedJson to_ordered_json(const ImageCheck& check);
// For people, with a newline at the end. At most a screen: where many files agree they are counted.
std::string to_text(const Image& image, const ImageCheck& check);

}  // namespace xaas
