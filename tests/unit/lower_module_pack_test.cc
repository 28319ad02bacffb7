#include <catch2/catch.hpp>
#include <fstream>

#include "format/base/file.h"
#include "lower/module_pack.h"

namespace {

namespace fs = std::filesystem;
using xaas::Code;
using xaas::ModulePack;
using xaas::ModulePackWriter;

const std::string kObject(xaas::kObjectKeyDigits, 'a');
const std::string kUnit(xaas::kUnitKeyDigits, 'b');

struct Packed {
  xaas::TempDirectory directory = xaas::TempDirectory::create("/tmp").value();
  fs::path path;

  Packed() {
    ModulePackWriter writer = ModulePackWriter::create(directory.path()).value();
    REQUIRE(writer.add(kObject, "an object"));
    REQUIRE(writer.add(kUnit, ""));
    CHECK_FALSE(find());
    REQUIRE(writer.commit());
    path = find().value();
  }
  std::optional<fs::path> find() const {
    for (const auto& entry : fs::directory_iterator(directory.path())) {
      if (xaas::is_pack(entry.path())) return entry.path();
    }
    return std::nullopt;
  }
};

// Without the synchronisation to disk of write_file(), which takes its time for each of many changes.
bool rewrite(const fs::path& path, const std::string& bytes) {
  return static_cast<bool>(std::ofstream(path, std::ios::binary) << bytes);
}

}  // namespace

TEST_CASE("a pack gives back every module, and nothing has its name before it is whole", "[one-thread]") {
  const Packed packed;
  const ModulePack pack = ModulePack::open(packed.path).value();
  REQUIRE(pack.modules().size() == 2);
  CHECK(pack.modules()[0].key == kObject);
  CHECK(pack.read(pack.modules()[0]).value() == "an object");
  CHECK(pack.modules()[1].key == kUnit);
  fs::remove(packed.path);
  CHECK(pack.read(pack.modules()[1]).value().empty());
}

TEST_CASE("a pack that is damaged anywhere is invalid", "[one-thread]") {
  const Packed packed;
  const std::string whole = xaas::read_file(packed.path).value();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    REQUIRE(rewrite(packed.path, damaged));
    const auto pack = ModulePack::open(packed.path);
    const bool opens = i < std::string_view("an object").size();
    REQUIRE(pack.has_value() == opens);
    if (opens) CHECK(pack->read(pack->modules()[0]).error().code == Code::invalid);
    if (!opens) CHECK(pack.error().code == Code::invalid);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    REQUIRE(rewrite(packed.path, whole.substr(0, size)));
    REQUIRE_FALSE(ModulePack::open(packed.path));
  }
}

TEST_CASE("an index that names bytes outside its pack, or no key, is invalid", "[one-thread]") {
  const Packed packed;
  const auto with_index = [&](const std::string& index) {
    const fs::path path = packed.directory.path() / (xaas::Digest::of(index).hex() + ".pack");
    std::string footer = "XAASPACK" + std::string(8, '\0');
    footer[8] = static_cast<char>(index.size());
    REQUIRE(xaas::write_file(path, "12345678" + index + footer));
    return ModulePack::open(path);
  };
  const auto module = [](const std::string& key, const std::string& place) {
    return R"({"version":1,"modules":[{"key":")" + key + R"(","sha256":")" + xaas::Digest::of("x").to_string() + "\"," +
           place + "}]}";
  };
  CHECK(with_index(module(kObject, R"("offset":7,"size":1)")));
  for (const char* place : {R"("offset":7,"size":2)", R"("offset":9,"size":0)", R"("offset":-1,"size":1)",
                            R"("offset":0,"size":999999999999)", R"("offset":9223372036854775807,"size":8)"}) {
    CHECK_FALSE(with_index(module(kObject, place)));
  }
  CHECK_FALSE(with_index(module("../../etc", R"("offset":0,"size":1)")));
  CHECK_FALSE(with_index(R"({"version":2,"modules":[]})"));
  CHECK_FALSE(with_index("[]"));
}

TEST_CASE("a pack that others can write, or that is a link, is not read", "[one-thread]") {
  const Packed packed;
  fs::permissions(packed.path, fs::perms::group_write, fs::perm_options::add);
  CHECK(ModulePack::open(packed.path).error().code == Code::permission);
  fs::permissions(packed.path, fs::perms::group_write, fs::perm_options::remove);
  const fs::path link = packed.directory.path() / (std::string(64, 'c') + ".pack");
  fs::create_symlink(packed.path, link);
  CHECK_FALSE(ModulePack::open(link));
  CHECK_FALSE(xaas::is_pack(packed.directory.path() / "a.pack"));
}
