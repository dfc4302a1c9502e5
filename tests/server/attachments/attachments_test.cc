#include "server/attachments/attachments.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/attachments/image_strip.h"
#include "tests/server/attachments/pictures.h"
#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kNotFound = StatusCode::kNotFound;
constexpr auto kDenied = StatusCode::kPermissionDenied;

std::shared_ptr<const Reach> ReachOf(const std::string& division) {
  auto reach = std::make_shared<Reach>();
  v1::Grant grant;
  grant.set_role(v1::ROLE_REGISTRAR);
  grant.add_divisions(division);
  reach->Add(grant);
  return reach;
}

class AttachmentsTest : public ::testing::Test {
 protected:
  AttachmentsTest() : uid_(world_.AddFacility(1, world_.AddOrganization("城管局"))) {}

  static std::string Pdf(size_t size, char fill = 'p') {
    std::string pdf = "%PDF-1.7\n";
    pdf.resize(size, fill);
    return pdf;
  }

  v1::UploadHeader Header(uint64_t facility, size_t size) {
    v1::UploadHeader header;
    header.set_request_id(fmt::format("upload-{}", ++requests_));
    header.set_facility(facility);
    header.set_size(size);
    return header;
  }
  /// All messages of a stream.
  Result<v1::UploadAttachmentResponse> Send(
      const std::vector<v1::UploadAttachmentRequest>& messages) {
    for (const auto& method : methods_.table()) {
      if (!method.name.ends_with("/UploadAttachment")) continue;
      size_t at = 0;
      v1::UploadAttachmentResponse response;
      YIMA_RETURN_IF_ERROR(method.stream(
          world_.call(method.name),
          [&](std::string& bytes) -> Result<bool> {
            if (at == messages.size()) return false;
            bytes = messages[at++].SerializeAsString();
            return true;
          },
          [&](const std::string& bytes) -> Result<void> {
            response.ParseFromString(bytes);
            return {};
          }));
      return response;
    }
    return Fail(StatusCode::kUnimplemented, "METHOD_UNKNOWN", "no such method");
  }
  Result<v1::UploadAttachmentResponse> Upload(const v1::UploadHeader& header,
                                              const std::string& file) {
    std::vector<v1::UploadAttachmentRequest> messages(1);
    *messages[0].mutable_header() = header;
    for (size_t at = 0; at < file.size(); at += 100'000) {
      messages.emplace_back().set_part(file.substr(at, 100'000));
    }
    return Send(messages);
  }
  Result<v1::UploadAttachmentResponse> Upload(const std::string& file, uint64_t facility = 0) {
    return Upload(Header(facility, file.size()), file);
  }

  Result<std::string> Download(const std::string& sha256) {
    v1::GetAttachmentRequest request;
    request.set_sha256(sha256);
    YIMA_ASSIGN_OR_RETURN(const auto responses, methods_.Stream<v1::GetAttachmentResponse>(
                                                    "AttachmentService/GetAttachment", request));
    std::string bytes;
    for (const auto& response : responses) {
      EXPECT_EQ(response.has_attachment(), bytes.empty());
      bytes += response.part();
    }
    return bytes;
  }
  Result<v1::EraseAttachmentResponse> Erase(const std::string& sha256) {
    v1::EraseAttachmentRequest request;
    request.set_request_id(fmt::format("erase-{}", ++requests_));
    request.set_sha256(sha256);
    return methods_.Unary<v1::EraseAttachmentResponse>("AttachmentService/EraseAttachment",
                                                       request);
  }
  Result<v1::DetachAttachmentResponse> Detach(const std::string& sha256) {
    v1::DetachAttachmentRequest request;
    request.set_request_id(fmt::format("detach-{}", ++requests_));
    request.set_facility(uid_);
    request.set_sha256(sha256);
    return methods_.Unary<v1::DetachAttachmentResponse>("AttachmentService/DetachAttachment",
                                                        request);
  }
  Result<v1::ListAttachmentsResponse> List(uint64_t facility) {
    v1::ListAttachmentsRequest request;
    request.set_facility(facility);
    return methods_.Unary<v1::ListAttachmentsResponse>("AttachmentService/ListAttachments",
                                                       request);
  }
  /// Puts a record of an unlogged kind as it should never be.
  void Spoil(store::Kind kind, uint64_t id, const std::string& bytes) {
    const auto stored = *world_.Read()->Get(kind, id);
    store::Change change;
    change.puts.push_back({kind, id, stored ? stored->revision : 0, bytes, {}});
    store::ApplyAndWait(world_.store(), std::move(change));
  }

  World world_;
  Methods methods_{world_};
  uint64_t uid_;
  int requests_ = 0;
};

TEST_F(AttachmentsTest, AFileIsNamedKeptAndFetched) {
  const std::string pdf = Pdf(600'000);
  v1::UploadHeader header = Header(uid_, pdf.size());
  header.set_title("移交协议");
  header.set_media_type("application/pdf");
  const uint64_t log_size = *world_.Read()->LogSize();
  const auto uploaded = Upload(header, pdf);
  ASSERT_TRUE(uploaded) << uploaded.error().message;
  EXPECT_FALSE(uploaded->stripped());
  EXPECT_EQ(uploaded->attachment().sha256(), Sha256(pdf));
  EXPECT_EQ(uploaded->attachment().size(), pdf.size());
  EXPECT_EQ(uploaded->attachment().media_type(), kPdf);
  EXPECT_EQ(uploaded->attachment().uploader(), "local");
  EXPECT_EQ(uploaded->facility().files(0).title(), "移交协议");
  EXPECT_EQ(*world_.Read()->LogSize(), log_size + 1);
  EXPECT_EQ(*Download(Sha256(pdf)), pdf);
  const auto listed = List(uid_);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->items_size(), 1);
  EXPECT_EQ(listed->items(0).file().sha256(), Sha256(pdf));
  EXPECT_EQ(listed->items(0).attachment().size(), pdf.size());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(AttachmentsTest, APhotoIsKeptWithoutWhatItSays) {
  const std::string photo =
      Jpeg(Segment(0xE1, std::string("Exif\0\0", 6) + Exif(1, false)) + Segment(0xFE, "by whom"));
  const auto uploaded = Upload(photo, uid_);
  ASSERT_TRUE(uploaded) << uploaded.error().message;
  EXPECT_TRUE(uploaded->stripped());
  EXPECT_EQ(uploaded->attachment().sha256(), Sha256(Jpeg("")));
  EXPECT_EQ(*Download(Sha256(Jpeg(""))), Jpeg(""));
  EXPECT_EQ(RefusalOf(Download(Sha256(photo))),
            (Refusal{kNotFound, "ATTACHMENT_NOT_FOUND", "sha256"}));
}

TEST_F(AttachmentsTest, TheSameFileTwiceIsOne) {
  const auto header = Header(uid_, Pdf(1000).size());
  const auto first = Upload(header, Pdf(1000));
  ASSERT_TRUE(first);
  const std::string state = world_.State();
  const auto retried = Upload(header, Pdf(1000));
  ASSERT_TRUE(retried);
  EXPECT_EQ(retried->SerializeAsString(), first->SerializeAsString());
  const auto again = Upload(Pdf(1000), uid_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
  const uint64_t other = world_.AddFacility(2, world_.AddOrganization("园林局"));
  const auto elsewhere = Upload(Pdf(1000), other);
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(elsewhere->attachment().id(), first->attachment().id());
  EXPECT_EQ(RefusalOf(Upload(header, Pdf(1000, 'q'))),
            (Refusal{StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED", "request_id"}));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(AttachmentsTest, ATitleIsChangedByNamingTheFileAgain) {
  auto header = Header(uid_, 1000);
  header.set_title("一");
  ASSERT_TRUE(Upload(header, Pdf(1000)));
  header = Header(uid_, 1000);
  header.set_title("二");
  const auto again = Upload(header, Pdf(1000));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->facility().files_size(), 1);
  EXPECT_EQ(again->facility().files(0).title(), "二");
}

TEST_F(AttachmentsTest, RefusesWhatIsNoUpload) {
  const std::string state = world_.State();
  const auto part = [](const std::string& bytes) {
    v1::UploadAttachmentRequest message;
    message.set_part(bytes);
    return message;
  };
  const auto head = [&](size_t size, const std::function<void(v1::UploadHeader&)>& change = {}) {
    v1::UploadAttachmentRequest message;
    *message.mutable_header() = Header(0, size);
    if (change) change(*message.mutable_header());
    return message;
  };
  const Refusal no_header{kInvalid, "UPLOAD_HEADER_MISSING", "header"};
  EXPECT_EQ(RefusalOf(Send({})), no_header);
  EXPECT_EQ(RefusalOf(Send({part("%PDF-1")})), no_header);
  auto both = head(10);
  both.set_part("%PDF-1");
  EXPECT_EQ(RefusalOf(Send({both})), no_header);
  EXPECT_EQ(RefusalOf(Send({head(10), part("%PDF-"), head(10)})),
            (Refusal{kInvalid, "UPLOAD_HEADER_TWICE", "header"}));
  EXPECT_EQ(RefusalOf(Send({head(0)})), (Refusal{kInvalid, "FILE_EMPTY", "header.size"}));
  EXPECT_EQ(RefusalOf(Send({head(kFileMax + 1)})),
            (Refusal{kInvalid, "FILE_TOO_LARGE", "header.size"}));
  EXPECT_EQ(RefusalOf(Send({head(5), part("%PDF-1")})),
            (Refusal{kInvalid, "FILE_TOO_LARGE", "part"}));
  EXPECT_EQ(RefusalOf(Send({head(kFileMax), part(std::string(kFilePartMax + 1, 'x'))})),
            (Refusal{kInvalid, "PART_TOO_LARGE", "part"}));
  EXPECT_EQ(RefusalOf(Send({head(7), part("%PDF-1")})),
            (Refusal{kInvalid, "FILE_CUT_SHORT", "part"}));
  EXPECT_EQ(RefusalOf(Send({head(6), part("GIF89a")})),
            (Refusal{kInvalid, "MEDIA_TYPE_UNKNOWN", "part"}));
  EXPECT_EQ(RefusalOf(Send({head(6, [](auto& header) { header.set_media_type("image/png"); }),
                            part("%PDF-1")})),
            (Refusal{kInvalid, "MEDIA_TYPE_MISMATCH", "header.media_type"}));
  EXPECT_EQ(RefusalOf(Send({head(4), part("\xFF\xD8\xFF\xE0")})),
            (Refusal{kInvalid, "FILE_DAMAGED", "part"}));
  EXPECT_EQ(RefusalOf(Send({head(6, [](auto& header) { header.set_title("x"); })})),
            (Refusal{kInvalid, "TARGET_MISSING", "header.facility"}));
  EXPECT_EQ(RefusalOf(Send({head(6,
                                 [&](auto& header) {
                                   header.set_facility(uid_);
                                   header.set_title("\n");
                                 })})),
            (Refusal{kInvalid, "FIELD_NOT_TEXT", "header.title"}));
  EXPECT_EQ(RefusalOf(Send({head(6, [](auto& header) { header.clear_request_id(); })})),
            (Refusal{kInvalid, "REQUEST_ID_MISSING", "request_id"}));
  EXPECT_EQ(RefusalOf(Upload(Pdf(10), 77)),
            (Refusal{kNotFound, "FACILITY_NOT_FOUND", "header.facility"}));
  EXPECT_EQ(world_.State(), state);
}

TEST_F(AttachmentsTest, AFacilityNamesTwenty) {
  for (int i = 0; i < kFilesOfFacilityMax; ++i) {
    ASSERT_TRUE(Upload(Pdf(static_cast<size_t>(100 + i)), uid_));
  }
  EXPECT_EQ(RefusalOf(Upload(Pdf(99), uid_)),
            (Refusal{StatusCode::kFailedPrecondition, "FILES_TOO_MANY", "header.facility"}));
  ASSERT_TRUE(Upload(Pdf(100), uid_)) << "one that is named already";
  ASSERT_TRUE(Detach(Sha256(Pdf(100))));
  EXPECT_TRUE(Upload(Pdf(99), uid_));
}

TEST_F(AttachmentsTest, IsDetachedAndStays) {
  ASSERT_TRUE(Upload(Pdf(100), uid_));
  ASSERT_TRUE(Upload(Pdf(101), uid_));
  const auto detached = Detach(Sha256(Pdf(100)));
  ASSERT_TRUE(detached) << detached.error().message;
  ASSERT_EQ(detached->facility().files_size(), 1);
  EXPECT_EQ(detached->facility().files(0).sha256(), Sha256(Pdf(101)));
  EXPECT_EQ(*Download(Sha256(Pdf(100))), Pdf(100));
  const std::string state = world_.State();
  EXPECT_TRUE(Detach(Sha256(Pdf(100))));
  EXPECT_EQ(world_.State(), state);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(AttachmentsTest, ErasingLeavesTheHash) {
  const std::string pdf = Pdf(600'000);
  ASSERT_TRUE(Upload(pdf, uid_));
  const auto erased = Erase(Sha256(pdf));
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_EQ(erased->attachment().sha256(), Sha256(pdf));
  EXPECT_EQ(erased->attachment().eraser(), "local");
  EXPECT_NE(erased->attachment().erase_time_us(), 0);
  EXPECT_EQ(world_.Facility(uid_).files(0).sha256(), Sha256(pdf));
  EXPECT_EQ(RefusalOf(Download(Sha256(pdf))),
            (Refusal{StatusCode::kFailedPrecondition, "ATTACHMENT_ERASED", "sha256"}));
  EXPECT_NE(List(uid_)->items(0).attachment().erase_time_us(), 0);
  bool empty = true;
  static_cast<void>(world_.Read()->Scan(store::Kind::kAttachmentPart, 0, {},
                                        [&](uint64_t, uint64_t, std::string_view bytes) {
                                          empty = empty && bytes.empty();
                                          return true;
                                        }));
  EXPECT_TRUE(empty);
  EXPECT_THAT(Findings(world_), IsEmpty());
  world_now += 1'000'000;
  const auto twice = Erase(Sha256(pdf));
  world_now -= 1'000'000;
  EXPECT_EQ(twice->SerializeAsString(), erased->SerializeAsString());
  ASSERT_TRUE(Upload(pdf, uid_));
  EXPECT_EQ(*Download(Sha256(pdf)), pdf) << "brought back by uploading it again";
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(AttachmentsTest, RefusesHashesOfNothing) {
  EXPECT_EQ(RefusalOf(Erase(Sha256("x"))), (Refusal{kNotFound, "ATTACHMENT_NOT_FOUND", "sha256"}));
  EXPECT_EQ(RefusalOf(Erase("short")), (Refusal{kInvalid, "HASH_MALFORMED", "sha256"}));
  EXPECT_EQ(RefusalOf(Download("")), (Refusal{kInvalid, "HASH_MALFORMED", "sha256"}));
  EXPECT_EQ(RefusalOf(List(77)), (Refusal{kNotFound, "FACILITY_NOT_FOUND", "facility"}));
}

TEST_F(AttachmentsTest, IsReadWithinTheReachOfAFacilityThatNamesItOrByWhoBroughtIt) {
  world_.principal = "7";
  ASSERT_TRUE(Upload(Pdf(100), uid_));
  ASSERT_TRUE(Upload(Pdf(101)));
  world_.principal = "8";
  world_.reach = ReachOf("140502");
  EXPECT_TRUE(Download(Sha256(Pdf(100))));
  EXPECT_EQ(RefusalOf(Download(Sha256(Pdf(101)))), (Refusal{kDenied, "SCOPE_EXCEEDED", "sha256"}));
  world_.reach = ReachOf("140521");
  EXPECT_EQ(RefusalOf(Download(Sha256(Pdf(100)))), (Refusal{kDenied, "SCOPE_EXCEEDED", "sha256"}));
  EXPECT_EQ(RefusalOf(Upload(Pdf(100), uid_)),
            (Refusal{kDenied, "SCOPE_EXCEEDED", "header.facility"}));
  EXPECT_EQ(RefusalOf(List(uid_)), (Refusal{kDenied, "SCOPE_EXCEEDED", "facility"}));
  EXPECT_EQ(RefusalOf(Detach(Sha256(Pdf(100)))), (Refusal{kDenied, "SCOPE_EXCEEDED", "facility"}));
  EXPECT_EQ(RefusalOf(Erase(Sha256(Pdf(100)))), (Refusal{kDenied, "SCOPE_EXCEEDED", "sha256"}));
  EXPECT_EQ(RefusalOf(Erase(Sha256(Pdf(101)))), (Refusal{kDenied, "SCOPE_EXCEEDED", "sha256"}));
  world_.principal = "7";
  EXPECT_TRUE(Download(Sha256(Pdf(100))));
  EXPECT_TRUE(Download(Sha256(Pdf(101))));
  EXPECT_TRUE(Erase(Sha256(Pdf(101)))) << "named nowhere, and one's own";
  EXPECT_EQ(RefusalOf(Erase(Sha256(Pdf(100)))), (Refusal{kDenied, "SCOPE_EXCEEDED", "sha256"}))
      << "another division stands on it";
}

TEST_F(AttachmentsTest, CheckNamesWhatIsWrong) {
  const std::string pdf = Pdf(300'000);
  const uint64_t id = Upload(pdf, uid_)->attachment().id();
  const std::string second = pdf.substr(kFilePartMax);
  std::string changed = second;
  changed[5] = static_cast<char>(changed[5] ^ 1);
  Spoil(store::Kind::kAttachmentPart, AttachmentPartId(id, 1), changed);
  EXPECT_THAT(Findings(world_),
              ElementsAre(fmt::format("attachment {} does not have its hash", id)));
  Spoil(store::Kind::kAttachmentPart, AttachmentPartId(id, 1), second.substr(1));
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("has 299999 bytes in 2 parts")));
  Spoil(store::Kind::kAttachmentPart, AttachmentPartId(id, 1), second);
  EXPECT_THAT(Findings(world_), IsEmpty());
  Spoil(store::Kind::kAttachmentPart, AttachmentPartId(id + 1, 0), "stray");
  EXPECT_THAT(Findings(world_), ElementsAre(HasSubstr("which has no record")));
}

TEST_F(AttachmentsTest, CheckNamesAFileThatIsNotKept) {
  const auto before = world_.Facility(uid_);
  auto after = before;
  after.add_files()->set_sha256(Sha256("lost"));
  ChangeWriter writer(world_.call("test"), "");
  writer.Replace(uid_, 1, before, after);
  store::ApplyAndWait(world_.store(), writer.Take());
  EXPECT_THAT(Findings(world_),
              ElementsAre(fmt::format("facility {} names a file that is not kept", uid_)));
  const auto listed = List(uid_);
  ASSERT_TRUE(listed);
  EXPECT_FALSE(listed->items(0).has_attachment());
}

TEST_F(AttachmentsTest, WhatWasTakenBackTakesNoFile) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, uid_, [](auto& f) { f.set_life(v1::LIFE_WITHDRAWN); }));
  EXPECT_EQ(RefusalOf(Upload(Pdf(1000), uid_)),
            (Refusal{StatusCode::kFailedPrecondition, "FACILITY_WITHDRAWN", "header.facility"}));
  EXPECT_EQ(world_.Facility(uid_).files_size(), 0);
}

}  // namespace
}  // namespace yima::server::testing
