#include "server/check/attachment_check.h"

#include <algorithm>
#include <string>
#include <vector>

#include <sodium.h>

#include "server/attachments/attachments.h"

namespace yima::server {
namespace {

/// Attachments looked at together with their parts.
constexpr size_t kPage = 1000;
constexpr int kPartBits = 15;

/// What is read of one attachment's parts, in their order.
class Reading {
 public:
  Reading(uint64_t id, v1::Attachment attachment) : id_(id), attachment_(std::move(attachment)) {
    crypto_hash_sha256_init(&hash_);
  }

  uint64_t id() const { return id_; }
  const v1::Attachment& attachment() const { return attachment_; }

  void Add(uint64_t part, std::string_view bytes) {
    in_order_ = in_order_ && part == parts_;
    ++parts_;
    size_ += bytes.size();
    crypto_hash_sha256_update(&hash_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }

  void Judge(Findings& findings) {
    if (attachment_.id() != id_) {
      findings.Add("attachment {} calls itself {}", id_, attachment_.id());
    }
    if (attachment_.erase_time_us() != 0) {
      if (size_ != 0) findings.Add("attachment {} is erased, and {} bytes stand", id_, size_);
      return;
    }
    std::string hash(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256_final(&hash_, reinterpret_cast<uint8_t*>(hash.data()));
    if (size_ != attachment_.size() || parts_ != PartsOf(attachment_) || !in_order_) {
      findings.Add("attachment {} has {} bytes in {} parts, its record says {} in {}", id_, size_,
                   parts_, attachment_.size(), PartsOf(attachment_));
    } else if (hash != attachment_.sha256()) {
      findings.Add("attachment {} does not have its hash", id_);
    }
  }

 private:
  const uint64_t id_;
  const v1::Attachment attachment_;
  crypto_hash_sha256_state hash_{};
  uint64_t parts_ = 0;
  uint64_t size_ = 0;
  bool in_order_ = true;
};

Result<std::vector<Reading>> NextPage(const store::Snapshot& snapshot, uint64_t after,
                                      Findings& findings) {
  std::vector<Reading> page;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kAttachment, after, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        v1::Attachment attachment;
        if (!attachment.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          findings.Add("attachment {} does not parse", id);
        }
        page.emplace_back(id, std::move(attachment));
        return page.size() < kPage;
      }));
  return page;
}

/// All parts of the page's attachments, and those between them that belong to none.
Result<void> ReadParts(const store::Snapshot& snapshot, uint64_t after, uint64_t last,
                       std::vector<Reading>& page, Findings& findings) {
  return snapshot.Scan(store::Kind::kAttachmentPart, after, {},
                       [&](uint64_t part, uint64_t, std::string_view bytes) {
                         const uint64_t id = part >> kPartBits;
                         if (id > last) return false;
                         const auto reading = std::ranges::lower_bound(page, id, {}, &Reading::id);
                         if (reading == page.end() || reading->id() != id) {
                           findings.Add("part {} belongs to attachment {}, which has no record",
                                        part, id);
                         } else {
                           reading->Add(part & ((uint64_t{1} << kPartBits) - 1), bytes);
                         }
                         return true;
                       });
}

Result<void> CheckKeys(const store::Snapshot& snapshot, const std::vector<Reading>& page,
                       Findings& findings) {
  for (const auto& reading : page) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t holder, snapshot.Holder(store::Index::kAttachmentHash,
                                                                 reading.attachment().sha256()));
    if (holder != reading.id()) {
      findings.Add("the hash of attachment {} is held by {}", reading.id(), holder);
    }
  }
  return {};
}

}  // namespace

Result<void> CheckAttachments(const store::Snapshot& snapshot, Findings& findings,
                              const CheckProgress& progress) {
  uint64_t after = 0;
  uint64_t checked = 0;
  bool more = true;
  while (more) {
    YIMA_ASSIGN_OR_RETURN(auto page, NextPage(snapshot, after, findings));
    more = page.size() == kPage;
    const uint64_t last = more ? page.back().id() : INT64_MAX;
    const uint64_t parts_after =
        after == 0 ? 0 : AttachmentPartId(after, (uint64_t{1} << kPartBits) - 1);
    YIMA_RETURN_IF_ERROR(ReadParts(snapshot, parts_after, last, page, findings));
    for (auto& reading : page) reading.Judge(findings);
    YIMA_RETURN_IF_ERROR(CheckKeys(snapshot, page, findings));
    checked += page.size();
    after = last;
    progress("attachments", checked);
  }
  uint64_t keys = 0;
  YIMA_RETURN_IF_ERROR(
      snapshot.ScanClaims(store::Index::kAttachmentHash, "", [&](std::string_view, uint64_t) {
        ++keys;
        return true;
      }));
  if (keys > checked) findings.Add("{} files have hashes, {} are kept", keys, checked);
  return {};
}

}  // namespace yima::server
