#include <fmt/format.h>

#include "codegen/code/signature.h"
#include "codegen/code/signed_note.h"
#include "server/resolver/trust_notes.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/whole_file.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

Result<std::string> StoredNote(const store::Snapshot& snapshot, uint64_t id) {
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kNote, id));
  if (stored) return stored->bytes;
  return Fail(StatusCode::kNotFound, "NOTE_MISSING", "no trust note is stored yet");
}

/// Says so when codes have been revoked since the stored list was made: the server that would have
/// renewed it was killed, or does so within seconds.
Result<void> WarnIfBehind(const std::string& stored, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto note, SignedNote::Parse(stored));
  YIMA_ASSIGN_OR_RETURN(const auto listed, RevocationList::ParseText(note.text));
  YIMA_ASSIGN_OR_RETURN(const auto known, ListOf(snapshot));
  if (ListsTheSame(listed, known)) return {};
  fmt::print(
      stderr, "{}\n",
      Say("yimad: 警告：吊销清单落后于记录（有码已注销而未列入）；启动 yimad serve "
          "片刻后再导出",
          "yimad: warning: the revocation list is behind the records, codes revoked since are "
          "not on it; let yimad serve run for a moment and export again"));
  return {};
}

Result<void> Export(const TrustExportOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto folder, OpenReadOnly(options.data));
  const auto snapshot = folder.store->Read();
  YIMA_ASSIGN_OR_RETURN(const std::string bundle, StoredNote(*snapshot, TrustNotes::kBundleId));
  YIMA_ASSIGN_OR_RETURN(const std::string list, StoredNote(*snapshot, TrustNotes::kListId));
  YIMA_RETURN_IF_ERROR(WarnIfBehind(list, *snapshot));
  if (options.out.empty()) {
    fmt::print("{}", bundle);
    return {};
  }
  std::string roots;
  for (const auto& root : folder.registry.root_keys()) {
    roots += ToHex({reinterpret_cast<const uint8_t*>(root.data()), root.size()}) + "\n";
  }
  const auto target = options.out / folder.registry.id();
  std::error_code error;
  std::filesystem::create_directories(target, error);
  YIMA_RETURN_IF_ERROR(WriteWholeFile(target / "roots", roots, "--out"));
  YIMA_RETURN_IF_ERROR(WriteWholeFile(target / "bundle", bundle, "--out"));
  YIMA_RETURN_IF_ERROR(WriteWholeFile(target / "list", list, "--out"));
  fmt::print("{}\n", target.string());
  return {};
}

}  // namespace

int RunTrustExport(const TrustExportOptions& options) {
  const auto done = Export(options);
  return done ? kDone : Complain(done.error());
}

}  // namespace yima::server
