#ifndef YIMA_CLIENT_CLIENT_H_
#define YIMA_CLIENT_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/connection.h"
#include "codegen/code/result.h"
#include "yima/v1/access_service.pb.h"
#include "yima/v1/attachment_service.pb.h"
#include "yima/v1/issuance_service.pb.h"
#include "yima/v1/log_service.pb.h"
#include "yima/v1/registry_service.pb.h"
#include "yima/v1/resolver_service.pb.h"
#include "yima/v1/rights_service.pb.h"
#include "yima/v1/stock_take_service.pb.h"

namespace yima {

struct ClientOptions {
  std::string server = "127.0.0.1:8340";
  /// `yima_…`, as `yimad init` or CreateToken gave it; empty: what everybody may.
  std::string token;
  /// PEM text of who issued the server's certificate, where the system does not know it. With it,
  /// and beyond loopback, all is TLS.
  std::string ca;
  /// PEM texts of the caller's own certificate and its key, in place of a token.
  std::string certificate;
  std::string key;
  /// By which W3C Trace Context joins these calls with others'; empty: none is sent.
  std::string traceparent;
  /// For each call that is not a stream.
  std::chrono::milliseconds deadline{60'000};
};

/// The calls of a registry, one method each; meanings, bounds and errors stand in proto/yima/v1.
/// Thread-safe, and cheap to copy: copies share one connection. Writes need a `request_id` that the
/// caller chooses: the same request again under the same id never acts twice.
class Client {
 public:
  template <typename Response>
  using Receiver = std::function<Result<void>(const Response&)>;
  /// Fills the rows of one message, at most 1,000; false when there are no more.
  using RowSource = std::function<Result<bool>(std::vector<v1::ImportRow>&)>;

  /// Fills the texts of one message, at most 1,000; false when there are no more. One that comes
  /// with none is asked again when all before are answered.
  using TextSource = std::function<Result<bool>(std::vector<v1::ResolveRequest>&)>;
  /// Takes the answer to the next text, or why that one has none; an Error that it returns ends the
  /// call.
  using AnswerReceiver = std::function<Result<void>(const Result<v1::ResolveResponse>&)>;
  /// Called once with what came of a call, on a thread that belongs to the connection: it must not
  /// wait, and may begin other calls.
  template <typename Response>
  using Done = std::function<void(Result<Response>)>;
  /// Told why a watch broke off, before each attempt to go on; an Error that it returns ends it.
  using BreakReceiver = std::function<Result<void>(const Error&)>;

  explicit Client(const ClientOptions& options = {});
  /// Over a connection of another kind: `testing::FakeRegistry` has one for tests.
  explicit Client(std::shared_ptr<const Connection> connection,
                  std::chrono::milliseconds deadline = ClientOptions().deadline);

  Result<v1::CreateFacilityResponse> CreateFacility(const v1::CreateFacilityRequest& request) const;
  Result<v1::BatchCreateFacilitiesResponse> BatchCreateFacilities(
      const v1::BatchCreateFacilitiesRequest& request) const;
  /// `source` is called from another thread than `receiver`. The report is the last response.
  Result<void> ImportFacilities(const v1::ImportHeader& header, const RowSource& source,
                                const Receiver<v1::ImportFacilitiesResponse>& receiver) const;
  Result<v1::GetFacilityResponse> GetFacility(const v1::GetFacilityRequest& request) const;
  Result<v1::ListFacilitiesResponse> ListFacilities(const v1::ListFacilitiesRequest& request) const;
  Result<v1::CreateOrganizationResponse> CreateOrganization(
      const v1::CreateOrganizationRequest& request) const;
  Result<v1::ImportOrganizationsResponse> ImportOrganizations(
      const v1::ImportOrganizationsRequest& request) const;
  Result<v1::GetOrganizationResponse> GetOrganization(
      const v1::GetOrganizationRequest& request) const;
  Result<v1::ListOrganizationsResponse> ListOrganizations(
      const v1::ListOrganizationsRequest& request) const;
  Result<v1::ListFacilityClassesResponse> ListFacilityClasses(
      const v1::ListFacilityClassesRequest& request) const;
  Result<v1::GetBatchResponse> GetBatch(const v1::GetBatchRequest& request) const;
  Result<v1::ListBatchesResponse> ListBatches(const v1::ListBatchesRequest& request) const;
  Result<v1::GetFacilityHistoryResponse> GetFacilityHistory(
      const v1::GetFacilityHistoryRequest& request) const;
  /// Every change after `request.after`, in order, none left out and none twice: on a connection
  /// that breaks, or when the server cuts the stream off for a time (see IsBrokenOff in resume.h),
  /// it goes on after the last message that `receiver` took. Its `next` is what to keep for a watch
  /// that is begun anew. Without `on_break` it gives up after 30 seconds without a server, as
  /// StreamResolve; with it, only when that says so. Ends with an Error: that of `receiver` or
  /// `on_break`, or what the server refuses (WATCH_OTHER_EPOCH, WATCH_FROM_FUTURE).
  Result<void> Watch(const v1::WatchRequest& request, const Receiver<v1::WatchResponse>& receiver,
                     const BreakReceiver& on_break = {}) const;
  Result<v1::GetCoverageResponse> GetCoverage(const v1::GetCoverageRequest& request) const;
  Result<v1::ListCoverageDaysResponse> ListCoverageDays(
      const v1::ListCoverageDaysRequest& request) const;
  Result<v1::SearchNearbyResponse> SearchNearby(const v1::SearchNearbyRequest& request) const;
  Result<v1::UpdateFacilityResponse> UpdateFacility(const v1::UpdateFacilityRequest& request) const;
  Result<v1::RecordLifeStepResponse> RecordLifeStep(const v1::RecordLifeStepRequest& request) const;
  Result<v1::RetireFacilityResponse> RetireFacility(const v1::RetireFacilityRequest& request) const;
  Result<v1::ReportConditionResponse> ReportCondition(
      const v1::ReportConditionRequest& request) const;
  Result<void> EditFacilities(const v1::EditFacilitiesRequest& request,
                              const Receiver<v1::EditFacilitiesResponse>& receiver) const;
  Result<void> UndoBatch(const v1::UndoBatchRequest& request,
                         const Receiver<v1::UndoBatchResponse>& receiver) const;

  Result<void> IssueCodes(const v1::IssueCodesRequest& request,
                          const Receiver<v1::IssueCodesResponse>& receiver) const;
  Result<v1::BindCodeResponse> BindCode(const v1::BindCodeRequest& request) const;
  Result<v1::ReclaimCodesResponse> ReclaimCodes(const v1::ReclaimCodesRequest& request) const;
  Result<v1::RevokeCodeResponse> RevokeCode(const v1::RevokeCodeRequest& request) const;
  Result<v1::SuspendCodeResponse> SuspendCode(const v1::SuspendCodeRequest& request) const;
  Result<v1::ResumeCodeResponse> ResumeCode(const v1::ResumeCodeRequest& request) const;
  Result<v1::ReplaceCodeResponse> ReplaceCode(const v1::ReplaceCodeRequest& request) const;
  Result<v1::GetCodeResponse> GetCode(const v1::GetCodeRequest& request) const;
  Result<v1::ListCodesResponse> ListCodes(const v1::ListCodesRequest& request) const;
  Result<v1::MarkPrintedResponse> MarkPrinted(const v1::MarkPrintedRequest& request) const;
  Result<v1::CreateBlankRangeResponse> CreateBlankRange(
      const v1::CreateBlankRangeRequest& request) const;
  Result<v1::GetBlankRangeResponse> GetBlankRange(const v1::GetBlankRangeRequest& request) const;
  Result<v1::ListBlankRangesResponse> ListBlankRanges(
      const v1::ListBlankRangesRequest& request) const;
  Result<void> CloseBlankRange(const v1::CloseBlankRangeRequest& request,
                               const Receiver<v1::CloseBlankRangeResponse>& receiver) const;
  Result<v1::ListSuspiciousCodesResponse> ListSuspiciousCodes(
      const v1::ListSuspiciousCodesRequest& request) const;

  Result<v1::ResolveResponse> Resolve(const v1::ResolveRequest& request) const;
  Result<v1::BatchResolveResponse> BatchResolve(const v1::BatchResolveRequest& request) const;
  /// Answers every text of `source` in order, as one message after the other is taken by the server
  /// and its answers by `receiver`; few are under way at a time. `source` is called from another
  /// thread than `receiver`. On a connection that breaks it goes on with the first text that has no
  /// answer yet (see resume.h). What is wrong with one text is told as its answer, with the field
  /// that a Resolve of it would name; anything else ends the call, as soon as `source` returns.
  Result<void> StreamResolve(const TextSource& source, const AnswerReceiver& receiver) const;
  Result<v1::LookupResponse> Lookup(const v1::LookupRequest& request) const;
  Result<v1::GetTrustBundleResponse> GetTrustBundle() const;
  Result<v1::GetRevocationListResponse> GetRevocationList() const;

  Result<v1::GetCallerResponse> GetCaller() const;
  Result<v1::CreatePrincipalResponse> CreatePrincipal(
      const v1::CreatePrincipalRequest& request) const;
  Result<v1::UpdatePrincipalResponse> UpdatePrincipal(
      const v1::UpdatePrincipalRequest& request) const;
  Result<v1::GetPrincipalResponse> GetPrincipal(const v1::GetPrincipalRequest& request) const;
  Result<v1::ListPrincipalsResponse> ListPrincipals(const v1::ListPrincipalsRequest& request) const;
  Result<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request) const;
  Result<v1::RevokeTokenResponse> RevokeToken(const v1::RevokeTokenRequest& request) const;
  Result<v1::ListTokensResponse> ListTokens(const v1::ListTokensRequest& request) const;
  Result<v1::ListRefusalsResponse> ListRefusals(const v1::ListRefusalsRequest& request) const;

  Result<void> ConfirmRights(const v1::ConfirmRightsRequest& request,
                             const Receiver<v1::ConfirmRightsResponse>& receiver) const;
  Result<void> ClaimRights(const v1::ClaimRightsRequest& request,
                           const Receiver<v1::ClaimRightsResponse>& receiver) const;
  Result<v1::WithdrawClaimResponse> WithdrawClaim(const v1::WithdrawClaimRequest& request) const;
  Result<void> PublishClaims(const v1::PublishClaimsRequest& request,
                             const Receiver<v1::PublishClaimsResponse>& receiver) const;
  Result<v1::WithdrawNoticeResponse> WithdrawNotice(const v1::WithdrawNoticeRequest& request) const;
  Result<void> ObjectToClaims(const v1::ObjectToClaimsRequest& request,
                              const Receiver<v1::ObjectToClaimsResponse>& receiver) const;
  Result<v1::WithdrawObjectionResponse> WithdrawObjection(
      const v1::WithdrawObjectionRequest& request) const;
  Result<v1::SettleClaimsResponse> SettleClaims(const v1::SettleClaimsRequest& request) const;
  Result<void> ConfirmClaims(const v1::ConfirmClaimsRequest& request,
                             const Receiver<v1::ConfirmClaimsResponse>& receiver) const;
  Result<v1::GetNoticeResponse> GetNotice(const v1::GetNoticeRequest& request) const;
  Result<v1::ListNoticesResponse> ListNotices(const v1::ListNoticesRequest& request) const;
  Result<v1::ListNoticeClaimsResponse> ListNoticeClaims(
      const v1::ListNoticeClaimsRequest& request) const;
  Result<v1::ListClaimsResponse> ListClaims(const v1::ListClaimsRequest& request) const;
  Result<v1::ListObjectionsResponse> ListObjections(const v1::ListObjectionsRequest& request) const;
  Result<v1::TransferRightResponse> TransferRight(const v1::TransferRightRequest& request) const;
  Result<v1::CorrectRightResponse> CorrectRight(const v1::CorrectRightRequest& request) const;
  Result<v1::RevokeRightResponse> RevokeRight(const v1::RevokeRightRequest& request) const;
  Result<v1::AssignCustodianResponse> AssignCustodian(
      const v1::AssignCustodianRequest& request) const;
  Result<v1::AgreeToOrderResponse> AgreeToOrder(const v1::AgreeToOrderRequest& request) const;
  Result<v1::CountersignOrderResponse> CountersignOrder(
      const v1::CountersignOrderRequest& request) const;
  Result<v1::WithdrawOrderResponse> WithdrawOrder(const v1::WithdrawOrderRequest& request) const;
  Result<void> OfferFacilities(const v1::OfferFacilitiesRequest& request,
                               const Receiver<v1::OfferFacilitiesResponse>& receiver) const;
  Result<v1::AcceptOfferResponse> AcceptOffer(const v1::AcceptOfferRequest& request) const;
  Result<v1::DeclineOfferResponse> DeclineOffer(const v1::DeclineOfferRequest& request) const;
  Result<void> Reorganize(const v1::ReorganizeRequest& request,
                          const Receiver<v1::ReorganizeResponse>& receiver) const;
  Result<v1::GetRightsRulesResponse> GetRightsRules(const v1::GetRightsRulesRequest& request) const;
  Result<v1::SetRightsRulesResponse> SetRightsRules(const v1::SetRightsRulesRequest& request) const;
  Result<v1::ListOffersResponse> ListOffers(const v1::ListOffersRequest& request) const;
  Result<v1::ListOrdersResponse> ListOrders(const v1::ListOrdersRequest& request) const;
  Result<v1::ListUnresolvedResponse> ListUnresolved(const v1::ListUnresolvedRequest& request) const;
  Result<void> IssueCertificates(const v1::IssueCertificatesRequest& request,
                                 const Receiver<v1::IssueCertificatesResponse>& receiver) const;
  Result<v1::CheckCertificateResponse> CheckCertificate(
      const v1::CheckCertificateRequest& request) const;

  Result<v1::EraseValuesResponse> EraseValues(const v1::EraseValuesRequest& request) const;

  /// Sends a file that lies in memory; `sent` is told how much of it is on its way, from another
  /// thread. `header.size` is filled in.
  Result<v1::UploadAttachmentResponse> UploadAttachment(
      v1::UploadHeader header, std::string_view file,
      const std::function<void(uint64_t sent)>& sent) const;
  Result<void> GetAttachment(const v1::GetAttachmentRequest& request,
                             const Receiver<v1::GetAttachmentResponse>& receiver) const;
  Result<v1::ListAttachmentsResponse> ListAttachments(
      const v1::ListAttachmentsRequest& request) const;
  Result<v1::DetachAttachmentResponse> DetachAttachment(
      const v1::DetachAttachmentRequest& request) const;
  Result<v1::EraseAttachmentResponse> EraseAttachment(
      const v1::EraseAttachmentRequest& request) const;
  Result<v1::GetCheckpointResponse> GetCheckpoint() const;
  Result<v1::GetTileResponse> GetTile(const v1::GetTileRequest& request) const;
  Result<v1::GetEntryBundleResponse> GetEntryBundle(const v1::GetEntryBundleRequest& request) const;
  Result<v1::GetInclusionProofResponse> GetInclusionProof(
      const v1::GetInclusionProofRequest& request) const;
  Result<v1::GetConsistencyProofResponse> GetConsistencyProof(
      const v1::GetConsistencyProofRequest& request) const;
  Result<void> StartStockTake(const v1::StartStockTakeRequest& request,
                              const Receiver<v1::StartStockTakeResponse>& receiver) const;
  Result<v1::ScanStockTakeResponse> ScanStockTake(const v1::ScanStockTakeRequest& request) const;
  Result<v1::EndStockTakeResponse> EndStockTake(const v1::EndStockTakeRequest& request) const;
  Result<v1::GetStockTakeResponse> GetStockTake(const v1::GetStockTakeRequest& request) const;
  Result<v1::ListStockTakesResponse> ListStockTakes(const v1::ListStockTakesRequest& request) const;
  Result<void> GetStockTakeReport(const v1::GetStockTakeReportRequest& request,
                                  const Receiver<v1::GetStockTakeReportResponse>& receiver) const;

  // The same calls without waiting, tried as often and within the same deadline. `request` is
  // copied; the client may be gone before `done` is called.
  OngoingCall CreateFacilityAsync(const v1::CreateFacilityRequest& request,
                                  Done<v1::CreateFacilityResponse> done) const;
  OngoingCall GetFacilityAsync(const v1::GetFacilityRequest& request,
                               Done<v1::GetFacilityResponse> done) const;
  OngoingCall BindCodeAsync(const v1::BindCodeRequest& request,
                            Done<v1::BindCodeResponse> done) const;
  OngoingCall ResolveAsync(const v1::ResolveRequest& request, Done<v1::ResolveResponse> done) const;
  OngoingCall BatchResolveAsync(const v1::BatchResolveRequest& request,
                                Done<v1::BatchResolveResponse> done) const;
  /// Watch in a thread of its own, where `receiver`, `on_break` and at last `done` are called and
  /// may take their time. Cancel ends it whatever it waits for.
  OngoingCall WatchAsync(const v1::WatchRequest& request, Receiver<v1::WatchResponse> receiver,
                         std::function<void(Result<void>)> done, BreakReceiver on_break = {}) const;

 private:
  template <typename Response, typename Request>
  OngoingCall Begin(const char* method, const Request& request, Done<Response> done) const;
  template <typename Response, typename Request>
  Result<Response> Call(const char* method, const Request& request) const;
  template <typename Response, typename Request>
  Result<void> Download(const char* method, const Request& request,
                        const Receiver<Response>& receiver) const;

  std::shared_ptr<const Connection> connection_;
  std::chrono::milliseconds deadline_;
};

/// 32 hex digits from the system's random source: a `request_id` that no one else has.
std::string NewRequestId();

}  // namespace yima

#endif  // YIMA_CLIENT_CLIENT_H_
