#include "server/yimad/words.h"

#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace yima::server {
namespace {

std::string FromEnvironment() {
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

/// The step that has to come first.
const char* RightOrder(std::string_view reason) {
  if (reason == "KEY_IS_LAST") {
    return Say("先 yimad key add，等它列入已发布的信任包并启用，再关闭旧的",
               "first yimad key add; when the new one is published and may sign, close the old");
  }
  if (reason == "KEY_NOT_PUBLISHED" || reason == "ORIGIN_NOT_PUBLISHED") {
    return Say("先发布：yimad root draft 文件，在根密钥处 yimad root sign，再 yimad root import",
               "publish it first: yimad root draft FILE, yimad root sign where the root is, yimad "
               "root import");
  }
  if (reason == "ORIGIN_IS_CURRENT") {
    return Say(
        "先 yimad origin add 新网址，确认网页可访问，yimad origin current 新网址，再关闭旧的",
        "first yimad origin add NEW, see that its page is served, yimad origin current NEW, "
        "then close the old");
  }
  if (reason == "KEY_NOT_BEGUN") return Say("yimad key revoke", "yimad key revoke");
  if (reason == "NO_VALID_KEY") {
    return Say("先 yimad key add --from today", "first yimad key add --from today");
  }
  if (reason == "BUNDLE_OUTDATED" || reason == "SEQUENCE_LOWER") {
    return Say("重新 yimad root draft，签名后导入", "draft, sign and import once more");
  }
  if (reason == "ROOT_AWAY") return Say("根密钥已在别处", "the root is kept elsewhere already");
  if (reason == "KEY_UNKNOWN" || reason == "ORIGIN_UNKNOWN") {
    return Say("yimad key list 列出密钥与网址", "yimad key list shows keys and origins");
  }
  return nullptr;
}

const char* HintFor(std::string_view reason) {
  if (reason == "PASSPHRASE_MISSING") {
    return Say("用 --passphrase-file 给出口令文件", "give the passphrase with --passphrase-file");
  }
  if (reason == "STORE_LOCKED") {
    return Say("同一数据目录只能由一个进程写", "one process at a time writes to a data folder");
  }
  if (reason == "STORE_DAMAGED" || reason == "RECORD_DAMAGED") {
    return Say("运行 yimad check 查看损坏之处；必要时从备份恢复",
               "run yimad check to see what is damaged; restore from a backup if need be");
  }
  if (reason == "PUBLISHED_MISSING") {
    return Say(
        "验证者手上或镜像上的即可：yima trust 目录中的 bundle 与 list",
        "those that verifiers hold will do: the files bundle and list of a yima trust folder");
  }
  if (reason == "BACKUP_DAMAGED") {
    return Say("改用另一份备份", "use another backup");
  }
  if (reason == "DATA_IS_BACKUP") {
    return Say("yimad restore 备份 --data 新目录，由它得到登记库",
               "yimad restore BACKUP --data NEW makes a registry of it");
  }
  if (reason == "DATA_MISSING") {
    return Say("先运行 yimad init --data 目录 --origin HTTPS://主机/",
               "first run yimad init --data DIR --origin HTTPS://HOST/");
  }
  if (reason == "ORIGIN_MALFORMED") {
    return Say("例：HTTPS://QR.EXAMPLE.CN/；测试地址另加 --allow-test-origin",
               "like HTTPS://QR.EXAMPLE.CN/; for a test host add --allow-test-origin");
  }
  if (const char* order = RightOrder(reason)) return order;
  return nullptr;
}

/// What went wrong in Chinese; the message behind it names the values.
struct Words {
  std::string_view reason;
  const char* zh;
};
constexpr Words kWords[] = {
    {"ADDRESS_UNAVAILABLE", "无法监听该地址"},
    {"ADMIN_MISSING", "没有任何管理员"},
    {"AUTHORITY_AWAY", "证书机构的私钥不在此处"},
    {"BACKUP_DAMAGED", "备份损坏"},
    {"BACKUP_MISSING", "目录中没有备份"},
    {"BUNDLE_OUTDATED", "信任包草稿之后密钥或网址又有改动"},
    {"CONTROL_UNAVAILABLE", "无法接收本机指令"},
    {"CONTROL_UNREACHABLE", "数据目录被占用，且没有服务器应答"},
    {"CHECKPOINT_DIFFERS", "检查点与日志不符"},
    {"CHECKPOINT_FOREIGN", "检查点不属于本登记库"},
    {"DATA_FOREIGN", "数据目录属于另一登记库"},
    {"DATA_IS_BACKUP", "这是备份"},
    {"DATA_MISSING", "目录中没有登记库"},
    {"DATA_NOT_EMPTY", "目录不为空"},
    {"DATA_NOT_WRITABLE", "无法建立目录"},
    {"DATA_UNFINISHED", "登记库未建成"},
    {"DATE_MALFORMED", "日期格式不对"},
    {"DAY_AFTER_LAST", "日期晚于密钥的最后一日"},
    {"DAY_PAST", "日期已过"},
    {"DISK_ERROR", "磁盘读写出错"},
    {"DISK_FULL", "磁盘已满"},
    {"DISK_HANGS", "磁盘写入久无回应"},
    {"EPOCHS_USED_UP", "纪元已用尽"},
    {"FILE_UNREADABLE", "无法读取文件"},
    {"FILE_UNWRITABLE", "无法写入文件"},
    {"HEX_MALFORMED", "十六进制格式不对"},
    {"HOST_MALFORMED", "主机名格式不对"},
    {"HOST_OUTSIDE", "证书机构不能为该主机作保"},
    {"HOTLINE_MALFORMED", "热线电话格式不对"},
    {"FOLDER_BUSY", "另一进程正在写同一目录"},
    {"KEYS_EXIST", "密钥已存在"},
    {"KEYS_FOREIGN", "密钥不属于本登记库"},
    {"KEY_CHANGED", "信任包换了密钥"},
    {"KEY_DROPPED", "信任包缺少密钥"},
    {"KEY_FILE_DAMAGED", "密钥文件损坏"},
    {"KEY_FILE_MISSING", "缺少密钥文件"},
    {"KEY_IS_LAST", "这是最后一把已发布的密钥"},
    {"KEY_NOT_BEGUN", "密钥尚未启用"},
    {"KEY_NOT_PUBLISHED", "密钥尚未列入已发布的信任包"},
    {"KEY_REVOKED", "密钥已吊销"},
    {"KEY_UNKNOWN", "没有这把密钥"},
    {"KIND_UNKNOWN", "没有这种密钥"},
    {"LISTEN_INSECURE", "不是本机地址"},
    {"LISTEN_MALFORMED", "监听地址格式不对"},
    {"EPOCH_AHEAD", "日志的纪元比信任包新"},
    {"LOG_DIFFERS", "日志与其签名不符"},
    {"LOG_FOLDER_UNFINISHED", "日志副本不完整"},
    {"LOG_KIND_UNKNOWN", "日志中有本版本不认识的记录"},
    {"NOTE_FOREIGN", "属于另一登记库"},
    {"NOTE_MALFORMED", "不是签名文件"},
    {"NOTE_MISSING", "尚无信任文件"},
    {"NO_VALID_KEY", "没有可用的密钥"},
    {"NUMBERS_USED_UP", "编号已用尽"},
    {"ORDER_UNKNOWN", "服务器不认识该指令"},
    {"ORIGIN_DROPPED", "信任包缺少网址"},
    {"ORIGIN_EXISTS", "网址已在登记库中"},
    {"ORIGIN_IS_CURRENT", "网址是当前网址"},
    {"ORIGIN_IS_LOST", "网址已失去"},
    {"ORIGIN_MALFORMED", "网址不合格式"},
    {"ORIGIN_NOT_PUBLISHED", "网址尚未列入已发布的信任包"},
    {"ORIGIN_UNKNOWN", "登记库没有这个网址"},
    {"OUT_OF_MEMORY", "内存不足"},
    {"PASSPHRASE_FILE", "口令文件无法读取或为空"},
    {"PASSPHRASE_MISSING", "缺少口令"},
    {"PASSPHRASE_WRONG", "口令不对"},
    {"PUBLISHED_MISSING", "缺少最后发布的信任包与吊销清单"},
    {"RECORD_DAMAGED", "记录损坏"},
    {"RECORD_MISSING", "缺少记录"},
    {"REGISTRY_CHANGED", "信任包属于别的登记库"},
    {"REQUEST_MALFORMED", "指令格式不对"},
    {"ROOT_AWAY", "根密钥不在此处"},
    {"ROOT_SEVERAL", "此处有多把根密钥"},
    {"ROOT_SUPERSEDED", "备份中的根密钥已被替换"},
    {"ROOT_MALFORMED", "根公钥格式有误"},
    {"ROOT_UNKNOWN", "签名不属于所持的根密钥"},
    {"SCHEMA_NEWER", "数据由更新版本的 yimad 写成"},
    {"SCHEMA_OLDER", "数据由较旧版本的 yimad 写成"},
    {"SEQUENCE_CONFLICT", "同一序号有两份不同内容"},
    {"SEQUENCE_LOWER", "信任包的序号较旧"},
    {"STATE_UNKNOWN", "不知何处记住用过的纪元"},
    {"STATE_UNREADABLE", "无法读出用过的纪元"},
    {"STATUS_KEY_UNKNOWN", "吊销清单的签名不属于信任包中的密钥"},
    {"STORE_BUSY", "数据库被其他程序占用"},
    {"STORE_DAMAGED", "数据损坏"},
    {"STORE_LOCKED", "数据目录正被另一进程使用"},
    {"STORE_UNWRITABLE", "无法写入数据目录"},
    {"TLS_FAILED", "无法签发证书"},
    {"TLS_FILE", "TLS 文件不可用"},
    {"TLS_INCOMPLETE", "TLS 证书与私钥须同时给出"},
    {"TLS_MALFORMED", "TLS 证书或私钥格式不对"},
    {"TRUST_BUNDLE_MALFORMED", "信任包格式不对"},
    {"WEBROOT_MISSING", "没有该目录"},
    {"TARGET_EXISTS", "目标已存在"},
};

std::string InWords(const Error& error) {
  if (Chinese()) {
    for (const auto& words : kWords) {
      if (words.reason == error.reason) return fmt::format("{}（{}）", words.zh, error.message);
    }
  }
  return error.message;
}

}  // namespace

void SetLanguage(std::string_view lang) { Chinese() = lang == "zh"; }

const char* Say(const char* zh, const char* en) { return Chinese() ? zh : en; }

int Complain(const Error& error) {
  fmt::print(stderr, "yimad: {}{}{}\n", error.field, error.field.empty() ? "" : ": ",
             InWords(error));
  if (const char* hint = HintFor(error.reason)) {
    fmt::print(stderr, "{}{}\n", Say("提示：", "hint: "), hint);
  }
  return error.code == StatusCode::kInvalidArgument ? kWrongUse : kFailed;
}

}  // namespace yima::server
