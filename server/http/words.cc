#include "server/http/words.h"

namespace yima::server {
namespace {

constexpr std::string_view kCheck = "M4 13l5 5L20 6";
constexpr std::string_view kCross = "M6 6l12 12M18 6L6 18";
constexpr std::string_view kBan = "M12 3a9 9 0 1 0 .01 0M5.7 5.7l12.6 12.6";
constexpr std::string_view kPause = "M8.5 5v14M15.5 5v14";
constexpr std::string_view kArrow = "M4 12h15M13 6l6 6-6 6";
constexpr std::string_view kEmpty =
    "M5 5h3M11 5h3M17 5h2v2M19 10v3M19 16v3h-3M13 19h-3M7 19H5v-3M5 13v-3";
constexpr std::string_view kAlarm = "M12 3L2 21h20zM12 10v5M12 18v.2";
constexpr std::string_view kQuestion = "M8.5 8.5a3.5 3.5 0 1 1 5.2 3c-1.2.8-1.7 1.4-1.7 3M12 19v.2";
constexpr std::string_view kStranger = "M12 3a9 9 0 1 0 .01 0M12 7v6M12 16.8v.2";
constexpr std::string_view kOldReader = "M12 3a9 9 0 1 0 .01 0M12 7v5l3.5 2";
constexpr std::string_view kBroken = "M4 4h6v6H4zM14 4h6v6M4 14v6h6M14 14l6 6M20 14l-6 6";
constexpr std::string_view kNoKey =
    "M7 12.5a3.5 3.5 0 1 0 .01 0M10.5 16H21M17.5 16v3M21 16v3M14 4l6 6M20 4l-6 6";

const Outcome kActive = {
    "ACTIVE",
    Tone::kGood,
    kCheck,
    {"真码 · 在用", "Genuine and in use"},
    {"此码由本登记库签发，现正在用。", "This registry issued this code, and it is in force."},
    {"请核对：下面的设施和地点，是否就是您眼前的这一处？码可以被翻拍后贴到别处。若不一致，请按下面"
     "所写告知。",
     "Compare: are the facility and the place below what stands before you? A code can be "
     "photographed and put up elsewhere. If they differ, tell whom the page names below."}};

const Outcome kBlank = {
    "BLANK",
    Tone::kPlain,
    kEmpty,
    {"真码 · 空白", "Genuine, but blank"},
    {"此码由本登记库签发，尚未用于任何设施。",
     "This registry issued this code; it does not stand for any facility yet."},
    {"若它已装在设施上，还不能说明这是什么设施。请稍后再扫，或告知管理部门。",
     "If it is already mounted, it does not yet say what it is mounted on. Scan it again later, or "
     "tell the authority."}};

const Outcome kSuspended = {
    "SUSPENDED",
    Tone::kWarn,
    kPause,
    {"暂停使用", "Suspended"},
    {"此码由本登记库签发，现已暂停使用，正在核实。",
     "This registry issued this code; it is out of force while something is looked into."},
    {"核实之前请不要相信这块铭牌。设施有问题，请按下面所写告知。",
     "Do not rely on this plate for now. If something is wrong with the facility, tell whom the "
     "page names below."}};

const Outcome kRevoked = {
    "REVOKED",
    Tone::kBad,
    kBan,
    {"已注销，不再有效", "Revoked: no longer valid"},
    {"此码曾由本登记库签发，现已注销：铭牌可能遗失、被盗或被仿制，或设施已不在。",
     "This registry issued this code and has withdrawn it: the plate was lost, stolen or copied, "
     "or "
     "its facility is no more."},
    {"请不要相信这块铭牌。看到它仍装在设施上，请按下面所写告知，并说明地点。",
     "Do not rely on this plate. If it is still mounted somewhere, tell whom the page names below, "
     "and where."}};

const Outcome kReplaced = {
    "REPLACED",
    Tone::kWarn,
    kArrow,
    {"旧铭牌，已更换", "Old plate, replaced"},
    {"这处设施已换新铭牌，这块旧的不再有效。",
     "The facility has a new plate; this one is no longer valid."},
    {"请扫新铭牌。旧铭牌还装着时，请按下面所写告知。",
     "Scan the new plate. If the old one is still mounted, tell whom the page names below."}};

const Outcome kNotIssued = {
    "NOT_ISSUED",
    Tone::kBad,
    kAlarm,
    {"无发放记录，请勿相信", "Never issued: do not trust it"},
    {"签名吻合，但登记库从未发放过此码：密钥可能被盗，或记录有缺失。登记库已记下警报。",
     "The signature fits, but the registry never issued this code: a key may be stolen, or records "
     "are lost. The registry has noted an alarm."},
    {"请不要相信这块铭牌，不要付款，不要填写个人信息；请记下地点，告知管理部门。",
     "Do not rely on this plate, pay nothing, enter nothing personal; note the place and tell the "
     "authority."}};

const Outcome kForged = {
    "FORGED",
    Tone::kBad,
    kCross,
    {"伪造的码", "Forged"},
    {"签名不符：此码不是本登记库签发的。",
     "The signature does not fit: this registry did not issue this code."},
    {"请不要付款，不要填写个人信息。请记下地点，告知管理部门。",
     "Pay nothing and enter nothing personal. Note the place and tell the authority."}};

const Outcome kUnknownIssuer = {
    "UNKNOWN_ISSUER",
    Tone::kBad,
    kStranger,
    {"不是本登记库的码", "Not a code of this registry"},
    {"码上的网址不属于本登记库，无法说明它是真是假。",
     "The host in this code is none of this registry's, so nothing can be said about it."},
    {"请核对铭牌上印的网址。若它自称是本市的设施码，请不要相信，并告知管理部门。",
     "Compare the address printed on the plate. If it claims to be this city's, do not trust it, "
     "and tell the authority."}};

const Outcome kUnknownKey = {
    "UNKNOWN_KEY",
    Tone::kWarn,
    kQuestion,
    {"无法验证：密钥不明", "Cannot be verified: unknown key"},
    {"此码所称的签发密钥，本登记库没有，或签发日不在其有效期内。",
     "This registry has no such signing key, or the code's date is outside of its term."},
    {"请不要相信这块铭牌；请记下地点，告知管理部门。",
     "Do not rely on this plate; note the place and tell the authority."}};

const Outcome kKeyRevoked = {
    "KEY_REVOKED",
    Tone::kBad,
    kNoKey,
    {"签发密钥已吊销", "Signing key withdrawn"},
    {"此码由一把已经吊销的密钥签发，登记库也没有它的记录：任何人都可能造出这样的码。",
     "This code is signed by a key that was withdrawn, and stands in no record: anybody may have "
     "made it."},
    {"请不要相信这块铭牌，不要付款，不要填写个人信息；请告知管理部门。",
     "Do not rely on this plate, pay nothing, enter nothing personal; tell the authority."}};

const Outcome kUnsupported = {
    "UNSUPPORTED",
    Tone::kWarn,
    kOldReader,
    {"本服务器读不懂此码", "This server cannot read this code"},
    {"此码的格式或编码方案比本服务器新。这不说明它是真是假。",
     "The code's format or scheme is newer than this server. That says nothing about whether it is "
     "genuine."},
    {"请稍后再扫，或告知管理部门：服务器需要升级。",
     "Scan it again later, or tell the authority that the server needs an upgrade."}};

const Outcome kMalformed = {
    "MALFORMED",
    Tone::kPlain,
    kBroken,
    {"不是完整的码", "Not a whole code"},
    {"网址里的数字缺了、多了或改了，不成一个码。",
     "Digits are missing, added or changed: this is no code."},
    {"请擦净铭牌，对准了再扫一次；仍不行时，请输入码下方的短号。",
     "Wipe the plate and scan it again, straight on. If that fails, type the short number that "
     "stands below the symbol."}};

const Outcome& OutcomeOfState(v1::CodeState state) {
  switch (state) {
    case v1::CODE_STATE_ACTIVE:
      return kActive;
    case v1::CODE_STATE_BLANK:
      return kBlank;
    case v1::CODE_STATE_SUSPENDED:
      return kSuspended;
    case v1::CODE_STATE_REVOKED:
      return kRevoked;
    case v1::CODE_STATE_REPLACED:
      return kReplaced;
    default:
      return kNotIssued;
  }
}

}  // namespace

const Outcome& OutcomeOf(const v1::ResolveResponse& answer) {
  switch (answer.verdict()) {
    case v1::VERDICT_AUTHENTIC:
      return OutcomeOfState(answer.state());
    case v1::VERDICT_FORGED:
      return kForged;
    case v1::VERDICT_UNKNOWN_ISSUER:
      return kUnknownIssuer;
    case v1::VERDICT_UNKNOWN_KEY:
      return kUnknownKey;
    case v1::VERDICT_KEY_REVOKED:
      return kKeyRevoked;
    case v1::VERDICT_UNSUPPORTED:
      return kUnsupported;
    default:
      return kMalformed;
  }
}

Words StateOf(v1::CodeState state) {
  switch (state) {
    case v1::CODE_STATE_ACTIVE:
      return {"在用", "in use"};
    case v1::CODE_STATE_BLANK:
      return {"空白，尚未用于任何设施", "blank: it stands for no facility yet"};
    case v1::CODE_STATE_SUSPENDED:
      return {"暂停使用", "suspended"};
    case v1::CODE_STATE_REVOKED:
      return {"已注销，不再有效", "revoked: no longer valid"};
    case v1::CODE_STATE_REPLACED:
      return {"已更换，不再有效", "replaced: no longer valid"};
    default:
      return {"不明", "unknown"};
  }
}

Words CertaintyOf(v1::RightState state) {
  switch (state) {
    case v1::RIGHT_STATE_RECORDED:
      return {"台账所载，尚未确认", "as a ledger says; not confirmed"};
    case v1::RIGHT_STATE_CONFIRMED:
      return {"已确认", "confirmed"};
    case v1::RIGHT_STATE_OWNERLESS:
      return {"无主：已知没有权属单位", "ownerless: known to have no owner"};
    default:
      return {"无登记", "nobody is recorded"};
  }
}

Words ConditionOf(v1::Condition condition) {
  switch (condition) {
    case v1::CONDITION_INTACT:
      return {"完好", "intact"};
    case v1::CONDITION_DAMAGED:
      return {"破损", "damaged"};
    case v1::CONDITION_LOST:
      return {"丢失", "lost"};
    case v1::CONDITION_ABANDONED:
      return {"废弃", "abandoned"};
    case v1::CONDITION_REMOVED:
      return {"移除", "removed"};
    default:
      return {"", ""};
  }
}

Trouble TroubleOf(int status) {
  switch (status) {
    case 400:
      return {{"请求有误", "Bad request"},
              {"请检查输入后再试。", "Check what you typed and try again."}};
    case 403:
      return {{"不允许", "Not allowed"}, {"此内容不对公众开放。", "This is not for the public."}};
    case 404:
      return {{"没有这个页面", "No such page"},
              {"请重新扫码，或输入码下方的短号。",
               "Scan the code again, or type the short number below the symbol."}};
    case 429:
      return {{"请求太多", "Too many requests"}, {"请稍候再试。", "Try again in a moment."}};
    case 501:
      return {{"此服务器尚不支持", "Not supported by this server"},
              {"请改为扫码查询。", "Scan the code instead."}};
    case 503:
    case 504:
      return {{"暂时无法服务", "Not available right now"},
              {"请稍候再试。", "Try again in a moment."}};
    default:
      return {{"服务器出错", "Something went wrong"},
              {"请稍后再试；若仍如此，请告知管理部门。",
               "Try again later; if it stays like this, tell the authority."}};
  }
}

std::string MistakeOf(const Error& error, Language language) {
  const bool chinese = language == Language::kChinese;
  if (error.reason == "SHORT_NUMBER_CHECK") {
    return chinese ? "最后一位校验不符：请对照铭牌，看哪一位抄错了。"
                   : "The last symbol does not fit: look which one was copied wrong.";
  }
  if (error.code == StatusCode::kNotFound) {
    return chinese ? "没有这个短号的记录。请对照铭牌再看一遍。"
                   : "There is no record with this number. Compare it with the plate.";
  }
  return chinese ? "短号是 11 位字母和数字，如 00040-00006-D。"
                 : "A short number has 11 letters and digits, like 00040-00006-D.";
}

}  // namespace yima::server
