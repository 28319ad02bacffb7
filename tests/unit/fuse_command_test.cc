// Where the command begins on the command line of xaas-mount.
#include <catch2/catch.hpp>

#include "fuse/command.h"

namespace xaas {
namespace {

using Words = std::vector<std::string>;

CommandLine split(Words words) {
  constexpr std::string_view kWithValue[] = {"-o", "--options", "--status"};
  return split_command(std::move(words), kWithValue);
}

TEST_CASE("a -- behind an operand begins the command") {
  const CommandLine line = split({"-o", "ro", "image", "mnt", "--", "ls", "--", "-l"});
  CHECK(line.arguments == Words{"-o", "ro", "image", "mnt"});
  CHECK(line.command == Words{"ls", "--", "-l"});
  CHECK(split({"image", "--", "true"}).arguments == Words{"image"});
  CHECK(split({"image", "-f", "--", "true"}).arguments == Words{"image", "-f"});
  CHECK(split({"image", "--"}).command == Words{});
}

TEST_CASE("without a -- behind an operand there is no command") {
  CHECK_FALSE(split({}).command);
  CHECK_FALSE(split({"-f", "image", "mnt"}).command);
  CHECK_FALSE(split({"--"}).command);
}

TEST_CASE("a -- in front of all operands ends the options, and a second one begins the command") {
  const Words options = GENERATE(Words{}, Words{"-f"}, Words{"-o", "ro"}, Words{"-oro"}, Words{"-fo", "ro"},
                                 Words{"--options", "ro"}, Words{"--options=ro"}, Words{"-o", "ro", "-f"});
  Words words = options;
  for (const char* word : {"--", "-image", "mnt"}) words.emplace_back(word);
  CHECK(split(words).arguments == words);
  CHECK_FALSE(split(words).command);
  Words longer = words;
  for (const char* word : {"--", "true"}) longer.emplace_back(word);
  CHECK(split(longer).arguments == words);
  CHECK(split(longer).command == Words{"true"});
}

}  // namespace
}  // namespace xaas
