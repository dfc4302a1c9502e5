#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include "codegen/code/signed_note.h"
#include "codegen/code/trust.h"
#include "server/http/fetch.h"
#include "server/resolver/trust_notes.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
/// So early it is said that something runs out.
constexpr TimeUs kSoon = 30 * kDay;
constexpr uint64_t kFreeMin = uint64_t{1} << 30;

enum class Found { kWell, kNote, kWrong };

/// Prints what is found, one line or object each, and remembers whether anything is wrong.
class Findings {
 public:
  explicit Findings(bool json) : json_(json) {}

  void Say(const char* check, Found found, const std::string& message) {
    wrong_ |= found == Found::kWrong;
    constexpr const char* kNames[] = {"ok", "note", "wrong"};
    const char* const name = kNames[static_cast<int>(found)];
    if (json_) {
      const nlohmann::ordered_json object = {
          {"check", check}, {"state", name}, {"message", message}};
      fmt::print("{}\n", object.dump());
    } else {
      fmt::print("{:<6} {}: {}\n", name, check, message);
    }
  }

  /// Something that ends: wrong once it has, or will within 30 days.
  void SayEnd(const char* check, const std::string& what, TimeUs end, TimeUs now) {
    const int64_t days = (end - now) / kDay;
    if (end <= now) {
      Say(check, Found::kWrong,
          fmt::format(fmt::runtime(server::Say("{} 已于 {} 到期", "{} ran out on {}")), what,
                      FormatTime(end)));
    } else {
      Say(check, end - now < kSoon ? Found::kWrong : Found::kWell,
          fmt::format(fmt::runtime(server::Say("{} 到 {} 为止，还有 {} 天",
                                               "{} holds until {}, {} days from now")),
                      what, FormatTime(end), days));
    }
  }

  bool wrong() const { return wrong_; }

 private:
  bool json_;
  bool wrong_ = false;
};

void CheckFolder(const std::filesystem::path& data, Findings& findings) {
  bool open = false;
  for (const auto& path : {data, data / "keys", data / "yima.db"}) {
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0 || (facts.st_mode & 077) == 0) continue;
    // The folder's own rights keep others from the files in it.
    if (path == data / "yima.db") continue;
    open = true;
    findings.Say("folder", Found::kWrong,
                 fmt::format(fmt::runtime(Say("{} 的权限 {:o} 让他人可入，应为 0700",
                                              "{} has mode {:o}, which lets others in; want 0700")),
                             path.string(), facts.st_mode & 07777));
  }
  if (!open) {
    findings.Say("folder", Found::kWell,
                 fmt::format(fmt::runtime(Say("{} 只有其主可入", "{} is for its owner only")),
                             data.string()));
  }
}

void CheckDisk(const std::filesystem::path& data, Findings& findings) {
  struct statvfs facts {};
  if (statvfs(data.c_str(), &facts) != 0) return;
  const uint64_t free = facts.f_bavail * facts.f_frsize;
  const bool read_only = (facts.f_flag & ST_RDONLY) != 0;
  findings.Say("disk", free < kFreeMin || read_only ? Found::kWrong : Found::kWell,
               fmt::format(fmt::runtime(Say("剩余 {} MB{}", "{} MB free{}")), free >> 20,
                           read_only ? Say("，只读", ", read-only") : ""));
}

/// The clock against what was written last, and whether anything keeps it right.
Result<void> CheckClock(const store::Snapshot& snapshot, TimeUs now, Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  TimeUs last = 0;
  YIMA_RETURN_IF_ERROR(
      snapshot.ScanLog(size == 0 ? 0 : size - 1, [&](const store::LogRecord& record) {
        for (size_t i = std::min<size_t>(8, record.entry.size() - 1); i > 0; --i) {
          last = last << 8 | static_cast<uint8_t>(record.entry[i]);
        }
        return true;
      }));
  timex facts{};
  const bool kept = adjtimex(&facts) != TIME_ERROR && (facts.status & STA_UNSYNC) == 0;
  if (now < last) {
    findings.Say("clock", Found::kWrong,
                 fmt::format(fmt::runtime(Say("现为 {}，早于最后一条日志 {}",
                                              "it says {}, before the last log entry of {}")),
                             FormatTime(now), FormatTime(last)));
  } else {
    findings.Say(
        "clock", kept ? Found::kWell : Found::kNote,
        fmt::format("{}{}", FormatTime(now),
                    kept ? "" : Say("，未见时间同步", ", and nothing is seen to keep it right")));
  }
  return {};
}

/// Labels with Chinese words need a font that has them; only where labels are made on this machine.
void CheckFonts(Findings& findings) {
  const std::unique_ptr<FILE, int (*)(FILE*)> list(
      popen("fc-list :lang=zh family 2>/dev/null", "r"), pclose);
  char line[256];
  const bool found = list && std::fgets(line, sizeof line, list.get()) != nullptr;
  findings.Say("fonts", found ? Found::kWell : Found::kNote,
               found ? Say("有中文字体", "there is a font with Chinese characters")
                     : Say("没有中文字体；在本机制作标签需要 fonts-noto-cjk",
                           "no font with Chinese characters: to make labels here, install "
                           "fonts-noto-cjk"));
}

Result<void> CheckNotes(const store::Snapshot& snapshot, TimeUs now, Findings& findings) {
  YIMA_ASSIGN_OR_RETURN(const auto bundle, snapshot.Get(store::Kind::kNote, TrustNotes::kBundleId));
  YIMA_ASSIGN_OR_RETURN(const auto list, snapshot.Get(store::Kind::kNote, TrustNotes::kListId));
  if (!bundle || !list) {
    findings.Say("trust", Found::kWrong,
                 Say("尚无信任包或吊销清单", "there is no bundle or no list yet"));
    return {};
  }
  YIMA_ASSIGN_OR_RETURN(const auto bundle_note, SignedNote::Parse(bundle->bytes));
  YIMA_ASSIGN_OR_RETURN(const auto parsed, TrustBundle::ParseText(bundle_note.text));
  YIMA_ASSIGN_OR_RETURN(const auto list_note, SignedNote::Parse(list->bytes));
  YIMA_ASSIGN_OR_RETURN(const auto listed, RevocationList::ParseText(list_note.text));
  findings.SayEnd("trust", Say("信任包", "the trust bundle"), parsed.expires, now);
  // It is made anew every half day while the server runs.
  findings.Say("trust", listed.next_update <= now ? Found::kWrong : Found::kWell,
               fmt::format(fmt::runtime(Say("吊销清单应在 {} 前更新",
                                            "the revocation list is to be renewed by {}")),
                           FormatTime(listed.next_update)));
  return {};
}

void CheckKeys(const v1::Registry& registry, TimeUs now, Findings& findings) {
  for (const auto& origin : registry.origins()) {
    if (origin.state() != v1::ORIGIN_STATE_CURRENT) continue;
    uint32_t last = 0;
    for (const auto& key : registry.code_keys()) {
      if (key.origin() == origin.origin() && !key.revoked()) last = std::max(last, key.last_day());
    }
    const auto end = ParseTime(FormatDay(static_cast<Day>(last)) + "T23:59:59Z");
    findings.SayEnd(
        "keys",
        fmt::format(fmt::runtime(Say("{} 的签码密钥", "the code key of {}")), origin.origin()),
        end.value_or(0), now);
  }
}

/// Whether what stands behind the printed address is this registry.
void CheckOrigin(const v1::Registry& registry, const std::string& origin, const std::string& ca,
                 TimeUs now, Findings& findings) {
  // Files of a host stand at its root, whatever path the origin has.
  const std::string host = origin.substr(0, origin.find('/', std::string("HTTPS://").size()));
  const std::string url = "https" + host.substr(5) + "/.well-known/yima/bundle";
  const auto wrong = [&](const std::string& why) { findings.Say("origin", Found::kWrong, why); };
  const auto fetched = Fetch(url, ca);
  if (!fetched) return wrong(fetched.error().message);
  if (fetched->certificate_ends) {
    findings.SayEnd("certificate", host, *fetched->certificate_ends, now);
  }
  if (fetched->status != 200) {
    return wrong(fmt::format(fmt::runtime(Say("{} 答以 HTTP {}", "{} answers HTTP {}")), url,
                             fetched->status));
  }
  const auto note = SignedNote::Parse(fetched->body);
  const auto is_ours = [&](const std::string& root) {
    PublicKey key{};
    std::copy_n(root.begin(), std::min(root.size(), key.size()), key.begin());
    return note->IsSignedBy(key);
  };
  const auto bundle = note ? TrustBundle::ParseText(note->text) : tl::unexpected(note.error());
  if (!bundle || bundle->registry != registry.id() ||
      std::ranges::none_of(registry.root_keys(), is_ours)) {
    return wrong(fmt::format(fmt::runtime(Say("{} 不是本登记库", "{} is not this registry")), url));
  }
  if (bundle->epoch != registry.epoch()) {
    return wrong(fmt::format(fmt::runtime(Say("{} 是纪元 {}，本库是纪元 {}",
                                              "{} is of epoch {}, this folder of epoch {}")),
                             url, bundle->epoch, registry.epoch()));
  }
  findings.Say("origin", Found::kWell,
               fmt::format(fmt::runtime(Say("{} 是本登记库", "{} is this registry")), url));
}

Result<bool> Examine(const DoctorOptions& options) {
  Findings findings(options.json);
  YIMA_ASSIGN_OR_RETURN(const auto folder, OpenReadOnly(options.data));
  const auto snapshot = folder.store->Read();
  const TimeUs now = Now();
  CheckFolder(options.data, findings);
  CheckDisk(options.data, findings);
  YIMA_RETURN_IF_ERROR(CheckClock(*snapshot, now, findings));
  CheckFonts(findings);
  CheckKeys(folder.registry, now, findings);
  YIMA_RETURN_IF_ERROR(CheckNotes(*snapshot, now, findings));
  for (const auto& origin : folder.registry.origins()) {
    if (origin.state() == v1::ORIGIN_STATE_LOST) continue;
    CheckOrigin(folder.registry, origin.origin(), options.ca.string(), now, findings);
  }
  return findings.wrong();
}

}  // namespace

int RunDoctor(const DoctorOptions& options) {
  const auto wrong = Examine(options);
  if (!wrong) return Complain(wrong.error());
  return *wrong ? kFailed : kDone;
}

}  // namespace yima::server
