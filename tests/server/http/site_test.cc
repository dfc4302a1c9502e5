#include "server/http/site.h"

#include <future>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "codegen/code/tile.h"
#include "server/log/tree_keeper.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class SiteTest : public ::testing::Test {
 protected:
  /// As a phone asks for what stands in a symbol.
  HttpRequest Scan(const std::string& text) const {
    const size_t host = std::string_view("https://").size();
    const size_t path = text.find('/', host);
    HttpRequest request;
    request.method = "GET";
    request.path = text.substr(path);
    request.headers = {{"host", text.substr(host, path - host)}, {"accept-language", "en"}};
    return request;
  }
  HttpRequest At(const std::string& path) const { return Scan("https://QR.EXAMPLE.CN" + path); }

  HttpResponse Ask(const HttpRequest& request) { return Ask(request, methods_.table()); }
  HttpResponse Ask(const HttpRequest& request, const std::vector<Method>& table) {
    const Site site(table, world_.domain().classes, *Webroot::Open(""), [this] { return ready_; },
                    {.hotline = "12345"});
    std::promise<HttpResponse> answered;
    site.Answer(request, [&](HttpResponse response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }
  static std::string Header(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  static ::testing::Matcher<std::string> ShowsOutcome(const std::string& id) {
    return HasSubstr("data-outcome=\"" + id + "\"");
  }

  World world_;
  Methods methods_{world_};
  uint64_t bureau_ = world_.AddOrganization("城管局", "0356-12345");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
  Result<void> ready_;
};

TEST_F(SiteTest, ScannedCodeShowsItsFacility) {
  const auto page = Ask(Scan(AddPlate(world_, kSerial, facility_).text));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, ShowsOutcome("ACTIVE"));
  EXPECT_THAT(page.body, HasSubstr("城管局"));
  EXPECT_THAT(page.body, HasSubstr("tel:035612345"));
}

TEST_F(SiteTest, CoverageIsShownByDivisionAndClassAndOfNoOrganization) {
  AddPlate(world_, kSerial, facility_);
  const auto page = Ask(At("/coverage"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, ShowsOutcome("COVERAGE"));
  EXPECT_THAT(page.body, HasSubstr("100.0 %<small>1 / 1</small>"));
  EXPECT_THAT(page.body, HasSubstr("140502</th><td>1</td><td>100.0 %</td><td>0.0 %</td>"));
  EXPECT_THAT(page.body, Not(HasSubstr("城管局")));
  auto chinese = At("/coverage");
  chinese.headers["accept-language"] = "zh-CN";
  EXPECT_THAT(Ask(chinese).body, HasSubstr("确权率"));
  auto json = At("/coverage");
  json.headers["accept"] = "application/json";
  EXPECT_EQ(nlohmann::json::parse(Ask(json).body)["total"]["coded"], "1");
}

TEST_F(SiteTest, LogIsServedByThePathsOfItsTiles) {
  EXPECT_EQ(Ask(At("/.well-known/yima/log/checkpoint")).status, 503);
  ASSERT_TRUE(TreeKeeper(world_.domain()).Grow());
  const auto head = world_.domain().tree->head();
  const auto width = std::to_string(head->checkpoint.size);
  const auto checkpoint = Ask(At("/.well-known/yima/log/checkpoint"));
  EXPECT_EQ(checkpoint.status, 200);
  EXPECT_EQ(checkpoint.body, head->note);
  EXPECT_EQ(checkpoint.content_type, "text/plain; charset=utf-8");
  const auto tile = Ask(At("/.well-known/yima/log/tile/0/000.p/" + width));
  EXPECT_EQ(tile.body, *TileBytes(*Tile::Parse("tile/0/000.p/" + width), *head, *world_.Read()));
  EXPECT_EQ(tile.content_type, "application/octet-stream");
  const auto entries = Ask(At("/.well-known/yima/log/tile/entries/000.p/" + width));
  EXPECT_TRUE(ParseTileEntries(entries.body, static_cast<uint32_t>(head->checkpoint.size)));
  for (const std::string path :
       {"tile/0/000", "tile/0/001", "tile/1/000.p/1", "tile/entries/000", "tile/0/0", "tile", ""}) {
    EXPECT_EQ(Ask(At("/.well-known/yima/log/" + path)).status, 404) << path;
  }
}

TEST_F(SiteTest, OnlyFullTilesOfTheLogAreKeptForEver) {
  store::Change change;
  for (uint64_t id = 1'000'000; id < 1'000'300; ++id) {
    change.puts.push_back({store::Kind::kBatch, id, 0, "", "entry"});
  }
  store::ApplyAndWait(world_.store(), std::move(change));
  ASSERT_TRUE(TreeKeeper(world_.domain()).Grow());
  const auto kept = [&](const std::string& name) {
    const auto answer = Ask(At("/.well-known/yima/log/" + name));
    EXPECT_EQ(answer.status, 200) << name;
    return Header(answer, "Cache-Control");
  };
  EXPECT_EQ(kept("tile/0/000"), "public, max-age=31536000, immutable");
  EXPECT_EQ(kept("tile/entries/000"), "private, max-age=31536000, immutable");
  for (const char* name : {"checkpoint", "tile/0/000.p/255", "tile/0/001.p/1", "tile/1/000.p/1"}) {
    EXPECT_EQ(kept(name), "no-cache") << name;
  }
}

TEST_F(SiteTest, CaseOfHostAndPathIsNothing) {
  const std::string text = AddPlate(world_, kSerial, facility_).text;
  HttpRequest request = Scan(text);
  request.headers["host"] = "qr.Example.cn";
  EXPECT_THAT(Ask(request).body, ShowsOutcome("ACTIVE"));
  request.headers["host"] = "qr.example.cn:443";
  EXPECT_THAT(Ask(request).body, ShowsOutcome("ACTIVE"));
  request.query["from"] = "singlemessage";
  EXPECT_THAT(Ask(request).body, ShowsOutcome("ACTIVE"));
}

TEST_F(SiteTest, OriginWithSegmentsAndPortIsServed) {
  const std::string origin = "HTTPS://CODES.EXAMPLE.CN:8443/CITY/A-1/";
  world_.ChangeRegistry([&](v1::Registry& registry) {
    registry.add_origins()->set_origin(origin);
    registry.mutable_origins(1)->set_state(v1::ORIGIN_STATE_OLD);
    auto* key = registry.add_code_keys();
    *key = registry.code_keys(0);
    key->set_origin(origin);
    key->set_key_id(2);
  });
  const Payload payload{2, *Serial::FromInteger(kSerial), *ParseDay("2026-11-24"), kSchemeBlank, 0};
  const auto bytes = SignCode(*world_.domain().keys.code(1), *Origin::Parse(origin), payload);
  HttpRequest request = Scan(origin + EncodeBody(bytes));
  EXPECT_THAT(Ask(request).body, ShowsOutcome("NOT_ISSUED"));
  request.path = "/city/a-1" + request.path.substr(request.path.rfind('/'));
  request.headers["host"] = "codes.example.cn:8443";
  EXPECT_THAT(Ask(request).body, ShowsOutcome("NOT_ISSUED"));
  request.path = "/city" + request.path.substr(request.path.rfind('/'));
  EXPECT_THAT(Ask(request).body, ShowsOutcome("UNKNOWN_ISSUER"));
}

TEST_F(SiteTest, EndedCodesHaveTheirPages) {
  uint64_t serial = kSerial;
  EXPECT_THAT(Ask(Scan(AddPlate(world_, ++serial, 0).text)).body, ShowsOutcome("BLANK"));
  for (const auto& [state, id] : {std::pair{v1::CODE_STATE_SUSPENDED, "SUSPENDED"},
                                  {v1::CODE_STATE_REVOKED, "REVOKED"},
                                  {v1::CODE_STATE_REPLACED, "REPLACED"}}) {
    const Plate plate = AddPlate(world_, ++serial, facility_, state, kSerial);
    EXPECT_THAT(Ask(Scan(plate.text)).body, ShowsOutcome(id));
  }
}

TEST_F(SiteTest, JudgedTextsHaveTheirPages) {
  const KeyRing& keys = world_.domain().keys;
  const std::string text = SignPlate(world_, kSerial, 0, *keys.code(1)).text;
  EXPECT_THAT(Ask(Scan(text)).body, ShowsOutcome("NOT_ISSUED"));
  EXPECT_THAT(
      Ask(Scan(SignPlate(world_, kSerial, 0, *keys.All(KeyKind::kStatus).front()).text)).body,
      ShowsOutcome("FORGED"));
  HttpRequest foreign = Scan(text);
  foreign.headers["host"] = "<b>.example.com";
  EXPECT_THAT(Ask(foreign).body, ShowsOutcome("MALFORMED"));
  foreign.headers["host"] = "qr.example.com";
  EXPECT_THAT(Ask(foreign).body, ShowsOutcome("UNKNOWN_ISSUER"));
  EXPECT_THAT(Ask(foreign).body, HasSubstr("https://qr.example.com/"));
  EXPECT_THAT(Ask(Scan(text.substr(0, text.size() - 1))).body, ShowsOutcome("MALFORMED"));
  HttpRequest newer = Scan(text);
  newer.path[1] = '2';
  EXPECT_THAT(Ask(newer).body, ShowsOutcome("UNSUPPORTED"));
  world_.ChangeRegistry([](auto& r) { r.mutable_code_keys(0)->set_revoked(true); });
  EXPECT_THAT(Ask(Scan(text)).body, ShowsOutcome("KEY_REVOKED"));
  world_.ChangeRegistry([](auto& r) { r.mutable_code_keys(0)->set_key_id(9); });
  EXPECT_THAT(Ask(Scan(text)).body, ShowsOutcome("UNKNOWN_KEY"));
  world_.ChangeRegistry([](auto& r) { r.mutable_origins(0)->set_state(v1::ORIGIN_STATE_LOST); });
  EXPECT_THAT(Ask(Scan(text)).body, HasSubstr("origin-lost"));
}

TEST_F(SiteTest, JsonIsTheAnswerItself) {
  HttpRequest request = Scan(AddPlate(world_, kSerial, facility_).text);
  request.headers["accept"] = "application/json";
  const auto answer = Ask(request);
  EXPECT_EQ(answer.content_type, "application/json");
  const auto json = nlohmann::json::parse(answer.body);
  EXPECT_EQ(json["verdict"], "VERDICT_AUTHENTIC");
  EXPECT_EQ(json["state"], "CODE_STATE_ACTIVE");
  EXPECT_EQ(json["facility"]["uid"], std::to_string(facility_));
  EXPECT_EQ(json["organizations"][0]["name"], "城管局");
}

TEST_F(SiteTest, RevokedCodeIsNeverServedStale) {
  const Plate plate = AddPlate(world_, kSerial, facility_);
  HttpRequest request = Scan(plate.text);
  const auto before = Ask(request);
  EXPECT_EQ(Header(before, "Cache-Control"), "no-cache");
  EXPECT_EQ(Header(before, "Vary"), "Accept, Accept-Language, Host");
  request.headers["if-none-match"] = Header(before, "ETag");
  const auto unchanged = Ask(request);
  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  EXPECT_EQ(Header(unchanged, "ETag"), Header(before, "ETag"));
  ASSERT_TRUE(Edit<v1::Code>(world_, kSerial,
                             [](v1::Code& code) { code.set_state(v1::CODE_STATE_REVOKED); }));
  const auto after = Ask(request);
  EXPECT_EQ(after.status, 200);
  EXPECT_THAT(after.body, ShowsOutcome("REVOKED"));
  request.headers["accept-language"] = "zh";
  request.headers["if-none-match"] = Header(after, "ETag");
  EXPECT_EQ(Ask(request).status, 200);
}

TEST_F(SiteTest, PathsThatAreNothingHaveAPageInBothLanguages) {
  for (const std::string path :
       {"/nothing", "/../etc/passwd", "/a/../1", "/a b/1", "//1", "/.well-known/yima/other",
        "/.well-known/", "/1x", "relative", "", "/12345678901234567/1"}) {
    HttpRequest request = At("/");
    request.path = path;
    EXPECT_EQ(Ask(request).status, 404) << path;
    EXPECT_THAT(Ask(request).body, HasSubstr("No such page"));
    request.headers["accept-language"] = "zh-CN";
    EXPECT_THAT(Ask(request).body, HasSubstr("没有这个页面"));
  }
  HttpRequest nul = At("/");
  nul.path = std::string("/1\0002", 4);
  EXPECT_EQ(Ask(nul).status, 404);
}

TEST_F(SiteTest, TextsThatCannotBeOneAreBadRequests) {
  EXPECT_EQ(Ask(At("/" + std::string(600, '1'))).status, 400);
  HttpRequest request = At("/1234");
  request.headers["host"] = "qr.example.cn\xFF";
  EXPECT_EQ(Ask(request).status, 400);
  request.headers.erase("host");
  EXPECT_EQ(Ask(request).status, 400);
  request.headers["accept"] = "application/json";
  EXPECT_EQ(nlohmann::json::parse(Ask(request).body)["error"]["status"], 400);
}

TEST_F(SiteTest, TokensInAddressesAreRefusedAndNotShown) {
  const std::string token = "yima_4294967297_" + std::string(64, 'a');
  HttpRequest in_query = At("/");
  in_query.query["access_token"] = token;
  HttpRequest as_name = At("/");
  as_name.query[token] = "";
  for (const HttpRequest& request :
       {in_query, as_name, At("/" + token), At("/" + token + "/"), At("/a/" + token + "/b")}) {
    const auto page = Ask(request);
    EXPECT_EQ(page.status, 400);
    EXPECT_THAT(page.body, HasSubstr("TOKEN_IN_URL"));
    EXPECT_THAT(page.body, Not(HasSubstr(token)));
  }
}

TEST_F(SiteTest, HomeAsksForAShortNumber) {
  const auto page = Ask(At("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("name=\"q\""));
  EXPECT_THAT(page.body, HasSubstr("does not prove that a plate is genuine"));
  EXPECT_THAT(Ask(At("/CITY/")).body, HasSubstr("name=\"q\""));
}

TEST_F(SiteTest, ShortNumberFindsItsRecordHoweverItIsTyped) {
  AddPlate(world_, kSerial, facility_);
  const std::string number = Serial::FromInteger(kSerial)->ShortNumber();
  HttpRequest request = At("/");
  for (const std::string& typed :
       {number, std::string("oo04o ooool 8"), std::string(" 00040000018 ")}) {
    request.query["q"] = typed;
    const auto page = Ask(request);
    EXPECT_EQ(page.status, 200) << typed;
    EXPECT_THAT(page.body, ShowsOutcome("FOUND"));
    EXPECT_THAT(page.body, HasSubstr(number));
    EXPECT_THAT(page.body, HasSubstr("城管局"));
    EXPECT_THAT(page.body, HasSubstr("does not prove that a plate is genuine"));
  }
  request.headers["accept"] = "application/json";
  EXPECT_EQ(nlohmann::json::parse(Ask(request).body)["shortNumber"], number);
}

TEST_F(SiteTest, ShortNumberThatLeadsNowhereSaysWhy) {
  HttpRequest request = At("/");
  const auto ask = [&](const std::string& typed) {
    request.query["q"] = typed;
    return Ask(request);
  };
  EXPECT_EQ(ask("00040-00001-8").status, 404);
  EXPECT_THAT(ask("00040-00001-8").body, HasSubstr("There is no record with this number"));
  EXPECT_EQ(ask("00040-00001-9").status, 400);
  EXPECT_THAT(ask("00040-00001-9").body, HasSubstr("The last symbol does not fit"));
  for (const std::string& typed : {std::string("<script>"), std::string("晋城"),
                                   std::string("\xFF\x00", 2), std::string(100'000, '0')}) {
    EXPECT_EQ(ask(typed).status, 400);
    EXPECT_THAT(ask(typed).body, HasSubstr("A short number has 11 letters and digits"));
    EXPECT_THAT(ask(typed).body, Not(HasSubstr("<script>")));
  }
}

TEST_F(SiteTest, MissingRowSaysSo) {
  HttpRequest request = At("/");
  request.query["q"] = "00040-00001-8";
  const auto page = Ask(request, {});
  EXPECT_EQ(page.status, 501);
  EXPECT_THAT(page.body, HasSubstr("Not supported by this server"));
}

TEST_F(SiteTest, TrustFilesAreServed) {
  const auto bundle = Ask(At("/.well-known/yima/bundle"));
  EXPECT_EQ(bundle.status, 200);
  EXPECT_EQ(bundle.content_type, "text/plain; charset=utf-8");
  TrustStore trust({world_.keys().All(KeyKind::kRoot).front()->public_key()});
  EXPECT_TRUE(trust.AcceptBundle(bundle.body));
  EXPECT_TRUE(trust.AcceptList(Ask(At("/.well-known/yima/list")).body));
  const auto keys = nlohmann::json::parse(Ask(At("/.well-known/yima/jwks.json")).body)["keys"];
  ASSERT_EQ(keys.size(), 1);
  EXPECT_EQ(keys[0]["kty"], "OKP");
  EXPECT_EQ(keys[0]["crv"], "Ed25519");
  EXPECT_EQ(keys[0]["kid"], "HTTPS://QR.EXAMPLE.CN/ 1");
  EXPECT_EQ(keys[0]["x"].get<std::string>().size(), 43);
}

TEST_F(SiteTest, HealthStaysWhileReadinessFollowsTheStore) {
  EXPECT_EQ(Ask(At("/healthz")).status, 200);
  EXPECT_EQ(Ask(At("/readyz")).status, 200);
  ready_ = Fail(StatusCode::kResourceExhausted, "DISK_FULL", "no space");
  EXPECT_EQ(Ask(At("/healthz")).status, 200);
  EXPECT_EQ(Ask(At("/readyz")).status, 503);
  EXPECT_EQ(Ask(At("/readyz")).body, "DISK_FULL\n");
}

TEST_F(SiteTest, WhoIsNotLetInIsToldWhyAndWhenToComeAgain) {
  const Site site(
      methods_.table(), world_.domain().classes, *Webroot::Open(""), [] { return Result<void>(); },
      {.admit = [](const Method& method, const HttpRequest& request, Call&) -> Result<void> {
        EXPECT_EQ(method.name, "yima.v1.ResolverService/Resolve");
        EXPECT_EQ(request.address, "203.0.113.9");
        Error error{StatusCode::kResourceExhausted, "RATE_EXCEEDED", "too often", ""};
        error.retry_after_ms = 1500;
        return tl::unexpected(error);
      }});
  HttpRequest request = At("/123");
  request.address = "203.0.113.9";
  HttpResponse response;
  site.Answer(request, [&](HttpResponse answered) { response = std::move(answered); });
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(Header(response, "Retry-After"), "2");
  EXPECT_THAT(response.body, HasSubstr("Too many requests"));
}

TEST_F(SiteTest, EveryAnswerCarriesTheSecurityHeaders) {
  for (const std::string path : {"/", "/nothing", "/123", "/.well-known/yima/list", "/healthz"}) {
    const auto response = Ask(At(path));
    EXPECT_THAT(Header(response, "Content-Security-Policy"), HasSubstr("default-src 'none'"));
    EXPECT_THAT(Header(response, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
    EXPECT_EQ(Header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(Header(response, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(Header(response, "X-Frame-Options"), "DENY");
  }
}

}  // namespace
}  // namespace yima::server::testing
