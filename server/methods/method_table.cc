#include "server/methods/method_table.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "server/access/audit_trail.h"
#include "server/access/principals.h"
#include "server/access/tokens.h"
#include "server/attachments/attachments.h"
#include "server/issuance/blank_range.h"
#include "server/issuance/code_life.h"
#include "server/issuance/codes.h"
#include "server/issuance/issue.h"
#include "server/issuance/printed.h"
#include "server/issuance/reclaim.h"
#include "server/issuance/suspicious.h"
#include "server/log/log_reads.h"
#include "server/methods/handlers.h"
#include "server/registry/batches.h"
#include "server/registry/edit_batch.h"
#include "server/registry/erase.h"
#include "server/registry/facilities.h"
#include "server/registry/facility_life.h"
#include "server/registry/facility_update.h"
#include "server/registry/history.h"
#include "server/registry/import/import.h"
#include "server/registry/nearby.h"
#include "server/registry/organizations.h"
#include "server/registry/undo_batch.h"
#include "server/registry/watch.h"
#include "server/resolver/note_desk.h"
#include "server/rights/certificate.h"
#include "server/rights/claim.h"
#include "server/rights/claim_lists.h"
#include "server/rights/confirm.h"
#include "server/rights/confirm_claims.h"
#include "server/rights/coverage.h"
#include "server/rights/coverage_days.h"
#include "server/rights/notice_lines.h"
#include "server/rights/notices.h"
#include "server/rights/object.h"
#include "server/rights/offers.h"
#include "server/rights/order_steps.h"
#include "server/rights/orders.h"
#include "server/rights/publish.h"
#include "server/rights/reorganize.h"
#include "server/rights/rules_methods.h"
#include "server/rights/settle.h"
#include "server/rights/unresolved.h"
#include "server/stock/stock_report.h"
#include "server/stock/stock_scan.h"
#include "server/stock/stock_takes.h"

namespace yima::server {
namespace {

/// Within which an answer of StreamResolve must be taken: it was not made of long work.
constexpr std::chrono::seconds kResolveTakeMax{60};

/// Its answer holds what is shown once and kept nowhere.
UnaryHandler CreatingToken(const Domain& domain) {
  return WritingInSteps<v1::CreateTokenRequest>(domain, [&domain] {
    const auto text = std::make_shared<std::string>();
    return std::pair(
        [&domain, text](const Call& call, const v1::CreateTokenRequest& request,
                        const store::Snapshot& snapshot) {
          return PlanCreateToken(domain, call, request, snapshot,
                                 [&](std::string made) { *text = std::move(made); });
        },
        [&domain, text](const std::vector<RecordRef>& results, const store::Snapshot& snapshot) {
          auto response = AnswerCreateToken(domain, results, snapshot);
          // The text of a round that lost to the same request, sent twice, is another token's.
          const auto made = TokenText::Parse(*text);
          if (response && made && made->id == response->token().id()) response->set_text(*text);
          return response;
        });
  });
}

/// Plates that a crew saw are judged as a scan is answered.
UnaryHandler ScanningStock(const Domain& domain, const Resolver& resolver) {
  return WritingInSteps<v1::ScanStockTakeRequest>(domain, [&domain, &resolver] {
    // A plan may be made several times, and what was seen counts once.
    const auto seen = std::make_shared<std::vector<SeenPlate>>();
    return std::pair(
        [&domain, &resolver, seen](const Call& call, const v1::ScanStockTakeRequest& request,
                                   const store::Snapshot& snapshot) {
          return PlanScanStockTake(domain, resolver, call, request, snapshot, *seen);
        },
        [&resolver, seen](const std::vector<RecordRef>& results, const store::Snapshot& snapshot) {
          for (const auto& plate : *seen) {
            if (resolver.sightings() == nullptr) break;
            resolver.sightings()->Note(plate.serial, plate.longitude, plate.latitude,
                                       plate.distance_metres, plate.time);
          }
          return AnswerScanStockTake(results, snapshot);
        });
  });
}

StreamHandler Upload(const Domain& domain) {
  return [&domain, turns = std::make_shared<UploadTurns>(kFilesInMemoryMax)](
             const Call& call, const Source& source, const Sink& sink) -> Result<void> {
    std::string bytes;
    const auto parsed = [&](v1::UploadAttachmentRequest& request) -> Result<bool> {
      YIMA_ASSIGN_OR_RETURN(const bool more, source(bytes));
      if (!more) return false;
      YIMA_ASSIGN_OR_RETURN(request, Parse<v1::UploadAttachmentRequest>(bytes));
      return true;
    };
    YIMA_ASSIGN_OR_RETURN(const auto response, UploadAttachment(domain, call, *turns, parsed));
    return sink(response.SerializeAsString());
  };
}

StreamHandler Import(const Domain& domain) {
  return [&domain](const Call& call, const Source& source, const Sink& sink) {
    std::string bytes;
    const auto parsed = [&](v1::ImportFacilitiesRequest& request) -> Result<bool> {
      YIMA_ASSIGN_OR_RETURN(const bool more, source(bytes));
      if (!more) return false;
      YIMA_ASSIGN_OR_RETURN(request, Parse<v1::ImportFacilitiesRequest>(bytes));
      return true;
    };
    return ImportFacilities(domain, call, parsed,
                            [&](const v1::ImportFacilitiesResponse& response) {
                              return sink(response.SerializeAsString());
                            });
  };
}

FeedHandler Watch(const Domain& domain) {
  return [&domain, log = std::make_shared<LogSizeNow>(domain.store)](
             const Call& call, std::string_view bytes) -> Result<Pull> {
    YIMA_ASSIGN_OR_RETURN(const auto request, Parse<v1::WatchRequest>(bytes));
    YIMA_ASSIGN_OR_RETURN(auto opened, Watcher::Open(domain, call, request, log));
    return [watcher = std::shared_ptr<Watcher>(
                std::move(opened))]() -> Result<std::optional<std::string>> {
      YIMA_ASSIGN_OR_RETURN(const auto message, watcher->Next());
      if (!message) return std::nullopt;
      return message->SerializeAsString();
    };
  };
}

/// Resolving passes stored bytes on unparsed, so its handlers speak bytes.
UnaryHandler Resolve(const Domain& domain, const Resolver& resolver,
                     Result<std::string> (Resolver::*answer)(std::string_view,
                                                             const store::Snapshot&, const Reach&)
                         const) {
  return
      [&domain, &resolver, answer](const Call& call, std::string_view request, const Reply& reply) {
        reply((resolver.*answer)(request, *domain.store.Read(), *call.reach));
      };
}

/// One message, one answer: who does not take his answers is not read from.
StreamHandler ResolveMessages(const Domain& domain, const Resolver& resolver) {
  return [&domain, &resolver](const Call& call, const Source& source,
                              const Sink& sink) -> Result<void> {
    std::string request;
    for (uint64_t message = 0;; ++message) {
      YIMA_ASSIGN_OR_RETURN(const bool asked, source(request));
      if (!asked) return {};
      YIMA_ASSIGN_OR_RETURN(auto answers, resolver.ResolveMessageBytes(
                                              message, request, *domain.store.Read(), *call.reach));
      YIMA_RETURN_IF_ERROR(sink(std::move(answers)));
    }
  };
}

/// What lies near passes stored bytes on, too.
UnaryHandler Nearby(const Domain& domain) {
  return [&domain](const Call& call, std::string_view bytes, const Reply& reply) {
    const auto request = Parse<v1::SearchNearbyRequest>(bytes);
    if (!request) return reply(tl::unexpected(request.error()));
    reply(SearchNearby(domain, call, *request, *domain.store.Read()));
  };
}

template <typename Response>
UnaryHandler Note(std::shared_ptr<NoteDesk> desk, NoteDesk::Maker note) {
  const auto make = [note = std::move(note)]() -> Result<std::string> {
    Response response;
    YIMA_ASSIGN_OR_RETURN(*response.mutable_note(), note());
    return response.SerializeAsString();
  };
  return [desk = std::move(desk), make](const Call&, std::string_view, Reply reply) {
    desk->Ask(make, std::move(reply));
  };
}

}  // namespace

std::vector<Method> MakeMethodTable(const Domain& domain, const Resolver& resolver,
                                    TrustNotes& notes) {
  const Domain& d = domain;
  const auto desk = std::make_shared<NoteDesk>();
  const std::string registry = "yima.v1.RegistryService/";
  const std::string issuance = "yima.v1.IssuanceService/";
  const std::string resolving = "yima.v1.ResolverService/";
  const std::string rights = "yima.v1.RightsService/";
  const std::string log = "yima.v1.LogService/";
  const std::string access = "yima.v1.AccessService/";
  const std::string attachments = "yima.v1.AttachmentService/";
  const std::string stock = "yima.v1.StockTakeService/";
  const Roles watchers = kAdmins | kAuditors;
  return {
      {registry + "CreateFacility",
       kManagers,
       Writing(d, PlanCreateFacility, AnswerCreateFacility),
       {}},
      {registry + "BatchCreateFacilities",
       kManagers,
       Writing(d, PlanBatchCreateFacilities, AnswerBatchCreateFacilities),
       {}},
      {registry + "ImportFacilities", kManagers, {}, Import(d)},
      {registry + "GetFacility", kReaders, Reading(d, GetFacility), {}},
      {registry + "ListFacilities", kReaders, Reading(d, ListFacilities), {}},
      {registry + "CreateOrganization",
       kManagers,
       Writing(d, PlanCreateOrganization, AnswerCreateOrganization),
       {}},
      {registry + "ImportOrganizations",
       kManagers,
       Writing(d, PlanImportOrganizations, AnswerImportOrganizations),
       {}},
      {registry + "GetOrganization", kReaders, Reading(d, GetOrganization), {}},
      {registry + "ListOrganizations", kReaders, Reading(d, ListOrganizations), {}},
      {registry + "ListFacilityClasses", kPublic, Reading(d, ListFacilityClasses), {}},
      {registry + "GetBatch", kReaders, Reading(d, GetBatch), {}},
      {registry + "ListBatches", kReaders, Reading(d, ListBatches), {}},
      {registry + "GetFacilityHistory", kReaders, Reading(d, GetFacilityHistory), {}},
      {registry + "Watch", kReaders, {}, {}, Watch(d)},
      {registry + "SearchNearby", kReaders, Nearby(d), {}},
      {registry + "EraseValues", kRegistrars, Erasing(d, PlanEraseValues, AnswerEraseValues), {}},
      {registry + "UpdateFacility",
       kManagers,
       Writing(d, PlanUpdateFacility, AnswerUpdateFacility),
       {}},
      {registry + "RecordLifeStep",
       kManagers,
       Writing(d, PlanRecordLifeStep, AnswerRecordLifeStep),
       {}},
      {registry + "RetireFacility",
       kManagers,
       Writing(d, PlanRetireFacility, AnswerRetireFacility),
       {}},
      {registry + "ReportCondition",
       kCrews,
       Writing(d, PlanReportCondition, AnswerReportCondition),
       {}},
      {registry + "EditFacilities", kManagers, {}, Answer(d, EditFacilities)},
      {registry + "UndoBatch", kManagers, {}, Answer(d, UndoBatch)},

      {issuance + "IssueCodes", kManagers, {}, Answer(d, IssueCodes)},
      {issuance + "BindCode", kCrews, Writing(d, PlanBindCode, AnswerBindCode), {}},
      {issuance + "RevokeCode", kManagers, Writing(d, PlanRevokeCode, AnswerRevokeCode), {}},
      {issuance + "SuspendCode", kManagers, Writing(d, PlanSuspendCode, AnswerSuspendCode), {}},
      {issuance + "ResumeCode", kManagers, Writing(d, PlanResumeCode, AnswerResumeCode), {}},
      {issuance + "ReplaceCode", kManagers, Writing(d, PlanReplaceCode, AnswerReplaceCode), {}},
      {issuance + "ReclaimCodes", kManagers, Writing(d, PlanReclaimCodes, AnswerReclaimCodes), {}},
      {issuance + "GetCode", kReaders, Reading(d, GetCode), {}},
      {issuance + "ListCodes", kReaders, Reading(d, ListCodes), {}},
      {issuance + "MarkPrinted", kManagers, Writing(d, PlanMarkPrinted, AnswerMarkPrinted), {}},
      {issuance + "CreateBlankRange",
       kManagers,
       Writing(d, PlanCreateBlankRange, AnswerCreateBlankRange),
       {}},
      {issuance + "GetBlankRange", kReaders, Reading(d, GetBlankRange), {}},
      {issuance + "ListBlankRanges", kReaders, Reading(d, ListBlankRanges), {}},
      {issuance + "CloseBlankRange", kManagers, {}, Answer(d, CloseBlankRange)},
      {issuance + "ListSuspiciousCodes", kReaders, Reading(d, ListSuspiciousCodes), {}},

      {resolving + "Resolve", kPublic, Resolve(d, resolver, &Resolver::ResolveBytes), {}},
      {resolving + "BatchResolve",
       kCallers,
       Resolve(d, resolver, &Resolver::BatchResolveBytes),
       {}},
      {resolving + "Lookup", kPublic, Resolve(d, resolver, &Resolver::LookupBytes), {}},
      {resolving + "GetTrustBundle",
       kPublic,
       Note<v1::GetTrustBundleResponse>(desk, [&notes] { return notes.Bundle(); }),
       {}},
      {resolving + "GetRevocationList",
       kPublic,
       Note<v1::GetRevocationListResponse>(desk,
                                           [&notes, &d] { return notes.List(*d.store.Read()); }),
       {}},
      {resolving + "StreamResolve",
       kCallers,
       {},
       ResolveMessages(d, resolver),
       nullptr,
       kResolveTakeMax,
       true},

      {rights + "ConfirmRights", kRegistrars, {}, Answer(d, ConfirmRights)},
      {rights + "ClaimRights", kManagers, {}, Answer(d, ClaimRights)},
      {rights + "WithdrawClaim", kManagers, Writing(d, PlanWithdrawClaim, AnswerWithdrawClaim), {}},
      {rights + "PublishClaims", kRegistrars, {}, Answer(d, PublishClaims)},
      {rights + "WithdrawNotice",
       kRegistrars,
       Writing(d, PlanWithdrawNotice, AnswerWithdrawNotice),
       {}},
      {rights + "ObjectToClaims", kManagers | kRegistrars, {}, Answer(d, ObjectToClaims)},
      {rights + "WithdrawObjection",
       kManagers,
       Writing(d, PlanWithdrawObjection, AnswerWithdrawObjection),
       {}},
      {rights + "SettleClaims", kRegistrars, Writing(d, PlanSettleClaims, AnswerSettleClaims), {}},
      {rights + "ConfirmClaims", kRegistrars, {}, Answer(d, ConfirmClaims)},
      {rights + "GetNotice", kPublic, Reading(d, GetNotice), {}},
      {rights + "ListNotices", kPublic, Reading(d, ListNotices), {}},
      {rights + "ListNoticeClaims", kPublic, Reading(d, ListNoticeClaims), {}},
      {rights + "ListClaims", kReaders, Reading(d, ListClaims), {}},
      {rights + "ListObjections", kReaders, Reading(d, ListObjections), {}},
      {rights + "TransferRight",
       kRegistrars,
       Writing(d, PlanTransferRight, AnswerTransferRight),
       {}},
      {rights + "CorrectRight", kRegistrars, Writing(d, PlanCorrectRight, AnswerCorrectRight), {}},
      {rights + "RevokeRight", kRegistrars, Writing(d, PlanRevokeRight, AnswerRevokeRight), {}},
      {rights + "AssignCustodian",
       kRegistrars,
       Writing(d, PlanAssignCustodian, AnswerAssignCustodian),
       {}},
      {rights + "AgreeToOrder", kManagers, Writing(d, PlanAgreeToOrder, AnswerAgreeToOrder), {}},
      {rights + "CountersignOrder",
       kRegistrars,
       Writing(d, PlanCountersignOrder, AnswerCountersignOrder),
       {}},
      {rights + "WithdrawOrder",
       kRegistrars,
       Writing(d, PlanWithdrawOrder, AnswerWithdrawOrder),
       {}},
      {rights + "OfferFacilities", kRegistrars, {}, Answer(d, OfferFacilities)},
      {rights + "AcceptOffer", kManagers, Writing(d, PlanAcceptOffer, AnswerAcceptOffer), {}},
      {rights + "DeclineOffer", kManagers, Writing(d, PlanDeclineOffer, AnswerDeclineOffer), {}},
      {rights + "Reorganize", kRegistrars, {}, Answer(d, Reorganize)},
      {rights + "GetRightsRules", kReaders, Reading(d, GetRightsRules), {}},
      {rights + "SetRightsRules",
       kRegistrars,
       Writing(d, PlanSetRightsRules, AnswerSetRightsRules),
       {}},
      {rights + "ListOffers", kReaders, Reading(d, ListOffers), {}},
      {rights + "ListOrders", kReaders, Reading(d, ListOrders), {}},
      {rights + "ListUnresolved", kReaders, Reading(d, ListUnresolved), {}},
      {rights + "GetCoverage", kPublic, Reading(d, GetCoverage), {}},
      {rights + "ListCoverageDays", kReaders, Reading(d, ListCoverageDays), {}},
      {rights + "IssueCertificates", kReaders, {}, Answer(d, IssueCertificates)},
      {rights + "CheckCertificate", kPublic, Reading(d, CheckCertificate), {}},

      {log + "GetCheckpoint", kPublic, OfLog(d, GetCheckpoint), {}},
      {log + "GetTile", kPublic, OfLog(d, GetTile), {}},
      {log + "GetEntryBundle", kAuditors, OfLog(d, GetEntryBundle), {}},
      {log + "GetInclusionProof", kPublic, OfLog(d, GetInclusionProof), {}},
      {log + "GetConsistencyProof", kPublic, OfLog(d, GetConsistencyProof), {}},

      {attachments + "UploadAttachment", kCrews | kRegistrars, {}, Upload(d)},
      {attachments + "GetAttachment", kReaders, {}, Answer(d, GetAttachment)},
      {attachments + "ListAttachments", kReaders, Reading(d, ListAttachments), {}},
      {attachments + "DetachAttachment",
       kManagers,
       Writing(d, PlanDetachAttachment, AnswerDetachAttachment),
       {}},
      {attachments + "EraseAttachment",
       kRegistrars,
       Erasing(d, PlanEraseAttachment, AnswerEraseAttachment),
       {}},

      {access + "GetCaller", kCallers, Reading(d, GetCaller), {}},
      {access + "CreatePrincipal",
       kAdmins,
       Writing(d, PlanCreatePrincipal, AnswerCreatePrincipal),
       {}},
      {access + "UpdatePrincipal",
       kAdmins,
       Writing(d, PlanUpdatePrincipal, AnswerUpdatePrincipal),
       {}},
      {access + "GetPrincipal", watchers, Reading(d, GetPrincipal), {}},
      {access + "ListPrincipals", watchers, Reading(d, ListPrincipals), {}},
      {access + "CreateToken", kCallers, CreatingToken(d), {}},
      {access + "RevokeToken", kCallers, Writing(d, PlanRevokeToken, AnswerRevokeToken), {}},
      {access + "ListTokens", kCallers, Reading(d, ListTokens), {}},
      {access + "ListRefusals", kAuditors, Reading(d, ListRefusals), {}},

      {stock + "StartStockTake", kManagers, {}, Answer(d, StartStockTake)},
      {stock + "ScanStockTake", kCrews, ScanningStock(d, resolver), {}},
      {stock + "EndStockTake", kManagers, Writing(d, PlanEndStockTake, AnswerEndStockTake), {}},
      {stock + "GetStockTake", kReaders, Reading(d, GetStockTake), {}},
      {stock + "ListStockTakes", kReaders, Reading(d, ListStockTakes), {}},
      {stock + "GetStockTakeReport", kReaders, {}, Answer(d, GetStockTakeReport)},
  };
}

void NoteRefusals(std::vector<Method>& table, AuditTrail& audit) {
  for (Method& method : table) {
    if ((method.roles & 1) != 0) continue;
    if (method.unary) {
      method.unary = [inner = std::move(method.unary), &audit](
                         const Call& call, std::string_view bytes, Reply reply) {
        inner(call, bytes, [call, &audit, reply = std::move(reply)](Result<std::string> answer) {
          if (!answer) audit.NoteIfRefused(call, answer.error());
          reply(std::move(answer));
        });
      };
    } else if (method.feed) {
      method.feed = [inner = std::move(method.feed), &audit](const Call& call,
                                                             std::string_view bytes) {
        auto opened = inner(call, bytes);
        if (!opened) audit.NoteIfRefused(call, opened.error());
        return opened;
      };
    } else {
      method.stream = [inner = std::move(method.stream), &audit](
                          const Call& call, const Source& source, const Sink& sink) {
        Call noting = call;
        noting.refused = [&](const Error& error, uint64_t times) {
          audit.NoteIfRefused(call, error, times);
        };
        const auto served = inner(noting, source, sink);
        if (!served) audit.NoteIfRefused(call, served.error());
        return served;
      };
    }
  }
}

}  // namespace yima::server
