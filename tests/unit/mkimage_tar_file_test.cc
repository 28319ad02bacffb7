#include <catch2/catch.hpp>
#include <cstdio>

#include "mkimage/capture/tar_file.h"

namespace {

std::string padded(std::string text) {
  text.resize((text.size() + 511) / 512 * 512, '\0');
  return text;
}

std::string entry(const std::string& name, const std::string& content, char type = '0',
                  const std::string& prefix = "") {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  char size[12];
  static_cast<void>(std::snprintf(size, sizeof size, "%011zo", content.size()));
  header.replace(124, 11, size);
  header[156] = type;
  header.replace(257, 5, "ustar");
  header.replace(345, prefix.size(), prefix);
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char checksum[8];
  static_cast<void>(std::snprintf(checksum, sizeof checksum, "%06o", sum));
  header.replace(148, 7, std::string(checksum, 7));
  return header + padded(content);
}

const std::string kEnd(1024, '\0');

}  // namespace

TEST_CASE("files of a tar are found by name, long names too") {
  const std::string long_name = "r/" + std::string(200, 'x');
  const std::string record = "path=" + long_name + "\n";
  const std::string pax = std::to_string(record.size() + 4) + " " + record;
  const std::string tar =
      entry("r/a", "hello") + entry("b", "", '0', "r/deep") + entry("", pax, 'x') + entry("", "long") + kEnd;
  const auto files = xaas::parse_tar(tar);
  REQUIRE(files);
  CHECK(files->size() == 3);
  CHECK(files->at("r/a") == "hello");
  CHECK(files->at("r/deep/b").empty());
  CHECK(files->at(long_name) == "long");
}

TEST_CASE("a tar cut off anywhere or with a flipped bit is refused or still whole, never read beyond") {
  const std::string tar = entry("r/a", std::string(700, 'q')) + kEnd;
  for (std::size_t size = 0; size <= tar.size() - kEnd.size(); ++size) {
    CHECK_FALSE(xaas::parse_tar(std::string(tar, 0, size)));
  }
  for (std::size_t at = 0; at < 512; ++at) {
    std::string broken = tar;
    broken[at] = static_cast<char>(broken[at] ^ 0x10);
    static_cast<void>(xaas::parse_tar(broken));
  }
}
