// Fat binaries are read whatever nvcc has put into them, written as fatbinary writes them, and refused if damaged.
#include <elf.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "clang_units.h"
#include "format/base/file.h"
#include "format/base/little_endian.h"
#include "format/base/process.h"
#include "format/fatbin.h"

using namespace xaas;
using Catch::Matchers::Contains;

namespace {

FatbinEntry ptx(std::uint32_t architecture, const std::string& text) {
  return {DeviceCodeKind::ptx, architecture, 9, 0, 0x11, "", "", text};
}

// A file for GPUs with a section of this type and size, of which it holds nothing.
std::string cubin_with_section(std::uint32_t type, std::uint64_t size) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_EXEC;
  header.e_machine = EM_CUDA;
  header.e_shoff = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 1;
  std::array<Elf64_Shdr, 3> sections{};
  const std::size_t end = sizeof header + sizeof sections;
  sections[1].sh_type = SHT_STRTAB;
  sections[1].sh_offset = end;
  sections[1].sh_size = 1;
  sections[2].sh_type = type;
  sections[2].sh_offset = end;
  sections[2].sh_size = size;
  std::string bytes(end + 1, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, sections.data(), sizeof sections);
  return bytes;
}

// zstd's frame of one block that is stored as it is, which any zstd can read.
std::string zstd_frame(const std::string& text) {
  std::string frame = "\x28\xb5\x2f\xfd\x20";
  frame += static_cast<char>(text.size());
  const auto block = static_cast<std::uint32_t>(text.size() << 3 | 1);
  for (const unsigned shift : {0U, 8U, 16U}) frame += static_cast<char>(block >> shift & 0xff);
  return frame + text;
}

// The container with one entry of PTX, whose text is compressed.
std::string compressed_container(const std::string& text) {
  std::string bytes = write_fatbin({ptx(80, "")});
  std::string payload = zstd_frame(text + '\0');
  const auto put = [&](std::size_t offset, std::uint64_t value) {
    std::string number;
    append_le(number, value);
    bytes.replace(offset, number.size(), number);
  };
  const std::size_t compressed = payload.size();
  payload.resize((payload.size() + 7) / 8 * 8, '\0');
  put(8, 80 + payload.size());
  put(16 + 8, payload.size());
  put(16 + 16, compressed | std::uint64_t{0x40} << 32);
  put(16 + 40, 0x8011);
  put(16 + 56, text.size() + 1);
  return bytes.substr(0, 16 + 80) + payload;
}

std::string refusal(std::string_view bytes) {
  const auto entries = parse_fatbin(bytes);
  return entries ? "accepted" : entries.error().message;
}

}  // namespace

TEST_CASE("fat binaries are read as they were written") {
  std::vector<FatbinEntry> entries = {ptx(75, ".version 9.0\n"), ptx(80, ""), ptx(90, "12345678")};
  entries[1].name = "hello.cu";
  entries[1].options = "-v --maxrregcount 32";
  entries[2].flags |= kFatbinArchitectureOnly;
  entries.push_back({DeviceCodeKind::elf, 100, 1, 8, 0x11 | kFatbinFamilyOnly, "", std::nullopt, std::string(24, 'e')});
  const std::string bytes = write_fatbin(entries);
  CHECK(parse_fatbin(bytes).value() == entries);
  CHECK(parse_fatbin(bytes + "something else").value() == entries);
  CHECK(bytes.size() % 8 == 0);
  CHECK(architecture_name(entries[0]) == "compute_75");
  CHECK(architecture_name(entries[2]) == "compute_90a");
  CHECK(architecture_name(entries[3]) == "sm_100f");
  CHECK_FALSE(entries[0].is_specific());
  CHECK(entries[3].is_specific());
  CHECK(parse_fatbin(write_fatbin({})).value().empty());
}

TEST_CASE("compressed entries of fat binaries are decompressed") {
  const std::string text = ".version 9.0\n.target sm_80\n";
  const auto entries = parse_fatbin(compressed_container(text));
  REQUIRE(entries);
  CHECK(*entries == std::vector{ptx(80, text)});
}

TEST_CASE("damaged fat binaries are refused with one line") {
  const std::string good = compressed_container(".version 9.0\n");
  CHECK_THAT(refusal(""), Contains("not a fat binary"));
  CHECK_THAT(refusal(std::string(64, 'x')), Contains("not a fat binary"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO(size);
    CHECK(refusal(good.substr(0, size)) != "accepted");
  }
  // Every byte of the headers with other values: an error or entries, and nothing read outside.
  for (std::size_t at = 0; at < 96; ++at) {
    for (const int value : {0x00, 0x7f, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(value);
      CHECK_THAT(refusal(bad), !Contains("\n"));
    }
  }
  const auto with = [&](std::size_t at, int value) {
    std::string bad = good;
    bad[at] = static_cast<char>(value);
    return refusal(bad);
  };
  CHECK_THAT(with(4, 2), Contains("another version"));
  CHECK_THAT(with(16, 8), Contains("unknown kind 8"));
  CHECK_THAT(with(16 + 2, 9), Contains("entry of another version"));
  CHECK_THAT(with(16 + 4, 3), Contains("too short"));
  CHECK_THAT(with(16 + 8 + 5, 1), Contains("outside"));
  CHECK_THAT(with(16 + 41, 0x20), Contains("compressed in an unknown way"));
  CHECK_THAT(with(16 + 56 + 4, 1), Contains("too large"));
  CHECK_THAT(with(16 + 56, 1), Contains("not what it says"));
  CHECK_THAT(with(16 + 80 + 6, 7), Contains("cannot be decompressed"));
}

TEST_CASE("PTX makes an entry with the version that it says") {
  const std::string text = "//\n// Generated by a compiler\n//\n\n.version 8.5\n.target sm_90\n";
  CHECK(test::good(ptx_entry(90, text)) == FatbinEntry{DeviceCodeKind::ptx, 90, 8, 5, 0x11, "", "", text});
  CHECK(test::good(ptx_entry(90, text, kFatbinDebug | kFatbinArchitectureOnly)).flags == 0x13);
  for (const char* none : {"", "\n.version", "\n.version 8", "\n.version 8.", "\n.target sm_90\n"}) {
    CHECK_FALSE(ptx_entry(90, none));
  }
}

TEST_CASE("sections for memory of a GPU are as large as they like") {
  constexpr std::uint32_t kShared = 0x7000000a;
  CHECK(cubin_entry(90, cubin_with_section(kShared, 1 << 20)));
  CHECK(cubin_entry(90, cubin_with_section(SHT_NOBITS, 1 << 20)));
  CHECK_FALSE(cubin_entry(90, cubin_with_section(SHT_PROGBITS, 1 << 20)));
}

TEST_CASE("files that are no code for GPUs make no entry") {
  CHECK_FALSE(cubin_entry(90, "text"));
  CHECK_THAT(cubin_entry(90, read_file("/proc/self/exe").value()).error().message, Contains("for no GPU"));
}

TEST_CASE("our fat binaries are what fatbinary writes") {
  if (!find_program("nvcc") || !find_program("fatbinary") || !find_program("ptxas")) {
    WARN("skipped: nvcc, ptxas and fatbinary are not all in PATH");
    return;
  }
  const test::ClangUnits units;
  const std::filesystem::path at = units.directory("cuda");
  REQUIRE(
      write_file(at / "k.cu", "__constant__ float c[4];\n__global__ void k(float* x) { x[threadIdx.x] += c[1]; }\n"));
  for (const std::string architecture : {"75", "80", "90a", "100", "100f", "120"}) {
    INFO(architecture);
    test::ClangUnits::run(at, "nvcc -ccbin clang++-19 -ptx -arch=compute_" + architecture + " k.cu -o k.ptx");
    test::ClangUnits::run(at, "ptxas -arch=sm_" + architecture + " k.ptx -o k.cubin");
    const std::string images =
        " --image3=kind=elf,sm=" + architecture + ",file=k.cubin --image3=kind=ptx,sm=" + architecture + ",file=k.ptx ";
    for (const std::string options : {"", "--ident=hello.cu -g", "'--cmdline=-v --maxrregcount 32'"}) {
      INFO(options);
      test::ClangUnits::run(at, "fatbinary -64 --compress=false " + options + images + " --create=plain");
      test::ClangUnits::run(at, "fatbinary -64 --compress-all " + options + images + " --create=compressed");
      const std::string plain = read_file(at / "plain").value();
      CHECK(write_fatbin(parse_fatbin(plain).value()) == plain);
      CHECK(write_fatbin(parse_fatbin(read_file(at / "compressed").value()).value()) == plain);
      if (!options.empty() || architecture.ends_with("a") || architecture.ends_with("f")) continue;
      // The entry that we make of a file of ptxas.
      const auto entry =
          cubin_entry(static_cast<std::uint32_t>(std::stoul(architecture)), read_file(at / "k.cubin").value());
      CHECK(entry.value() == parse_fatbin(plain).value().front());
    }
  }
}
