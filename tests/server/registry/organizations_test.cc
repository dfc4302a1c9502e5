#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/unchanged.h"

namespace yima::server::testing {
namespace {

constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kTaken = StatusCode::kAlreadyExists;
constexpr char kCredit[] = "91350100M000100Y43";

class OrganizationsTest : public ::testing::Test {
 protected:
  Result<v1::CreateOrganizationResponse> Create(const v1::OrganizationInput& input) {
    v1::CreateOrganizationRequest request;
    request.set_request_id(fmt::format("create-{}", ++requests_));
    *request.mutable_input() = input;
    return methods_.Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization",
                                                          request);
  }
  Result<v1::ImportOrganizationsResponse> Import(const std::vector<v1::OrganizationInput>& inputs,
                                                 bool dry_run = false) {
    v1::ImportOrganizationsRequest request;
    request.set_request_id(fmt::format("import-{}", ++requests_));
    request.set_dry_run(dry_run);
    for (const auto& input : inputs) *request.add_inputs() = input;
    return methods_.Unary<v1::ImportOrganizationsResponse>("RegistryService/ImportOrganizations",
                                                           request);
  }
  Result<v1::GetOrganizationResponse> Get(const std::string& text) {
    v1::GetOrganizationRequest request;
    request.set_text(text);
    return methods_.Unary<v1::GetOrganizationResponse>("RegistryService/GetOrganization", request);
  }
  static v1::OrganizationInput Named(const std::string& name,
                                     const std::vector<std::string>& aliases = {}) {
    v1::OrganizationInput input;
    input.mutable_organization()->set_name(name);
    for (const auto& alias : aliases) input.mutable_organization()->add_aliases(alias);
    return input;
  }

  World world_;
  Methods methods_{world_};
  int requests_ = 0;
};

TEST_F(OrganizationsTest, IsFoundByNameAliasAndCreditCode) {
  auto input = Named("晋城市城区水务有限公司", {"水务公司", "自来水"});
  input.mutable_organization()->set_credit_code(kCredit);
  const auto created = Create(input);
  ASSERT_TRUE(created) << created.error().message;
  const uint64_t id = created->organization().id();
  for (const char* text :
       {"晋城市城区水务有限公司", "水务公司", "自来水", kCredit, "91350100m000100y43"}) {
    ASSERT_TRUE(Get(text)) << text;
    EXPECT_EQ(Get(text)->organization().id(), id) << text;
  }
  EXPECT_EQ(RefusalOf(Get("水务")),
            (Refusal{StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND", "text"}));
  EXPECT_EQ(RefusalOf(Get("")), (Refusal{StatusCode::kNotFound, "ORGANIZATION_NOT_FOUND", "text"}));
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::GetOrganizationResponse>("RegistryService/GetOrganization",
                                                                  v1::GetOrganizationRequest())),
            (Refusal{kInvalid, "NAME_MISSING", "name"}));
}

TEST_F(OrganizationsTest, ContactsAreShownAndNeverLogged) {
  auto input = Named("城管局");
  input.set_contact_name("张三");
  input.set_contact_telephone("13800000000");
  const auto created = Create(input);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->organization().contact_name().value(), "张三");
  EXPECT_EQ(created->organization().contact_telephone().value(), "13800000000");
  EXPECT_EQ(created->organization().contact_name().salt(), "");
  ASSERT_TRUE(world_.Read()->ScanLog(0, [](const store::LogRecord& record) {
    EXPECT_EQ(record.entry.find("张三"), std::string_view::npos);
    return true;
  }));
  const auto kept =
      yima::server::Get<v1::Organization>(*world_.Read(), created->organization().id());
  EXPECT_EQ((*kept)->record.contact_name().value(), "张三");
}

TEST_F(OrganizationsTest, TakenNamesAreRefusedAndNamed) {
  auto first = Named("城管局", {"城管"});
  first.mutable_organization()->set_credit_code(kCredit);
  ASSERT_TRUE(Create(first));
  RefusesUnchanged(world_, [&] { return Create(Named("城管局")); },
                   {kTaken, "ORGANIZATION_NAME_TAKEN", "input.organization.name"});
  RefusesUnchanged(world_, [&] { return Create(Named("城管")); },
                   {kTaken, "ORGANIZATION_NAME_TAKEN", "input.organization.name"});
  RefusesUnchanged(world_, [&] { return Create(Named("新局", {"城管"})); },
                   {kTaken, "ORGANIZATION_NAME_TAKEN", "input.organization.aliases"});
  auto other = Named("新局");
  other.mutable_organization()->set_credit_code(kCredit);
  RefusesUnchanged(world_, [&] { return Create(other); },
                   {kTaken, "CREDIT_CODE_TAKEN", "input.organization.credit_code"});
}

TEST_F(OrganizationsTest, ImportCreatesCompletesAndLeaves) {
  ASSERT_TRUE(Create(Named("城管局")));
  auto completed = Named("城管局", {"城管"});
  completed.mutable_organization()->set_telephone("0356-12345");
  completed.mutable_organization()->set_credit_code(kCredit);
  const auto report = Import({completed, Named("水务公司")});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->created(), 1);
  EXPECT_EQ(report->updated(), 1);
  EXPECT_EQ(Get("城管")->organization().telephone(), "0356-12345");
  EXPECT_EQ(Get("城管")->organization().etag(), "1-2");
  const std::string state = world_.State();
  EXPECT_EQ(Import({completed, Named("水务公司")})->unchanged(), 2);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(OrganizationsTest, ImportFindsByCreditCodeAndAddsTheNameAsAnAlias) {
  auto first = Named("水务有限公司");
  first.mutable_organization()->set_credit_code(kCredit);
  ASSERT_TRUE(Create(first));
  auto again = Named("水务公司");
  again.mutable_organization()->set_credit_code(kCredit);
  EXPECT_EQ(Import({again})->updated(), 1);
  EXPECT_EQ(Get("水务公司")->organization().name(), "水务有限公司");
}

TEST_F(OrganizationsTest, DryRunOfAnImportWritesNothing) {
  ASSERT_TRUE(Create(Named("城管局")));
  const std::string state = world_.State();
  const auto report = Import({Named("城管局", {"城管"}), Named("水务公司")}, true);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->created(), 1);
  EXPECT_EQ(report->updated(), 1);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(OrganizationsTest, ImportOfWhatDisagreesIsRefusedWhole) {
  auto stands = Named("城管局");
  stands.mutable_organization()->set_telephone("0356-12345");
  stands.set_contact_name("张三");
  ASSERT_TRUE(Create(stands));
  ASSERT_TRUE(Create(Named("水务公司", {"水务"})));
  auto telephone = Named("城管局");
  telephone.mutable_organization()->set_telephone("0356-99999");
  RefusesUnchanged(world_,
                   [&] {
                     return Import({Named("新局"), telephone});
                   },
                   {kTaken, "ORGANIZATION_CONFLICT", "inputs[1].organization.telephone"});
  auto contact = Named("城管局");
  contact.set_contact_name("李四");
  RefusesUnchanged(world_,
                   [&] {
                     return Import({Named("新局"), contact});
                   },
                   {kTaken, "ORGANIZATION_CONFLICT", "inputs[1].contact_name"});
  RefusesUnchanged(world_,
                   [&] {
                     return Import({Named("新局"), Named("又一局", {"水务"})});
                   },
                   {kTaken, "ORGANIZATION_NAME_TAKEN", "inputs[1].organization.aliases"});
  RefusesUnchanged(world_,
                   [&] {
                     return Import({Named("甲", {"同"}), Named("乙", {"同"})});
                   },
                   {kTaken, "ORGANIZATION_NAME_TAKEN", "inputs[1].organization.aliases"});
}

TEST_F(OrganizationsTest, ImportNeverGathersMoreAliasesThanMayBe) {
  const auto aliases = [](int from, int n) {
    std::vector<std::string> names;
    for (int i = from; i < from + n; ++i) names.push_back(fmt::format("别名{}", i));
    return names;
  };
  ASSERT_TRUE(Import({Named("城管局", aliases(0, 32))}));
  RefusesUnchanged(world_, [&] { return Import({Named("城管局", aliases(32, 1))}); },
                   {kInvalid, "FIELD_TOO_LONG", "inputs[0].organization.aliases"});
}

TEST_F(OrganizationsTest, ImportHasOneToAThousandInputs) {
  RefusesUnchanged(world_, [&] { return Import({}); }, {kInvalid, "BATCH_SIZE", "inputs"});
  std::vector<v1::OrganizationInput> inputs;
  for (int i = 0; i < 1001; ++i) inputs.push_back(Named(fmt::format("单位{}", i)));
  RefusesUnchanged(world_, [&] { return Import(inputs); }, {kInvalid, "BATCH_SIZE", "inputs"});
  inputs.pop_back();
  EXPECT_EQ(Import(inputs)->created(), 1000);
}

struct BadOrganization {
  const char* name;
  std::function<void(v1::OrganizationInput&)> spoil;
  const char* reason;
  const char* field;
};
void PrintTo(const BadOrganization& bad, std::ostream* out) { *out << bad.name; }
class BadOrganizationTest : public OrganizationsTest,
                            public ::testing::WithParamInterface<BadOrganization> {};

TEST_P(BadOrganizationTest, IsRefusedAndWritesNothing) {
  auto input = Named("城管局");
  GetParam().spoil(input);
  RefusesUnchanged(world_, [&] { return Create(input); },
                   {kInvalid, GetParam().reason, fmt::format("input.{}", GetParam().field)});
  RefusesUnchanged(world_,
                   [&] {
                     return Import({Named("水务公司"), input});
                   },
                   {kInvalid, GetParam().reason, fmt::format("inputs[1].{}", GetParam().field)});
}

v1::Organization& Of(v1::OrganizationInput& input) { return *input.mutable_organization(); }
const BadOrganization kBad[] = {
    {"NoName", [](auto& i) { Of(i).clear_name(); }, "FIELD_MISSING", "organization.name"},
    {"LongName", [](auto& i) { Of(i).set_name(std::string(101, 'x')); }, "FIELD_TOO_LONG",
     "organization.name"},
    {"LineBreakInName", [](auto& i) { Of(i).set_name("a\nb"); }, "FIELD_NOT_TEXT",
     "organization.name"},
    {"EmptyAlias", [](auto& i) { Of(i).add_aliases(""); }, "FIELD_MISSING",
     "organization.aliases[0]"},
    {"AliasOfItself", [](auto& i) { Of(i).add_aliases("城管局"); }, "FIELD_TWICE",
     "organization.aliases[0]"},
    {"AliasTwice",
     [](auto& i) {
       Of(i).add_aliases("a");
       Of(i).add_aliases("a");
     },
     "FIELD_TWICE", "organization.aliases[1]"},
    {"ManyAliases",
     [](auto& i) {
       for (int n = 0; n < 33; ++n) Of(i).add_aliases(fmt::format("a{}", n));
     },
     "FIELD_TOO_LONG", "organization.aliases"},
    {"CreditCode", [](auto& i) { Of(i).set_credit_code("123"); }, "CREDIT_CODE_MALFORMED",
     "organization.credit_code"},
    {"CreditCodeCheck", [](auto& i) { Of(i).set_credit_code("91350100M000100Y44"); },
     "CREDIT_CODE_CHECK", "organization.credit_code"},
    {"Telephone", [](auto& i) { Of(i).set_telephone("call me"); }, "TELEPHONE_MALFORMED",
     "organization.telephone"},
    {"LongContact", [](auto& i) { i.set_contact_name(std::string(51, 'x')); }, "FIELD_TOO_LONG",
     "contact_name"},
    {"ContactTelephone", [](auto& i) { i.set_contact_telephone(std::string(33, '1')); },
     "TELEPHONE_MALFORMED", "contact_telephone"},
    {"Id", [](auto& i) { Of(i).set_id(1); }, "FIELD_OUTPUT_ONLY", "organization.id"},
    {"WithheldContact", [](auto& i) { Of(i).mutable_contact_name()->set_value("x"); },
     "FIELD_OUTPUT_ONLY", "organization.id"},
};
/// It may end up in logs, where a contact's number has no place.
TEST(WithheldTelephoneTest, IsNotQuotedWhenRefused) {
  World world;
  Methods methods(world);
  v1::CreateOrganizationRequest request;
  request.set_request_id("create-1");
  request.mutable_input()->mutable_organization()->set_name("城管局");
  request.mutable_input()->set_contact_telephone("139/5555/0001");
  const auto created =
      methods.Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization", request);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().reason, "TELEPHONE_MALFORMED");
  EXPECT_EQ(created.error().message.find("5555"), std::string::npos) << created.error().message;
}

INSTANTIATE_TEST_SUITE_P(Inputs, BadOrganizationTest, ::testing::ValuesIn(kBad),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST_F(OrganizationsTest, ListsPageByPage) {
  std::vector<uint64_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(world_.AddOrganization(fmt::format("单位{}", i)));
  v1::ListOrganizationsRequest request;
  request.set_page_size(2);
  std::vector<uint64_t> seen;
  int pages = 0;
  do {
    const auto page =
        methods_.Unary<v1::ListOrganizationsResponse>("RegistryService/ListOrganizations", request);
    ASSERT_TRUE(page);
    for (const auto& organization : page->organizations()) seen.push_back(organization.id());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(pages, 3);
}

}  // namespace
}  // namespace yima::server::testing
