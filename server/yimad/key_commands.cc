#include <optional>

#include <fmt/format.h>
#include <sodium.h>

#include "server/keys/key_file.h"
#include "server/yimad/command_line.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/order_run.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

struct KeyOptions {
  OrderPlace place;
  std::string name;
  std::string kind = "code";
  std::string origin;
  std::string from;
  std::string last_day;
  std::filesystem::path file;
  std::filesystem::path file_passphrase;
  bool json = false;
};

/// What people have to know of a key, behind its name.
std::string StateOf(const Order& key) {
  if (key.value("revoked", false)) return Say("已吊销", "revoked");
  std::string state = key.value("signs", false) ? Say("签发中", "signs") : "";
  const auto add = [&](const char* words) {
    state += (state.empty() ? "" : ", ") + std::string(words);
  };
  if (!key.value("published", false)) add(Say("尚未发布", "not published"));
  if (!key.value("held", false)) add(Say("私钥不在此处", "secret half not here"));
  return state;
}

Result<void> List(const KeyOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const Order all, RunOrder(options.place, {{"do", "list"}}));
  if (options.json) {
    fmt::print("{}\n", all.dump());
    return {};
  }
  for (const auto& origin : all["origins"]) {
    fmt::print("{}\t{}\t{}\n", origin.value("origin", ""), origin.value("state", ""),
               origin.value("published", false) ? "" : Say("尚未发布", "not published"));
  }
  for (const auto& key : all["keys"]) {
    fmt::print("{}\t{}\t{}\t{}\t{}\t{}\n", key.value("name", ""), key.value("origin", ""),
               key.value("firstDay", ""), key.value("lastDay", ""), key.value("publicKey", ""),
               StateOf(key));
  }
  fmt::print(fmt::runtime(Say("信任包有效至 {}\n", "bundle until {}\n")),
             all.value("bundleExpires", ""));
  if (all.value("bundleBehind", false)) {
    fmt::print("{}\n", Say("信任包落后于记录：yimad root draft，签名，导入",
                           "the bundle is behind the record: yimad root draft, sign, import"));
  }
  return {};
}

void TellName(const Order& done, bool json) {
  if (json) {
    fmt::print("{}\n", done.dump());
  } else if (done.contains("name")) {
    fmt::print("{}\n", done.value("name", ""));
  }
}

Result<void> Add(const KeyOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const Order done, RunOrder(options.place, {{"do", "key-add"},
                                                                   {"kind", options.kind},
                                                                   {"origin", options.origin},
                                                                   {"from", options.from}}));
  TellName(done, options.json);
  return {};
}

Result<void> Close(const KeyOptions& options) {
  YIMA_RETURN_IF_ERROR(
      RunOrder(options.place,
               {{"do", "key-close"}, {"name", options.name}, {"last-day", options.last_day}}));
  return {};
}

Result<void> Revoke(const KeyOptions& options) {
  YIMA_RETURN_IF_ERROR(RunOrder(options.place, {{"do", "key-revoke"}, {"name", options.name}}));
  return {};
}

/// The seed crosses to a server sealed to a key that only the server has.
Result<void> Import(const KeyOptions& options) {
  YIMA_ASSIGN_OR_RETURN(std::string text, ReadSecretFile(options.file));
  // The environment's words are those of the folder.
  std::optional<Secret> words;
  if (!options.file_passphrase.empty()) {
    YIMA_ASSIGN_OR_RETURN(words, ReadPassphrase(options.file_passphrase));
  }
  Passphrase passphrase(words);
  YIMA_ASSIGN_OR_RETURN(const auto name, NameInKeyFile(text));
  YIMA_ASSIGN_OR_RETURN(const auto seed, DecodeKeyFile(text, name, passphrase));
  sodium_memzero(text.data(), text.size());
  YIMA_ASSIGN_OR_RETURN(const auto run, OrderRun::Begin(options.place));
  YIMA_ASSIGN_OR_RETURN(const Order asked, run.Run({{"do", "key-box"}}));
  std::array<uint8_t, crypto_box_PUBLICKEYBYTES> box{};
  YIMA_RETURN_IF_ERROR(FromHex(asked.value("box", ""), box));
  std::array<uint8_t, 32 + crypto_box_SEALBYTES> sealed{};
  if (crypto_box_seal(sealed.data(), seed.bytes().data(), seed.bytes().size(), box.data()) != 0) {
    return Invalid("HEX_MALFORMED", "the box key is none");
  }
  YIMA_ASSIGN_OR_RETURN(const Order done,
                        run.Run({{"do", "key-import"}, {"sealed", ToHex(sealed)}}));
  TellName(done, options.json);
  return {};
}

/// A command of the group with what all of them take.
CLI::App* AddTo(CLI::App& group, int& exit_code, const char* name, const char* what,
                const char* examples, const std::shared_ptr<KeyOptions>& options,
                Result<void> (*run)(const KeyOptions&)) {
  auto* command = AddCommand(group, name, what, examples);
  AddData(command, options->place.data);
  AddPassphrase(command, options->place.passphrase_file);
  command->callback([options, run, &exit_code] {
    const auto done = run(*options);
    exit_code = done ? kDone : Complain(done.error());
  });
  return command;
}

void AddNewAndImport(CLI::App& group, int& exit_code) {
  const auto adding = std::make_shared<KeyOptions>();
  auto* add =
      AddTo(group, exit_code, "add", Say("生成新密钥并发布", "make a new key and publish it"),
            "\n  yimad key add --data /var/lib/yima"
            "\n  yimad key add --data demo --kind status",
            adding, Add);
  add->add_option("--kind", adding->kind, "code, root, status, log, certificate")
      ->capture_default_str();
  add->add_option(
      "--origin", adding->origin,
      Say("签发哪个网址的码，缺省为当前网址", "whose codes it signs; else the current"));
  add->add_option("--from", adding->from,
                  Say("从哪日起签发，如 2026-12-01 或 today；缺省为明日",
                      "first day it may sign, like 2026-12-01 or today; else tomorrow"));
  add->add_flag("--json", adding->json, Say("以 JSON 输出", "as JSON"));

  const auto importing = std::make_shared<KeyOptions>();
  auto* import =
      AddTo(group, exit_code, "import",
            Say("放回登记库已有密钥的私钥", "put back the secret half of a key on record"),
            "\n  yimad key import --data /var/lib/yima root.key --file-passphrase-file root.pass"
            "\n  yimad key import --data demo code-2.key",
            importing, Import);
  import->add_option("file", importing->file, Say("密钥文件", "key file"))->required();
  import->add_option("--file-passphrase-file", importing->file_passphrase,
                     Say("该密钥文件的口令文件", "file with the passphrase of that key file"));
  import->add_flag("--json", importing->json, Say("以 JSON 输出", "as JSON"));
}

}  // namespace

void AddKeyCommands(CLI::App& app, int& exit_code) {
  auto* group =
      AddCommand(app, "key", Say("密钥：增加、关闭、吊销", "keys: add, close, revoke"), "");
  group->require_subcommand(1);
  const auto listing = std::make_shared<KeyOptions>();
  auto* list = AddTo(*group, exit_code, "list", Say("列出网址与密钥", "list origins and keys"),
                     "\n  yimad key list --data /var/lib/yima"
                     "\n  yimad key list --data demo --json",
                     listing, List);
  list->add_flag("--json", listing->json, Say("以 JSON 输出", "as JSON"));
  AddNewAndImport(*group, exit_code);

  const auto closing = std::make_shared<KeyOptions>();
  auto* close =
      AddTo(*group, exit_code, "close",
            Say("按序停用密钥，已发的码仍然有效", "end a key in order; its codes stay good"),
            "\n  yimad key close --data /var/lib/yima code-1"
            "\n  yimad key close --data demo code-1 --last-day 2026-12-31",
            closing, Close);
  close->add_option("name", closing->name, Say("密钥名", "its name"))->required();
  close->add_option("--last-day", closing->last_day,
                    Say("最后一日，缺省为今日", "last day on which it signs; else today"));

  const auto revoking = std::make_shared<KeyOptions>();
  auto* revoke = AddTo(*group, exit_code, "revoke",
                       Say("密钥失窃：其所签的码全部不再可信",
                           "a key was stolen: nothing that it ever signed is believed any more"),
                       "\n  yimad key revoke --data /var/lib/yima code-1"
                       "\n  yimad key revoke --data demo 2",
                       revoking, Revoke);
  revoke->add_option("name", revoking->name, Say("密钥名", "its name"))->required();
}

}  // namespace yima::server
