#include "server/backup/restore_changes.h"

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/domain/domain.h"
#include "server/resolver/lost_codes.h"
#include "server/resolver/trust_notes.h"
#include "yima/v1/access.pb.h"

namespace yima::server {
namespace {

constexpr size_t kPutsMax = 500;

bool InForce(const v1::Code& code) {
  return code.state() != v1::CODE_STATE_REVOKED && code.state() != v1::CODE_STATE_REPLACED;
}

/// Applies a published list to the records of an older moment, some hundred at a time.
class ListedCodes {
 public:
  ListedCodes(store::Store& store, const Call& call, RestoreReport& report)
      : store_(store), call_(call), writer_(call, ""), report_(report) {}

  Result<void> Apply(const RevocationList& list) {
    for (const auto serial : list.suspended) YIMA_RETURN_IF_ERROR(Suspend(serial.value()));
    for (const auto serial : list.revoked) {
      YIMA_RETURN_IF_ERROR(Revoke(serial.value(), v1::CODE_STATE_REVOKED));
    }
    for (const auto serial : list.replaced) {
      YIMA_RETURN_IF_ERROR(Revoke(serial.value(), v1::CODE_STATE_REPLACED));
    }
    return Settle();
  }

 private:
  Result<void> Suspend(uint64_t serial) {
    YIMA_ASSIGN_OR_RETURN(const auto code, Get<v1::Code>(*store_.Read(), serial));
    if (!code) return KeepInMind(serial, v1::CODE_STATE_SUSPENDED);
    // Suspended, it was bound to a facility that nobody knows any more.
    if (code->record.state() == v1::CODE_STATE_BLANK) return End(*code);
    if (code->record.state() != v1::CODE_STATE_ACTIVE) return {};
    v1::Code suspended = code->record;
    suspended.set_state(v1::CODE_STATE_SUSPENDED);
    writer_.Replace(serial, code->revision, code->record, suspended);
    ++report_.suspended;
    return SettleWhenFull();
  }

  /// What took the place of a replaced code may be lost, so it is revoked here: nobody can say
  /// more.
  Result<void> Revoke(uint64_t serial, v1::CodeState listed) {
    YIMA_ASSIGN_OR_RETURN(const auto code, Get<v1::Code>(*store_.Read(), serial));
    if (!code) return KeepInMind(serial, listed);
    return InForce(code->record) ? End(*code) : Result<void>();
  }

  Result<void> End(const Read<v1::Code>& code) {
    v1::Code revoked = code.record;
    revoked.set_state(v1::CODE_STATE_REVOKED);
    writer_.Replace(code.record.serial(), code.revision, code.record, revoked);
    ++report_.revoked;
    return SettleWhenFull();
  }

  Result<void> KeepInMind(uint64_t serial, v1::CodeState state) {
    YIMA_ASSIGN_OR_RETURN(const auto kept, store_.Read()->Get(store::Kind::kLostCode, serial));
    writer_.PutUnlogged(store::Kind::kLostCode, serial, kept ? kept->revision : 0,
                        LostCodeBytes(state));
    ++report_.lost;
    return SettleWhenFull();
  }

  Result<void> SettleWhenFull() { return writer_.puts() < kPutsMax ? Result<void>() : Settle(); }
  Result<void> Settle() {
    if (writer_.puts() == 0) return {};
    YIMA_ASSIGN_OR_RETURN(store::Change change, writer_.Take(*store_.Read()));
    return Settled(store::ApplyAndWait(store_, std::move(change)));
  }

  store::Store& store_;
  const Call& call_;
  ChangeWriter writer_;
  RestoreReport& report_;
};

/// So that the next note of this kind gets a higher sequence.
Result<void> KeepNote(const store::Snapshot& snapshot, uint64_t id, const std::string& note,
                      ChangeWriter& writer) {
  if (note.empty()) return {};
  YIMA_ASSIGN_OR_RETURN(const auto kept, snapshot.Get(store::Kind::kNote, id));
  writer.PutUnlogged(store::Kind::kNote, id, kept ? kept->revision : 0, note);
  return {};
}

}  // namespace

Result<RestoreReport> OpenEpoch(store::Store& store, const Call& call, const Published& published,
                                std::string_view last_checkpoint, uint32_t epoch, TimeUs now) {
  RestoreReport report;
  report.epoch = epoch;
  const TrustStore& trust = published.trust();
  if (trust.list()) {
    YIMA_RETURN_IF_ERROR(ListedCodes(store, call, report).Apply(*trust.list()));
  }
  const auto snapshot = store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto registry, Get<v1::Registry>(*snapshot, kRegistryId));
  if (!registry) {
    return Fail(StatusCode::kFailedPrecondition, "DATA_UNFINISHED", "the store holds no registry");
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot->LogSize());
  v1::Registry opened = published.Merge(registry->record);
  opened.set_epoch(epoch);
  auto* restore = opened.add_restores();
  restore->set_epoch(epoch);
  restore->set_time_us(now);
  restore->set_log_size(log_size);
  restore->set_bundle_sequence(trust.bundle() ? trust.bundle()->sequence : 0);
  restore->set_list_sequence(trust.list() ? trust.list()->sequence : 0);
  restore->set_last_checkpoint(std::string(last_checkpoint));
  ChangeWriter writer(call, "");
  writer.Replace(kRegistryId, registry->revision, registry->record, opened);
  YIMA_RETURN_IF_ERROR(KeepNote(*snapshot, TrustNotes::kBundleId, trust.bundle_note(), writer));
  YIMA_RETURN_IF_ERROR(KeepNote(*snapshot, TrustNotes::kListId, trust.list_note(), writer));
  YIMA_RETURN_IF_ERROR(Settled(store::ApplyAndWait(store, writer.Take())));
  return report;
}

Result<uint64_t> RevokeTokens(store::Store& store, TimeUs now) {
  std::vector<store::Change> changes(1);
  uint64_t revoked = 0;
  YIMA_RETURN_IF_ERROR(store.Read()->Scan(
      store::Kind::kToken, 0, {}, [&](uint64_t id, uint64_t revision, std::string_view bytes) {
        v1::Token token;
        if (!token.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;
        if (token.revoke_time_us() != 0) return true;
        token.set_revoke_time_us(now);
        if (changes.back().puts.size() == kPutsMax) changes.emplace_back();
        changes.back().puts.push_back(
            {store::Kind::kToken, id, revision, token.SerializeAsString(), {}});
        revoked += token.expire_time_us() > now ? 1 : 0;
        return true;
      }));
  for (auto& change : changes) {
    YIMA_RETURN_IF_ERROR(Settled(store::ApplyAndWait(store, std::move(change))));
  }
  return revoked;
}

}  // namespace yima::server
