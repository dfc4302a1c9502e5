#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/judging.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

void VerifyOne(Session& session, const Judge& judge, const std::string& text) {
  const Judgement judgement = judge.verifier.Judge(text);
  session.Note(ExitFor(judgement));
  if (!session.json) return session.Line(Words(judgement));
  Json object = {{"text", text}};
  object.update(ToJson(judgement));
  object["staleSince"] = judge.StaleSince(text);
  session.Object(object);
}

Result<void> Verify(Session& session, const std::vector<std::string>& texts) {
  YIMA_ASSIGN_OR_RETURN(const Judge judge, LoadJudge(session));
  if (!judge.trusted) {
    return Fail(StatusCode::kFailedPrecondition, "TRUST_MISSING",
                fmt::format("no trust is kept in {}", session.trust.string()), "--trust");
  }
  for (const auto& text : texts) VerifyOne(session, judge, text);
  if (!texts.empty()) return {};
  if (!EachLine([&](const std::string& text) { VerifyOne(session, judge, text); })) {
    return Invalid("TEXT_MISSING", "no text to verify");
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
