#ifndef YIMA_CLIENT_CLI_LABEL_SOURCE_H_
#define YIMA_CLIENT_CLI_LABEL_SOURCE_H_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "client/cli/code_lines.h"
#include "client/cli/session.h"

namespace yima::cli {

/// Everything that may stand on one label, in words.
struct LabelFacts {
  v1::IssuedCode code;
  /// Of the facility that the code is bound to; default for a blank plate.
  v1::Facility facility;
  std::string class_name;
  v1::Organization supervising;
  v1::Organization owning;
  v1::Organization maintaining;
};

/// Which labels are made.
struct LabelSelection {
  CodeSelection codes;
  /// One code a line: a line of `codes issue --json`, a text, a serial or a short number.
  std::string from;
};

/// Gives labels in the order of the batch, which is the ledger's; of a file in the file's order.
/// Holds one page of codes and their facilities, and the organizations met so far.
class LabelSource {
 public:
  explicit LabelSource(Session& session) : session_(session) {}

  /// Calls `take` for each label, and stops at its first Error. TARGET_MISSING when nothing is
  /// selected; codes that are revoked or replaced are passed over and counted. PLATE_NOT_AUTHENTIC
  /// and LINE_DIFFERS name the line of a file that says other things than the registry.
  Result<void> Each(const LabelSelection& selection,
                    const std::function<Result<void>(const LabelFacts&)>& take);

  /// Codes passed over because no plate may carry them any more.
  uint64_t passed_over() const { return passed_over_; }

 private:
  using Take = std::function<Result<void>(const LabelFacts&)>;
  Result<void> FromFile(const std::string& file, const Take& take);
  /// What a line of a file says; the server is asked before any of it is printed.
  struct Line {
    std::string place;    ///< File and line.
    v1::IssuedCode code;  ///< Its serial, and its text when the line holds one.
    bool names_facility = false;
  };
  Result<Line> ParseLine(const std::string& line, const std::string& place);
  Result<void> AskOfTexts(std::span<Line> lines);
  Result<void> TakeLines(std::vector<Line> lines, const Take& take);
  Result<void> TakePage(std::vector<v1::IssuedCode> codes, const Take& take);
  Result<std::map<uint64_t, v1::Facility>> FetchFacilities(
      const std::vector<v1::IssuedCode>& codes);
  Result<v1::Organization> Holder(const v1::Right& right);
  Result<std::string> ClassName(const std::string& code);

  Session& session_;
  std::map<uint64_t, v1::Organization> organizations_;
  std::map<std::string, std::string> class_names_;
  uint64_t passed_over_ = 0;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_LABEL_SOURCE_H_
