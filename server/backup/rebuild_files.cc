#include "server/backup/rebuild_files.h"

#include <algorithm>
#include <map>
#include <string>

#include "server/attachments/attachments.h"
#include "server/domain/batch_items.h"
#include "yima/v1/attachment.pb.h"

namespace yima::server {
namespace {

constexpr uint64_t kNumberBits = 32;
constexpr const char* kEraser = "local";

/// Files that facilities name, by their hashes, with the media type that they say.
Result<std::map<std::string, std::string>> NamedFiles(const store::Snapshot& snapshot) {
  std::map<std::string, std::string> named;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kFacility, 0, {}, [&](uint64_t, uint64_t, std::string_view bytes) {
        v1::Facility facility;
        facility.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        for (const auto& file : facility.files()) named.emplace(file.sha256(), file.media_type());
        return true;
      }));
  return named;
}

class Joining {
 public:
  Joining(store::Store& store, const store::Snapshot* older, uint32_t epoch, TimeUs now)
      : store_(store), older_(older), next_id_((uint64_t{epoch} << kNumberBits) + 1), now_(now) {}

  Result<JoinedFiles> Run() {
    YIMA_ASSIGN_OR_RETURN(const auto named, NamedFiles(*store_.Read()));
    YIMA_RETURN_IF_ERROR(PassOverIds());
    for (const auto& [sha256, media_type] : named) {
      YIMA_ASSIGN_OR_RETURN(const bool joined, Join(sha256));
      if (!joined) YIMA_RETURN_IF_ERROR(PutErased(sha256, media_type));
    }
    return files_;
  }

 private:
  /// Ids of the older store stay its own.
  Result<void> PassOverIds() {
    if (older_ == nullptr) return {};
    return older_->Scan(store::Kind::kAttachment, 0, {},
                        [&](uint64_t id, uint64_t, std::string_view) {
                          next_id_ = std::max(next_id_, id + 1);
                          return true;
                        });
  }

  Result<bool> Join(const std::string& sha256) {
    if (older_ == nullptr) return false;
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, older_->Holder(store::Index::kAttachmentHash, sha256));
    if (id == 0) return false;
    v1::Attachment attachment;
    YIMA_RETURN_IF_ERROR(GetAttachmentRecord(*older_, id, attachment));
    if (attachment.erase_time_us() != 0) {
      YIMA_RETURN_IF_ERROR(Put(attachment, {}));
      ++files_.erased;
      return true;
    }
    std::vector<std::string> parts;
    std::string whole;
    for (uint64_t part = 0; part < PartsOf(attachment); ++part) {
      YIMA_ASSIGN_OR_RETURN(auto kept,
                            older_->Get(store::Kind::kAttachmentPart, AttachmentPartId(id, part)));
      if (!kept) return false;
      whole += kept->bytes;
      parts.push_back(std::move(kept->bytes));
    }
    // What is not the file that the log names is not given back in its place.
    if (Sha256(whole) != sha256) return false;
    YIMA_RETURN_IF_ERROR(Put(attachment, std::move(parts)));
    ++files_.joined;
    return true;
  }

  Result<void> PutErased(const std::string& sha256, const std::string& media_type) {
    v1::Attachment attachment;
    attachment.set_id(next_id_++);
    attachment.set_sha256(sha256);
    attachment.set_media_type(media_type);
    attachment.set_erase_time_us(now_);
    attachment.set_eraser(kEraser);
    ++files_.erased;
    return Put(attachment, {});
  }

  Result<void> Put(const v1::Attachment& attachment, std::vector<std::string> parts) {
    const uint64_t id = attachment.id();
    store::Change change;
    change.puts.push_back({store::Kind::kAttachment, id, 0, attachment.SerializeAsString(), {}});
    for (size_t part = 0; part < parts.size(); ++part) {
      change.puts.push_back({store::Kind::kAttachmentPart,
                             AttachmentPartId(id, part),
                             0,
                             std::move(parts[part]),
                             {}});
    }
    change.claims.push_back({store::Index::kAttachmentHash, attachment.sha256(), 0, id});
    return Settled(store::ApplyAndWait(store_, std::move(change)));
  }

  store::Store& store_;
  const store::Snapshot* older_;
  uint64_t next_id_;
  const TimeUs now_;
  JoinedFiles files_;
};

}  // namespace

Result<JoinedFiles> JoinFiles(store::Store& store, const store::Snapshot* older, uint32_t epoch,
                              TimeUs now) {
  return Joining(store, older, epoch, now).Run();
}

}  // namespace yima::server
