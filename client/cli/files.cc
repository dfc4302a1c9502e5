#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sodium.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"
#include "codegen/code/signature.h"
#include "codegen/label/output_file.h"

namespace yima::cli {
namespace {

/// As the server takes them.
constexpr uintmax_t kFileMax = uintmax_t{8} << 20;

struct FileOptions {
  std::string facility;
  std::filesystem::path file;
  std::string title;
  std::string sha256;
  std::string output;
  std::string request_id;
};

std::string HexOf(const std::string& bytes) {
  return ToHex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

Result<std::string> ParseHash(const std::string& hex) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  const auto read = FromHex(hex, {reinterpret_cast<uint8_t*>(hash.data()), hash.size()});
  if (!read) {
    return Invalid("HASH_MALFORMED", fmt::format("\"{}\" is not 64 hex digits", hex.substr(0, 100)),
                   "sha256");
  }
  return hash;
}

/// FILE_UNREADABLE, FILE_TOO_LARGE.
Result<std::string> ReadFile(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (!error && size > kFileMax) {
    return Invalid("FILE_TOO_LARGE",
                   fmt::format("{} has {} bytes, want at most {}", file.string(), size, kFileMax),
                   "file");
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  if (!error && stream && bytes.str().size() == size) return bytes.str();
  return Fail(StatusCode::kNotFound, "FILE_UNREADABLE",
              fmt::format("cannot read {}", file.string()), "file");
}

/// Runs a write under a request id that is kept until the answer is there.
template <typename Request, typename Response>
Result<Response> Write(Session& session, const FileOptions& options, Request request,
                       Result<Response> (Client::*call)(const Request&) const) {
  Response response;
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  YIMA_RETURN_IF_ERROR(
      UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
        request.set_request_id(id);
        YIMA_ASSIGN_OR_RETURN(response, (session.client().*call)(request));
        return {};
      }));
  return response;
}

Result<void> Add(Session& session, const FileOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const std::string file, ReadFile(options.file));
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  v1::UploadHeader header;
  header.set_facility(found.facility().uid());
  header.set_title(options.title);
  v1::UploadAttachmentResponse answer;
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  YIMA_RETURN_IF_ERROR(
      UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
        header.set_request_id(id);
        Progress progress(T("上传", "sending"));
        YIMA_ASSIGN_OR_RETURN(
            answer, session.client().UploadAttachment(
                        header, file, [&](uint64_t sent) { progress.Show(sent, file.size()); }));
        return {};
      }));
  if (session.json) {
    Json object = ToJson(answer.attachment());
    object["stripped"] = answer.stripped();
    session.Object(object);
    return {};
  }
  session.Line(HexOf(answer.attachment().sha256()));
  if (answer.stripped()) {
    session.Tell(T("已去除照片所附信息（位置、时间、机型等）；哈希是所存文件的",
                   "what was said beside the picture (place, time, camera) was taken out; the hash "
                   "is that of the file as it is kept"));
  }
  return {};
}

Result<void> Receive(Session& session, const std::string& hash, label::OutputFile& out) {
  v1::GetAttachmentRequest request;
  request.set_sha256(hash);
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  uint64_t size = 0;
  uint64_t received = 0;
  Progress progress(T("下载", "receiving"));
  YIMA_RETURN_IF_ERROR(session.client().GetAttachment(
      request, [&](const v1::GetAttachmentResponse& response) -> Result<void> {
        if (response.has_attachment()) size = response.attachment().size();
        received += response.part().size();
        crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(response.part().data()),
                                  response.part().size());
        progress.Show(received, size);
        return out.Write(response.part());
      }));
  std::string is(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state, reinterpret_cast<uint8_t*>(is.data()));
  if (is == hash) return {};
  return Fail(StatusCode::kDataLoss, "FILE_HASH_DIFFERS",
              fmt::format("what came has the SHA-256 {}", HexOf(is)), "sha256");
}

Result<void> Get(Session& session, const FileOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const std::string hash, ParseHash(options.sha256));
  YIMA_ASSIGN_OR_RETURN(auto out, label::OutputFile::Create(options.output));
  YIMA_RETURN_IF_ERROR(Receive(session, hash, out));
  YIMA_RETURN_IF_ERROR(out.Close());
  YIMA_RETURN_IF_ERROR(out.Publish());
  if (session.json) {
    session.Object({{"sha256", options.sha256}, {"output", options.output}});
  } else {
    session.Line(options.output);
  }
  return {};
}

void ShowItem(Session& session, const v1::ListAttachmentsResponse::Item& item) {
  const v1::Attachment& kept = item.attachment();
  if (session.json) return session.Object(ToJson(item));
  const char* state = !item.has_attachment()      ? T("未存", "not kept")
                      : kept.erase_time_us() != 0 ? T("已删除", "erased")
                                                  : "";
  session.Line(fmt::format("{}\t{}\t{}\t{}\t{}\t{}", HexOf(item.file().sha256()),
                           item.file().media_type(), kept.size(),
                           item.has_attachment() ? FormatTime(kept.create_time_us()) : "",
                           Printable(item.file().title()), state));
}

Result<void> List(Session& session, const FileOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  v1::ListAttachmentsRequest request;
  request.set_facility(found.facility().uid());
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().ListAttachments(request));
  for (const auto& item : answer.items()) ShowItem(session, item);
  return {};
}

Result<void> Detach(Session& session, const FileOptions& options) {
  v1::DetachAttachmentRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_sha256(), ParseHash(options.sha256));
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  request.set_facility(found.facility().uid());
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        Write(session, options, request, &Client::DetachAttachment));
  Show(session, answer.facility());
  return {};
}

Result<void> Erase(Session& session, const FileOptions& options) {
  v1::EraseAttachmentRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_sha256(), ParseHash(options.sha256));
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        Write(session, options, request, &Client::EraseAttachment));
  if (session.json) {
    session.Object(ToJson(answer));
  } else {
    Show(session, answer.attachment());
  }
  if (answer.still_in_files()) {
    session.Tell(T("注意：有程序正在读取旧数据，服务器随后自动清除",
                   "note: a program still reads the data as it was; the server clears its files by "
                   "itself as soon as that has ended"));
  }
  session.Tell(T("注意：此前的备份中仍有该文件", "note: backups made before still hold the file"));
  return {};
}

struct Command {
  CLI::App& group;
  Session& session;
  std::shared_ptr<FileOptions> options = std::make_shared<FileOptions>();

  CLI::App* Make(const char* name, const char* what, const std::vector<std::string>& examples,
                 Result<void> (*run)(Session&, const FileOptions&)) const {
    return AddCommand(&group, session, name, what, examples,
                      [&of = session, run, given = options] { return run(of, *given); });
  }
  void TakeFacility(CLI::App* command) const {
    command
        ->add_option("facility", options->facility,
                     T("代码、uid:N 或 命名空间:值", "its code, uid:N or NAMESPACE:VALUE"))
        ->required();
  }
  void TakeHash(CLI::App* command) const {
    command
        ->add_option("sha256", options->sha256,
                     T("文件的 SHA-256，64 位十六进制", "SHA-256 of the file, 64 hex digits"))
        ->required();
  }
  void TakeRequestId(CLI::App* command) const {
    command->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  }
};

constexpr char kExampleHash[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

void AddAdd(CLI::App& group, Session& session) {
  const Command make{group, session};
  auto* command =
      make.Make("add",
                T("给部件附一个文件（照片、PDF，至多 8 MiB）；照片所附信息先行去除",
                  "add a photo or PDF of at most 8 MiB to a facility; what a photo says beside the "
                  "picture is taken out first"),
                {"yima files add 14050201001000001 cover.jpg --title 井盖",
                 "yima files add uid:4294967297 handover.pdf --json"},
                Add);
  make.TakeFacility(command);
  command->add_option("file", make.options->file, T("JPEG、PNG 或 PDF 文件", "JPEG, PNG or PDF"))
      ->required();
  command->add_option("--title", make.options->title,
                      T("说明，至多 100 字", "what it shows, at most 100 characters"));
  make.TakeRequestId(command);
}

void AddGet(CLI::App& group, Session& session) {
  const Command make{group, session};
  auto* command = make.Make("get", T("取回一个文件", "fetch a file"),
                            {fmt::format("yima files get {} -o cover.jpg", kExampleHash),
                             fmt::format("yima files get {} -o cover.jpg --json", kExampleHash)},
                            Get);
  make.TakeHash(command);
  command->add_option("-o,--output", make.options->output, T("写到哪个文件", "where to write it"))
      ->required();
}

void AddDetach(CLI::App& group, Session& session) {
  const Command make{group, session};
  auto* command =
      make.Make("detach", T("部件不再附该文件；文件仍在", "a facility names a file no longer"),
                {fmt::format("yima files detach 14050201001000001 {}", kExampleHash),
                 fmt::format("yima files detach uid:4294967297 {} --json", kExampleHash)},
                Detach);
  make.TakeFacility(command);
  make.TakeHash(command);
  make.TakeRequestId(command);
}

void AddErase(CLI::App& group, Session& session) {
  const Command make{group, session};
  auto* command = make.Make(
      "erase",
      T("删除一个文件，不可恢复；只留其哈希", "erase a file for ever; its hash alone is kept"),
      {fmt::format("yima files erase {}", kExampleHash),
       fmt::format("yima files erase {} --json", kExampleHash)},
      Erase);
  make.TakeHash(command);
  make.TakeRequestId(command);
}

}  // namespace

void AddFiles(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "files", T("部件的照片和文件", "photos and documents of facilities"));
  AddAdd(*group, session);
  AddGet(*group, session);
  const Command list{*group, session};
  list.TakeFacility(list.Make(
      "list",
      T("列出部件的文件：SHA-256、类型、大小、时间、说明",
        "list a facility's files: SHA-256, type, size, time, title"),
      {"yima files list 14050201001000001", "yima files list uid:4294967297 --json"}, List));
  AddDetach(*group, session);
  AddErase(*group, session);
}

}  // namespace yima::cli
