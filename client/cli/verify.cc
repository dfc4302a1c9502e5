#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/judging.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

Result<void> Verify(Session& session, std::vector<std::string> texts) {
  YIMA_ASSIGN_OR_RETURN(const Judge judge, LoadJudge(session));
  if (!judge.trusted) {
    return Fail(StatusCode::kFailedPrecondition, "TRUST_MISSING",
                fmt::format("no trust is kept in {}", session.trust.string()), "--trust");
  }
  if (texts.empty()) texts = ReadLines();
  if (texts.empty()) return Invalid("TEXT_MISSING", "no text to verify");
  for (const auto& text : texts) {
    const Judgement judgement = judge.verifier.Judge(text);
    session.Note(ExitFor(judgement));
    if (session.json) {
      Json object = {{"text", text}};
      object.update(ToJson(judgement));
      session.Object(object);
    } else {
      session.Line(Words(judgement));
    }
  }
  return {};
}

}  // namespace

void AddVerify(CLI::App& app, Session& session) {
  const auto texts = std::make_shared<std::vector<std::string>>();
  auto* verify = AddCommand(
      &app, session, "verify",
      T("不联网核验码文（参数，或标准输入每行一个）",
        "judge code texts without a network: arguments, or one a line on the standard input"),
      {"yima verify HTTPS://QR.EXAMPLE.CN/1000…", "yima verify --json < texts.txt"},
      [&session, texts] { return Verify(session, *texts); });
  verify->add_option("text", *texts, T("码文", "code texts"));
}

}  // namespace yima::cli
