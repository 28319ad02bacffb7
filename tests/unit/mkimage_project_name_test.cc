#include <catch2/catch.hpp>
#include <map>

#include "format/base/file.h"
#include "mkimage/plan/project_name.h"

namespace {

// Returns "name|version" of a source with these files.
std::string named(const std::map<std::string, std::string>& files) {
  const auto directory = xaas::TempDirectory::create("/tmp").value();
  for (const auto& [file, text] : files) REQUIRE(xaas::write_file(directory.path() / file, text));
  const xaas::ProjectName found = xaas::read_project_name(directory.path());
  return found.name + "|" + found.version;
}

void check(const std::string& file, const std::vector<std::pair<std::string, std::string>>& cases) {
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(named({{file, text}}) == expected);
  }
}

}  // namespace

TEST_CASE("a project has the name and the version of CMake's project()") {
  check("CMakeLists.txt", {
                              {"project(zlib)", "zlib|"},
                              {"cmake_minimum_required(VERSION 3.5)\nproject(z VERSION 1.3 LANGUAGES C)\n", "z|1.3"},
                              {"PROJECT ( \"two words\"\n  C # VERSION 7\n  VERSION \"2.0\")", "two words|2.0"},
                              {"#project(no)\n#[[\nproject(no)\n]]\nproject(yes)", "yes|"},
                              {"message(\"project(no)\" project (no))\nproject([[yes]])", "yes|"},
                              {"my_project(no)\nproject(yes)\nproject(no)", "yes|"},
                              {"project(zlib VERSION ${V})", "zlib|"},
                              {"project(${NAME} VERSION 1.0)", "|1.0"},
                              {"project(@NAME@ VERSION)", "|"},
                              {"project()", "|"},
                              {"project(open", "open|"},
                              {"project(\"open", "open|"},
                              {"", "|"},
                          });
}

TEST_CASE("a project has the name and the version of Meson's project()") {
  check("meson.build", {
                           {"project('dav1d', ['c'], version: '1.0.0', meson_version: '>= 0.49')", "dav1d|1.0.0"},
                           {"# project('no')\nproject(\n  '''yes''', 'c',\n  version : '2', # old\n)\n", "yes|2"},
                           {"project('a', version: files('VERSION'), default_options: ['version: 1', 'b'])", "a|"},
                           {"project('a', version: '1.' + minor)", "a|"},
                           {"project('a' + 'b', version: f'1.@x@')", "|"},
                           {"project(name, version: '1')", "|1"},
                           {"project('it\\'s')", "|"},
                           {"x = 'project(\\'no\\')'\nproject('yes')", "yes|"},
                           {"project('open", "|"},
                           {"", "|"},
                       });
}

TEST_CASE("a project has the name and the version of AC_INIT") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"AC_PREREQ([2.69])\nAC_INIT([hello], [2.10], [bugs@example.org])\n", "hello|2.10"},
      {"dnl AC_INIT([no],[1])\n# AC_INIT([no],[1])\nAC_INIT(yes,\n  1.0)\n", "yes|1.0"},
      {"AC_INIT([GNU Hello],[v3])", "GNU Hello|v3"},
      {"AC_INIT([a], m4_esyscmd([cat VERSION]))", "a|"},
      {"AC_INIT([a],[m4_esyscmd_s([git describe])])", "a|"},
      {"m4_define([A_NAME], [a])\nAC_INIT([A_NAME],[A_VERSION])", "|"},
      {"define(NAME, a)\nAC_INIT(NAME, 1)", "|1"},
      {"AC_INIT([a], [$VERSION])", "a|"},
      {"AC_INIT(src/main.c)", "|"},
      {"AC_INIT([open], [1", "open|"},
      {"AC_INIT_SOMETHING([no],[1])\nAC_INIT([[yes]],[1])", "yes|1"},
      {"AC_INIT(", "|"},
  };
  check("configure.ac", cases);
  check("configure.in", cases);
}

TEST_CASE("a configure script tells what Autoconf was told") {
  check("configure", {
                         {"#! /bin/sh\nPACKAGE_NAME='hello'\nPACKAGE_VERSION='2.10'\n", "hello|2.10"},
                         {"\nPACKAGE_NAME=\nPACKAGE_VERSION=\n", "|"},
                         {"\nPACKAGE_NAME='it'\\''s'\nPACKAGE_VERSION=$V\n", "|"},
                         {"MY_PACKAGE_NAME='no'\n", "|"},
                     });
}

TEST_CASE("the first file that tells counts, for name and version each") {
  std::map<std::string, std::string> files = {{"configure", "\nPACKAGE_NAME='d'\nPACKAGE_VERSION='4'\n"}};
  CHECK(named(files) == "d|4");
  files["configure.ac"] = "AC_INIT([c], m4_esyscmd([x]))";
  CHECK(named(files) == "c|4");
  files["meson.build"] = "project('b', version: '2')";
  CHECK(named(files) == "b|2");
  files["CMakeLists.txt"] = "project(${x} VERSION 1)";
  CHECK(named(files) == "b|1");
  files["CMakeLists.txt"] = "project(a)";
  CHECK(named(files) == "a|2");
  CHECK(named({}) == "|");
}

TEST_CASE("a name or version that is not fit for an image is left aside") {
  for (const char* name : {"a/b", "..", ".", "a\x01", "\"\"", "a;b", "\xff"}) {
    INFO(name);
    CHECK(named({{"CMakeLists.txt", "project(" + std::string(name) + " VERSION 1)"}}) == "|1");
  }
  CHECK(named({{"CMakeLists.txt", "project(" + std::string(65, 'a') + ")"}}) == "|");
  CHECK(named({{"CMakeLists.txt", "project(a VERSION one)"}}) == "a|");
  CHECK(named({{"CMakeLists.txt", "project(a VERSION \"1 beta\")"}}) == "a|");
}
