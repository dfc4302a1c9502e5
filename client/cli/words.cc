#include "client/cli/words.h"

#include <cstdlib>
#include <utility>

namespace yima::cli {
namespace {

std::string_view FromEnvironment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

bool& Chinese() {
  static bool chinese = FromEnvironment().starts_with("zh");
  return chinese;
}

struct Hint {
  std::string_view reason;
  const char* zh;
  const char* en;
};

constexpr Hint kHints[] = {
    {"ALREADY_PRINTED", "确要重印，用 --reprint 说明原因",
     "if it is to be printed once more, say why with --reprint"},
    {"PLATES_OUT", "先绑定或注销收回的铭牌；其余确已遗失，用 --missing",
     "first bind or revoke what came back; if the rest is lost, give --missing"},
    {"TOKEN_MISSING", "先运行 yima login，或用 YIMA_TOKEN、--token-file 给出令牌",
     "first run yima login, or give a token by YIMA_TOKEN or --token-file"},
    {"TOKEN_EXPIRED", "请管理员新建令牌（yima access tokens create），再运行 yima login",
     "have an administrator make another (yima access tokens create), then run yima login"},
    {"TOKEN_REVOKED", "请管理员新建令牌（yima access tokens create），再运行 yima login",
     "have an administrator make another (yima access tokens create), then run yima login"},
    {"ROLE_MISSING", "yima access whoami 显示您的角色，由管理员授予",
     "yima access whoami shows your roles; an administrator gives them"},
    {"SCOPE_EXCEEDED", "yima access whoami 显示您的管辖范围，由管理员授予",
     "yima access whoami shows your scope; an administrator gives it"},
    {"SERVER_NOT_REACHED", "服务器是否在运行？用 --server 或 YIMA_SERVER 指定地址",
     "is the server running? name its address with --server or YIMA_SERVER"},
    {"TRUST_MISSING", "先运行 yima trust fetch --root 公钥（yimad init 打印的 root 行）",
     "first run yima trust fetch --root KEY, with the root that yimad init printed"},
    {"ROOT_MISSING", "用 --root 给出公钥（yimad init 打印的 root 行）",
     "give the root with --root, as yimad init printed it"},
    {"ROOT_CHANGED", "若确知登记库换了根密钥，请删除其信任目录后重新获取",
     "if you know that the registry has new roots, remove its trust folder and fetch again"},
    {"ROOT_UNKNOWN", "核对公钥与服务器地址；来源不明的信任包不可使用",
     "check the key and the server's address; a bundle of unknown origin is not to be used"},
    {"TRUST_DAMAGED", "删除该登记库的信任目录，再运行 yima trust fetch --root 公钥",
     "remove that registry's trust folder, then run yima trust fetch --root KEY"},
    {"IDENTITY_MISSING",
     "用 --code-from 列名 或 --key 列名 "
     "指明每行的身份；台账没有这样的列时，先在文件中加一列编号并永远保留",
     "name what identifies a row with --code-from COLUMN or --key COLUMN; where a ledger has no "
     "such "
     "column, add one with running numbers to the file and keep it for good"},
    {"REQUIRED_COLUMN_MISSING",
     "用 --map 列名=字段 指明列，或用 --division、--class、--supervisor 统一给出",
     "name the column with --map COLUMN=field, or one value for all rows with --division, --class "
     "or --supervisor"},
    {"COLUMN_UNKNOWN", "列名须与文件表头一致", "write the column as the file's header has it"},
    {"FIELD_UNKNOWN", "自有字段写作 extra:名称，个人信息写作 personal:名称",
     "a field of your own is extra:NAME, one that can be erased personal:NAME"},
    {"FIELD_TWICE", "用 --map 列名=字段 选定一列，或把多余的列记为 extra:名称",
     "choose one column with --map COLUMN=field, or keep the other as extra:NAME"},
    {"ENCODING_UNSUPPORTED", "在 Excel 中另存为“CSV UTF-8（逗号分隔）”",
     "in Excel, save the sheet as \"CSV UTF-8 (comma delimited)\""},
    {"NOT_A_TEXT_FILE", "在 Excel 中另存为“CSV UTF-8（逗号分隔）”",
     "in Excel, save the sheet as \"CSV UTF-8 (comma delimited)\""},
    {"QUOTE_UNCLOSED", "检查该行的引号：单元格内的引号要写成两个",
     "look at that line's quotes: one inside a cell is written twice"},
    {"BROKEN_CHARACTER", "用原软件重新导出，或改正该行",
     "export the file again, or mend that line"},
    {"ROW_REPEATED", "身份须唯一：改正编号，或换一列作 --key",
     "what identifies a row must be unique: mend it, or take another column as --key"},
    {"ROW_DIFFERS", "确认要改动登记内容时加 --update", "add --update to change what is registered"},
    {"BAD_ROWS", "改正这些行，或加 --keep-going --rejects 文件 略过并另存",
     "mend those rows, or go on past them with --keep-going --rejects FILE"},
    {"CLASS_AMBIGUOUS", "改用小类编码：yima classes list",
     "give the class by its code: yima classes list"},
    {"FILE_UNREADABLE", "文件路径是否正确，是否有权读取？",
     "is the path right, and may you read it?"},
    {"FILE_UNWRITABLE", "目录是否存在，是否有权写入，磁盘是否已满？",
     "is the folder there, may you write to it, is the disk full?"},
    {"OUTPUT_NOT_WRITTEN", "磁盘是否已满？再次运行同一命令可得全部结果",
     "is the disk full? the same command again prints everything"},
    {"IMAGE_FORMAT_UNKNOWN", "请用 PNG 或 JPEG 图片", "use a PNG or JPEG picture"},
    {"IMAGE_DAMAGED", "请重新保存或重新拍摄", "save the picture again, or take another"},
    {"IMAGE_TOO_LARGE", "请缩小图片，或只截取标牌部分",
     "make the picture smaller, or cut out the plate"},
    {"NO_SYMBOL", "靠近些、对准些再拍一张", "take another picture, closer and straight on"},
    {"FACILITY_NOT_FOUND", "yima facilities list 列出部件",
     "yima facilities list shows the facilities"},
    {"ORGANIZATION_NOT_FOUND", "yima organizations list 列出单位",
     "yima organizations list shows the organizations"},
    {"BATCH_NOT_FOUND", "yima batches list 列出批次", "yima batches list shows the batches"},
    {"CODE_NOT_FOUND", "yima codes list 列出码", "yima codes list shows the codes"},
    {"REQUEST_RUNNING", "等它做完，或稍后再运行同一命令",
     "wait for it, or run the same command later"},
    {"DEADLINE_EXCEEDED", "服务器繁忙，请再次运行同一命令",
     "the server is busy: run the same command again"},
    {"SERVER_STOPPING", "服务器起来后再次运行同一命令",
     "run the same command again once the server is back"},
    {"METHOD_UNKNOWN", "服务器与 yima 的版本是否一致？",
     "are server and yima of the same version?"},
    {"DISK_ERROR", "磁盘恢复后再次运行同一命令",
     "run the same command again once the disk of the server works"},
    {"STORE_DAMAGED", "在服务器上运行 yimad check", "run yimad check on the server"},
    {"STORE_READ_ONLY", "在服务器上运行 yimad check", "run yimad check on the server"},
    {"CLASS_UNKNOWN", "yima classes list 列出部件小类", "yima classes list shows the classes"},
    {"ORGANIZATION_UNKNOWN", "先导入单位，或加 --create-organizations",
     "import the organizations first, or add --create-organizations"},
    {"CODE_BLANK", "先绑定：yima codes bind", "bind it first: yima codes bind"},
    {"CODE_NOT_ACTIVE", "yima codes show 显示其状态", "yima codes show tells its state"},
    {"CODE_NOT_SUSPENDED", "yima codes show 显示其状态", "yima codes show tells its state"},
    {"FACILITY_HAS_CODE", "换牌用 yima codes replace；或先注销旧码：yima codes revoke",
     "replace its code with yima codes replace, or revoke it first: yima codes revoke"},
    {"REASON_NOT_FOR_REPLACING", "不再需要铭牌时用 yima codes revoke",
     "where no plate is needed any more: yima codes revoke"},
    {"SHORT_NUMBER_CHECK", "逐字核对铭牌上的短号，末位是校验位",
     "compare the short number with the plate, symbol by symbol; the last one is the check"},
    {"LIFE_STEP_OUT_OF_ORDER", "yima facilities show 显示其现状",
     "yima facilities show tells where it stands"},
    {"ETAG_STALE", "核对现状后再次运行同一命令", "look at it again, then run the same command"},
    {"FACILITY_HAS_PARTS", "yima facilities list --where parent=… 列出其下级部件",
     "yima facilities list --where parent=… shows its parts"},
    {"RIGHT_SETTLED", "已确认的权利须经确权程序变更",
     "a confirmed right is changed by the procedure for rights"},
    {"REQUEST_ID_REUSED", "换一个 --request-id", "choose another --request-id"},
    {"FILTER_RESULT_CHANGED", "重新试运行并核对结果", "do the dry run again and look at it"},
    {"TARGET_MISSING", "例如 --where class=01001，或全部未赋码的部件 --where coded=no",
     "like --where class=01001, or --where coded=no for all without a code"},
    {"RIGHT_STATE_MISSING", "同时写明状态，如 --where right=owning,right-state=recorded",
     "say which state too, like --where right=owning,right-state=recorded"},
    {"EPOCH_AHEAD", "运行 yima trust fetch", "run yima trust fetch"},
    {"CHECKPOINT_UNSIGNED", "日志密钥可能已更换：运行 yima trust fetch；若仍不符，请勿相信该日志",
     "the log's key may have changed: run yima trust fetch; if it stays so, do not believe the "
     "log"},
    {"LOG_FORKED", "保存证据文件，并告知登记机关与其他监督者",
     "keep the evidence, and tell the registry and others who watch it"},
    {"LOG_OLDER", "更新该副本（yima log export）后再核验；若副本本应更新，请查明原因",
     "bring the copy up to date (yima log export), then verify it; if it should be, ask why it is "
     "not"},
    {"LOG_SMALLER", "保存证据，并告知登记机关与其他监督者",
     "keep the evidence, and tell the registry and others who watch it"},
    {"LOG_UNPROVEN", "保存证据，并询问登记机关；服务器必须能证明它所签署的",
     "keep the evidence, and ask the registry: a server must be able to prove what it has signed"},
    {"EPOCH_UNPROVEN", "由审计员运行同一命令，可知是恢复备份还是改写历史",
     "an auditor who runs the same command learns whether it is a restore or a rewritten past"},
    {"LOG_FOLDER_UNFINISHED", "再次运行 yima log export，将从中断处继续",
     "run yima log export again: it goes on where it stopped"},
    {"TREE_DAMAGED", "在服务器上运行 yimad check", "run yimad check on the server"},
    {"DATA_LOSS", "在服务器上运行 yimad check", "run yimad check on the server"},
};

}  // namespace

void SetLanguage(std::string_view lang) { Chinese() = lang == "zh"; }

const char* T(const char* zh, const char* en) { return Chinese() ? zh : en; }

std::string Gloss(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kMeanings[] = {
      {"AUTHENTIC", "真码"},
      {"FORGED", "伪造"},
      {"UNKNOWN_ISSUER", "签发者不明"},
      {"UNKNOWN_KEY", "密钥不明"},
      {"KEY_REVOKED", "密钥已吊销"},
      {"UNSUPPORTED", "本程序过旧"},
      {"MALFORMED", "不是码文"},
      {"ACTIVE", "在用"},
      {"BLANK", "空白，未绑定"},
      {"SUSPENDED", "停用"},
      {"REVOKED", "已注销"},
      {"REPLACED", "已更换"},
      {"NOT_ISSUED", "无发放记录"},
      {"NOT_LISTED", "不在吊销清单"},
      {"NO_LIST", "无吊销清单"},
      {"FOUND", "找到"},
      {"MISSING", "未见"},
      {"UNEXPECTED", "不在清单"},
      {"WRONG_PLACE", "位置不符"},
      {"PLATE_ENDED", "铭牌已失效"},
      {"PLATE_BLANK", "铭牌未绑定"},
      {"NOT_AUTHENTIC", "不是真码"},
      {"UNKNOWN", "查无此件"},
      {"OPEN", "待决"},
      {"CONFIRMED", "已确权"},
      {"REJECTED", "已驳回"},
      {"WITHDRAWN", "已撤回"},
      {"SUPERSEDED", "已失去标的"},
      {"UPHELD", "异议成立"},
      {"DISMISSED", "异议驳回"},
      {"PROPOSED", "待会签或同意"},
      {"DONE", "已执行"},
      {"REFUSED", "不同意"},
      {"ACCEPTED", "已认领"},
      {"DECLINED", "均已谢绝"},
      {"ENDED", "已结束"},
      {"SUPERVISING", "主管"},
      {"OWNING", "权属"},
      {"MAINTAINING", "养护"},
      {"RECORDED", "在册"},
      {"CLAIMED", "已认领，未确认"},
      {"OWNERLESS", "无主"},
  };
  std::string text(name);
  if (!Chinese()) return text;
  for (const auto& [known, meaning] : kMeanings) {
    if (known == name) text.append("（").append(meaning).append("）");
  }
  return text;
}

const char* HintFor(std::string_view reason) {
  for (const auto& hint : kHints) {
    if (hint.reason == reason) return T(hint.zh, hint.en);
  }
  return nullptr;
}

}  // namespace yima::cli
