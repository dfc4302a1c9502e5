#ifndef YIMA_SERVER_HTTP_PAGES_H_
#define YIMA_SERVER_HTTP_PAGES_H_

#include <string>
#include <string_view>

#include "server/http/html.h"
#include "server/http/preferences.h"
#include "server/registry/classes.h"
#include "yima/v1/resolver_service.pb.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Makes the pages that people see: one file of HTML each, without script, without anything that
/// must be fetched. Immutable, so thread-safe; the catalogue must outlive it.
class Pages {
 public:
  /// `hotline`: whom to tell when no facility says whom to call; may be empty.
  Pages(const ClassCatalogue& classes, std::string hotline);

  /// What a code is worth and stands for. `origin`: of the text that was scanned.
  std::string Code(Language language, const v1::ResolveResponse& answer,
                   std::string_view origin) const;
  /// The record that a short number leads to, with the words that it proves nothing.
  std::string Found(Language language, const v1::LookupResponse& answer,
                    std::string_view typed) const;
  /// The form for short numbers; `typed` and `mistake` when one led nowhere.
  std::string Search(Language language, std::string_view typed = {},
                     std::string_view mistake = {}) const;
  /// The notices there are, newest first.
  std::string Notices(Language language, const v1::ListNoticesResponse& answer) const;
  /// One notice with some of its lines; `query` is what they were searched by.
  std::string Notice(Language language, const v1::GetNoticeResponse& notice,
                     const v1::ListNoticeClaimsResponse& lines, std::string_view query) const;
  /// How far the city has come: all, by division and by class. Of no organization.
  std::string Coverage(Language language, const v1::GetCoverageResponse& divisions,
                       const v1::GetCoverageResponse& classes) const;
  /// What went wrong, and what to do. `detail` may be empty.
  std::string Error(Language language, int status, std::string_view detail) const;

  /// The one policy under which all pages work: their style by its hash, forms to ourselves.
  const std::string& content_security_policy() const { return policy_; }

 private:
  Html Begin(Language language, std::string_view title, std::string_view outcome,
             std::string_view typed = {}) const;
  static std::string End(Html html, Language language);
  void AddFacility(Html& html, Language language, const v1::Facility& facility) const;
  /// Whom to call about a facility, or the hotline.
  void AddCallAbout(
      Html& html, Language language, const v1::Facility& facility,
      const google::protobuf::RepeatedPtrField<v1::Organization>& organizations) const;
  /// Both cards: what it is and who answers for it.
  void AddFacilityCards(Html& html, Language language, const v1::Facility& facility,
                        const google::protobuf::RepeatedPtrField<v1::Organization>& organizations,
                        const google::protobuf::RepeatedPtrField<v1::NoticeSummary>& notices) const;
  /// What it is a part of and its parts, where there are any; `parent` may be null.
  void AddRelatedCard(
      Html& html, Language language, const v1::RelatedFacility* parent,
      const google::protobuf::RepeatedPtrField<v1::RelatedFacility>& children) const;
  void AddRelated(Html& html, Language language, std::string_view title,
                  const v1::RelatedFacility& related) const;
  /// The class's name in that language, or the code of one that is not in the catalogue.
  std::string ClassName(Language language, const std::string& class_code) const;

  const ClassCatalogue& classes_;
  const std::string hotline_;
  std::string policy_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_PAGES_H_
