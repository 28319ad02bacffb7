// Digests.
#include <unistd.h>

#include "format/base/digest.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {
constexpr const char* kOfAbc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
}

TEST_CASE("a digest is SHA-256 of the content") {
  CHECK(Digest::of("abc").to_string() == kOfAbc);
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  CHECK(hash.finish() == Digest::of("abc"));
}

TEST_CASE("a digest survives being written and read") {
  CHECK(good(Digest::parse(kOfAbc)) == Digest::of("abc"));
  CHECK(Digest().is_none());
  CHECK_FALSE(Digest::of("").is_none());
}

TEST_CASE("only the one way to write a digest is accepted") {
  const std::string text = kOfAbc;
  bad(Digest::parse(""), Code::invalid);
  bad(Digest::parse(text.substr(7)), Code::invalid);
  bad(Digest::parse(text + "0"), Code::invalid);
  bad(Digest::parse(text.substr(0, text.size() - 1)), Code::invalid);
  bad(Digest::parse("SHA256:" + text.substr(7)), Code::invalid);
  std::string upper = text;
  upper[7] = 'B';
  bad(Digest::parse(upper), Code::invalid);
  upper[7] = 'g';
  bad(Digest::parse(upper), Code::invalid);
}

TEST_CASE("the digest of a file does not depend on the file position") {
  const TempDirectory directory = scratch();
  good(write_file(directory.path() / "f", "abc"));
  const Fd fd = good(open_for_reading(directory.path() / "f"));
  REQUIRE(lseek(fd.get(), 2, SEEK_SET) == 2);
  CHECK(good(Digest::of_file(fd.get())) == Digest::of("abc"));
  CHECK(lseek(fd.get(), 0, SEEK_CUR) == 2);
}
