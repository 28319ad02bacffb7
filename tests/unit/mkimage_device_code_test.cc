// Code for GPUs leaves the IR of CUDA units, and leaves nothing of itself there.
#include <catch2/catch.hpp>

#include "format/base/little_endian.h"
#include "format/fatbin.h"
#include "format/recipe.h"
#include "mkimage/capture/cuda_capture.h"
#include "tests/unit/clang_units.h"

using namespace xaas;
using test::ClangUnits;

namespace {

std::string fatbin_with(const std::string& text) {
  return write_fatbin({{DeviceCodeKind::ptx, 80, 9, 0, 0x11, "", "", text}});
}

// A unit with a fat binary in the form in which nvcc writes it.
std::string unit_with(const std::string& fatbin, const std::string& more = "",
                      const std::string& section = ".nv_fatbin") {
  std::string lines;
  for (std::size_t at = 0; at < fatbin.size(); at += 16) {
    const auto number = [&](std::size_t where) {
      return load_le<std::uint64_t>(std::as_bytes(std::span(fatbin)), where);
    };
    lines += fmt::format("\".quad 0x{:016x}", number(at));
    if (at + 8 < fatbin.size()) lines += fmt::format("{}0x{:016x}", at % 32 == 0 ? "," : ", ", number(at + 8));
    lines += "\\n\"\n";
  }
  return more + "__asm__(\n\".section " + section + ", \\\"a\\\"\\n\"\n\".align 8\\n\"\n\"fatbinData:\\n\"\n" + lines +
         "\".text\\n\");\n" + fmt::format("extern const unsigned long long fatbinData[{}];\n", fatbin.size() / 8) +
         "static const void* const wrapper __attribute__((section(\".nvFatBinSegment\"), used)) = fatbinData;\n" +
         "const void* fatbin(void) { return wrapper; }\n";
}

}  // namespace

TEST_CASE("PTX is made of the architectures of other code, and of the families from the lowest of them on") {
  const auto missing = [](const std::vector<FatbinEntry>& entries) {
    return architectures_without_ptx(entries, {75, 80, 90});
  };
  const auto entry = [](DeviceCodeKind kind, std::uint32_t architecture, std::uint64_t flags = 0x11) {
    return FatbinEntry{kind, architecture, 9, 0, flags, "", std::nullopt, ""};
  };
  using Numbers = std::vector<unsigned>;
  using enum DeviceCodeKind;
  CHECK(missing({entry(elf, 80), entry(ptx, 80)}) == Numbers{90});
  CHECK(missing({entry(elf, 86), entry(ptx, 80)}) == Numbers{86, 90});
  CHECK(missing({entry(ptx, 75), entry(ptx, 80), entry(ptx, 90)}).empty());
  CHECK(missing({entry(elf, 120)}) == Numbers{120});
  // Code for a single architecture is no PTX for others, and asks for none.
  CHECK(missing({entry(ptx, 90, 0x11 | kFatbinArchitectureOnly)}).empty());
  CHECK(missing({entry(ptx, 80), entry(ptx, 90, 0x11 | kFatbinArchitectureOnly)}) == Numbers{90});
  CHECK(missing({}).empty());
}

TEST_CASE("canonical IR of a CUDA unit does not tell what is in its fat binary") {
  const ClangUnits clang;
  const CanonicalIr one = clang.canonical_ir(unit_with(fatbin_with("// one")), "-fPIC");
  const CanonicalIr other = clang.canonical_ir(unit_with(fatbin_with("// another, longer text")), "-fPIC");
  CHECK(one.bitcode == other.bitcode);
  REQUIRE(one.device.entries.size() == 1);
  CHECK(one.device.entries == parse_fatbin(fatbin_with("// one")).value());
  CHECK(other.device.entries.front().content == "// another, longer text");
  const std::filesystem::path at = clang.directory("text");
  REQUIRE(write_file(at / "unit.bc", one.bitcode));
  const std::string text = clang.output(at, "llvm-dis-19 unit.bc -o -");
  CHECK(text.find("@xaas.fatbin = external hidden constant i8") != std::string::npos);
  CHECK(text.find("module asm") == std::string::npos);
  CHECK(text.find("fatbinData") == std::string::npos);
}

TEST_CASE("other assembly of a CUDA unit stays") {
  const ClangUnits clang;
  const std::string own = "__asm__(\".globl own\\nown: ret\\n\");\n";
  const CanonicalIr unit = clang.canonical_ir(unit_with(fatbin_with("// one"), own), "-fPIC");
  CHECK(unit.device.entries.size() == 1);
  const std::filesystem::path at = clang.directory("text");
  REQUIRE(write_file(at / "unit.bc", unit.bitcode));
  const std::string text = clang.output(at, "llvm-dis-19 unit.bc -o -");
  CHECK(text.find("module asm \"own: ret\"") != std::string::npos);
  CHECK(text.find("nv_fatbin") == std::string::npos);
}

TEST_CASE("a fat binary without PTX, or one that cannot be read, stays in its unit") {
  const ClangUnits clang;
  const FatbinEntry cubin{DeviceCodeKind::elf, 80, 1, 8, 0x11, "", std::nullopt, std::string(64, 'e')};
  std::string damaged = fatbin_with("// one");
  damaged[4] = 9;
  for (const std::string& fatbin : {write_fatbin({cubin}), damaged}) {
    const CanonicalIr unit = clang.canonical_ir(unit_with(fatbin), "-fPIC");
    CHECK(unit.device.entries.empty());
    const std::filesystem::path at = clang.directory("text");
    REQUIRE(write_file(at / "unit.bc", unit.bitcode));
    CHECK(clang.output(at, "llvm-dis-19 unit.bc -o -").find("module asm \"fatbinData:\"") != std::string::npos);
  }
}

namespace {

const std::string kRelocatableSection = "__nv_relfatbin";

// What nvcc adds to the host code of a unit with this id whose code for GPUs is relocatable.
std::string relocatable_parts(const std::string& id) {
  return "extern const unsigned long long fatbinData[];\n"
         "const void* const __fatbinwrap" +
         id +
         " = fatbinData;\n"
         "__attribute__((section(\".nvHRKE\"), weak)) const unsigned char kernels[] = {95, 90, 49, 42, 0, 95, 90, 50, "
         "42, 0};\n"
         "__attribute__((section(\".nvHRDI\"), weak)) const unsigned char variables[] = {0};\n";
}

}  // namespace

TEST_CASE("relocatable code leaves its unit with what the linker for GPUs must know") {
  const ClangUnits clang;
  const FatbinEntry cubin{DeviceCodeKind::elf, 80, 1, 8, 0x11, "", std::nullopt, std::string(64, 'e')};
  const std::string fatbin = write_fatbin({cubin});
  const CanonicalIr unit =
      clang.canonical_ir(unit_with(fatbin, relocatable_parts("_1_a_cu"), kRelocatableSection), "-fPIC");
  CHECK(unit.device.entries == std::vector<FatbinEntry>{cubin});
  REQUIRE(unit.device.relocatable);
  CHECK(*unit.device.relocatable == RelocatableCode{"_1_a_cu", {{".nvHRDI", {}}, {".nvHRKE", {"_Z1*", "_Z2*"}}}});
  CHECK(unit.device.links.empty());
  const std::string nobodys = unit_with(fatbin_with("// one"), "", kRelocatableSection);
  CHECK(clang.canonical_ir(nobodys, "-fPIC").device.entries.empty());
}

TEST_CASE("the unit of a link of code for GPUs names what it links, and may have an empty fat binary") {
  const ClangUnits clang;
  const std::string functions =
      "void __cudaRegisterLinkedBinary_2_b_cu(void) {}\nvoid __cudaRegisterLinkedBinary_1_a_cu(void) {}\n";
  for (const std::string& fatbin : {write_fatbin({}), fatbin_with("// one")}) {
    const CanonicalIr unit = clang.canonical_ir(unit_with(fatbin, functions), "-fPIC");
    CHECK(unit.device.links == std::vector<std::string>{"_2_b_cu", "_1_a_cu"});
    CHECK_FALSE(unit.device.relocatable);
    CHECK(unit.device.entries == parse_fatbin(fatbin).value());
    const std::filesystem::path at = clang.directory("text");
    REQUIRE(write_file(at / "unit.bc", unit.bitcode));
    CHECK(clang.output(at, "llvm-dis-19 unit.bc -o -").find("@xaas.fatbin = external") != std::string::npos);
  }
}
