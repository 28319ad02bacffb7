// `mkxaas discover`: what it refuses to read, and what it knows.
#include "mkimage/discover/names.h"
#include "tests/unit/mkimage_discover_support.h"

namespace {

using namespace xaas::test::discovery;  // NOLINT(google-build-using-namespace)

TEST_CASE("a source without build files, or that is none, is one line of error", "[one-thread]") {
  CHECK(xaas::discover({.source = project_of({{"x.c", ""}}).path()}).error().message.find("no CMakeLists.txt") !=
        std::string::npos);
  CHECK(xaas::discover({.source = "/nonexistent"}).error().code == xaas::Code::not_found);
}

TEST_CASE("files that lead out of the source are not read", "[one-thread]") {
  const auto outside = project_of({{"x.cmake", "option(DEMO_OUT \"\" ON)\n"}});
  const auto inside =
      project_of({{"CMakeLists.txt", "include(" + (outside.path() / "x.cmake").string() + ")\ninclude(../" +
                                         outside.path().filename().string() + "/x.cmake)\ninclude(link.cmake)\n"}});
  std::filesystem::create_symlink(outside.path() / "x.cmake", inside.path() / "link.cmake");
  CHECK(default_of(xaas::discover({.source = inside.path()}).value(), "DEMO_OUT") == "-");
}

TEST_CASE("the knowledge base is whole: words are used once, flags and vendors name terms, sources are given",
          "[one-thread]") {
  const xaas::Knowledge& knowledge = xaas::built_in_knowledge();
  std::map<std::string, int> names;
  std::map<std::string, int> uses;
  std::map<std::string, int> vague_uses;
  for (const xaas::KnownTerm& term : knowledge.terms) {
    INFO(term.name);
    CHECK_FALSE(term.source.empty());
    CHECK(++names[term.name] == 1);
    const bool is_set = term.category == xaas::TermCategory::simd;
    for (const std::string& word : term.words) CHECK(++uses[is_set ? xaas::squeezed(word) : word] == 1);
    for (const std::string& word : term.vague_words) CHECK(++vague_uses[word] == 1);
    // A recipe says of a value what a host needs for it.
    const bool is_of_host = is_set && term.architecture == "x86" && !term.is_rare;
    if (is_of_host) CHECK((!term.features.empty() || term.machine == "build" || term.name == "ALL"));
  }
  for (const auto& [word, count] : vague_uses) CHECK(!uses.contains(word));
  for (const xaas::KnownFlag& flag : knowledge.flags) CHECK(knowledge.term(flag.term) != nullptr);
  for (const auto& [value, term] : knowledge.blas_vendors) CHECK(knowledge.term(term) != nullptr);
}

}  // namespace
