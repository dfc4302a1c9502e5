#include "client/cli/certificate_words.h"

#include <cstdlib>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/cli/facility_lines.h"
#include "client/cli/history_words.h"
#include "client/cli/records.h"
#include "client/cli/words.h"
#include "codegen/code/serial.h"

namespace yima::cli {
namespace {

using label::BothWords;

constexpr v1::RightKind kRights[] = {v1::RIGHT_KIND_SUPERVISING, v1::RIGHT_KIND_OWNING,
                                     v1::RIGHT_KIND_MAINTAINING};
constexpr int kChinaMinutes = 480;

const v1::Notice* FindNotice(const Certificate& certificate, uint64_t id) {
  const auto found = certificate.notices.find(id);
  return found == certificate.notices.end() ? nullptr : &found->second;
}

std::string HolderName(const Certificate& certificate, uint64_t id) {
  const auto found = certificate.organizations.find(id);
  return found == certificate.organizations.end() ? std::string() : found->second.name();
}

/// The notice that publishes a claim on the right now.
const v1::Notice* OpenNotice(const Certificate& certificate, const v1::Right& right) {
  for (const auto& claim : right.claims()) {
    const v1::Notice* notice = FindNotice(certificate, claim.notice());
    if (notice != nullptr && notice->state() == v1::NOTICE_STATE_OPEN) return notice;
  }
  return nullptr;
}

BothWords StateWords(const Certificate& certificate, const v1::Right& right) {
  switch (right.state()) {
    case v1::RIGHT_STATE_RECORDED:
      return {"登记", "recorded in a ledger, claimed by nobody"};
    case v1::RIGHT_STATE_CLAIMED:
      if (OpenNotice(certificate, right) != nullptr) return {"认领（公示）", "claimed, published"};
      return {"认领", "claimed, not published"};
    case v1::RIGHT_STATE_CONFIRMED:
      if (right.by_order()) return {"指定管护", "custodian by order"};
      return {"已确权", "confirmed"};
    case v1::RIGHT_STATE_OWNERLESS:
      return {"无主", "known to have no owner"};
    default:
      return {"未登记", "nobody is recorded"};
  }
}

/// With what is under way on the right.
BothWords StateAndMore(const Certificate& certificate, const v1::Right& right) {
  BothWords words = StateWords(certificate, right);
  if (right.objections() > 0) {
    words.zh += fmt::format("，异议 {} 件", right.objections());
    words.en += fmt::format(", {} open objections", right.objections());
  }
  if (right.state() == v1::RIGHT_STATE_CONFIRMED && !right.claims().empty()) {
    words.zh += "，更正中";
    words.en += ", correction published";
  }
  return words;
}

/// Who holds it, and who claims it.
BothWords HolderWords(const Certificate& certificate, const v1::Right& right) {
  BothWords words{HolderName(certificate, right.holder()), ""};
  std::vector<std::string> claimants;
  for (const auto& claim : right.claims()) {
    claimants.push_back(HolderName(certificate, claim.organization()));
  }
  if (claimants.empty()) return words;
  const std::string names = fmt::format("{}", fmt::join(claimants, "、"));
  words.en = words.zh.empty() ? "" : "above: the ledger; ";
  words.en += fmt::format("{} claim{}", claimants.size(), claimants.size() == 1 ? "" : "s");
  words.zh += fmt::format("{}认领人：{}", words.zh.empty() ? "" : "；", names);
  return words;
}

BothWords BasisWords(const v1::Basis& basis) {
  if (basis.kind().empty() && basis.number().empty()) return {};
  BothWords words{fmt::format("{} {}", basis.kind(), basis.number()), basis.date()};
  if (basis.sha256().empty()) return words;
  const std::string hash =
      ToHex({reinterpret_cast<const uint8_t*>(basis.sha256().data()), basis.sha256().size()});
  words.en += fmt::format("{}SHA-256 {}…", words.en.empty() ? "" : " · ", hash.substr(0, 16));
  return words;
}

BothWords DatesWords(const v1::Right& right) {
  if (right.state() == v1::RIGHT_STATE_UNSPECIFIED) return {};
  const std::string& from = right.valid_from();
  const std::string& until = right.valid_until();
  if (from.empty() && until.empty()) return {};
  if (until.empty()) return {"自 " + from, "since then"};
  if (from.empty()) return {"至 " + until, "until then"};
  return {fmt::format("{} 至 {}", from, until), "from, until"};
}

BothWords NoticeWords(const Certificate& certificate, const v1::Right& right) {
  const v1::Notice* notice = OpenNotice(certificate, right);
  if (notice == nullptr) notice = FindNotice(certificate, right.decided_notice());
  if (notice != nullptr) {
    return {notice->title(), fmt::format("no. {}, until {}", notice->id(), notice->last_day())};
  }
  if (right.state() == v1::RIGHT_STATE_CONFIRMED && !right.by_order()) {
    return {"凭文件确认", "none: on a document"};
  }
  return {};
}

/// Those that are not empty, each fit for a terminal.
std::string JoinWords(const std::vector<std::string>& words, std::string_view between) {
  std::vector<std::string> some;
  for (const auto& word : words) {
    if (!word.empty()) some.push_back(Printable(word));
  }
  return fmt::format("{}", fmt::join(some, between));
}

BothWords ConditionWords(const v1::Facility& facility) {
  const auto condition = ValueInBoth(v1::Condition_Name(facility.condition()));
  const auto life = ValueInBoth(v1::Life_Name(facility.life()));
  return {condition.first + "，" + life.first, condition.second + ", " + life.second};
}

BothWords CodeWords(const v1::Facility& facility) {
  if (facility.codes().empty()) return {"无", "none"};
  const v1::FacilityCode& code = *facility.codes().rbegin();
  if (code.scheme() == kSchemeGbt30428) return {code.digits(), "GB/T 30428.2-2013"};
  if (code.scheme() == kSchemeGbt47678) return {code.digits(), "GB/T 47678.5-2026"};
  return {code.digits(), fmt::format("the city's own scheme {}", code.scheme())};
}

BothWords ClassWords(const v1::Facility& facility, const ClassNames& classes) {
  const auto found = classes.find(facility.class_code());
  if (found == classes.end()) return {facility.class_code(), ""};
  return {fmt::format("{} {}", facility.class_code(), found->second.zh), found->second.en};
}

std::vector<label::CertificateFact> FactsOf(const Certificate& certificate,
                                            const ClassNames& classes) {
  const v1::Facility& facility = certificate.facility;
  const std::string quarter =
      JoinWords({facility.subdistrict_name(), facility.community_name()}, " ");
  const auto& entry = certificate.facility_entry;
  return {{{"名称", "Name"}, {facility.name(), ""}},
          {{"部件代码", "Facility code"}, CodeWords(facility)},
          {{"小类", "Class"}, ClassWords(facility, classes)},
          {{"行政区划", "Division"}, {JoinWords({facility.division(), quarter}, " "), ""}},
          {{"位置", "Place"},
           {facility.address().empty() ? "未登记" : facility.address(),
            facility.address().empty() ? "not recorded" : ""}},
          {{"单元网格", "Grid"}, {facility.grid_code().empty() ? "—" : facility.grid_code(), ""}},
          {{"状态", "Condition"}, ConditionWords(facility)},
          {{"登记记录", "Record"},
           {fmt::format("uid {} · 第 {} 版", facility.uid(), entry.revision),
            fmt::format("revision {}, entry {} of the log", entry.revision, entry.index)}}};
}

std::vector<BothWords> AsOfWords(const Certificate& certificate) {
  const CertificateNote& note = certificate.note;
  const std::string time = CityTime(certificate, note.issued);
  return {{"截至 " + time, "as of this time, by the registry's own clock"},
          {fmt::format("日志有 {} 条时的最新记录", note.tree_size),
           fmt::format("the latest records in a log of {} entries, epoch {}", note.tree_size,
                       note.epoch)},
          {"登记簿 " + note.registry, "the registry; its trust bundle judges this certificate"}};
}

std::optional<label::PlaceSketch> SketchOf(const v1::Facility& facility,
                                           const std::vector<v1::Position>& neighbours) {
  const v1::Position& position = facility.position();
  if (!position.has_longitude() || !position.has_latitude()) return std::nullopt;
  label::PlaceSketch sketch;
  sketch.place = {position.longitude(), position.latitude()};
  for (const auto& each : neighbours) {
    sketch.neighbours.push_back({each.longitude(), each.latitude()});
  }
  return sketch;
}

Json RightJson(const Certificate& certificate, v1::RightKind kind) {
  const v1::Right& right = RightOf(certificate.facility, kind);
  Json json = ToJson(static_cast<const google::protobuf::Message&>(right));
  json["holderName"] = HolderName(certificate, right.holder());
  for (auto& claim : json["claims"]) {
    const auto& id = claim["organization"].get_ref<const std::string&>();
    claim["organizationName"] = HolderName(certificate, std::stoull(id));
  }
  return json;
}

template <typename Records>
Json ListJson(const Records& records) {
  Json list = Json::array();
  for (const auto& [id, record] : records) {
    list.push_back(ToJson(static_cast<const google::protobuf::Message&>(record)));
  }
  return list;
}

}  // namespace

label::CertificateRight RightWords(const Certificate& certificate, v1::RightKind kind) {
  const v1::Right& right = RightOf(certificate.facility, kind);
  return {RightName(kind),
          StateAndMore(certificate, right),
          HolderWords(certificate, right),
          BasisWords(right.basis()),
          DatesWords(right),
          NoticeWords(certificate, right)};
}

std::string CityTime(const Certificate& certificate, TimeUs time) {
  const bool set = certificate.rules && certificate.rules->has_utc_offset_minutes();
  const int minutes = set ? certificate.rules->utc_offset_minutes() : kChinaMinutes;
  std::string text = FormatTime(time + TimeUs{minutes} * 60'000'000);
  text[text.find('T')] = ' ';
  text.pop_back();
  const int ahead = std::abs(minutes);
  text += fmt::format(" UTC{}{}", minutes < 0 ? '-' : '+', ahead / 60);
  if (ahead % 60 != 0) text += fmt::format(":{:02}", ahead % 60);
  return text;
}

label::CertificatePage PageOf(const Certificate& certificate, const ClassNames& classes,
                              const std::string& code_text,
                              const std::vector<v1::Position>& neighbours) {
  label::CertificatePage page;
  if (certificate.rules) {
    page.authority = {certificate.rules->authority_zh(), certificate.rules->authority_en()};
  }
  const CertificateNote& note = certificate.note;
  page.number =
      fmt::format("{}-{}-{}", note.facility, certificate.facility_entry.revision, note.tree_size);
  page.facts = FactsOf(certificate, classes);
  page.sketch = SketchOf(certificate.facility, neighbours);
  for (size_t i = 0; i < std::size(kRights); ++i) {
    page.rights[i] = RightWords(certificate, kRights[i]);
  }
  page.code_text = code_text;
  if (certificate.code) {
    const auto serial = Serial::FromInteger(certificate.code->serial());
    if (serial) page.short_number = serial->ShortNumber();
  }
  page.as_of = AsOfWords(certificate);
  page.issued = note.issued;
  return page;
}

Json ToJson(const Certificate& certificate) {
  const CertificateNote& note = certificate.note;
  Json json = {{"registry", note.registry},
               {"epoch", note.epoch},
               {"treeSize", fmt::to_string(note.tree_size)},
               {"root", ToHex(certificate.checkpoint.root)},
               {"issued", FormatTime(note.issued)},
               {"clock", "registry"},
               {"earlierEpoch", certificate.earlier_epoch},
               {"index", fmt::to_string(certificate.facility_entry.index)},
               {"revision", fmt::to_string(certificate.facility_entry.revision)}};
  const auto record = [](const google::protobuf::Message& message) { return ToJson(message); };
  json["facility"] = record(certificate.facility);
  for (const auto kind : kRights) json[RightName(kind).en] = RightJson(certificate, kind);
  json["code"] = certificate.code ? record(*certificate.code) : Json(nullptr);
  json["organizations"] = ListJson(certificate.organizations);
  json["claims"] = ListJson(certificate.claims);
  json["notices"] = ListJson(certificate.notices);
  json["orders"] = ListJson(certificate.orders);
  json["rules"] = certificate.rules ? record(*certificate.rules) : Json(nullptr);
  return json;
}

void ShowCertificate(Session& session, const Certificate& certificate) {
  const auto say = [](const BothWords& words) { return T(words.zh.c_str(), words.en.c_str()); };
  const v1::Facility& facility = certificate.facility;
  const auto line = [&](const char* name, const std::string& value) {
    session.Line(fmt::format("{}: {}", name, value));
  };
  line(T("部件", "facility"), fmt::format("{} uid:{}", Printable(facility.name()), facility.uid()));
  std::vector<std::string> codes;
  for (const auto& code : facility.codes()) codes.push_back(code.digits());
  line(T("部件代码", "facility codes"), JoinWords(codes, " "));
  line(T("小类", "class"), Printable(facility.class_code()));
  line(T("行政区划", "division"), Printable(facility.division()));
  for (const auto kind : kRights) {
    const auto words = RightWords(certificate, kind);
    // A name is the same in both languages, a note in English stands for itself.
    line(say(words.name), JoinWords({say(words.state), words.holder.zh, words.basis.zh,
                                     words.basis.en, words.dates.zh, say(words.notice)},
                                    "\t"));
  }
  const auto& code = certificate.code;
  const auto serial = code ? Serial::FromInteger(code->serial()) : Result<Serial>();
  line(T("在用码", "code in force"), code && serial ? serial->ShortNumber() : T("无", "none"));
  const CertificateNote& note = certificate.note;
  line(T("截至", "as of"),
       fmt::format(fmt::runtime(T("{}（登记机关的时钟），日志 {} 条，纪元 {}",
                                  "{} (by the registry's clock), a log of {} entries, epoch {}")),
                   CityTime(certificate, note.issued), note.tree_size, note.epoch));
  line(T("登记簿", "registry"), note.registry);
}

}  // namespace yima::cli
