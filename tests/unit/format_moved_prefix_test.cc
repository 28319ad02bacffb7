// The prefix in files. It is found wherever it stands. It is shown as another path, which in binary files is filled up
// to the same length.
#include <catch2/catch.hpp>
#include <cstring>

#include "format/prefix_finder.h"
#include "format/string_mark.h"

using namespace xaas;

namespace {

const std::string kFrom = "/prefix/of/the/build";

PrefixPlaces find(std::string_view content, std::size_t piece_size) {
  PrefixFinder finder(kFrom);
  for (; !content.empty(); content.remove_prefix(std::min(piece_size, content.size()))) {
    finder.add(content.substr(0, piece_size));
  }
  return finder.take();
}

const std::string kNul(1, '\0');

// The text as the compiler's plugin writes it, with the mark.
std::string marked(const std::string& text) { return text + kNul + std::string(kStringMark); }

// Reads every range of the shown file by itself.
void check_shown(const MovedPrefix& moved, const std::string& stored, const std::string& expected) {
  const PrefixPlaces places = find(stored, 1000);
  REQUIRE(moved.size(places, stored.size()) == expected.size());
  const auto read = [&](std::uint64_t offset, std::span<std::byte> into) -> Status {
    if (offset > stored.size() || into.size() > stored.size() - offset) return fail(Code::io, "outside of the file");
    std::memcpy(into.data(), stored.data() + offset, into.size());
    return {};
  };
  for (std::size_t begin = 0; begin < expected.size(); ++begin) {
    for (std::size_t size = 1; size <= expected.size() - begin; ++size) {
      std::string shown(size, '?');
      REQUIRE(moved.read(places, begin, std::as_writable_bytes(std::span(shown)), read));
      REQUIRE(shown == expected.substr(begin, size));
    }
  }
}

}  // namespace

TEST_CASE("the placeholder is an absolute path without an end of its own, and the same every time") {
  CHECK(placeholder_prefix().size() == 128);
  CHECK(placeholder_prefix().starts_with("/"));
  CHECK_FALSE(placeholder_prefix().ends_with("/"));
  CHECK(placeholder_prefix() == placeholder_prefix());
}

TEST_CASE("the prefix is found wherever it stands, however the file is cut into pieces") {
  const std::string content = kFrom + "/bin" + kFrom + kFrom + " /prefix/of/the" + kFrom.substr(0, 5) + kFrom;
  for (const std::size_t piece : {1U, 2U, 7U, 19U, 20U, 21U, 50U, 1000U}) {
    const PrefixPlaces places = find(content, piece);
    CHECK(places.list == std::vector<PrefixPlace>{{0}, {24}, {44}, {content.size() - kFrom.size()}});
    CHECK(places.text);
  }
  CHECK_FALSE(find(kFrom + std::string(1, '\0'), 3).text);
  CHECK(find("nothing here", 5).list.empty());
}

TEST_CASE("in text the new path takes the place of the old one") {
  const MovedPrefix moved(kFrom, "/mnt");
  check_shown(moved, "#!" + kFrom + "/bin/sh\nprefix=" + kFrom + "\n", "#!/mnt/bin/sh\nprefix=/mnt\n");
  check_shown(moved, kFrom + kFrom, "/mnt/mnt");
  check_shown(moved, "nothing", "nothing");
}

TEST_CASE("a binary file keeps its length: the new path is filled up with slashes") {
  const std::string nul(1, '\0');
  const MovedPrefix moved(kFrom, "/mnt");
  const std::string padded = "/mnt" + std::string(kFrom.size() - 4, '/');
  check_shown(moved, "ELF" + nul + kFrom + "/lib" + nul + kFrom, "ELF" + nul + padded + "/lib" + nul + padded);
  check_shown(MovedPrefix(kFrom, kFrom), nul + kFrom, nul + kFrom);
}

TEST_CASE("a marked string is found with what stands behind the prefix, however the file is cut into pieces") {
  const std::string first = marked(kFrom + "/lib");
  const std::string content = "ELF" + kNul + first + marked("-I" + kFrom) + kFrom + "/bin" + kNul + "XA" +
                              std::string(kStringMark) + marked(kFrom + "/end");
  const std::uint64_t second = 4 + first.size() + 2;
  const std::uint64_t unmarked = second + marked(kFrom).size();
  const std::uint64_t last = content.size() - marked(kFrom + "/end").size();
  for (std::size_t piece = 1; piece <= content.size(); ++piece) {
    CHECK(find(content, piece).list == std::vector<PrefixPlace>{{4, 4}, {second, 0}, {unmarked}, {last, 4}});
  }
}

TEST_CASE("a string is not marked without its whole mark, with a long tail, or with the prefix twice") {
  for (std::size_t cut = 1; cut <= kStringMark.size() + 1; ++cut) {
    std::string content = marked(kFrom + "/lib");
    content.resize(content.size() - cut);
    for (const std::size_t piece : {1U, 5U, 1000U}) CHECK(find(content, piece).list == std::vector<PrefixPlace>{{0}});
    CHECK(find(content + "other" + kNul, 7).list == std::vector<PrefixPlace>{{0}});
  }
  const std::string longest(kMaxTail, 'x');
  for (const std::size_t piece : {1U, 4000U, 10000U}) {
    CHECK(find(marked(kFrom + longest), piece).list == std::vector<PrefixPlace>{{0, kMaxTail}});
    CHECK(find(marked(kFrom + longest + "x"), piece).list == std::vector<PrefixPlace>{{0}});
  }
  const std::vector<PrefixPlace> twice = find(marked(kFrom + ":" + kFrom), 9).list;
  REQUIRE(twice.size() == 2);
  CHECK_FALSE(twice[0].tail);
}

TEST_CASE("a marked string is shortened: what follows the path moves up to it, and NULs fill the rest") {
  const std::string freed(kFrom.size() - 4, '\0');
  const std::string mark = kNul + std::string(kStringMark);
  const std::string padded = "/mnt" + std::string(kFrom.size() - 4, '/');
  const MovedPrefix moved(kFrom, "/mnt");
  check_shown(moved, marked(kFrom + "/lib"), "/mnt/lib" + freed + mark);
  check_shown(moved, marked(kFrom), "/mnt" + freed + mark);
  check_shown(moved, "ELF" + marked("-L" + kFrom + "/a") + "x", "ELF-L/mnt/a" + freed + mark + "x");
  check_shown(moved, marked(kFrom + "/first") + marked(kFrom + "/2"),
              "/mnt/first" + freed + mark + "/mnt/2" + freed + mark);
  check_shown(moved, kFrom + "/p" + kNul + marked(kFrom + "/lib") + kFrom + kNul,
              padded + "/p" + kNul + "/mnt/lib" + freed + mark + padded + kNul);
  check_shown(MovedPrefix(kFrom, kFrom), marked(kFrom + "/lib"), marked(kFrom + "/lib"));
}

TEST_CASE("a path that is longer than the prefix does not fit") {
  CHECK(MovedPrefix::fits(kFrom, kFrom));
  CHECK(MovedPrefix::fits(kFrom, "/"));
  CHECK_FALSE(MovedPrefix::fits(kFrom, kFrom + "x"));
}

TEST_CASE("the target of a symbolic link is moved like text") {
  const MovedPrefix moved(kFrom, "/mnt");
  CHECK(moved.replace(kFrom + "/lib/libx.so.1") == "/mnt/lib/libx.so.1");
  CHECK(moved.replace("lib/libx.so.1") == "lib/libx.so.1");
}
