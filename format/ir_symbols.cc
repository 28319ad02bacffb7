// Reads bitstreams; see ir_symbols.h. The format is that of llvm.org/docs/BitCodeFormat.html.
#include "format/ir_symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "format/base/sort_unique.h"

namespace xaas {
namespace {

constexpr std::string_view kBitcodeMagic = "BC\xC0\xDE";
constexpr unsigned kWordBits = 32;
constexpr std::uint64_t kMostOperands = 64;  // of an abbreviation; LLVM's have half as many
constexpr unsigned kOuterWidth = 2;          // bits of an abbreviation's number outside of all blocks

enum AbbreviationId : std::uint64_t { kEndBlock, kEnterBlock, kDefineAbbreviation, kPlainRecord, kFirstOwn };
enum BlockId : std::uint64_t { kModuleBlock = 8, kStringsBlock = 23 };
enum RecordCode : std::uint64_t { kStringsBlob = 1, kVariable = 7, kFunction = 8 };

// Fields of the records of a variable and of a function.
constexpr std::size_t kSymbolNameOffset = 0;
constexpr std::size_t kSymbolNameSize = 1;
constexpr std::size_t kDefinition =
    4;  // of a variable: 0 if it has no initial value; of a function: 1 if it has no body
constexpr std::size_t kFieldsKept = 5;

enum class Encoding : std::uint8_t { literal, fixed, vbr, array, char6, blob };
struct Operand {
  Encoding encoding = Encoding::literal;
  std::uint64_t value = 0;  // of a literal, or the width in bits
};
using Abbreviation = std::vector<Operand>;

// As each element of an array does. So a file has no more numbers than bits.
bool takes_bits(const Operand& operand) {
  const bool has_width = operand.encoding == Encoding::fixed || operand.encoding == Encoding::vbr;
  return operand.encoding == Encoding::char6 || (has_width && operand.value != 0);
}

// Which function the linker may have to find for one that the unit declares: "memcpy" for "llvm.memcpy.p0.p0.i64",
// "expf" for "llvm.exp.f32". Empty for LLVM's functions that are no such calls.
std::string linker_name(std::string_view name) {
  constexpr std::string_view kOwn = "llvm.";
  if (name.starts_with('\1')) name.remove_prefix(1);  // "exactly this name", as for a function with an asm label
  if (!name.starts_with(kOwn)) return std::string(name);
  const std::string base(name.substr(kOwn.size(), name.find('.', kOwn.size()) - kOwn.size()));
  const std::string_view type = name.substr(name.rfind('.') + 1);
  if (base == "memcpy" || base == "memmove" || base == "memset" || type == "f64") return base;
  if (type == "f32") return base + "f";
  return type == "f80" || type == "f128" ? base + "l" : "";
}

struct BitRecord {
  std::uint64_t code = 0;
  std::array<std::uint64_t, kFieldsKept> fields{};
  std::size_t count = 0;  // of fields, those that are not kept included
  std::string_view blob;

  void add(std::uint64_t field) {
    if (count < kFieldsKept) fields[count] = field;
    ++count;
  }
};

// Numbers of any width in bits. After the end, and for what no writer writes, it fails: ok() is false and all numbers
// are 0.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::uint64_t left() const { return ok_ ? bytes_.size() * 8 - at_ : 0; }

  std::uint64_t fixed(std::uint64_t width) {
    if (width > 64 || width > left()) return give_up();
    std::uint64_t value = 0;
    for (std::uint64_t got = 0; got < width;) {
      const std::uint64_t skipped = at_ % 8;
      const std::uint64_t taken = std::min(8 - skipped, width - got);
      const std::uint64_t bits = static_cast<unsigned char>(bytes_[at_ / 8]) >> skipped & ((1U << taken) - 1);
      value |= bits << got;
      got += taken;
      at_ += taken;
    }
    return value;
  }

  // In pieces of `width` bits, the highest of which says whether there is another piece.
  std::uint64_t vbr(std::uint64_t width) {
    if (width < 2 || width > kWordBits) return give_up();
    const std::uint64_t more = std::uint64_t{1} << (width - 1);
    std::uint64_t value = 0;
    for (std::uint64_t shift = 0; shift < 64; shift += width - 1) {
      const std::uint64_t piece = fixed(width);
      value |= (piece & (more - 1)) << shift;
      if ((piece & more) == 0) return value;
    }
    return give_up();
  }

  void align() { (void)fixed((kWordBits - at_ % kWordBits) % kWordBits); }

  std::string_view bytes(std::uint64_t count) {
    if (at_ % 8 != 0 || count > left() / 8) return give_up(), std::string_view();
    const std::string_view taken = bytes_.substr(at_ / 8, count);
    at_ += count * 8;
    return taken;
  }

  std::uint64_t give_up() {
    ok_ = false;
    return 0;
  }

 private:
  std::string_view bytes_;
  std::uint64_t at_ = 0;  // in bits
  bool ok_ = true;
};

// Reads the unit's blocks one after the other, and only those into which is looked.
class SymbolReader {
 public:
  explicit SymbolReader(std::string_view bitcode) : bits_(bitcode.substr(kBitcodeMagic.size())) {}

  bool read() {
    while (bits_.ok() && bits_.left() >= kWordBits) {
      if (bits_.fixed(kOuterWidth) != kEnterBlock) return false;
      enter_block(true);
    }
    return bits_.ok();
  }

  Result<std::vector<std::string>> names() const {
    std::vector<std::string> names;
    for (const auto& [offset, size] : undefined_) {
      if (offset > strings_.size() || size > strings_.size() - offset) {
        return fail(Code::invalid, "damaged bitcode: a name lies outside of the table of strings");
      }
      names.push_back(linker_name(strings_.substr(offset, size)));
    }
    std::erase(names, "");
    sort_unique(names);
    return names;
  }

 private:
  // The number of the abbreviation that enters it has been read.
  void enter_block(bool is_outermost) {
    const std::uint64_t block = bits_.vbr(8);
    const std::uint64_t width = bits_.vbr(4);
    bits_.align();
    const std::uint64_t words = bits_.fixed(kWordBits);
    if (is_outermost && (block == kModuleBlock || block == kStringsBlock)) {
      read_block(block, width);
    } else {
      (void)bits_.bytes(words * (kWordBits / 8));
    }
  }

  void read_block(std::uint64_t block, std::uint64_t width) {
    std::vector<Abbreviation> own;
    while (bits_.ok()) {
      const std::uint64_t id = bits_.fixed(width);
      if (!bits_.ok()) return;
      if (id == kEndBlock) return bits_.align();
      if (id == kEnterBlock) {
        enter_block(false);
      } else if (id == kDefineAbbreviation) {
        own.push_back(read_abbreviation());
      } else if (id == kPlainRecord) {
        take(block, read_plain());
      } else if (id - kFirstOwn < own.size()) {
        take(block, read_record(own[id - kFirstOwn]));
      } else {
        bits_.give_up();
      }
    }
  }

  Abbreviation read_abbreviation() {
    Abbreviation operands;
    std::uint64_t count = bits_.vbr(5);
    if (count > kMostOperands) bits_.give_up();
    for (; count > 0 && bits_.ok(); --count) {
      if (bits_.fixed(1) == 1) {
        operands.push_back({Encoding::literal, bits_.vbr(8)});
        continue;
      }
      const std::uint64_t encoding = bits_.fixed(3);
      if (encoding < 1 || encoding > 5) bits_.give_up();
      const bool has_width = encoding == 1 || encoding == 2;
      operands.push_back({static_cast<Encoding>(encoding), has_width ? bits_.vbr(5) : 0});
    }
    return operands;
  }

  BitRecord read_plain() {
    BitRecord record;
    record.code = bits_.vbr(6);
    for (std::uint64_t count = bits_.vbr(6); count > 0 && bits_.ok(); --count) record.add(bits_.vbr(6));
    return record;
  }

  std::uint64_t read_scalar(const Operand& operand) {
    if (operand.encoding == Encoding::literal) return operand.value;
    if (operand.encoding == Encoding::char6) return bits_.fixed(6);
    if (operand.value == 0) return 0;
    return operand.encoding == Encoding::fixed ? bits_.fixed(operand.value) : bits_.vbr(operand.value);
  }

  // The first number is the code. An array's elements are like the operand behind it.
  BitRecord read_record(const Abbreviation& operands) {
    BitRecord record;
    bool has_code = false;
    const auto add = [&](std::uint64_t number) {
      has_code ? record.add(number) : static_cast<void>(record.code = number);
      has_code = true;
    };
    for (std::size_t i = 0; i < operands.size() && bits_.ok(); ++i) {
      if (operands[i].encoding == Encoding::blob) {
        const std::uint64_t size = bits_.vbr(6);
        bits_.align();
        record.blob = bits_.bytes(size);
        bits_.align();
      } else if (operands[i].encoding == Encoding::array) {
        const std::uint64_t count = bits_.vbr(6);
        if (++i >= operands.size() || !takes_bits(operands[i])) bits_.give_up();
        for (std::uint64_t element = 0; element < count && bits_.ok(); ++element) add(read_scalar(operands[i]));
      } else {
        add(read_scalar(operands[i]));
      }
    }
    return record;
  }

  void take(std::uint64_t block, const BitRecord& record) {
    if (block == kStringsBlock && record.code == kStringsBlob) strings_ = record.blob;
    if (block != kModuleBlock || record.count < kFieldsKept) return;
    const bool is_undefined = (record.code == kVariable && record.fields[kDefinition] == 0) ||
                              (record.code == kFunction && record.fields[kDefinition] == 1);
    if (is_undefined) undefined_.emplace_back(record.fields[kSymbolNameOffset], record.fields[kSymbolNameSize]);
  }

  BitReader bits_;
  std::string_view strings_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> undefined_;  // offset and size of each name in strings_
};

}  // namespace

Result<std::vector<std::string>> undefined_ir_symbols(std::string_view bitcode) {
  if (!bitcode.starts_with(kBitcodeMagic)) return fail(Code::invalid, "this is no bitcode");
  SymbolReader reader(bitcode);
  if (!reader.read()) return fail(Code::invalid, "damaged bitcode: its blocks do not follow each other");
  return reader.names();
}

}  // namespace xaas
