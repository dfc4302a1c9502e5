#include "client/cli/words.h"

#include <cstdlib>

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
    {"IDENTITY_MISSING", "用 --code-from 列名 或 --key 列名 指明每行的身份",
     "name what identifies a row with --code-from COLUMN or --key COLUMN"},
    {"CLASS_UNKNOWN", "yima classes list 列出部件小类", "yima classes list shows the classes"},
    {"ORGANIZATION_UNKNOWN", "先导入单位，或加 --create-organizations",
     "import the organizations first, or add --create-organizations"},
    {"FACILITY_HAS_CODE", "先注销旧码：yima codes revoke",
     "revoke its code first: yima codes revoke"},
    {"REQUEST_ID_REUSED", "换一个 --request-id", "choose another --request-id"},
    {"FILTER_RESULT_CHANGED", "重新试运行并核对结果", "do the dry run again and look at it"},
    {"TARGET_MISSING", "全部未赋码的部件：--where coded=no",
     "for all facilities without a code: --where coded=no"},
    {"DATA_LOSS", "在服务器上运行 yimad check", "run yimad check on the server"},
};

}  // namespace

void SetLanguage(std::string_view lang) { Chinese() = lang == "zh"; }

const char* T(const char* zh, const char* en) { return Chinese() ? zh : en; }

const char* HintFor(std::string_view reason) {
  for (const auto& hint : kHints) {
    if (hint.reason == reason) return T(hint.zh, hint.en);
  }
  return nullptr;
}

}  // namespace yima::cli
