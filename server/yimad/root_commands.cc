#include <array>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sodium.h>

#include "codegen/code/signed_note.h"
#include "codegen/code/trust.h"
#include "server/keys/key_file.h"
#include "server/yimad/command_line.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/order_run.h"
#include "server/yimad/whole_file.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

namespace fs = std::filesystem;

struct RootOptions {
  OrderPlace place;
  fs::path file;
  fs::path root_passphrase;
  fs::path key;
  fs::path out;
};

Result<std::string> ReadText(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream) return text.str();
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
              fmt::format("{} cannot be read or is empty", file.string()), file.string());
}

/// The root's seed, which crosses from a server sealed to a key made for this moment.
Result<SecretSeed> TakeRoot(const OrderRun& run) {
  const SecretSeed own = SecretSeed::Generate();
  std::array<uint8_t, crypto_box_PUBLICKEYBYTES> box{};
  crypto_scalarmult_base(box.data(), own.bytes().data());
  YIMA_ASSIGN_OR_RETURN(const Order answer, run.Run({{"do", "root-seal"}, {"box", ToHex(box)}}));
  std::array<uint8_t, 32 + crypto_box_SEALBYTES> sealed{};
  YIMA_RETURN_IF_ERROR(FromHex(answer.value("sealed", ""), sealed));
  SecretSeed seed;
  if (crypto_box_seal_open(seed.bytes().data(), sealed.data(), sealed.size(), box.data(),
                           own.bytes().data()) != 0) {
    return Fail(StatusCode::kInternal, "KEY_FILE_DAMAGED", "the sealed root does not open");
  }
  return seed;
}

/// The file is durable, and was opened again, before the key leaves the folder.
Result<void> Export(const RootOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto words, ReadPassphrase(options.root_passphrase));
  YIMA_ASSIGN_OR_RETURN(const auto run, OrderRun::Begin(options.place));
  YIMA_ASSIGN_OR_RETURN(const auto seed, TakeRoot(run));
  Passphrase passphrase(words);
  YIMA_ASSIGN_OR_RETURN(const auto text, EncodeKeyFile("root", seed, passphrase));
  YIMA_RETURN_IF_ERROR(WriteSecretFile(options.file, text));
  YIMA_RETURN_IF_ERROR(SyncFolder(fs::absolute(options.file).parent_path()));
  YIMA_ASSIGN_OR_RETURN(const auto written, ReadSecretFile(options.file));
  Passphrase again(words);
  YIMA_RETURN_IF_ERROR(DecodeKeyFile(written, "root", again));
  const std::string key = ToHex(SigningKey::FromSeed(seed.bytes()).public_key());
  YIMA_RETURN_IF_ERROR(run.Run({{"do", "root-away"}, {"key", key}}));
  fmt::print("{}\n{}\n", options.file.string(),
             Say("根密钥已移出本机。请另存一份，分开保管；此后以 yimad root draft、sign、import "
                 "更新信任包。",
                 "the root key has left this machine. Keep a second copy elsewhere; bundles are "
                 "renewed by yimad root draft, sign and import from now on."));
  return {};
}

Result<void> Draft(const RootOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const Order answer, RunOrder(options.place, {{"do", "root-draft"}}));
  YIMA_RETURN_IF_ERROR(WriteWholeFile(options.file, answer.value("text", ""), "file"));
  fmt::print("{}\n", options.file.string());
  return {};
}

/// What is about to be signed, so that a signer sees it.
void Show(const TrustBundle& bundle) {
  fmt::print("registry: {}\nsequence: {}\nbundle: {} .. {}\n", bundle.registry, bundle.sequence,
             FormatTime(bundle.issued), FormatTime(bundle.expires));
  for (const auto& root : bundle.roots) fmt::print("root: {}\n", ToHex(root));
  constexpr const char* kStates[] = {"current", "old", "lost"};
  for (const auto& origin : bundle.origins) {
    fmt::print("origin: {} {}\n", origin.origin, kStates[static_cast<size_t>(origin.status)]);
  }
  for (const auto& key : bundle.keys) {
    fmt::print("key: {} {} {} {} {}\n", key.origin, key.key_id, FormatDay(key.first_day),
               FormatDay(key.last_day), key.revoked ? "revoked" : "valid");
  }
}

/// A draft, or a bundle that another root has signed already.
Result<void> Sign(const RootOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto text, ReadText(options.file));
  auto note = SignedNote::Parse(text);
  if (!note) note = SignedNote{text, {}};
  YIMA_ASSIGN_OR_RETURN(const auto bundle, TrustBundle::ParseText(note->text));
  YIMA_ASSIGN_OR_RETURN(std::string file, ReadSecretFile(options.key));
  YIMA_ASSIGN_OR_RETURN(const auto words, ReadPassphrase(options.place.passphrase_file));
  Passphrase passphrase(words);
  YIMA_ASSIGN_OR_RETURN(const auto name, NameInKeyFile(file));
  YIMA_ASSIGN_OR_RETURN(const auto seed, DecodeKeyFile(file, name, passphrase));
  sodium_memzero(file.data(), file.size());
  note->Sign("yima-" + bundle.registry, SigningKey::FromSeed(seed.bytes()));
  const fs::path out =
      options.out.empty() ? fs::path(options.file.string() + ".signed") : options.out;
  YIMA_RETURN_IF_ERROR(WriteWholeFile(out, note->ToString(), "--out"));
  Show(bundle);
  fmt::print("{}\n", out.string());
  return {};
}

Result<void> Import(const RootOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto text, ReadText(options.file));
  YIMA_RETURN_IF_ERROR(RunOrder(options.place, {{"do", "root-import"}, {"note", text}}));
  fmt::print("{}\n", Say("已发布", "published"));
  return {};
}

CLI::App* AddTo(CLI::App& group, int& exit_code, const char* name, const char* what,
                const char* examples, const std::shared_ptr<RootOptions>& options,
                Result<void> (*run)(const RootOptions&)) {
  auto* command = AddCommand(group, name, what, examples);
  command->add_option("file", options->file, Say("文件", "file"))->required();
  AddPassphrase(command, options->place.passphrase_file);
  command->callback([options, run, &exit_code] {
    const auto done = run(*options);
    exit_code = done ? kDone : Complain(done.error());
  });
  return command;
}

}  // namespace

void AddRootCommands(CLI::App& app, int& exit_code) {
  auto* group =
      AddCommand(app, "root", Say("根密钥与离线签名", "the root key, and signing elsewhere"), "");
  group->require_subcommand(1);
  const auto exporting = std::make_shared<RootOptions>();
  auto* command = AddTo(
      *group, exit_code, "export", Say("把根密钥移出服务器", "move the root key out of the server"),
      "\n  yimad root export --data /var/lib/yima --root-passphrase-file root.pass "
      "/media/usb/root.key"
      "\n  yimad root export --data demo --root-passphrase-file root.pass root.key",
      exporting, Export);
  AddData(command, exporting->place.data);
  command
      ->add_option(
          "--root-passphrase-file", exporting->root_passphrase,
          Say("移出的根密钥以此口令加密", "file with the passphrase that seals it from now on"))
      ->required();
  const auto drafting = std::make_shared<RootOptions>();
  AddData(AddTo(*group, exit_code, "draft",
                Say("写出待签的信任包", "write a bundle that is to be signed"),
                "\n  yimad root draft --data /var/lib/yima bundle.txt"
                "\n  yimad root draft --data demo bundle.txt",
                drafting, Draft),
          drafting->place.data);
  const auto signing = std::make_shared<RootOptions>();
  command = AddTo(
      *group, exit_code, "sign",
      Say("在根密钥处签信任包，不需要数据目录", "sign a bundle where the root is; no data folder"),
      "\n  yimad root sign --key root.key --passphrase-file root.pass bundle.txt"
      "\n  yimad root sign --key root.key bundle.txt -o bundle.signed",
      signing, Sign);
  command->add_option("--key", signing->key, Say("根密钥文件", "the root's key file"))->required();
  command->add_option("-o,--out", signing->out, Say("缺省为 文件.signed", "else FILE.signed"));
  const auto importing = std::make_shared<RootOptions>();
  AddData(AddTo(*group, exit_code, "import", Say("发布已签的信任包", "publish a signed bundle"),
                "\n  yimad root import --data /var/lib/yima bundle.txt.signed"
                "\n  yimad root import --data demo bundle.signed",
                importing, Import),
          importing->place.data);
}

}  // namespace yima::server
