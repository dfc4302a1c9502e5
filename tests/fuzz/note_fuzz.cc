// Signed notes and the texts of bundles and lists: a text has one form, and prints as it was read.
#include <cstdlib>
#include <string>

#include "codegen/code/signed_note.h"
#include "codegen/code/trust.h"

namespace yima {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

/// Lines that readers skip are not printed again.
bool HasExtensions(std::string_view text) {
  return text.starts_with("x-") || text.find("\nx-") != std::string_view::npos;
}

template <typename T>
void CheckText(std::string_view text) {
  const auto parsed = T::ParseText(text);
  if (!parsed) return;
  const std::string printed = parsed->ToText();
  Require(HasExtensions(text) || printed == text);
  const auto again = T::ParseText(printed);
  Require(again && again->ToText() == printed);
}

void CheckNote(std::string_view text) {
  const auto note = SignedNote::Parse(text);
  if (!note) return;
  Require(note->ToString() == text);
  Require(!note->signatures.empty() && note->signatures.size() <= 16);
  Require(!note->IsSignedBy(PublicKey{1}));
  CheckText<TrustBundle>(note->text);
  CheckText<RevocationList>(note->text);
}

}  // namespace
}  // namespace yima

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  yima::CheckNote(text);
  yima::CheckText<yima::TrustBundle>(text);
  yima::CheckText<yima::RevocationList>(text);
  return 0;
}
