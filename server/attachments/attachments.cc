#include "server/attachments/attachments.h"

#include <algorithm>

#include <fmt/format.h>
#include <sodium.h>

#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

/// An attachment as it is stored.
struct Stored {
  uint64_t revision = 0;
  v1::Attachment attachment;
};

tl::unexpected<Error> NotFound(std::string_view sha256) {
  std::string hex(2 * sha256.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), reinterpret_cast<const uint8_t*>(sha256.data()),
                 sha256.size());
  hex.pop_back();
  return Fail(StatusCode::kNotFound, "ATTACHMENT_NOT_FOUND",
              fmt::format("no file has the SHA-256 {}", hex), "sha256");
}

/// HASH_MALFORMED, ATTACHMENT_NOT_FOUND.
Result<Stored> Find(const store::Snapshot& snapshot, std::string_view sha256) {
  if (sha256.size() != crypto_hash_sha256_BYTES) {
    return Invalid(
        "HASH_MALFORMED",
        fmt::format("a SHA-256 of {} bytes, want {}", sha256.size(), crypto_hash_sha256_BYTES),
        "sha256");
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, snapshot.Holder(store::Index::kAttachmentHash, sha256));
  if (id == 0) return NotFound(sha256);
  Stored stored;
  YIMA_ASSIGN_OR_RETURN(const auto record, GetAttachmentRecord(snapshot, id, stored.attachment));
  stored.revision = record.revision;
  return stored;
}

/// Visits the facilities that name a file, until false.
Result<void> EachNaming(const store::Snapshot& snapshot, std::string_view sha256,
                        const std::function<bool(const v1::Facility&)>& visit) {
  return snapshot.Scan(store::Kind::kFacility, 0, {FileTerm(sha256)},
                       [&](uint64_t, uint64_t, std::string_view bytes) {
                         v1::Facility facility;
                         facility.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                         return visit(facility);
                       });
}

tl::unexpected<Error> OutsideReach() {
  return Fail(StatusCode::kPermissionDenied, "SCOPE_EXCEEDED",
              "no facility within your scope names that file", "sha256");
}

/// SCOPE_EXCEEDED for all but who brought it and those within whose reach a facility names it.
Result<void> MayRead(const Call& call, const store::Snapshot& snapshot,
                     const v1::Attachment& attachment) {
  if (call.reach->everywhere() || call.principal == attachment.uploader()) return {};
  bool within = false;
  YIMA_RETURN_IF_ERROR(EachNaming(snapshot, attachment.sha256(), [&](const v1::Facility& facility) {
    within = call.reach->Covers(facility);
    return !within;
  }));
  if (within) return {};
  return OutsideReach();
}

/// Whoever looks after all of the facilities that name it.
Result<void> MayErase(const Call& call, const store::Snapshot& snapshot,
                      const v1::Attachment& attachment) {
  if (call.reach->everywhere()) return {};
  bool named = false;
  Result<void> within;
  YIMA_RETURN_IF_ERROR(EachNaming(snapshot, attachment.sha256(), [&](const v1::Facility& facility) {
    named = true;
    within = CheckReach(call, facility, "sha256");
    return within.has_value();
  }));
  if (named || call.principal == attachment.uploader()) return within;
  return OutsideReach();
}

Result<Read<v1::Facility>> FindFacility(const store::Snapshot& snapshot, const Call& call,
                                        uint64_t uid) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Facility>(snapshot, uid));
  if (!read) {
    return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
                fmt::format("no facility has uid {}", uid), "facility");
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call, read->record, "facility"));
  return *std::move(read);
}

Result<v1::Facility> Shown(const Domain& domain, const store::Snapshot& snapshot, uint64_t uid) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, Call(), uid));
  return ShownFacility(domain, read.record, read.revision);
}

Result<v1::GetAttachmentResponse> PartOf(const Domain& domain, const Call& call,
                                         const v1::GetAttachmentRequest& request, uint64_t part,
                                         uint64_t& parts) {
  const auto snapshot = domain.store.Read();
  YIMA_ASSIGN_OR_RETURN(const Stored stored, Find(*snapshot, request.sha256()));
  const v1::Attachment& attachment = stored.attachment;
  YIMA_RETURN_IF_ERROR(MayRead(call, *snapshot, attachment));
  if (attachment.erase_time_us() != 0) {
    return Fail(StatusCode::kFailedPrecondition, "ATTACHMENT_ERASED",
                "the file was erased; its hash is all that is kept", "sha256");
  }
  parts = PartsOf(attachment);
  v1::GetAttachmentResponse response;
  if (part == 0) *response.mutable_attachment() = attachment;
  YIMA_ASSIGN_OR_RETURN(auto kept, snapshot->Get(store::Kind::kAttachmentPart,
                                                 AttachmentPartId(attachment.id(), part)));
  if (!kept) {
    return Fail(StatusCode::kDataLoss, "RECORD_MISSING",
                fmt::format("attachment {} lacks a part; run yimad check", attachment.id()));
  }
  response.set_part(std::move(kept->bytes));
  return response;
}

}  // namespace

uint64_t PartsOf(const v1::Attachment& attachment) {
  return (attachment.size() + kFilePartMax - 1) / kFilePartMax;
}

uint64_t AttachmentPartId(uint64_t attachment, uint64_t part) { return attachment << 15 | part; }

std::string Sha256(std::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<uint8_t*>(hash.data()),
                     reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return hash;
}

Result<store::Record> GetAttachmentRecord(const store::Snapshot& snapshot, uint64_t id,
                                          v1::Attachment& attachment) {
  YIMA_ASSIGN_OR_RETURN(auto record, snapshot.Get(store::Kind::kAttachment, id));
  if (record && attachment.ParseFromString(record->bytes)) return *std::move(record);
  return Fail(StatusCode::kDataLoss, record ? "RECORD_DAMAGED" : "RECORD_MISSING",
              fmt::format("attachment {} has no sound record; run yimad check", id));
}

Result<void> GetAttachment(
    const Domain& domain, const Call& call, const v1::GetAttachmentRequest& request,
    const std::function<Result<void>(const v1::GetAttachmentResponse&)>& sink) {
  uint64_t parts = 1;
  for (uint64_t part = 0; part < parts; ++part) {
    if (call.cancelled()) return CallerGone();
    YIMA_ASSIGN_OR_RETURN(const auto response, PartOf(domain, call, request, part, parts));
    YIMA_RETURN_IF_ERROR(sink(response));
  }
  return {};
}

Result<v1::ListAttachmentsResponse> ListAttachments(const Domain&, const Call& call,
                                                    const v1::ListAttachmentsRequest& request,
                                                    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, call, request.facility()));
  v1::ListAttachmentsResponse response;
  for (const auto& file : read.record.files()) {
    auto& item = *response.add_items();
    *item.mutable_file() = file;
    const auto stored = Find(snapshot, file.sha256());
    // A registry made anew from its log has the names alone.
    if (!stored && stored.error().code == StatusCode::kNotFound) continue;
    if (!stored) return tl::unexpected(stored.error());
    *item.mutable_attachment() = stored->attachment;
  }
  return response;
}

Result<Planned> PlanDetachAttachment(const Domain& domain, const Call& call,
                                     const v1::DetachAttachmentRequest& request,
                                     const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, call, request.facility()));
  v1::Facility after = read.record;
  auto& files = *after.mutable_files();
  const auto rest = std::ranges::remove(files, request.sha256(), &v1::FacilityFile::sha256);
  const bool detached = !rest.empty();
  files.erase(rest.begin(), rest.end());
  ChangeWriter writer(call, request.request_id());
  if (detached) {
    after.set_update_time_us(domain.now());
    writer.Replace(after.uid(), read.revision, read.record, after);
  }
  return Planned{writer.Take(),
                 {{store::Kind::kFacility, after.uid(), read.revision + (detached ? 1 : 0)}}};
}

Result<v1::DetachAttachmentResponse> AnswerDetachAttachment(const Domain& domain,
                                                            const std::vector<RecordRef>& results,
                                                            const store::Snapshot& snapshot) {
  v1::DetachAttachmentResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_facility(), Shown(domain, snapshot, results.at(0).id));
  return response;
}

Result<Planned> PlanEraseAttachment(const Domain& domain, const Call& call,
                                    const v1::EraseAttachmentRequest& request,
                                    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(Stored stored, Find(snapshot, request.sha256()));
  v1::Attachment& attachment = stored.attachment;
  YIMA_RETURN_IF_ERROR(MayErase(call, snapshot, attachment));
  const uint64_t id = attachment.id();
  const RecordRef standing{store::Kind::kAttachment, id, stored.revision};
  if (attachment.erase_time_us() != 0) return Planned{{}, {standing}};
  attachment.set_erase_time_us(domain.now());
  attachment.set_eraser(call.principal);
  ChangeWriter writer(call, request.request_id());
  writer.PutUnlogged(store::Kind::kAttachment, id, stored.revision, attachment.SerializeAsString());
  for (uint64_t part = 0; part < PartsOf(attachment); ++part) {
    const uint64_t part_id = AttachmentPartId(id, part);
    YIMA_ASSIGN_OR_RETURN(const auto kept, snapshot.Get(store::Kind::kAttachmentPart, part_id));
    if (kept) writer.PutUnlogged(store::Kind::kAttachmentPart, part_id, kept->revision, "");
  }
  return Planned{writer.Take(), {{store::Kind::kAttachment, id, stored.revision + 1}}};
}

Result<v1::EraseAttachmentResponse> AnswerEraseAttachment(const Domain&,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot) {
  v1::EraseAttachmentResponse response;
  YIMA_RETURN_IF_ERROR(
      GetAttachmentRecord(snapshot, results.at(0).id, *response.mutable_attachment()));
  return response;
}

}  // namespace yima::server
