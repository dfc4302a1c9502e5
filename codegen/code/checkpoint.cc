#include "codegen/code/checkpoint.h"

#include <charconv>

#include <fmt/format.h>
#include <sodium.h>

namespace yima {
namespace {

constexpr size_t kNoteSizeMax = 64 << 10;
constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

tl::unexpected<Error> Malformed(std::string_view what) {
  return Invalid("CHECKPOINT_MALFORMED", fmt::format("checkpoint: {}", what));
}

/// Takes a line and its newline off the front; nothing when there is no whole line.
bool TakeLine(std::string_view& rest, std::string_view& line) {
  const size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

bool ParseSize(std::string_view digits, uint64_t& size) {
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, size);
  return error == std::errc() && at == end && (digits.size() == 1 || digits[0] != '0');
}

bool ParseRoot(std::string_view text, TreeHash& root) {
  size_t size = 0;
  const char* at = nullptr;
  return sodium_base642bin(root.data(), root.size(), text.data(), text.size(), nullptr, &size, &at,
                           kBase64) == 0 &&
         size == root.size() && at == text.data() + text.size();
}

}  // namespace

Result<Checkpoint> Checkpoint::Parse(std::string_view text) {
  Checkpoint checkpoint;
  std::string_view origin;
  std::string_view size;
  std::string_view root;
  if (!TakeLine(text, origin) || !TakeLine(text, size) || !TakeLine(text, root)) {
    return Malformed("fewer than three lines");
  }
  if (origin.empty()) return Malformed("its origin is empty");
  checkpoint.origin = origin;
  if (!ParseSize(size, checkpoint.size)) {
    return Malformed("its size is not a decimal number below 2^64 without leading zeros");
  }
  if (!ParseRoot(root, checkpoint.root)) return Malformed("its root is not 32 bytes of base64");
  checkpoint.extension = text;
  std::string_view line;
  while (TakeLine(text, line)) {
    if (line.empty()) return Malformed("an extension line is empty");
  }
  if (!text.empty()) return Malformed("its last line has no end");
  return checkpoint;
}

std::string Checkpoint::ToString() const {
  std::string encoded(sodium_base64_encoded_len(root.size(), kBase64), '\0');
  sodium_bin2base64(encoded.data(), encoded.size(), root.data(), root.size(), kBase64);
  encoded.pop_back();  // the terminating 0
  return fmt::format("{}\n{}\n{}\n{}", origin, size, encoded, extension);
}

SignedNote Checkpoint::Sign(const SigningKey& key) const {
  SignedNote note{ToString(), {}};
  note.Sign(origin, key);
  return note;
}

Result<Checkpoint> OpenCheckpoint(std::string_view note, std::string_view origin,
                                  const PublicKey& key) {
  YIMA_ASSIGN_OR_RETURN(const SignedNote opened, SignedNote::Parse(note, kNoteSizeMax));
  if (!opened.IsSignedBy(key)) {
    return Fail(StatusCode::kPermissionDenied, "CHECKPOINT_UNSIGNED",
                "the checkpoint is not signed by the log's key");
  }
  YIMA_ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(opened.text));
  if (checkpoint.origin != origin) {
    return Fail(
        StatusCode::kFailedPrecondition, "CHECKPOINT_OF_ANOTHER_LOG",
        fmt::format("the checkpoint is of log \"{}\", want \"{}\"", checkpoint.origin, origin));
  }
  return checkpoint;
}

}  // namespace yima
