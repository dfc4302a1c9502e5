#include "server/store/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <span>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>

#include "server/store/folder_lock.h"
#include "server/store/limits.h"
#include "server/store/sqlite_copy.h"
#include "server/store/sqlite_log.h"
#include "server/store/sqlite_pages.h"
#include "server/store/sqlite_reading.h"
#include "server/store/sqlite_schema.h"
#include "server/store/sqlite_snapshot.h"
#include "server/store/sqlite_writer.h"

namespace yima::store {
namespace {

/// What waits for the writing thread: a change, or work that stands outside of changes.
struct Job {
  Change change;
  std::function<void(Outcome)> done;
  std::function<uint64_t(Writer&)> work;
  std::function<void(Result<uint64_t>)> worked;
  uint64_t given = 0;  ///< What `work` gave, to be told after the commit.
};

using Clock = std::chrono::steady_clock;

/// Copying all of the log anew keeps readers waiting.
constexpr std::chrono::seconds kTryAgainAfter{1};

/// So long may a reader keep the log from being emptied before it is said.
constexpr std::chrono::seconds kScrubWithin{3};
/// Changes wait while it is tried.
constexpr std::chrono::milliseconds kScrubEvery{250};
constexpr std::chrono::milliseconds kScrubUnasked{2000};
constexpr int kScrubWaitMs = 25;

/// Files of older versions hold rows in their free space.
constexpr int kFirstCleanSchema = 4;

/// What waits to be told.
using Notice = std::function<void()>;

class SqliteStore final : public Store {
 public:
  SqliteStore(FolderLock lock, std::unique_ptr<Writer> writer, const std::filesystem::path& file,
              const SqliteOptions& options, bool in_doubt)
      : lock_(std::move(lock)),
        file_(file),
        options_(options),
        in_doubt_(in_doubt),
        writer_(std::move(writer)),
        readers_(file) {
    writing_ = std::thread([this] { WriteUntilStopped(); });
    telling_ = std::thread([this] { TellUntilStopped(); });
  }

  ~SqliteStore() override {
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    queued_.notify_all();
    writing_.join();
    {
      const std::lock_guard guard(notices_mutex_);
      told_all_ = true;
    }
    noticed_.notify_all();
    telling_.join();
  }

  void Apply(Change change, std::function<void(Outcome)> done) override {
    if (auto error = LimitBroken(change)) {
      return Tell({[done = std::move(done), error = *std::move(error)] { done(error); }});
    }
    Enqueue({std::move(change), std::move(done), {}, {}, 0});
  }

  Result<uint64_t> Reserve(std::string_view sequence, uint64_t n) override {
    return Work(
        [name = std::string(sequence), n](Writer& writer) { return writer.Reserve(name, n); });
  }

  Result<uint64_t> ForgetRequests(TimeUs before) override {
    // A part at a time, so that changes are never kept waiting for long.
    constexpr uint64_t kPart = 10'000;
    uint64_t forgotten = 0;
    for (;;) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t part, Work([before](Writer& writer) {
                              return writer.ForgetRequests(before, kPart);
                            }));
      forgotten += part;
      if (part < kPart) return forgotten;
    }
  }

  Result<void> LinkHistory(std::vector<EntryOwner> entries) override {
    const auto linked = Work([entries = std::move(entries)](Writer& writer) {
      writer.LinkHistory(entries);
      return uint64_t{0};
    });
    if (!linked) return tl::unexpected(linked.error());
    return {};
  }

  void Scrub(std::function<void(Result<bool>)> done) override {
    {
      const std::lock_guard guard(mutex_);
      if (!stopping_) {
        scrubs_.push_back({std::move(done), Clock::now() + kScrubWithin});
        scrub_at_ = Clock::time_point();
        queued_.notify_one();
        return;
      }
    }
    Tell({[done = std::move(done)] { done(tl::unexpected(kStopping)); }});
  }

  std::unique_ptr<Snapshot> Read() const override { return MakeSnapshot(readers_); }

  std::optional<Error> Refusing() const override {
    if (auto damage = readers_.damage()) return damage;
    if (auto hanging = Hanging()) return hanging;
    const std::lock_guard guard(refusing_mutex_);
    return refusing_;
  }

 private:
  /// Whoever wants to know that the files are clean.
  struct ScrubAsked {
    std::function<void(Result<bool>)> done;
    Clock::time_point until;
  };
  inline static const Error kStopping{
      StatusCode::kUnavailable, "STORE_STOPPING", "the store is stopping", {}};

  /// A disk that neither takes a write nor refuses it.
  std::optional<Error> Hanging() const {
    const Clock::time_point since = committing_since_.load();
    if (since == Clock::time_point() || Clock::now() - since < options_.hangs_after) {
      return std::nullopt;
    }
    const auto waited = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since);
    return Error{StatusCode::kUnavailable,
                 "DISK_HANGS",
                 fmt::format("the disk has not answered a write for {} s", waited.count()),
                 {}};
  }

  void SetRefusing(std::optional<Error> why) {
    const std::lock_guard guard(refusing_mutex_);
    refusing_ = std::move(why);
  }

  Result<uint64_t> Work(std::function<uint64_t(Writer&)> work) {
    const auto promise = std::make_shared<std::promise<Result<uint64_t>>>();
    auto future = promise->get_future();
    // Told by the writing thread itself: a handler that waits here may be a notice's own.
    Enqueue({{},
             {},
             std::move(work),
             [promise](Result<uint64_t> result) { promise->set_value(std::move(result)); },
             0});
    // Whoever waits may be on a thread that serves others too.
    while (future.wait_for(options_.hangs_after) != std::future_status::ready) {
      if (auto hanging = Hanging()) return tl::unexpected(*std::move(hanging));
    }
    return future.get();
  }

  void Enqueue(Job job) {
    {
      const std::lock_guard guard(mutex_);
      if (!stopping_) {
        queue_.push_back(std::move(job));
        queued_.notify_one();
        return;
      }
    }
    Refuse(job, kStopping);
  }

  /// False once the store stops and nothing waits any more.
  bool WaitForWork() {
    std::unique_lock lock(mutex_);
    const auto scrub_due = [&] { return scrub_at_ && Clock::now() >= *scrub_at_; };
    while (queue_.empty() && !stopping_ && !scrub_due()) {
      if (scrub_at_) {
        queued_.wait_until(lock, *scrub_at_);
      } else {
        queued_.wait(lock);
      }
    }
    return !queue_.empty() || !stopping_;
  }

  /// Takes what is waiting, up to about 20,000 records, so that a commit is never endless.
  std::vector<Job> TakeJobs() {
    constexpr size_t kRecordsMax = 20'000;
    constexpr size_t kJobsMax = 1024;
    const std::lock_guard lock(mutex_);
    std::vector<Job> jobs;
    for (size_t records = 0; !queue_.empty() && records < kRecordsMax && jobs.size() < kJobsMax;) {
      records += queue_.front().change.puts.size() + 1;
      jobs.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    return jobs;
  }

  void WriteUntilStopped() {
    while (WaitForWork()) {
      std::vector<Job> jobs = TakeJobs();
      if (!jobs.empty()) CommitTogether(jobs);
      ScrubWhenDue();
      committing_since_ = Clock::time_point();
    }
    // Closing empties the log, or the next opening does.
    TellScrubbed(tl::unexpected(kStopping), Clock::time_point::max());
  }

  /// All that a page of the file holds beside its rows is left out on the way into it, so what was
  /// replaced stands in the log alone, and in the pages that the writer remembers.
  void ScrubWhenDue() {
    {
      const std::lock_guard guard(mutex_);
      if (!scrub_at_ || Clock::now() < *scrub_at_) return;
      scrub_at_ = Clock::now() + (scrubs_.empty() ? kScrubUnasked : kScrubEvery);
    }
    committing_since_ = Clock::now();
    const auto emptied = EmptyLog();
    if (!emptied || !*emptied) return TellScrubbed(emptied, Clock::now());
    readers_.KeepViews();
    TellScrubbed(true, Clock::time_point::max());
  }

  Result<bool> EmptyLog() {
    if (const auto damage = readers_.damage()) return tl::unexpected(*damage);
    readers_.EndViews();
    YIMA_RETURN_IF_ERROR(MakeReady());
    auto emptied = writer_->EmptyLog(kScrubWaitMs);
    if (!emptied) Distrust(emptied.error());
    return emptied;
  }

  /// Tells those who will not wait longer than until then; with the last of them gone it is tried
  /// on all the same, until nothing is left.
  void TellScrubbed(const Result<bool>& scrubbed, Clock::time_point until) {
    std::vector<Notice> notices;
    {
      const std::lock_guard guard(mutex_);
      for (auto& asked : scrubs_) {
        if (asked.until > until) continue;
        notices.push_back([done = std::move(asked.done), scrubbed] { done(scrubbed); });
        asked.done = nullptr;
      }
      std::erase_if(scrubs_, [](const ScrubAsked& asked) { return !asked.done; });
      if (scrubbed && *scrubbed && scrubs_.empty()) scrub_at_.reset();
    }
    Tell(std::move(notices));
  }

  void CommitTogether(std::span<Job> jobs) {
    committing_since_ = Clock::now();
    if (const auto damage = readers_.damage()) return RefuseAll(jobs, *damage);
    if (const auto ready = MakeReady(); !ready) {
      SetRefusing(ready.error());
      return RefuseAll(jobs, ready.error());
    }
    const auto carried = Guarded([&] { return CarryOut(jobs); });
    if (carried) {
      // Refusals alone write nothing, and so say nothing of the disk.
      if (writer_->wrote()) SetRefusing(std::nullopt);
      Announce(jobs, *carried);
      return writer_->wrote() ? TendLog() : void();
    }
    const Error& error = carried.error();
    // What a failed commit has left in the log's file is not in its index, so nobody sees it, and
    // the next commit overwrites it from its first page on: pages that a failed sync had given up
    // are written again. Hence it goes on with the same files, whose every failed sync is told.
    writer_->Rollback();
    if (error.reason == kStoreFailed && jobs.size() > 1) {
      // Which of them SQLite would not take is not known. Each by itself, so that the others stay.
      for (auto& job : jobs) CommitTogether({&job, 1});
      return;
    }
    if (error.reason == kStoreDamaged) readers_.ReportDamage(error);
    // A change that SQLite will not take is its own fault: others are taken.
    if (error.reason != kStoreFailed) SetRefusing(error);
    RefuseAll(jobs, error);
  }

  Result<void> MakeReady() {
    if (in_doubt_) YIMA_RETURN_IF_ERROR(EndDoubt());
    if (writer_) return {};
    YIMA_ASSIGN_OR_RETURN(
        writer_, Writer::Open(file_, /*create=*/false, options_.log_pages_max, options_.now));
    return {};
  }

  /// Writing on would build on pages of the file that the system may have given up, so there is no
  /// commit until all of the log has been copied anew. Readers go on, but for the moment in which
  /// it is tried.
  Result<void> EndDoubt() {
    const auto now = Clock::now();
    Result<void> ended =
        Fail(StatusCode::kUnavailable, std::string(kDiskError),
             "the store's log must be copied back anew, since the disk failed or the process "
             "before was killed; that waits for readers");
    if (now < next_try_) return ended;
    readers_.WhileClosed([&] {
      writer_.reset();
      // First the log itself: what reads well in it need not be on the disk.
      ended = RenewLog(file_);
      if (ended) ended = CopyBackAnew(file_);
      if (!ended) next_try_ = now + kTryAgainAfter;
    });
    in_doubt_ = !ended;
    return ended;
  }

  /// Right after a commit that wrote, when the log is whole on the disk to its last page.
  void TendLog() {
    const auto copied = writer_->CopyBackWhenLong();
    if (!copied) Distrust(copied.error());
  }

  /// After copying back has failed.
  void Distrust(const Error& error) {
    if (error.reason == kStoreDamaged) return readers_.ReportDamage(error);
    in_doubt_ = true;
    writer_->KeepLogWhenClosed();
    SetRefusing(error);
  }

  Result<std::vector<Outcome>> CarryOut(std::span<Job> jobs) {
    std::vector<Outcome> outcomes;
    outcomes.reserve(jobs.size());
    writer_->Begin();
    for (auto& job : jobs) {
      if (job.work) {
        job.given = job.work(*writer_);
        outcomes.emplace_back(Committed{});
      } else {
        outcomes.push_back(writer_->Apply(job.change));
      }
    }
    writer_->Commit();
    return outcomes;
  }

  void Announce(std::span<Job> jobs, const std::vector<Outcome>& outcomes) {
    if (writer_->wrote()) {
      readers_.CountCommit();
      EndStaleViewsNowAndThen();
    }
    std::vector<Notice> notices;
    notices.reserve(jobs.size());
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (jobs[i].work) {
        jobs[i].worked(jobs[i].given);
      } else {
        notices.push_back(
            [done = std::move(jobs[i].done), outcome = outcomes[i]] { done(outcome); });
      }
    }
    Tell(std::move(notices));
  }

  void RefuseAll(std::span<Job> jobs, const Error& error) {
    for (auto& job : jobs) Refuse(job, error);
  }

  void Refuse(Job& job, const Error& error) {
    if (job.work) return job.worked(tl::unexpected(error));
    Tell({[done = std::move(job.done), error] { done(error); }});
  }

  /// An idle view that is out of date keeps the write-ahead log from being reclaimed.
  void EndStaleViewsNowAndThen() {
    constexpr std::chrono::milliseconds kOften{50};
    const auto now = Clock::now();
    if (now - stale_ended_ < kOften) return;
    stale_ended_ = now;
    readers_.EndStaleViews();
  }

  // Callers are told on a thread of their own, while the next commit is already under way.
  void Tell(std::vector<Notice> notices) {
    {
      const std::lock_guard guard(notices_mutex_);
      std::move(notices.begin(), notices.end(), std::back_inserter(notices_));
    }
    noticed_.notify_one();
  }

  void TellUntilStopped() {
    for (;;) {
      std::deque<Notice> notices;
      {
        std::unique_lock lock(notices_mutex_);
        noticed_.wait(lock, [&] { return told_all_ || !notices_.empty(); });
        notices.swap(notices_);
        if (notices.empty()) return;
      }
      for (const auto& notice : notices) notice();
    }
  }

  const FolderLock lock_;
  const std::filesystem::path file_;
  const SqliteOptions options_;
  /// Copying back from the log has failed, here or perhaps in the process before: pages of the file
  /// may not have reached the disk though SQLite would not write them again, so the log must be
  /// kept until all of it is copied anew.
  bool in_doubt_;
  Clock::time_point next_try_;
  std::unique_ptr<Writer> writer_;
  mutable ReaderPool readers_;
  Clock::time_point stale_ended_;
  /// Of the commit under way; the epoch between two.
  std::atomic<Clock::time_point> committing_since_;

  std::mutex mutex_;
  std::condition_variable queued_;
  std::deque<Job> queue_;
  std::vector<ScrubAsked> scrubs_;
  std::optional<Clock::time_point> scrub_at_;  ///< When to try next; none when all is clean.
  bool stopping_ = false;
  std::thread writing_;

  mutable std::mutex refusing_mutex_;
  std::optional<Error> refusing_;

  std::mutex notices_mutex_;
  std::condition_variable noticed_;
  std::deque<Notice> notices_;
  bool told_all_ = false;
  std::thread telling_;
};

/// Before the file is brought up to date, so that a crash before its end does it again.
Result<void> ClearOldFile(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  const auto schema = SchemaOf(file);
  // What is no store of ours is refused where it is opened.
  if (!schema || *schema == 0 || *schema >= kFirstCleanSchema) return {};
  return ClearFreeSpaceOf(file);
}

}  // namespace

Result<std::unique_ptr<Store>> OpenSqliteStore(const std::filesystem::path& file,
                                               const SqliteOptions& options) {
  // Before SQLite's first use: counting its memory would take a lock at each allocation.
  static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(uncounted);
  std::error_code error;
  if (!options.create && !std::filesystem::exists(file, error)) {
    return Fail(StatusCode::kNotFound, "STORE_MISSING",
                fmt::format("there is no {}", file.string()));
  }
  if (options.read_only) return OpenReadOnlyStore(file, options.older);
  YIMA_ASSIGN_OR_RETURN(auto lock, FolderLock::Take(file.parent_path()));
  YIMA_RETURN_IF_ERROR(RenewLog(file));
  const bool in_doubt = HasLog(file) && !CopyBackAnew(file);
  YIMA_RETURN_IF_ERROR(ClearOldFile(file));
  YIMA_ASSIGN_OR_RETURN(auto writer,
                        Writer::Open(file, options.create, options.log_pages_max, options.now));
  if (in_doubt) writer->KeepLogWhenClosed();
  return std::make_unique<SqliteStore>(std::move(lock), std::move(writer), file, options, in_doubt);
}

}  // namespace yima::store
