#include "server/rights/notices.h"

#include "codegen/code/serial.h"
#include "tests/server/rights/procedure.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NoticesTest : public ProcedureTest {
 protected:
  NoticesTest() {
    Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
      facility.set_address("凤台街12号");
      facility.set_community_name("后河社区");
    });
    Edit<v1::Facility>(world_, second_, [](v1::Facility& f) { f.set_address("泽州路3号"); });
  }
  Call Public(std::string_view method) const {
    Call call = world_.call(fmt::format("yima.v1.RightsService/{}", method));
    call.principal = "public";
    call.principal_id = 0;
    call.is_public = true;
    call.roles = 1;
    call.reach = std::make_shared<const Reach>();
    return call;
  }
  Result<v1::ListNoticeClaimsResponse> Lines(const std::string& query, int32_t size = 0,
                                             const std::string& token = "") {
    v1::ListNoticeClaimsRequest request;
    request.set_notice(notice_);
    request.set_query(query);
    request.set_page_size(size);
    request.set_page_token(token);
    return methods_.Unary<v1::ListNoticeClaimsResponse>("RightsService/ListNoticeClaims", request);
  }
  std::vector<uint64_t> Found(const std::string& query) {
    std::vector<uint64_t> facilities;
    const auto lines = Lines(query);
    EXPECT_TRUE(lines) << lines.error().message;
    if (!lines) return facilities;
    for (const auto& line : lines->lines()) facilities.push_back(line.facility().uid());
    return facilities;
  }

  uint64_t second_ = world_.AddFacility(2, bureau_);
  uint64_t claim_ = Claimed(power_manager_, power_, facility_);
  uint64_t second_claim_ = Claimed(water_manager_, water_, second_);
  uint64_t notice_ = Published();
};

TEST_F(NoticesTest, LinesTellWhatEverybodyMayKnow) {
  As(water_manager_, kManagers);
  ASSERT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
  const auto lines = Lines("");
  ASSERT_TRUE(lines) << lines.error().message;
  ASSERT_EQ(lines->lines_size(), 2);
  const v1::NoticeLine& line = lines->lines(0);
  EXPECT_EQ(line.claim().id(), claim_);
  EXPECT_EQ(line.claimant(), "供电公司");
  EXPECT_EQ(line.recorded(), "水务公司");
  EXPECT_EQ(line.facility().code().digits(), "14050201001000001");
  EXPECT_EQ(line.division(), "140502");
  EXPECT_EQ(line.address(), "凤台街12号");
  EXPECT_EQ(line.objections(), 1);
  EXPECT_FALSE(line.claim().has_basis());
  EXPECT_EQ(line.claim().principal(), "");
  EXPECT_EQ(lines->lines(1).recorded(), "") << "nobody's by the ledger";
}

TEST_F(NoticesTest, LinesAreFoundByCodeShortNumberAndPlace) {
  EXPECT_THAT(Found("01001000002"), ElementsAre(second_));
  EXPECT_THAT(Found("凤台街"), ElementsAre(facility_));
  EXPECT_THAT(Found("140502 后河"), ElementsAre(facility_)) << "each word";
  EXPECT_THAT(Found("凤台街 泽州路"), IsEmpty());
  const uint64_t serial = uint64_t{1} << 32 | 1;
  AddPlate(world_, serial, second_);
  EXPECT_THAT(Found(Serial::FromInteger(serial)->ShortNumber()), ElementsAre(second_));
  EXPECT_EQ(RefusalOf(Lines(std::string(101, 'x'))),
            (Refusal{kInvalid, "FIELD_TOO_LONG", "query"}));
}

TEST_F(NoticesTest, LinesComeInPages) {
  const auto first = Lines("", 1);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->lines_size(), 1);
  EXPECT_EQ(first->lines(0).claim().id(), claim_);
  const auto second = Lines("", 1, first->next_page_token());
  ASSERT_TRUE(second);
  ASSERT_EQ(second->lines_size(), 1);
  EXPECT_EQ(second->lines(0).claim().id(), second_claim_);
  EXPECT_EQ(second->next_page_token(), "");
  EXPECT_EQ(RefusalOf(Lines("x", 1, first->next_page_token())),
            (Refusal{kInvalid, "PAGE_TOKEN_INVALID", "page_token"}));
}

TEST_F(NoticesTest, CountsWhatBecameOfItsClaims) {
  As(water_manager_, kManagers);
  ASSERT_TRUE(Object(ObjectionTo(notice_, water_, facility_)));
  AfterPeriodOf(notice_);
  AsRegistrar();
  ASSERT_TRUE(Confirm(ConfirmOf()));
  v1::GetNoticeRequest request;
  request.set_notice(notice_);
  auto answer = methods_.Unary<v1::GetNoticeResponse>("RightsService/GetNotice", request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->confirmed(), 1);
  EXPECT_EQ(answer->rejected(), 0);
  EXPECT_EQ(answer->open_objections(), 1);
  ASSERT_TRUE(Settle(SettleOf(facility_, 0)));
  answer = methods_.Unary<v1::GetNoticeResponse>("RightsService/GetNotice", request);
  EXPECT_EQ(answer->rejected(), 1);
  EXPECT_EQ(answer->open_objections(), 0);
}

TEST_F(NoticesTest, ThePublicKnowsOfNoneThatHasNotOpened) {
  const uint64_t draft = uint64_t{1} << 32 | 5000;
  v1::Notice record;
  record.set_id(draft);
  record.set_state(v1::NOTICE_STATE_DRAFT);
  record.set_title("草稿");
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(draft, record);
  ASSERT_TRUE(Apply(world_, writer));
  v1::ListNoticesRequest list;
  const auto known = methods_.Unary<v1::ListNoticesResponse>("RightsService/ListNotices", list);
  ASSERT_TRUE(known);
  ASSERT_EQ(known->notices_size(), 2);
  EXPECT_EQ(known->notices(0).id(), draft) << "newest first";
  EXPECT_NE(known->notices(1).principal(), "");
  const auto snapshot = world_.Read();
  const auto shown = ListNotices(world_.domain(), Public("ListNotices"), list, *snapshot);
  ASSERT_TRUE(shown);
  ASSERT_EQ(shown->notices_size(), 1);
  EXPECT_EQ(shown->notices(0).id(), notice_);
  EXPECT_EQ(shown->notices(0).principal(), "");
  v1::GetNoticeRequest get;
  get.set_notice(draft);
  EXPECT_EQ(RefusalOf(GetNotice(world_.domain(), Public("GetNotice"), get, *snapshot)),
            (Refusal{kNotFound, "NOTICE_NOT_FOUND", "notice"}));
  EXPECT_TRUE(GetNotice(world_.domain(), world_.call("GetNotice"), get, *snapshot));
}

TEST_F(NoticesTest, ListComesInPagesFromTheNewest) {
  Claimed(water_manager_, water_, world_.AddFacility(3, bureau_));
  const uint64_t newest = Published();
  v1::ListNoticesRequest list;
  list.set_page_size(1);
  const auto first = methods_.Unary<v1::ListNoticesResponse>("RightsService/ListNotices", list);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->notices_size(), 1);
  EXPECT_EQ(first->notices(0).id(), newest);
  list.set_page_token(first->next_page_token());
  const auto second = methods_.Unary<v1::ListNoticesResponse>("RightsService/ListNotices", list);
  ASSERT_TRUE(second);
  ASSERT_EQ(second->notices_size(), 1);
  EXPECT_EQ(second->notices(0).id(), notice_);
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(NoticesTest, ThePublicReadsNoWordsOfAWithdrawal) {
  v1::WithdrawNoticeRequest withdraw;
  withdraw.set_request_id("withdraw-1");
  withdraw.set_notice(notice_);
  withdraw.set_reason("李某某要求");
  ASSERT_TRUE(methods_.Unary<v1::WithdrawNoticeResponse>("RightsService/WithdrawNotice", withdraw));
  v1::GetNoticeRequest get;
  get.set_notice(notice_);
  const auto shown = GetNotice(world_.domain(), Public("GetNotice"), get, *world_.Read());
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->notice().state(), v1::NOTICE_STATE_WITHDRAWN);
  EXPECT_FALSE(shown->notice().withdrawal().has_reason());
  EXPECT_EQ(shown->notice().withdrawal().principal(), "");
  EXPECT_EQ(shown->notice().withdrawal().time_us(), world_now);
}

}  // namespace
}  // namespace yima::server::testing
