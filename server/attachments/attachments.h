#ifndef YIMA_SERVER_ATTACHMENTS_ATTACHMENTS_H_
#define YIMA_SERVER_ATTACHMENTS_ATTACHMENTS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/attachment_service.pb.h"

namespace yima::server {

constexpr size_t kFileMax = size_t{8} << 20;
constexpr size_t kFilePartMax = size_t{256} << 10;
constexpr int kFilesOfFacilityMax = 20;

/// Of the parts in which a file of that size is kept.
uint64_t PartsOf(const v1::Attachment& attachment);
/// Where one of them is kept.
uint64_t AttachmentPartId(uint64_t attachment, uint64_t part);
/// 32 bytes.
std::string Sha256(std::string_view bytes);
/// A record of that kind, which is unlogged. RECORD_DAMAGED, RECORD_MISSING.
Result<store::Record> GetAttachmentRecord(const store::Snapshot& snapshot, uint64_t id,
                                          v1::Attachment& attachment);

/// Files that are in memory at once, to be judged and kept; others wait for their turn. On its way
/// a file lies in the spool, so that who sends slowly keeps nobody waiting. Thread-safe.
constexpr std::ptrdiff_t kFilesInMemoryMax = 8;
using UploadTurns = std::counting_semaphore<kFilesInMemoryMax>;

/// Gives the next message of an upload; false at its end. Waits.
using UploadSource = std::function<Result<bool>(v1::UploadAttachmentRequest&)>;
/// Takes a file to its end and keeps it, in one change. Waits; for a thread of its own. For the
/// errors see the proto.
Result<v1::UploadAttachmentResponse> UploadAttachment(const Domain& domain, const Call& call,
                                                      UploadTurns& turns,
                                                      const UploadSource& source);

/// Sends a file in parts, each from a snapshot of its own: who reads slowly holds none. May wait.
Result<void> GetAttachment(
    const Domain& domain, const Call& call, const v1::GetAttachmentRequest& request,
    const std::function<Result<void>(const v1::GetAttachmentResponse&)>& sink);

Result<v1::ListAttachmentsResponse> ListAttachments(const Domain& domain, const Call& call,
                                                    const v1::ListAttachmentsRequest& request,
                                                    const store::Snapshot& snapshot);

Result<Planned> PlanDetachAttachment(const Domain& domain, const Call& call,
                                     const v1::DetachAttachmentRequest& request,
                                     const store::Snapshot& snapshot);
Result<v1::DetachAttachmentResponse> AnswerDetachAttachment(const Domain& domain,
                                                            const std::vector<RecordRef>& results,
                                                            const store::Snapshot& snapshot);

Result<Planned> PlanEraseAttachment(const Domain& domain, const Call& call,
                                    const v1::EraseAttachmentRequest& request,
                                    const store::Snapshot& snapshot);
/// Says nothing of the store's files.
Result<v1::EraseAttachmentResponse> AnswerEraseAttachment(const Domain& domain,
                                                          const std::vector<RecordRef>& results,
                                                          const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_ATTACHMENTS_ATTACHMENTS_H_
