#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/cli/commands.h"
#include "client/cli/label_check.h"
#include "client/cli/label_pictures.h"
#include "client/cli/label_source.h"
#include "client/cli/printing.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/label/sheet.h"

namespace yima::cli {
namespace {

struct LabelsOptions {
  LabelSelection selection;
  std::string template_name = "plate-60";
  std::string page = "a4";
  label::GridOptions grid;
  bool no_crop_marks = false;
  int start_cell = 1;
  std::string out;
  std::string format = "pdf";
  double dpi = 300;
  std::string check = "first";
  std::string note;
  bool list_templates = false;
  bool mark_printed = false;
  std::string reprint;
};

/// Whom to tell of a fault: those who look after it come first, if they can be called.
const v1::Organization& ContactOf(const LabelFacts& facts) {
  for (const v1::Organization* each : {&facts.maintaining, &facts.owning, &facts.supervising})
    if (!each->telephone().empty()) return *each;
  return facts.maintaining.name().empty() ? facts.supervising : facts.maintaining;
}

/// In the language of the plates, whatever this run speaks.
const char* StateOnLabel(const v1::Right& right) {
  switch (right.state()) {
    case v1::RIGHT_STATE_RECORDED:
      return "在册";
    case v1::RIGHT_STATE_CLAIMED:
      return std::ranges::any_of(right.claims(), [](const auto& c) { return c.notice() != 0; })
                 ? "公示"
                 : "认领";
    case v1::RIGHT_STATE_CONFIRMED:
      return right.by_order() ? "指定" : "确权";
    case v1::RIGHT_STATE_OWNERLESS:
      return "无主";
    default:
      return "";
  }
}

label::LabelFields FieldsOf(const LabelFacts& facts, const std::string& note) {
  label::LabelFields fields;
  fields.code_text = facts.code.text();
  fields.short_number = facts.code.short_number();
  fields.facility_code = facts.code.facility_code();
  // A plate that was blank when it was issued says nothing of what it is bound to.
  if (fields.facility_code.empty() && !facts.facility.codes().empty())
    fields.facility_code = facts.facility.codes().rbegin()->digits();
  fields.class_code = facts.facility.class_code();
  fields.class_name = facts.class_name;
  fields.name = facts.facility.name();
  fields.supervisor = facts.supervising.name();
  fields.owner = facts.owning.name();
  fields.maintainer = facts.maintaining.name();
  fields.supervisor_state = StateOnLabel(facts.facility.supervising());
  fields.owner_state = StateOnLabel(facts.facility.owning());
  fields.maintainer_state = StateOnLabel(facts.facility.maintaining());
  fields.contact = ContactOf(facts).name();
  fields.telephone = ContactOf(facts).telephone();
  fields.note = note;
  if (facts.facility.uid() != 0) fields.facility = fmt::format("uid:{}", facts.facility.uid());
  return fields;
}

void ListTemplates(Session& session) {
  for (const std::string& name : label::Template::BuiltInNames()) {
    const auto found = label::Template::Load(name);
    const char letter[] = {label::LevelLetter(found->level), '\0'};
    if (session.json) {
      session.Object({{"name", name},
                      {"widthMm", found->width_mm},
                      {"heightMm", found->height_mm},
                      {"level", letter}});
    } else {
      session.Line(
          fmt::format("{}\t{} × {} mm\t{}", name, found->width_mm, found->height_mm, letter));
    }
  }
}

/// A folder that is there, or a name without an extension, means `labels.pdf` in it.
std::string FirstPdf(const std::string& out) {
  const std::filesystem::path path(out);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored) || !path.has_extension())
    return (path / "labels.pdf").string();
  return out;
}

void ShowReport(Session& session, const LabelsOptions& options, const label::Template& plate,
                const label::SheetReport& report, uint64_t checked, uint64_t passed_over) {
  const std::string symbol =
      fmt::format("{}-{}", report.fit.version, label::LevelLetter(plate.level));
  if (session.json) {
    session.Object({{"labels", report.labels},
                    {"pages", report.pages},
                    {"files", report.files},
                    {"manifest", report.manifest},
                    {"leftOvers", report.left_overs},
                    {"template", plate.name},
                    {"format", options.format},
                    {"symbol", symbol},
                    {"moduleMm", report.fit.module_mm},
                    {"checked", checked},
                    {"cutShort", report.warnings.ellipses},
                    {"missingCharacters", report.warnings.missing_characters},
                    {"passedOver", passed_over}});
  } else {
    for (const std::string& file : report.files) session.Line(file);
    session.Line(report.manifest);
  }
  session.Tell(fmt::format(
      fmt::runtime(T("{} 枚标签，{} 页；QR {}，模块 {:.2f} mm；{} 枚已回读无误",
                     "{} labels on {} pages; QR {}, module {:.2f} mm; {} read back right")),
      report.labels, report.pages, symbol, report.fit.module_mm, checked));
}

void ShowWarnings(Session& session, const label::SheetReport& report, uint64_t passed_over) {
  const label::LabelWarnings& warnings = report.warnings;
  if (!report.left_overs.empty())
    session.Tell(Printable(fmt::format(
        fmt::runtime(T("警告：{} 是以前的拼版，不属于本次，勿一并付印",
                       "warning: {} are sheets of an earlier job: do not print them with these")),
        fmt::join(report.left_overs, T("、", ", ")))));
  if (warnings.ellipses > 0)
    session.Tell(fmt::format(fmt::runtime(T("警告：{} 处文字过长而截断",
                                            "warning: {} texts were too long and cut short")),
                             warnings.ellipses));
  if (warnings.missing_characters > 0)
    session.Tell(fmt::format(fmt::runtime(T("警告：{} 个字没有字体可印，以 〓 代替",
                                            "warning: {} characters have no font; printed as 〓")),
                             warnings.missing_characters));
  constexpr size_t kExamplesShownMax = 5;
  for (size_t i = 0; i < std::min(kExamplesShownMax, warnings.examples.size()); ++i)
    session.Tell("  " + Printable(warnings.examples[i]));
  if (passed_over > 0)
    session.Tell(fmt::format(fmt::runtime(T("{} 个码已注销或更换，未制标签",
                                            "{} codes are revoked or replaced: no label")),
                             passed_over));
}

Result<label::Page> PageOf(const LabelsOptions& options, const label::Template& plate) {
  if (options.page == "label") return label::Page::OfLabel(plate);
  label::GridOptions grid = options.grid;
  grid.crop_marks = !options.no_crop_marks;
  return label::Page::A4(plate, grid);
}

using Add = std::function<Result<void>(label::LabelFields)>;

/// What will be marked as printed once the files are whole.
struct Made {
  std::optional<PrintRun> run;  ///< When it is to be marked.
  std::vector<uint64_t> serials;
};

/// How often it was printed; a code that a file named is not known so well yet.
Result<uint32_t> PrintsOf(Session& session, const LabelsOptions& options,
                          const v1::IssuedCode& code) {
  if (options.selection.from.empty()) return code.prints();
  v1::GetCodeRequest request;
  request.set_serial(code.serial());
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().GetCode(request));
  return answer.code().prints();
}

/// Said before any file is: it would be no use to make them.
Result<void> CheckPrintable(Session& session, const LabelsOptions& options,
                            const v1::IssuedCode& code, const Made& made) {
  if (!made.run || made.run->Holds(code.serial()) || !options.reprint.empty()) return {};
  YIMA_ASSIGN_OR_RETURN(const uint32_t prints, PrintsOf(session, options, code));
  if (prints == 0) return {};
  return Fail(StatusCode::kFailedPrecondition, "ALREADY_PRINTED",
              fmt::format("plate {} was printed already; printing once more needs --reprint",
                          code.short_number()),
              "--mark-printed");
}

Result<void> EachLabel(Session& session, LabelSource& source, const LabelsOptions& options,
                       Made& made, const Add& add) {
  Progress progress(T("制标签", "labels"));
  uint64_t done = 0;
  return source.Each(options.selection, [&](const LabelFacts& facts) -> Result<void> {
    YIMA_RETURN_IF_ERROR(CheckPrintable(session, options, facts.code, made));
    YIMA_RETURN_IF_ERROR(add(FieldsOf(facts, options.note)));
    if (made.run) made.serials.push_back(facts.code.serial());
    progress.Show(++done, 0);
    return {};
  });
}

Result<label::SheetReport> MakeSheets(Session& session, LabelSource& source,
                                      const LabelsOptions& options, const label::Template& plate,
                                      LabelCheck& check, Made& made) {
  YIMA_ASSIGN_OR_RETURN(const label::Page page, PageOf(options, plate));
  label::SheetOptions sheets;
  sheets.path = FirstPdf(options.out);
  sheets.start_cell = options.start_cell;
  sheets.check = [&check](const label::FinishedSheet& sheet) { return check.Sheet(sheet); };
  YIMA_ASSIGN_OR_RETURN(const auto writer, label::SheetWriter::Create(plate, page, sheets));
  YIMA_RETURN_IF_ERROR(EachLabel(session, source, options, made, [&](label::LabelFields fields) {
    return writer->Add(std::move(fields));
  }));
  YIMA_ASSIGN_OR_RETURN(const label::SheetReport report, writer->Close());
  YIMA_RETURN_IF_ERROR(writer->Publish());
  return report;
}

Result<label::SheetReport> MakePictures(Session& session, LabelSource& source,
                                        const LabelsOptions& options, const label::Template& plate,
                                        LabelCheck& check, Made& made) {
  YIMA_ASSIGN_OR_RETURN(
      LabelPictures pictures,
      LabelPictures::Create(plate, options.out, options.format == "svg", options.dpi, check));
  YIMA_RETURN_IF_ERROR(EachLabel(session, source, options, made, [&](label::LabelFields fields) {
    return pictures.Add(std::move(fields));
  }));
  return pictures.Finish();
}

Result<void> Labels(Session& session, const LabelsOptions& options) {
  if (options.list_templates) {
    ListTemplates(session);
    return {};
  }
  if (options.out.empty())
    return Invalid("OUT_MISSING", "want --out: a folder, or a file for PDF", "--out");
  YIMA_ASSIGN_OR_RETURN(const label::Template plate, label::Template::Load(options.template_name));
  LabelSource source(session);
  LabelCheck check(options.check == "all");
  Made made;
  if (options.mark_printed) {
    YIMA_ASSIGN_OR_RETURN(auto run, PrintRun::Open(session));
    made.run.emplace(std::move(run));
  }
  YIMA_ASSIGN_OR_RETURN(const label::SheetReport report,
                        options.format == "pdf"
                            ? MakeSheets(session, source, options, plate, check, made)
                            : MakePictures(session, source, options, plate, check, made));
  ShowReport(session, options, plate, report, check.checked(), source.passed_over());
  ShowWarnings(session, report, source.passed_over());
  if (!made.run) return {};
  return made.run->Mark(session, made.serials, options.reprint, "");
}

void AddSelection(CLI::App* labels, LabelsOptions& options) {
  labels->add_option("--batch", options.selection.codes.batch,
                     T("一个批次的码，按台账顺序", "codes of a batch, in the ledger's order"));
  labels->add_option("--where", options.selection.codes.where, CodesWhereHelp());
  labels->add_option(
      "--from", options.selection.from,
      T("文件，- 为标准输入：每行一个码（码文、序列号、短号或 codes issue --json 的行）",
        "file, - for stdin: a code a line, as text, serial, short number or line of "
        "codes issue --json"));
}

void AddPage(CLI::App* labels, LabelsOptions& options) {
  labels
      ->add_option("--page", options.page,
                   T("a4：拼版；label：一页一枚，实际尺寸", "a4: a grid; label: one a page, exact"))
      ->check(CLI::IsMember({"a4", "label"}))
      ->capture_default_str();
  labels->add_option("--columns", options.grid.columns, T("列数", "columns; as many as fit"));
  labels->add_option("--rows", options.grid.rows, T("行数", "rows; as many as fit"));
  labels->add_option("--left-mm", options.grid.left_mm,
                     T("左边距，缺省居中", "margin at the left; centred when left out"));
  labels->add_option("--top-mm", options.grid.top_mm,
                     T("上边距，缺省居中", "margin at the top; centred when left out"));
  labels->add_option("--gap-x-mm", options.grid.gap_x_mm, T("列间距", "gap between columns"))
      ->capture_default_str();
  labels->add_option("--gap-y-mm", options.grid.gap_y_mm, T("行间距", "gap between rows"))
      ->capture_default_str();
  labels->add_flag("--no-crop-marks", options.no_crop_marks, T("不印裁切线", "no crop marks"));
  labels
      ->add_option("--start-cell", options.start_cell,
                   T("首页从第几格起（用剩的标签纸）", "first cell of the first page, from 1"))
      ->capture_default_str();
}

}  // namespace

void AddLabels(CLI::App& app, Session& session) {
  const auto options = std::make_shared<LabelsOptions>();
  auto* labels = AddCommand(
      &app, session, "labels",
      T("制作标签：拼版 PDF 或单枚图片，附制作清单",
        "make labels: PDF sheets or single pictures, with a list for the workshop"),
      {"yima labels --batch 12 --template plate-120 --out plates/",
       "yima labels --where class=01001 --page label --template sticker-40 --out stickers.pdf"},
      [&session, options] { return Labels(session, *options); });
  AddSelection(labels, *options);
  labels
      ->add_option("--template", options->template_name,
                   T("模板名或 TOML 文件", "name of a template, or a TOML file"))
      ->capture_default_str();
  labels->add_flag("--list-templates", options->list_templates,
                   T("列出内置模板", "show the templates there are"));
  labels->add_option("--note", options->note, T("自由文字", "free text on every label"));
  AddPage(labels, *options);
  labels->add_option("--out", options->out,
                     T("输出目录，或 PDF 文件名", "folder to write to, or name of the PDF"));
  labels->add_option("--format", options->format, T("格式", "pdf, or a picture for each label"))
      ->check(CLI::IsMember({"pdf", "png", "svg"}))
      ->capture_default_str();
  labels->add_option("--dpi", options->dpi, T("PNG 分辨率", "resolution of PNG"))
      ->capture_default_str();
  auto* mark =
      labels->add_flag("--mark-printed", options->mark_printed,
                       fmt::format("{}; {}",
                                   T("文件完成后把这些铭牌标记为已印",
                                     "mark the plates as printed once the files are whole"),
                                   PrintedAgainHelp()));
  labels->add_option("--reprint", options->reprint, ReprintHelp())->needs(mark);
  labels
      ->add_option("--check", options->check,
                   T("成品回读：首枚或全部", "read finished labels back: the first or all"))
      ->check(CLI::IsMember({"first", "all"}))
      ->capture_default_str();
}

}  // namespace yima::cli
