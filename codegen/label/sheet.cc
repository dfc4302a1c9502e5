#include "codegen/label/sheet.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <malloc.h>

#include "codegen/label/manifest.h"
#include "codegen/label/sheet_file.h"

namespace yima::label {
namespace {

/// Each holds the labels of a file or two.
constexpr int kThreadsMax = 16;

int ThreadCount(int wanted) {
  if (wanted > 0) return std::min(wanted, kThreadsMax);
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kThreadsMax);
}

std::string NumberedPath(const std::string& first, uint64_t number) {
  if (number == 1) return first;
  std::filesystem::path path(first);
  path.replace_filename(
      fmt::format("{}-{:04}{}", path.stem().string(), number, path.extension().string()));
  return path.string();
}

std::string ManifestPath(const std::string& first) {
  return std::filesystem::path(first).replace_extension(".manifest.csv").string();
}

/// Files of an earlier, longer job under the same name: they are none of this one's sheets.
std::vector<std::string> LeftOvers(const std::string& first, uint64_t files) {
  std::vector<std::string> left;
  std::error_code ignored;
  for (uint64_t number = files + 1;; ++number) {
    const std::string path = NumberedPath(first, number);
    if (!std::filesystem::exists(path, ignored)) return left;
    left.push_back(path);
  }
}

/// The labels of one file, on their way to a worker.
struct Work {
  uint64_t number = 1;
  std::vector<PlacedLabel> labels;
};

}  // namespace

class SheetWriter::Impl {
 public:
  Impl(const Template& label_template, const Page& page, const SheetOptions& options,
       Manifest manifest)
      : template_(label_template),
        page_(page),
        options_(options),
        threads_max_(ThreadCount(options.threads)),
        pages_per_file_(
            std::max<uint32_t>(1, options.labels_per_file / static_cast<uint32_t>(page.cells()))),
        next_cell_(options.start_cell),
        manifest_(std::move(manifest)) {}

  ~Impl() { Stop(); }

  Result<void> Add(LabelFields fields);
  Result<SheetReport> Close();
  Result<void> Publish();

 private:
  Result<void> HandOver();
  void Run();
  Result<SheetFile> Make(const Work& work, std::optional<TextSetter>* setter);
  Result<void> FirstError();
  void Stop();

  const Template template_;
  const Page page_;
  const SheetOptions options_;
  const size_t threads_max_;
  const uint32_t pages_per_file_;

  // Where the next label goes, and the file that is being filled.
  Work filling_;
  uint32_t next_page_ = 1;
  int next_cell_;
  uint64_t labels_ = 0;
  Manifest manifest_;

  std::vector<std::thread> threads_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Under mutex_:
  std::optional<Work> waiting_;
  size_t busy_ = 0;
  bool closing_ = false;
  std::map<uint64_t, Result<SheetFile>> done_;
};

Result<void> SheetWriter::Impl::Add(LabelFields fields) {
  YIMA_ASSIGN_OR_RETURN(fields, CheckFields(std::move(fields)));
  if (next_page_ > pages_per_file_) YIMA_RETURN_IF_ERROR(HandOver());
  const std::string name =
      std::filesystem::path(NumberedPath(options_.path, filling_.number)).filename().string();
  YIMA_RETURN_IF_ERROR(manifest_.Add(name, next_page_, next_cell_, fields));
  filling_.labels.push_back(
      {std::move(fields), next_page_, next_cell_, page_.Cell(next_cell_ - 1)});
  ++labels_;
  if (++next_cell_ > page_.cells()) {
    next_cell_ = 1;
    ++next_page_;
  }
  return {};
}

/// Gives the full file to a worker, as soon as one takes it.
Result<void> SheetWriter::Impl::HandOver() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !waiting_ || stop_; });
  if (stop_) {
    lock.unlock();
    return FirstError();
  }
  const uint64_t next = filling_.number + 1;
  waiting_ = std::move(filling_);
  filling_ = {next, {}};
  next_page_ = 1;
  if (threads_.size() < threads_max_ && threads_.size() == busy_)
    threads_.emplace_back([this] { Run(); });
  changed_.notify_all();
  return {};
}

/// What a worker does: one file after another.
void SheetWriter::Impl::Run() {
  std::optional<TextSetter> setter;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return waiting_ || closing_ || stop_; });
    if (stop_ || !waiting_) return;
    const Work work = std::move(*waiting_);
    waiting_.reset();
    ++busy_;
    changed_.notify_all();
    lock.unlock();
    Result<SheetFile> made = Make(work, &setter);
    // Cairo frees what it kept of each label only now, in pieces too small to be given back.
    malloc_trim(0);
    lock.lock();
    --busy_;
    if (!made) stop_ = true;
    done_.emplace(work.number, std::move(made));
    changed_.notify_all();
  }
}

Result<SheetFile> SheetWriter::Impl::Make(const Work& work, std::optional<TextSetter>* setter) {
  if (!*setter) {
    YIMA_ASSIGN_OR_RETURN(*setter, TextSetter::Create());
  }
  const std::string path = NumberedPath(options_.path, work.number);
  YIMA_ASSIGN_OR_RETURN(SheetFile made,
                        WriteSheetFile(template_, page_, work.labels, path, **setter, stop_));
  if (options_.check)
    YIMA_RETURN_IF_ERROR(options_.check(
        {made.file.hidden_path(), path, work.number, made.fit.module_mm, &page_, &work.labels}));
  return made;
}

/// Of the first file that failed by itself, and not because another did.
Result<void> SheetWriter::Impl::FirstError() {
  std::lock_guard lock(mutex_);
  for (const auto& [number, made] : done_)
    if (!made && made.error().reason != "STOPPED") return tl::unexpected<Error>(made.error());
  return Fail(StatusCode::kCancelled, "STOPPED", "the writer was stopped");
}

void SheetWriter::Impl::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Result<SheetReport> SheetWriter::Impl::Close() {
  if (labels_ == 0)
    return Invalid("LABELS_MISSING", "no label to print: nothing was selected", options_.path);
  if (!filling_.labels.empty()) YIMA_RETURN_IF_ERROR(HandOver());
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return (!waiting_ && busy_ == 0) || stop_; });
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (stop_) return FirstError().map([] { return SheetReport(); });
  YIMA_RETURN_IF_ERROR(manifest_.Close());
  SheetReport report;
  report.labels = labels_;
  report.manifest = manifest_.path();
  report.left_overs = LeftOvers(options_.path, done_.size());
  for (auto& [number, made] : done_) {
    report.pages += made->pages;
    report.files.push_back(made->file.path());
    if (report.fit.version == 0 || made->fit.module_mm < report.fit.module_mm)
      report.fit = made->fit;
    report.warnings.Merge(std::move(made->warnings));
  }
  return report;
}

Result<void> SheetWriter::Impl::Publish() {
  for (auto& [number, made] : done_) YIMA_RETURN_IF_ERROR(made->file.Publish());
  return manifest_.Publish();
}

Result<std::unique_ptr<SheetWriter>> SheetWriter::Create(const Template& label_template,
                                                         const Page& page,
                                                         const SheetOptions& options) {
  if (options.start_cell < 1 || options.start_cell > page.cells())
    return Fail(StatusCode::kOutOfRange, "START_CELL_OUT_OF_RANGE",
                fmt::format("start cell {}, want 1 to {}: {} columns of {} rows",
                            options.start_cell, page.cells(), page.columns, page.rows),
                "start_cell");
  // Said at once, not after the first thousands of labels.
  YIMA_RETURN_IF_ERROR(TextSetter::Create());
  YIMA_RETURN_IF_ERROR(CheckReplaceable(options.path, "%PDF"));
  YIMA_RETURN_IF_ERROR(OutputFile::Create(options.path));
  YIMA_ASSIGN_OR_RETURN(Manifest manifest, Manifest::Create(ManifestPath(options.path)));
  return std::unique_ptr<SheetWriter>(
      new SheetWriter(std::make_unique<Impl>(label_template, page, options, std::move(manifest))));
}

SheetWriter::SheetWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SheetWriter::~SheetWriter() = default;
Result<void> SheetWriter::Add(LabelFields fields) { return impl_->Add(std::move(fields)); }
Result<SheetReport> SheetWriter::Close() { return impl_->Close(); }
Result<void> SheetWriter::Publish() { return impl_->Publish(); }

}  // namespace yima::label
