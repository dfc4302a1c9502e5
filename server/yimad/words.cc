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
  if (reason == "DATA_MISSING") {
    return Say("先运行 yimad init --data 目录 --origin HTTPS://主机/",
               "first run yimad init --data DIR --origin HTTPS://HOST/");
  }
  if (reason == "ORIGIN_MALFORMED") {
    return Say("例：HTTPS://QR.EXAMPLE.CN/；测试地址另加 --allow-test-origin",
               "like HTTPS://QR.EXAMPLE.CN/; for a test host add --allow-test-origin");
  }
  return nullptr;
}

}  // namespace

void SetLanguage(std::string_view lang) { Chinese() = lang == "zh"; }

const char* Say(const char* zh, const char* en) { return Chinese() ? zh : en; }

int Complain(const Error& error) {
  fmt::print(stderr, "yimad: {}{}{}\n", error.field, error.field.empty() ? "" : ": ",
             error.message);
  if (const char* hint = HintFor(error.reason)) fmt::print(stderr, "hint: {}\n", hint);
  return error.code == StatusCode::kInvalidArgument ? kWrongUse : kFailed;
}

}  // namespace yima::server
