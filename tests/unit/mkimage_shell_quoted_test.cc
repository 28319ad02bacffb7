#include <catch2/catch.hpp>

#include "format/base/process.h"
#include "format/base/shell_quoted.h"

TEST_CASE("a shell reads a quoted word as it was") {
  for (const std::string word :
       {"-DFOO=ON", "", "a b", "it's", "$HOME", "`x`", "\"", "\\", "a\nb", "~", "#", "*", "!"}) {
    INFO(word);
    const auto answer = xaas::run_and_read({"sh", "-c", "printf %s. " + xaas::shell_quoted(word)});
    REQUIRE(answer);
    CHECK(answer->output == word + ".");
  }
}

TEST_CASE("a word that needs no quotes gets none") {
  CHECK(xaas::shell_quoted("-DFOO:BOOL=ON") == "-DFOO:BOOL=ON");
  CHECK(xaas::shell_quoted("--with-x=/usr/lib,a@b_c+d%e") == "--with-x=/usr/lib,a@b_c+d%e");
  CHECK(xaas::shell_quoted("a;b") == "'a;b'");
}

TEST_CASE("words have spaces in front") {
  CHECK(xaas::shell_words({}).empty());
  CHECK(xaas::shell_words({"a", "b c"}) == " a 'b c'");
}
