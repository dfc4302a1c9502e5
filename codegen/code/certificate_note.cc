#include "codegen/code/certificate_note.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include "codegen/code/note_lines.h"

namespace yima {
namespace {

constexpr std::string_view kFormat = "v1";
constexpr uint64_t kIdMax = INT64_MAX;
constexpr std::array<std::string_view, 7> kKindNames = {
    "facility", "code", "organization", "claim", "notice", "order", "rights_rules"};

Result<FacilityCode> ParseCode(std::string_view value) {
  const auto words = NoteWords(value, 2);
  if (words.size() != 2) return Invalid("CODE_LINE", "want scheme and digits");
  YIMA_ASSIGN_OR_RETURN(const uint64_t scheme, ParseNoteNumber(words[0], UINT8_MAX));
  return FacilityCode::Parse(static_cast<Scheme>(scheme), words[1]);
}

Result<CertifiedEntry> ParseEntry(std::string_view value) {
  const auto words = NoteWords(value, 5);
  if (words.size() != 5) {
    return Invalid("ENTRY_LINE", "want kind, record id, index, revision and leaf hash");
  }
  const auto kind = std::ranges::find(kKindNames, words[0]);
  if (kind == kKindNames.end()) {
    return Invalid("ENTRY_LINE", fmt::format("\"{}\" is no kind of record that a certificate rests "
                                             "on",
                                             words[0].substr(0, 40)));
  }
  CertifiedEntry entry;
  entry.kind = static_cast<CertifiedKind>(kind - kKindNames.begin());
  YIMA_ASSIGN_OR_RETURN(entry.id, ParseNoteNumber(words[1], kIdMax));
  YIMA_ASSIGN_OR_RETURN(entry.index, ParseNoteNumber(words[2], kIdMax));
  YIMA_ASSIGN_OR_RETURN(entry.revision, ParseNoteNumber(words[3], kIdMax));
  YIMA_ASSIGN_OR_RETURN(entry.leaf, ParseNoteKey(words[4]));
  if (entry.id == 0 || entry.revision == 0) {
    return Invalid("ENTRY_LINE", "record ids and revisions begin with 1");
  }
  return entry;
}

/// Each rises above the one before, lies in the tree, and is of another record.
void TakeEntries(LineReader& lines, CertificateNote& note) {
  std::set<std::pair<CertifiedKind, uint64_t>> records;
  bool has_facility = false;
  while (const auto value = lines.Take("entry")) {
    const CertifiedEntry entry = lines.Keep(ParseEntry(*value));
    if (!note.entries.empty() && entry.index <= note.entries.back().index) {
      lines.RefuseTaken(fmt::format("entry {} does not rise above the one before", entry.index));
    }
    if (entry.index >= note.tree_size) {
      lines.RefuseTaken(
          fmt::format("entry {} is not in a tree of {} entries", entry.index, note.tree_size));
    }
    if (!records.emplace(entry.kind, entry.id).second) {
      lines.RefuseTaken(fmt::format("{} {} stands twice", CertifiedKindName(entry.kind), entry.id));
    }
    has_facility |= entry.kind == CertifiedKind::kFacility && entry.id == note.facility;
    if (entry.kind == CertifiedKind::kFacility && entry.id != note.facility) {
      lines.RefuseTaken(
          fmt::format("facility {} is not the one certified, {}", entry.id, note.facility));
    }
    note.entries.push_back(entry);
    if (note.entries.size() > CertificateNote::kEntriesMax) {
      return lines.RefuseTaken(fmt::format("more than {} entries", CertificateNote::kEntriesMax));
    }
  }
  if (!has_facility) {
    lines.RefuseTaken(fmt::format("no entry of facility {} is named", note.facility));
  }
}

}  // namespace

std::string_view CertifiedKindName(CertifiedKind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

TreeHash Sha256(std::string_view bytes) {
  TreeHash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return hash;
}

std::string CertificateNote::ToText() const {
  std::string text = fmt::format("yima-certificate {}\nregistry {}\nepoch {}\nfacility {}\n",
                                 kFormat, registry, epoch, facility);
  if (code) text.append(fmt::format("code {} {}\n", code->scheme(), code->ToString()));
  text.append(fmt::format("tree_size {}\ncheckpoint {}\nissued {}\n", tree_size, ToHex(checkpoint),
                          FormatTime(issued)));
  for (const auto& entry : entries) {
    text.append(fmt::format("entry {} {} {} {} {}\n", CertifiedKindName(entry.kind), entry.id,
                            entry.index, entry.revision, ToHex(entry.leaf)));
  }
  return text;
}

Result<CertificateNote> CertificateNote::ParseText(std::string_view text) {
  LineReader lines(text, "CERTIFICATE_NOTE_MALFORMED");
  CertificateNote note;
  const std::string_view format = lines.Require("yima-certificate");
  if (format != kFormat) {
    lines.RefuseTaken(fmt::format("format \"{}\", want {}", format.substr(0, 40), kFormat));
  }
  note.registry = lines.Keep(ParseRegistryId(lines.Require("registry")));
  note.epoch = lines.Keep(ParseNoteEpoch(lines.Require("epoch")));
  note.facility = lines.Keep(ParseNoteNumber(lines.Require("facility"), kIdMax));
  if (const auto value = lines.Take("code")) {
    const auto code = ParseCode(*value);
    if (code) note.code = *code;
    if (!code) lines.RefuseTaken(code.error().message);
  }
  note.tree_size = lines.Keep(ParseNoteNumber(lines.Require("tree_size"), kIdMax));
  note.checkpoint = lines.Keep(ParseNoteKey(lines.Require("checkpoint")));
  note.issued = lines.Keep(ParseTime(lines.Require("issued")));
  TakeEntries(lines, note);
  YIMA_RETURN_IF_ERROR(lines.Finish());
  return note;
}

}  // namespace yima
