#include "codegen/label/group4.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>

namespace yima::label {
namespace {

constexpr int kWidthMax = SymbolSize(40);

/// Bits to be written, the highest first.
struct Code {
  uint32_t bits = 0;
  int length = 0;

  consteval Code(const char* digits) {  // NOLINT: tables are written as the standard prints them.
    for (; *digits != '\0'; ++digits, ++length)
      bits = bits << 1 | static_cast<uint32_t>(*digits - '0');
  }
};

/// What one row says of the one above it: T.6, table 1.
constexpr Code kPass = "0001";
constexpr Code kHorizontal = "001";
/// By a1 − b1, from −3 to 3.
constexpr std::array<Code, 7> kVertical = {"0000010", "000010", "010",    "1",
                                           "011",     "000011", "0000011"};
constexpr Code kEndOfFacsimileBlock = "000000000001000000000001";

/// The length of a run, colour by colour: T.6, tables 2 and 3.
struct RunCodes {
  std::array<Code, 64> terminating;  ///< 0 to 63.
  std::array<Code, 2> make_up;       ///< 64 and 128; a terminating code follows.
};

constexpr RunCodes kWhite = {
    {"00110101", "000111",   "0111",     "1000",     "1011",     "1100",     "1110",
     "1111",     "10011",    "10100",    "00111",    "01000",    "001000",   "000011",
     "110100",   "110101",   "101010",   "101011",   "0100111",  "0001100",  "0001000",
     "0010111",  "0000011",  "0000100",  "0101000",  "0101011",  "0010011",  "0100100",
     "0011000",  "00000010", "00000011", "00011010", "00011011", "00010010", "00010011",
     "00010100", "00010101", "00010110", "00010111", "00101000", "00101001", "00101010",
     "00101011", "00101100", "00101101", "00000100", "00000101", "00001010", "00001011",
     "01010010", "01010011", "01010100", "01010101", "00100100", "00100101", "01011000",
     "01011001", "01011010", "01011011", "01001010", "01001011", "00110010", "00110011",
     "00110100"},
    {"11011", "10010"}};

constexpr RunCodes kBlack = {
    {"0000110111",   "010",          "11",           "10",           "011",          "0011",
     "0010",         "00011",        "000101",       "000100",       "0000100",      "0000101",
     "0000111",      "00000100",     "00000111",     "000011000",    "0000010111",   "0000011000",
     "0000001000",   "00001100111",  "00001101000",  "00001101100",  "00000110111",  "00000101000",
     "00000010111",  "00000011000",  "000011001010", "000011001011", "000011001100", "000011001101",
     "000001101000", "000001101001", "000001101010", "000001101011", "000011010010", "000011010011",
     "000011010100", "000011010101", "000011010110", "000011010111", "000001101100", "000001101101",
     "000011011010", "000011011011", "000001010100", "000001010101", "000001010110", "000001010111",
     "000001100100", "000001100101", "000001010010", "000001010011", "000000100100", "000000110111",
     "000000111000", "000000100111", "000000101000", "000001011000", "000001011001", "000000101011",
     "000000101100", "000001011010", "000001100110", "000001100111"},
    {"0000001111", "000011001000"}};

class BitWriter {
 public:
  void Put(const Code& code) {
    bits_ = bits_ << code.length | code.bits;
    count_ += code.length;
    while (count_ >= 8) {
      count_ -= 8;
      bytes_.push_back(static_cast<char>(bits_ >> count_ & 0xFF));
    }
  }

  std::string Finish() && {
    if (count_ > 0) bytes_.push_back(static_cast<char>(bits_ << (8 - count_) & 0xFF));
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  uint64_t bits_ = 0;  ///< Of which the last `count_` are not yet written.
  int count_ = 0;
};

/// Where the colour changes in a row that begins white, to black at even indexes and back at odd
/// ones; then the row's width again and again, as far as anybody looks.
using Changes = std::array<int, kWidthMax + 4>;

Changes ChangesOf(const uint8_t* row, int width) {
  Changes changes;
  size_t count = 0;
  uint8_t before = 0;
  for (int x = 0; x < width; ++x) {
    changes[count] = x;  // Without a branch that a random module would mislead.
    count += row[x] != before;
    before = row[x];
  }
  std::fill_n(changes.begin() + static_cast<std::ptrdiff_t>(count), 4, width);
  return changes;
}

void PutRun(const RunCodes& codes, int length, BitWriter* writer) {
  if (length >= 64) writer->Put(codes.make_up[static_cast<size_t>(length / 64 - 1)]);
  writer->Put(codes.terminating[static_cast<size_t>(length % 64)]);
}

/// T.6, 2.2: `above` is the row before, of white if there is none. The names a0 to b2 are the
/// standard's.
void PutRow(const Changes& row, const Changes& above, int width, BitWriter* writer) {
  int a0 = -1;
  size_t a = 0;  // Index of a1; odd when a0 is black.
  size_t b = 0;  // Index of b1, which changes to the same colour as a1.
  while (a0 < width) {
    while (above[b] <= a0 && above[b] < width) b += 2;
    const int a1 = row[a];
    const int b1 = above[b];
    const int b2 = above[b + 1];
    if (b2 < a1) {
      writer->Put(kPass);
      a0 = b2;
    } else if (std::abs(a1 - b1) <= 3) {
      writer->Put(kVertical[static_cast<size_t>(a1 - b1 + 3)]);
      a0 = a1;
      ++a;
      b = b == 0 ? 1 : b - 1;  // The one before may lie right of the new a0.
    } else {
      const int a2 = row[a + 1];
      const bool black = a % 2 != 0;
      writer->Put(kHorizontal);
      PutRun(black ? kBlack : kWhite, a1 - std::max(a0, 0), writer);
      PutRun(black ? kWhite : kBlack, a2 - a1, writer);
      a0 = a2;
      a += 2;
    }
  }
}

}  // namespace

std::string EncodeGroup4(const Symbol& symbol) {
  assert(symbol.size <= kWidthMax);
  BitWriter writer;
  Changes above;
  above.fill(symbol.size);
  for (int y = 0; y < symbol.size; ++y) {
    const size_t begin = static_cast<size_t>(y) * static_cast<size_t>(symbol.size);
    const Changes row = ChangesOf(symbol.bits.data() + begin, symbol.size);
    PutRow(row, above, symbol.size, &writer);
    above = row;
  }
  writer.Put(kEndOfFacsimileBlock);
  return std::move(writer).Finish();
}

}  // namespace yima::label
