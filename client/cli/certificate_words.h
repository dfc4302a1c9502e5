#ifndef YIMA_CLIENT_CLI_CERTIFICATE_WORDS_H_
#define YIMA_CLIENT_CLI_CERTIFICATE_WORDS_H_

#include <map>
#include <string>
#include <vector>

#include "client/certificate/certificate.h"
#include "client/cli/session.h"
#include "codegen/label/certificate_page.h"

namespace yima::cli {

/// Names of a class, by its code.
using ClassNames = std::map<std::string, label::BothWords>;

/// A right of a certificate in words, for its page and for people.
label::CertificateRight RightWords(const Certificate& certificate, v1::RightKind kind);

/// `2026-11-28 20:00:00 UTC+8`: by the city's clock, as its rules have it, else China's.
std::string CityTime(const Certificate& certificate, TimeUs time);

/// The page of a certificate. `code_text` is what its active code's symbol holds; empty: none.
label::CertificatePage PageOf(const Certificate& certificate, const ClassNames& classes,
                              const std::string& code_text,
                              const std::vector<v1::Position>& neighbours);

/// All that a certificate says, with every field of its records.
Json ToJson(const Certificate& certificate);

/// The same in some lines for people.
void ShowCertificate(Session& session, const Certificate& certificate);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_CERTIFICATE_WORDS_H_
