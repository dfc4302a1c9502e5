#include "client/cli/history_words.h"

#include <algorithm>
#include <charconv>
#include <span>

#include <fmt/format.h>

#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct Word {
  std::string_view name;
  const char* zh;
  const char* en;
};

/// Each part of a path by itself.
constexpr Word kFields[] = {
    {"address", "地址", "address"},
    {"basis", "依据", "basis"},
    {"batch", "批次", "batch"},
    {"by_order", "依令", "by order"},
    {"changed_on", "变更日期", "changed on"},
    {"claim", "编号", "number"},
    {"claims", "认领", "claim"},
    {"class_code", "小类", "class"},
    {"codes", "部件代码", "facility code"},
    {"community_code", "社区代码", "community code"},
    {"community_name", "社区", "community"},
    {"condition", "部件状态", "condition"},
    {"data_source", "数据来源", "data source"},
    {"date", "日期", "date"},
    {"decided_claim", "所据认领", "confirmed claim"},
    {"decided_notice", "所据公示", "its notice"},
    {"decided_order", "所据决定", "its order"},
    {"digits", "号码", "digits"},
    {"division", "区划", "division"},
    {"epsg", "坐标系", "reference system"},
    {"external_codes", "外部编号", "external code"},
    {"extra", "附加字段", "extra field"},
    {"facility", "部件", "facility"},
    {"files", "附件", "file"},
    {"from_organization", "移交单位", "handed over by"},
    {"grid_code", "单元网格", "grid"},
    {"hand_over", "移交", "hand-over"},
    {"has_parts", "有下级部件", "has parts"},
    {"holder", "单位", "organization"},
    {"kind", "种类", "kind"},
    {"last_step", "最近一步", "last step"},
    {"latitude", "纬度", "latitude"},
    {"life", "全周期", "life"},
    {"longitude", "经度", "longitude"},
    {"maintaining", "养护", "maintainer"},
    {"media_type", "类型", "type"},
    {"name", "名称", "name"},
    {"namespace", "编号来源", "namespace"},
    {"note", "说明", "note"},
    {"notice", "公示", "notice"},
    {"number", "文号", "number"},
    {"objections", "未决异议", "open objections"},
    {"offer", "无主认领邀约", "offer"},
    {"order", "待决决定", "pending order"},
    {"organization", "单位", "organization"},
    {"origin", "码的网址", "origin"},
    {"owning", "权属", "owner"},
    {"parent", "所属部件", "part of"},
    {"payload", "码内数据", "payload"},
    {"personal", "个人信息字段", "personal field"},
    {"position", "位置", "position"},
    {"prints", "印制次数", "prints"},
    {"raw_x", "原始坐标一", "raw x"},
    {"raw_y", "原始坐标二", "raw y"},
    {"reason", "原因", "reason"},
    {"remark", "备注", "remark"},
    {"reprint_reason", "重印原因", "reprint reason"},
    {"rules", "规则版本", "version of the rules"},
    {"scheme", "编码方案", "scheme"},
    {"sha256", "校验值", "SHA-256"},
    {"signature", "签名", "signature"},
    {"state", "状态", "state"},
    {"subdistrict_code", "街道代码", "subdistrict code"},
    {"subdistrict_name", "街道", "subdistrict"},
    {"successor", "接替的码", "successor"},
    {"supervising", "主管", "supervisor"},
    {"surveyed_on", "初始日期", "surveyed on"},
    {"title", "标题", "title"},
    {"to_organization", "接收单位", "taken over by"},
    {"unclaimed_state", "认领前状态", "state before claims"},
    {"valid_from", "起始", "from"},
    {"valid_until", "截止", "until"},
    {"value", "值", "value"},
};
static_assert(std::ranges::is_sorted(kFields, {}, &Word::name));

constexpr Word kValues[] = {
    {"CODE_STATE_ACTIVE", "在用", "active"},
    {"CODE_STATE_BLANK", "空白", "blank"},
    {"CODE_STATE_REPLACED", "已更换", "replaced"},
    {"CODE_STATE_REVOKED", "已注销", "revoked"},
    {"CODE_STATE_SUSPENDED", "停用", "suspended"},
    {"CONDITION_ABANDONED", "废弃", "abandoned"},
    {"CONDITION_DAMAGED", "破损", "damaged"},
    {"CONDITION_INTACT", "完好", "intact"},
    {"CONDITION_LOST", "丢失", "lost"},
    {"CONDITION_REMOVED", "移除", "removed"},
    {"LIFE_HANDED_OVER", "移交", "handed over"},
    {"LIFE_IN_USE", "在用", "in use"},
    {"LIFE_PLANNED", "规划", "planned"},
    {"LIFE_SCRAPPED", "报废", "scrapped"},
    {"LIFE_STEP_KIND_ABANDON", "废弃", "abandoned"},
    {"LIFE_STEP_KIND_BEGIN_CONSTRUCTION", "开工", "construction begun"},
    {"LIFE_STEP_KIND_DAMAGE", "破损", "damaged"},
    {"LIFE_STEP_KIND_HAND_OVER", "移交", "handed over"},
    {"LIFE_STEP_KIND_LOSE", "丢失", "lost"},
    {"LIFE_STEP_KIND_MOVE", "迁移", "moved"},
    {"LIFE_STEP_KIND_PUT_IN_USE", "投用", "put in use"},
    {"LIFE_STEP_KIND_REMOVE", "移除", "removed"},
    {"LIFE_STEP_KIND_REPAIR", "修复", "repaired"},
    {"LIFE_STEP_KIND_SCRAP", "报废", "scrapped"},
    {"LIFE_UNDER_CONSTRUCTION", "在建", "under construction"},
    {"LIFE_WITHDRAWN", "已撤回", "withdrawn"},
    {"REPRINT_REASON_LOST", "遗失", "lost"},
    {"REPRINT_REASON_MISPRINT", "印坏", "misprint"},
    {"REPRINT_REASON_SPOILED", "损毁", "spoiled"},
    {"REPRINT_REASON_WORN", "磨损", "worn"},
    {"REVOCATION_REASON_DAMAGED", "损坏", "damaged"},
    {"REVOCATION_REASON_LOST", "遗失", "lost"},
    {"REVOCATION_REASON_MISISSUED", "误发", "misissued"},
    {"REVOCATION_REASON_MOVED", "迁移", "moved"},
    {"REVOCATION_REASON_REPRINTED", "重印", "reprinted"},
    {"REVOCATION_REASON_SCRAPPED", "报废", "scrapped"},
    {"REVOCATION_REASON_SPOILED", "制牌损毁", "spoiled"},
    {"REVOCATION_REASON_STOLEN", "被盗", "stolen"},
    {"RIGHT_STATE_CLAIMED", "已认领", "claimed"},
    {"RIGHT_STATE_CONFIRMED", "已确权", "confirmed"},
    {"RIGHT_STATE_OWNERLESS", "无主", "ownerless"},
    {"RIGHT_STATE_RECORDED", "在册", "recorded"},
    {"erased", "（已删除）", "(erased)"},
    {"withheld", "（不公开）", "(withheld)"},
};
static_assert(std::ranges::is_sorted(kValues, {}, &Word::name));

constexpr Word kMethods[] = {
    {"AcceptOffer", "接受无主认领", "offer accepted"},
    {"AgreeToOrder", "对变更表态", "side of a transfer answered"},
    {"AssignCustodian", "提出指定管护", "custodian proposed"},
    {"BatchCreateFacilities", "批量登记", "registered in a batch"},
    {"BindCode", "绑定铭牌", "plate bound"},
    {"ClaimRights", "认领", "rights claimed"},
    {"CloseBlankRange", "结清空白码段", "range of blanks closed"},
    {"ConfirmClaims", "确权", "claims confirmed"},
    {"ConfirmRights", "确权", "rights confirmed"},
    {"CorrectRight", "提出更正", "correction proposed"},
    {"CountersignOrder", "会签", "order countersigned"},
    {"CreateBlankRange", "发出空白码段", "blanks handed out"},
    {"CreateFacility", "登记", "registered"},
    {"CreateOrganization", "新建单位", "organization made"},
    {"CreatePrincipal", "新建主体", "principal made"},
    {"DeclineOffer", "谢绝无主认领", "offer declined"},
    {"EditFacilities", "批量更改", "changed in a batch"},
    {"EndStockTake", "结束盘点", "stock-take ended"},
    {"EraseValues", "删除个人信息", "personal values erased"},
    {"ImportFacilities", "台账导入", "imported from a ledger"},
    {"ImportOrganizations", "导入单位", "organizations imported"},
    {"IssueCodes", "发码", "code issued"},
    {"MarkPrinted", "标记已印", "marked as printed"},
    {"ObjectToClaims", "提出异议", "objected to"},
    {"OfferFacilities", "邀约无主认领", "offered to candidates"},
    {"PublishClaims", "公示", "claims published"},
    {"ReclaimCodes", "找回码", "code reclaimed"},
    {"RecordLifeStep", "生命周期变更", "step of its life"},
    {"Reorganize", "单位变更", "organization changed"},
    {"ReplaceCode", "更换码", "code replaced"},
    {"ReportCondition", "上报状态", "condition reported"},
    {"ResumeCode", "恢复码", "code resumed"},
    {"RetireFacility", "报废", "retired"},
    {"RevokeCode", "注销码", "code revoked"},
    {"RevokeRight", "提出撤销", "revocation proposed"},
    {"SetRightsRules", "修改规则", "rules set"},
    {"SettleClaims", "裁决", "claims settled"},
    {"StartStockTake", "开始盘点", "stock-take begun"},
    {"SuspendCode", "停用码", "code suspended"},
    {"TransferRight", "提出变更", "transfer proposed"},
    {"UndoBatch", "撤销批次", "batch undone"},
    {"UpdateFacility", "更改", "changed"},
    {"UpdatePrincipal", "修改主体", "principal changed"},
    {"WithdrawClaim", "撤回认领", "claim withdrawn"},
    {"WithdrawNotice", "撤回公示", "notice withdrawn"},
    {"WithdrawObjection", "撤回异议", "objection withdrawn"},
    {"WithdrawOrder", "撤回决定", "order withdrawn"},
    {"restore", "恢复备份", "restored from a backup"},
};
static_assert(std::ranges::is_sorted(kMethods, {}, &Word::name));

std::string InWords(std::span<const Word> words, std::string_view name) {
  const auto found = std::ranges::lower_bound(words, name, {}, &Word::name);
  if (found == words.end() || found->name != name) return std::string(name);
  return T(found->zh, found->en);
}

/// `codes[0]`: the first is the only one mostly, so its place is left out.
std::string PartInWords(std::string_view part) {
  const size_t bracket = part.find('[');
  std::string text = InWords(kFields, part.substr(0, bracket));
  if (bracket == std::string_view::npos) return text;
  unsigned place = 0;
  std::from_chars(part.data() + bracket + 1, part.data() + part.size(), place);
  if (place > 0) text += fmt::format(" {}", place + 1);
  return text;
}

}  // namespace

std::string PathInWords(std::string_view path) {
  std::string text;
  while (true) {
    const size_t dot = path.find('.');
    if (!text.empty()) text += " ";
    text += PartInWords(path.substr(0, dot));
    if (dot == std::string_view::npos) return text;
    path.remove_prefix(dot + 1);
  }
}

std::string ValueInWords(std::string_view value) { return InWords(kValues, value); }

std::pair<std::string, std::string> ValueInBoth(std::string_view value) {
  const auto* const found = std::ranges::lower_bound(kValues, value, {}, &Word::name);
  if (found == std::end(kValues) || found->name != value) {
    return {std::string(value), std::string(value)};
  }
  return {found->zh, found->en};
}

std::string MethodInWords(std::string_view method) {
  return InWords(kMethods, method.substr(method.rfind('/') + 1));
}

}  // namespace yima::cli
