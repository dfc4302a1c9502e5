#include "client/certificate/certificate.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include "client/log/known_log.h"
#include "codegen/code/log_name.h"
#include "codegen/code/signed_note.h"
#include "yima/v1/certificate.pb.h"
#include "yima/v1/log_entry.pb.h"

namespace yima {
namespace {

constexpr size_t kNoteSizeMax = 64 << 10;
constexpr size_t kProofHashesMax = 64;
constexpr char kTimeTag = '\x09';  // An entry begins with its time: field 1, fixed64.

using RecordName = std::pair<CertifiedKind, uint64_t>;

std::string WordsOf(CertifiedKind kind, uint64_t id) {
  return fmt::format("{} {}", CertifiedKindName(kind), id);
}
std::string WordsOf(const CertifiedEntry& entry) {
  return fmt::format("entry {} ({})", entry.index, WordsOf(entry.kind, entry.id));
}

tl::unexpected<Error> Refuse(std::string reason, std::string message) {
  return Fail(StatusCode::kDataLoss, std::move(reason), std::move(message));
}

bool HasUnknown(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

/// Exactly one file has these contents, so that no byte can be changed without being seen.
Result<v1::Certificate> ParseFile(std::string_view bytes) {
  v1::Certificate file;
  if (bytes.empty() || bytes.size() > kCertificateSizeMax) {
    return Invalid("CERTIFICATE_MALFORMED",
                   fmt::format("{} bytes, want 1 to {}", bytes.size(), kCertificateSizeMax));
  }
  if (!file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || file.note().empty()) {
    return Invalid("CERTIFICATE_MALFORMED", "the file is no certificate");
  }
  const bool unknown = HasUnknown(file) ||
                       std::ranges::any_of(file.entries(), [](const v1::CertificateEntry& entry) {
                         return HasUnknown(entry);
                       });
  if (unknown || file.SerializeAsString() != bytes) {
    return Invalid("CERTIFICATE_NOT_CANONICAL",
                   "written again, the certificate has other bytes: fields that are unknown, "
                   "repeated or out of order");
  }
  return file;
}

Result<SignedNote> ParseNote(const std::string& note) {
  YIMA_ASSIGN_OR_RETURN(auto opened, SignedNote::Parse(note, kNoteSizeMax));
  if (opened.signatures.size() != 1) {
    return Invalid("CERTIFICATE_NOT_CANONICAL",
                   fmt::format("the note has {} signatures, want 1", opened.signatures.size()));
  }
  return opened;
}

/// What the note and the checkpoint say of each other, whoever signed them.
Result<Checkpoint> MatchCheckpoint(const CertificateNote& note, const std::string& text,
                                   Result<Checkpoint> opened) {
  YIMA_ASSIGN_OR_RETURN(Checkpoint checkpoint, std::move(opened));
  const LogName log{note.registry, note.epoch};
  if (checkpoint.origin != log.ToString()) {
    return Fail(StatusCode::kFailedPrecondition, "CHECKPOINT_OF_ANOTHER_LOG",
                fmt::format("the checkpoint is of log \"{}\", the note of \"{}\"",
                            checkpoint.origin, log.ToString()));
  }
  if (checkpoint.size != note.tree_size || Sha256(text) != note.checkpoint) {
    return Refuse("CERTIFICATE_CHECKPOINT_OTHER",
                  fmt::format("the checkpoint, of {} entries, is not the one that the note names, "
                              "of {}",
                              checkpoint.size, note.tree_size));
  }
  return checkpoint;
}

Result<Checkpoint> ParseCheckpoint(const std::string& text) {
  YIMA_ASSIGN_OR_RETURN(const auto opened, SignedNote::Parse(text, kNoteSizeMax));
  return Checkpoint::Parse(opened.text);
}

Result<void> CheckProof(const CertifiedEntry& named, const std::string& proof,
                        const Checkpoint& checkpoint) {
  std::vector<TreeHash> hashes(proof.size() / sizeof(TreeHash));
  for (size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(proof.begin() + static_cast<ptrdiff_t>(i * sizeof(TreeHash)), sizeof(TreeHash),
                hashes[i].begin());
  }
  const auto holds =
      VerifyInclusion(named.index, checkpoint.size, named.leaf, hashes, checkpoint.root);
  if (holds) return {};
  return Refuse("CERTIFICATE_PROOF_WRONG",
                fmt::format("{}: {}", WordsOf(named), holds.error().message));
}

/// The record and its id in an entry, kept where its kind has its place.
class RecordTaker {
 public:
  explicit RecordTaker(Certificate& certificate) : certificate_(certificate) {}

  Result<void> Take(const CertifiedEntry& named, std::string_view bytes) {
    const google::protobuf::LogSilencer quiet;
    v1::LogEntry entry;
    if (!bytes.starts_with(kTimeTag) ||
        !entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return Refuse("CERTIFICATE_ENTRY_OTHER",
                    fmt::format("{} is no entry of a log", WordsOf(named)));
    }
    const uint64_t revision = entry.revision();
    const auto id = IdOf(named.kind, entry);
    if (!id || *id != named.id || revision != named.revision) {
      return Refuse(
          "CERTIFICATE_ENTRY_OTHER",
          fmt::format("{} is not of revision {} of that record", WordsOf(named), named.revision));
    }
    Keep(named, entry);
    return {};
  }

 private:
  static std::optional<uint64_t> IdOf(CertifiedKind kind, const v1::LogEntry& entry) {
    switch (kind) {
      case CertifiedKind::kFacility:
        if (entry.has_facility()) return entry.facility().uid();
        break;
      case CertifiedKind::kCode:
        if (entry.has_code()) return entry.code().serial();
        break;
      case CertifiedKind::kOrganization:
        if (entry.has_organization()) return entry.organization().id();
        break;
      case CertifiedKind::kClaim:
        if (entry.has_claim()) return entry.claim().id();
        break;
      case CertifiedKind::kNotice:
        if (entry.has_notice()) return entry.notice().id();
        break;
      case CertifiedKind::kOrder:
        if (entry.has_order()) return entry.order().id();
        break;
      case CertifiedKind::kRightsRules:
        if (entry.has_rights_rules()) return 1;  // There is one.
        break;
    }
    return std::nullopt;
  }

  void Keep(const CertifiedEntry& named, v1::LogEntry& entry) {
    switch (named.kind) {
      case CertifiedKind::kFacility:
        certificate_.facility = std::move(*entry.mutable_facility());
        certificate_.facility_entry = named;
        return;
      case CertifiedKind::kCode:
        certificate_.code = std::move(*entry.mutable_code());
        return;
      case CertifiedKind::kOrganization:
        certificate_.organizations[named.id] = std::move(*entry.mutable_organization());
        return;
      case CertifiedKind::kClaim:
        certificate_.claims[named.id] = std::move(*entry.mutable_claim());
        return;
      case CertifiedKind::kNotice:
        certificate_.notices[named.id] = std::move(*entry.mutable_notice());
        return;
      case CertifiedKind::kOrder:
        certificate_.orders[named.id] = std::move(*entry.mutable_order());
        return;
      case CertifiedKind::kRightsRules:
        certificate_.rules = std::move(*entry.mutable_rights_rules());
        return;
    }
  }

  Certificate& certificate_;
};

/// The entries are those that the note names, in its order; with `proved`, the log holds each.
Result<void> TakeEntries(const v1::Certificate& file, bool proved, Certificate& certificate) {
  const auto& named = certificate.note.entries;
  RecordTaker taker(certificate);
  for (size_t i = 0; i < named.size(); ++i) {
    const int at = static_cast<int>(i);
    if (at >= file.entries_size() || file.entries(at).index() != named[i].index) {
      return Refuse("CERTIFICATE_ENTRY_MISSING",
                    fmt::format("{} is named by the note and not in its place in the certificate",
                                WordsOf(named[i])));
    }
    const auto& entry = file.entries(at);
    if (entry.proof().size() % sizeof(TreeHash) != 0 ||
        entry.proof().size() > kProofHashesMax * sizeof(TreeHash)) {
      return Refuse(
          "CERTIFICATE_PROOF_WRONG",
          fmt::format("{}: a proof of {} bytes", WordsOf(named[i]), entry.proof().size()));
    }
    if (HashLeaf(entry.entry()) != named[i].leaf) {
      return Refuse("CERTIFICATE_ENTRY_CHANGED",
                    fmt::format("{} has not the hash that the note names", WordsOf(named[i])));
    }
    if (proved) {
      YIMA_RETURN_IF_ERROR(CheckProof(named[i], entry.proof(), certificate.checkpoint));
    }
    YIMA_RETURN_IF_ERROR(taker.Take(named[i], entry.entry()));
  }
  if (static_cast<size_t>(file.entries_size()) == named.size()) return {};
  return Refuse("CERTIFICATE_ENTRY_UNNAMED",
                fmt::format("the note names {} entries, the certificate holds {}", named.size(),
                            file.entries_size()));
}

constexpr v1::RightKind kRights[] = {v1::RIGHT_KIND_SUPERVISING, v1::RIGHT_KIND_OWNING,
                                     v1::RIGHT_KIND_MAINTAINING};

/// What the facility's rights name, and so must be there.
std::set<RecordName> RestsOn(const Certificate& certificate) {
  std::set<RecordName> names;
  const auto add = [&](CertifiedKind kind, uint64_t id) {
    if (id != 0) names.emplace(kind, id);
  };
  for (const auto kind : kRights) {
    const v1::Right& right = RightOf(certificate.facility, kind);
    add(CertifiedKind::kOrganization, right.holder());
    add(CertifiedKind::kClaim, right.decided_claim());
    add(CertifiedKind::kNotice, right.decided_notice());
    add(CertifiedKind::kOrder, right.decided_order());
    add(CertifiedKind::kRightsRules, right.rules() == 0 ? 0 : 1);
    for (const auto& claim : right.claims()) {
      add(CertifiedKind::kClaim, claim.claim());
      add(CertifiedKind::kOrganization, claim.organization());
      add(CertifiedKind::kNotice, claim.notice());
    }
  }
  return names;
}

/// The code that the note says is in force is the record's.
Result<void> CheckCode(const Certificate& certificate) {
  const auto& codes = certificate.facility.codes();
  const auto& code = certificate.note.code;
  const bool same = codes.empty() ? !code
                                  : code && code->scheme() == codes.rbegin()->scheme() &&
                                        code->ToString() == codes.rbegin()->digits();
  if (same) return {};
  return Refuse("CERTIFICATE_ENTRY_OTHER",
                fmt::format("the code that the note names, {}, is not the one in force of {}",
                            code ? code->ToString() : "none",
                            WordsOf(CertifiedKind::kFacility, certificate.facility.uid())));
}

/// Claims and orders are on rights of this facility, the code is bound to it and in force.
Result<void> CheckBelonging(const Certificate& certificate) {
  const uint64_t uid = certificate.facility.uid();
  const auto other = [&](CertifiedKind kind, uint64_t id) {
    return Refuse("CERTIFICATE_ENTRY_OTHER", fmt::format("{} is not of {}", WordsOf(kind, id),
                                                         WordsOf(CertifiedKind::kFacility, uid)));
  };
  for (const auto& [id, claim] : certificate.claims) {
    if (claim.facility() != uid) return other(CertifiedKind::kClaim, id);
  }
  for (const auto& [id, order] : certificate.orders) {
    if (order.facility() != uid) return other(CertifiedKind::kOrder, id);
  }
  const auto& code = certificate.code;
  if (code && (code->facility() != uid || code->state() != v1::CODE_STATE_ACTIVE)) {
    return other(CertifiedKind::kCode, code->serial());
  }
  return CheckCode(certificate);
}

/// All that the rights rest on is there, and nothing else is but the rules and the active code.
Result<void> CheckComplete(const Certificate& certificate) {
  std::set<RecordName> wanted = RestsOn(certificate);
  int codes = 0;
  for (const auto& entry : certificate.note.entries) {
    const bool named = wanted.erase({entry.kind, entry.id}) != 0;
    const bool free = entry.kind == CertifiedKind::kFacility ||
                      entry.kind == CertifiedKind::kRightsRules ||
                      (entry.kind == CertifiedKind::kCode && ++codes == 1);
    if (!named && !free) {
      return Refuse(
          "CERTIFICATE_ENTRY_UNNAMED",
          fmt::format("{} is nothing that the facility's rights rest on", WordsOf(entry)));
    }
  }
  if (wanted.empty()) return {};
  const auto& [kind, id] = *wanted.begin();
  return Refuse("CERTIFICATE_ENTRY_MISSING",
                fmt::format("the facility's rights rest on {}, of which there is no entry",
                            WordsOf(kind, id)));
}

Result<Certificate> TakeContents(const v1::Certificate& file, CertificateNote note,
                                 Checkpoint checkpoint, bool proved) {
  Certificate certificate;
  certificate.note = std::move(note);
  certificate.checkpoint = std::move(checkpoint);
  YIMA_RETURN_IF_ERROR(TakeEntries(file, proved, certificate));
  YIMA_RETURN_IF_ERROR(CheckComplete(certificate));
  YIMA_RETURN_IF_ERROR(CheckBelonging(certificate));
  return certificate;
}

/// A file taken apart as far as its note.
struct Opened {
  v1::Certificate file;
  SignedNote signed_note;
  CertificateNote note;
};

Result<Opened> Open(std::string_view bytes) {
  Opened opened;
  const google::protobuf::LogSilencer quiet;  // What does not parse is said by an Error.
  YIMA_ASSIGN_OR_RETURN(opened.file, ParseFile(bytes));
  YIMA_ASSIGN_OR_RETURN(opened.signed_note, ParseNote(opened.file.note()));
  YIMA_ASSIGN_OR_RETURN(opened.note, CertificateNote::ParseText(opened.signed_note.text));
  return opened;
}

tl::unexpected<Error> OfAnotherRegistry(const CertificateNote& note, std::string_view held) {
  return Fail(StatusCode::kFailedPrecondition, "CERTIFICATE_OF_ANOTHER_REGISTRY",
              fmt::format("the certificate is of registry {}, {}", note.registry, held));
}

Result<Certificate> Verify(Opened opened, const TrustBundle& bundle) {
  CertificateNote& note = opened.note;
  if (note.registry != bundle.registry) {
    return OfAnotherRegistry(note, fmt::format("the trust bundle of {}", bundle.registry));
  }
  const bool is_signed = std::ranges::any_of(bundle.certificate_keys, [&](const PublicKey& key) {
    return opened.signed_note.IsSignedBy(key);
  });
  if (!is_signed) {
    return Fail(StatusCode::kPermissionDenied, "CERTIFICATE_UNSIGNED",
                "the note is signed by no certificate key that the trust bundle names");
  }
  if (note.epoch > bundle.epoch) {
    return Fail(StatusCode::kFailedPrecondition, "EPOCH_AHEAD",
                fmt::format("the certificate is of epoch {}, the trust bundle kept of epoch {}",
                            note.epoch, bundle.epoch));
  }
  const std::string& text = opened.file.checkpoint();
  YIMA_ASSIGN_OR_RETURN(auto checkpoint,
                        MatchCheckpoint(note, text, OpenSignedBy(text, bundle.log_keys)));
  const bool earlier = note.epoch < bundle.epoch;
  YIMA_ASSIGN_OR_RETURN(auto certificate,
                        TakeContents(opened.file, std::move(note), std::move(checkpoint), true));
  certificate.earlier_epoch = earlier;
  return certificate;
}

}  // namespace

Result<Certificate> VerifyCertificate(std::string_view bytes, const TrustBundle& bundle) {
  YIMA_ASSIGN_OR_RETURN(auto opened, Open(bytes));
  return Verify(std::move(opened), bundle);
}

Result<Certificate> VerifyCertificate(std::string_view bytes,
                                      const std::vector<TrustStore>& stores) {
  if (stores.empty()) {
    return Fail(StatusCode::kFailedPrecondition, "TRUST_MISSING",
                "no trust is kept, so no certificate can be believed", "--trust");
  }
  YIMA_ASSIGN_OR_RETURN(auto opened, Open(bytes));
  const auto store = std::ranges::find_if(stores, [&](const TrustStore& held) {
    return held.bundle()->registry == opened.note.registry;
  });
  if (store != stores.end()) return Verify(std::move(opened), *store->bundle());
  return OfAnotherRegistry(opened.note, "of which no trust is kept");
}

Result<Certificate> ReadCertificate(std::string_view bytes) {
  YIMA_ASSIGN_OR_RETURN(auto opened, Open(bytes));
  const std::string& text = opened.file.checkpoint();
  YIMA_ASSIGN_OR_RETURN(auto checkpoint, MatchCheckpoint(opened.note, text, ParseCheckpoint(text)));
  return TakeContents(opened.file, std::move(opened.note), std::move(checkpoint), false);
}

const v1::Right& RightOf(const v1::Facility& facility, v1::RightKind kind) {
  if (kind == v1::RIGHT_KIND_SUPERVISING) return facility.supervising();
  if (kind == v1::RIGHT_KIND_OWNING) return facility.owning();
  return facility.maintaining();
}

}  // namespace yima
