#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "server/attachments/attachments.h"
#include "server/attachments/image_strip.h"
#include "server/registry/facility_rules.h"
#include "server/registry/import/import_spool.h"
#include "server/registry/life.h"

namespace yima::server {
namespace {

/// A file as it came, and as it is to be kept.
struct Upload {
  v1::UploadHeader header;
  std::string bytes;
  std::string media_type;
  std::string sha256;
  bool stripped = false;
};

class Turn {
 public:
  explicit Turn(UploadTurns& turns) : turns_(turns) { turns_.acquire(); }
  ~Turn() { turns_.release(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  UploadTurns& turns_;
};

Result<void> CheckHeader(const v1::UploadAttachmentRequest& first) {
  const v1::UploadHeader& header = first.header();
  if (!first.has_header() || !first.part().empty()) {
    return Invalid("UPLOAD_HEADER_MISSING", "the first message is not the header alone", "header");
  }
  YIMA_RETURN_IF_ERROR(CheckRequestId(header.request_id()));
  if (header.size() == 0) return Invalid("FILE_EMPTY", "a file has a byte", "header.size");
  if (header.size() > kFileMax) {
    return Invalid("FILE_TOO_LARGE",
                   fmt::format("a file of {} bytes, want at most {}", header.size(), kFileMax),
                   "header.size");
  }
  if (!header.title().empty() && header.facility() == 0) {
    return Invalid("TARGET_MISSING", "a title stands at a facility", "header.facility");
  }
  return CheckText(header.title(), 100, "header.title");
}

/// Into a file without a name.
Result<SpoolFile> ReceiveParts(const Domain& domain, const UploadSource& source, uint64_t size) {
  YIMA_ASSIGN_OR_RETURN(auto spool, SpoolFile::Create(domain.spool));
  v1::UploadAttachmentRequest message;
  while (true) {
    YIMA_ASSIGN_OR_RETURN(const bool more, source(message));
    if (!more) break;
    if (message.has_header()) {
      return Invalid("UPLOAD_HEADER_TWICE", "a header stands behind the first message", "header");
    }
    if (message.part().size() > kFilePartMax) {
      return Invalid(
          "PART_TOO_LARGE",
          fmt::format("a part of {} bytes, want at most {}", message.part().size(), kFilePartMax),
          "part");
    }
    if (message.part().size() > size - spool.size()) {
      return Invalid("FILE_TOO_LARGE", fmt::format("more than the {} bytes announced came", size),
                     "part");
    }
    YIMA_RETURN_IF_ERROR(spool.Append(message.part()));
  }
  YIMA_RETURN_IF_ERROR(spool.Flush());
  if (spool.size() == size) return spool;
  return Invalid("FILE_CUT_SHORT", fmt::format("{} bytes of {} came", spool.size(), size), "part");
}

Result<v1::UploadHeader> ReceiveHeader(const UploadSource& source) {
  v1::UploadAttachmentRequest first;
  YIMA_ASSIGN_OR_RETURN(const bool begun, source(first));
  if (!begun) {
    return Invalid("UPLOAD_HEADER_MISSING", "the stream ended before its header", "header");
  }
  YIMA_RETURN_IF_ERROR(CheckHeader(first));
  return first.header();
}

/// The whole file, judged and stripped.
Result<Upload> Judge(const v1::UploadHeader& header, const SpoolFile& spool) {
  Upload upload;
  upload.header = header;
  std::string sent(spool.size(), '\0');
  YIMA_RETURN_IF_ERROR(spool.ReadAt(0, sent.data(), sent.size()));
  upload.media_type = MediaTypeOf(sent);
  const std::string& said = upload.header.media_type();
  if (!upload.media_type.empty() && !said.empty() && said != upload.media_type) {
    return Invalid("MEDIA_TYPE_MISMATCH",
                   fmt::format("the file is {}, not {}", upload.media_type, said.substr(0, 64)),
                   "header.media_type");
  }
  YIMA_ASSIGN_OR_RETURN(upload.bytes, StripMetadata(sent));
  // An orientation alone takes a few bytes, which a file of the greatest size may not have left.
  if (upload.bytes.size() > kFileMax) {
    return Invalid("FILE_TOO_LARGE",
                   fmt::format("the file as it is kept has {} bytes, want at most {}",
                               upload.bytes.size(), kFileMax),
                   "part");
  }
  upload.stripped = upload.bytes != sent;
  upload.sha256 = Sha256(upload.bytes);
  return upload;
}

/// The bytes in parts, over those of an erased one or new.
Result<void> PutParts(const store::Snapshot& snapshot, const Upload& upload, uint64_t id,
                      ChangeWriter& writer) {
  for (size_t at = 0, part = 0; at < upload.bytes.size(); at += kFilePartMax, ++part) {
    const uint64_t part_id = AttachmentPartId(id, part);
    YIMA_ASSIGN_OR_RETURN(const auto before, snapshot.Get(store::Kind::kAttachmentPart, part_id));
    writer.PutUnlogged(store::Kind::kAttachmentPart, part_id, before ? before->revision : 0,
                       upload.bytes.substr(at, kFilePartMax));
  }
  return {};
}

v1::Attachment MakeAttachment(const Domain& domain, const Call& call, const Upload& upload,
                              uint64_t id) {
  v1::Attachment attachment;
  attachment.set_id(id);
  attachment.set_sha256(upload.sha256);
  attachment.set_size(upload.bytes.size());
  attachment.set_media_type(upload.media_type);
  attachment.set_create_time_us(domain.now());
  attachment.set_uploader(call.principal);
  return attachment;
}

/// Keeps the file unless it is kept already; a claim is to be added when it is new.
Result<RecordRef> PutFile(const Domain& domain, const Call& call, const Upload& upload,
                          const store::Snapshot& snapshot, ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(uint64_t id, snapshot.Holder(store::Index::kAttachmentHash, upload.sha256));
  uint64_t revision = 0;
  if (id == 0) {
    YIMA_ASSIGN_OR_RETURN(id, domain.numbers.NewId(store::Kind::kAttachment));
  } else {
    v1::Attachment stands;
    YIMA_ASSIGN_OR_RETURN(const auto record, GetAttachmentRecord(snapshot, id, stands));
    revision = record.revision;
    if (stands.erase_time_us() == 0) {
      writer.Check(store::Kind::kAttachment, id, revision);
      return RecordRef{store::Kind::kAttachment, id, revision};
    }
  }
  writer.PutUnlogged(store::Kind::kAttachment, id, revision,
                     MakeAttachment(domain, call, upload, id).SerializeAsString());
  YIMA_RETURN_IF_ERROR(PutParts(snapshot, upload, id, writer));
  return RecordRef{store::Kind::kAttachment, id, revision + 1};
}

/// The facility names the file from now on.
Result<RecordRef> NameFile(const Domain& domain, const Call& call, const Upload& upload,
                           const store::Snapshot& snapshot, ChangeWriter& writer) {
  const uint64_t uid = upload.header.facility();
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(snapshot, uid));
  if (!read) {
    return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
                fmt::format("no facility has uid {}", uid), "header.facility");
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call, read->record, "header.facility"));
  YIMA_RETURN_IF_ERROR(CheckNotWithdrawn(read->record, "header.facility"));
  v1::Facility after = read->record;
  auto& files = *after.mutable_files();
  auto file = std::ranges::find(files, upload.sha256, &v1::FacilityFile::sha256);
  const bool named = file != files.end();
  if (named && (upload.header.title().empty() || file->title() == upload.header.title())) {
    return RecordRef{store::Kind::kFacility, uid, read->revision};
  }
  if (!named && files.size() >= kFilesOfFacilityMax) {
    return Fail(
        StatusCode::kFailedPrecondition, "FILES_TOO_MANY",
        fmt::format("facility {} names {} files, which is as many as it may", uid, files.size()),
        "header.facility");
  }
  auto& entry = named ? *file : *files.Add();
  entry.set_sha256(upload.sha256);
  entry.set_media_type(upload.media_type);
  entry.set_title(upload.header.title());
  if (const size_t size = after.ByteSizeLong(); size > kFacilitySizeMax) {
    return Fail(
        StatusCode::kFailedPrecondition, "FACILITY_TOO_LARGE",
        fmt::format("the facility would take {} bytes, want at most {}", size, kFacilitySizeMax),
        "header.facility");
  }
  after.set_update_time_us(domain.now());
  writer.Replace(uid, read->revision, read->record, after);
  return RecordRef{store::Kind::kFacility, uid, read->revision + 1};
}

Result<Planned> Plan(const Domain& domain, const Call& call, const Upload& upload,
                     const store::Snapshot& snapshot) {
  if (call.cancelled()) return CallerGone();
  ChangeWriter writer(call, upload.header.request_id());
  Planned planned;
  YIMA_ASSIGN_OR_RETURN(const RecordRef file, PutFile(domain, call, upload, snapshot, writer));
  planned.results.push_back(file);
  if (upload.header.facility() != 0) {
    YIMA_ASSIGN_OR_RETURN(const RecordRef facility,
                          NameFile(domain, call, upload, snapshot, writer));
    planned.results.push_back(facility);
  }
  planned.change = writer.Take();
  YIMA_ASSIGN_OR_RETURN(const uint64_t holder,
                        snapshot.Holder(store::Index::kAttachmentHash, upload.sha256));
  if (holder == 0) {
    planned.change.claims.push_back({store::Index::kAttachmentHash, upload.sha256, 0, file.id});
  }
  return planned;
}

Result<v1::UploadAttachmentResponse> Answer(const Domain& domain,
                                            const std::vector<RecordRef>& results,
                                            const Upload& upload) {
  const auto snapshot = domain.store.Read();
  v1::UploadAttachmentResponse response;
  response.set_stripped(upload.stripped);
  YIMA_RETURN_IF_ERROR(
      GetAttachmentRecord(*snapshot, results.at(0).id, *response.mutable_attachment()));
  if (results.size() > 1) {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Facility>(*snapshot, results[1].id));
    if (read) *response.mutable_facility() = ShownFacility(domain, read->record, read->revision);
  }
  return response;
}

}  // namespace

Result<v1::UploadAttachmentResponse> UploadAttachment(const Domain& domain, const Call& call,
                                                      UploadTurns& turns,
                                                      const UploadSource& source) {
  YIMA_ASSIGN_OR_RETURN(const auto header, ReceiveHeader(source));
  YIMA_ASSIGN_OR_RETURN(const auto spool, ReceiveParts(domain, source, header.size()));
  const Turn turn(turns);
  YIMA_ASSIGN_OR_RETURN(auto judged, Judge(header, spool));
  // Kept by what plans it, which may outlive a call that is given up.
  const auto upload = std::make_shared<const Upload>(std::move(judged));
  std::promise<Result<std::vector<RecordRef>>> promise;
  Execute(
      domain,
      MarkOf(domain, call, upload->header.request_id(),
             upload->header.SerializeAsString() + upload->sha256),
      [&domain, &call, upload](const store::Snapshot& snapshot) {
        return Plan(domain, call, *upload, snapshot);
      },
      [&](Result<std::vector<RecordRef>> results) { promise.set_value(std::move(results)); });
  YIMA_ASSIGN_OR_RETURN(const auto results, promise.get_future().get());
  return Answer(domain, results, *upload);
}

}  // namespace yima::server
