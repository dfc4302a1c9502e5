#include "client/client.h"

#include <array>
#include <thread>

#include <sodium.h>

#include "client/client_calls.h"
#include "client/resolve_stream.h"
#include "client/transport.h"
#include "client/watch_stream.h"
#include "codegen/code/signature.h"

namespace yima {

Client::Client(const ClientOptions& options)
    : Client(std::make_shared<Transport>(Transport::Options{options.server, options.token,
                                                            options.ca, options.certificate,
                                                            options.key, options.traceparent}),
             options.deadline) {}

Client::Client(std::shared_ptr<const Connection> connection, std::chrono::milliseconds deadline)
    : connection_(std::move(connection)), deadline_(deadline) {}

Result<void> Client::ImportFacilities(
    const v1::ImportHeader& header, const RowSource& source,
    const Receiver<v1::ImportFacilitiesResponse>& receiver) const {
  v1::ImportFacilitiesRequest request;
  v1::ImportFacilitiesResponse response;
  std::vector<v1::ImportRow> rows;
  bool begun = false;
  const auto next = [&]() -> Result<bool> {
    request.Clear();
    if (!begun) {
      *request.mutable_header() = header;
      begun = true;
      return true;
    }
    rows.clear();
    YIMA_ASSIGN_OR_RETURN(const bool more, source(rows));
    for (auto& row : rows) *request.add_rows() = std::move(row);
    return more;
  };
  return connection_->Exchange("yima.v1.RegistryService/ImportFacilities", request, next, response,
                               [&] { return receiver(response); });
}

Result<v1::CreateFacilityResponse> Client::CreateFacility(
    const v1::CreateFacilityRequest& request) const {
  return Call<v1::CreateFacilityResponse>("yima.v1.RegistryService/CreateFacility", request);
}

Result<v1::BatchCreateFacilitiesResponse> Client::BatchCreateFacilities(
    const v1::BatchCreateFacilitiesRequest& request) const {
  return Call<v1::BatchCreateFacilitiesResponse>("yima.v1.RegistryService/BatchCreateFacilities",
                                                 request);
}

Result<v1::GetFacilityResponse> Client::GetFacility(const v1::GetFacilityRequest& request) const {
  return Call<v1::GetFacilityResponse>("yima.v1.RegistryService/GetFacility", request);
}

Result<v1::ListFacilitiesResponse> Client::ListFacilities(
    const v1::ListFacilitiesRequest& request) const {
  return Call<v1::ListFacilitiesResponse>("yima.v1.RegistryService/ListFacilities", request);
}

Result<v1::CreateOrganizationResponse> Client::CreateOrganization(
    const v1::CreateOrganizationRequest& request) const {
  return Call<v1::CreateOrganizationResponse>("yima.v1.RegistryService/CreateOrganization",
                                              request);
}

Result<v1::ImportOrganizationsResponse> Client::ImportOrganizations(
    const v1::ImportOrganizationsRequest& request) const {
  return Call<v1::ImportOrganizationsResponse>("yima.v1.RegistryService/ImportOrganizations",
                                               request);
}

Result<v1::GetOrganizationResponse> Client::GetOrganization(
    const v1::GetOrganizationRequest& request) const {
  return Call<v1::GetOrganizationResponse>("yima.v1.RegistryService/GetOrganization", request);
}

Result<v1::ListOrganizationsResponse> Client::ListOrganizations(
    const v1::ListOrganizationsRequest& request) const {
  return Call<v1::ListOrganizationsResponse>("yima.v1.RegistryService/ListOrganizations", request);
}

Result<v1::ListFacilityClassesResponse> Client::ListFacilityClasses(
    const v1::ListFacilityClassesRequest& request) const {
  return Call<v1::ListFacilityClassesResponse>("yima.v1.RegistryService/ListFacilityClasses",
                                               request);
}

Result<v1::GetBatchResponse> Client::GetBatch(const v1::GetBatchRequest& request) const {
  return Call<v1::GetBatchResponse>("yima.v1.RegistryService/GetBatch", request);
}

Result<v1::ListBatchesResponse> Client::ListBatches(const v1::ListBatchesRequest& request) const {
  return Call<v1::ListBatchesResponse>("yima.v1.RegistryService/ListBatches", request);
}

Result<v1::GetFacilityHistoryResponse> Client::GetFacilityHistory(
    const v1::GetFacilityHistoryRequest& request) const {
  return Call<v1::GetFacilityHistoryResponse>("yima.v1.RegistryService/GetFacilityHistory",
                                              request);
}

Result<void> Client::Watch(const v1::WatchRequest& request,
                           const Receiver<v1::WatchResponse>& receiver,
                           const BreakReceiver& on_break) const {
  return WatchStream(connection_, request, receiver, on_break).Run();
}

Result<v1::SearchNearbyResponse> Client::SearchNearby(
    const v1::SearchNearbyRequest& request) const {
  return Call<v1::SearchNearbyResponse>("yima.v1.RegistryService/SearchNearby", request);
}

Result<v1::UpdateFacilityResponse> Client::UpdateFacility(
    const v1::UpdateFacilityRequest& request) const {
  return Call<v1::UpdateFacilityResponse>("yima.v1.RegistryService/UpdateFacility", request);
}

Result<v1::RecordLifeStepResponse> Client::RecordLifeStep(
    const v1::RecordLifeStepRequest& request) const {
  return Call<v1::RecordLifeStepResponse>("yima.v1.RegistryService/RecordLifeStep", request);
}

Result<v1::RetireFacilityResponse> Client::RetireFacility(
    const v1::RetireFacilityRequest& request) const {
  return Call<v1::RetireFacilityResponse>("yima.v1.RegistryService/RetireFacility", request);
}

Result<v1::ReportConditionResponse> Client::ReportCondition(
    const v1::ReportConditionRequest& request) const {
  return Call<v1::ReportConditionResponse>("yima.v1.RegistryService/ReportCondition", request);
}

Result<v1::BindCodeResponse> Client::BindCode(const v1::BindCodeRequest& request) const {
  return Call<v1::BindCodeResponse>("yima.v1.IssuanceService/BindCode", request);
}

Result<v1::ReclaimCodesResponse> Client::ReclaimCodes(
    const v1::ReclaimCodesRequest& request) const {
  return Call<v1::ReclaimCodesResponse>("yima.v1.IssuanceService/ReclaimCodes", request);
}

Result<v1::RevokeCodeResponse> Client::RevokeCode(const v1::RevokeCodeRequest& request) const {
  return Call<v1::RevokeCodeResponse>("yima.v1.IssuanceService/RevokeCode", request);
}

Result<v1::SuspendCodeResponse> Client::SuspendCode(const v1::SuspendCodeRequest& request) const {
  return Call<v1::SuspendCodeResponse>("yima.v1.IssuanceService/SuspendCode", request);
}

Result<v1::ResumeCodeResponse> Client::ResumeCode(const v1::ResumeCodeRequest& request) const {
  return Call<v1::ResumeCodeResponse>("yima.v1.IssuanceService/ResumeCode", request);
}

Result<v1::ReplaceCodeResponse> Client::ReplaceCode(const v1::ReplaceCodeRequest& request) const {
  return Call<v1::ReplaceCodeResponse>("yima.v1.IssuanceService/ReplaceCode", request);
}

Result<v1::GetCodeResponse> Client::GetCode(const v1::GetCodeRequest& request) const {
  return Call<v1::GetCodeResponse>("yima.v1.IssuanceService/GetCode", request);
}

Result<v1::ListCodesResponse> Client::ListCodes(const v1::ListCodesRequest& request) const {
  return Call<v1::ListCodesResponse>("yima.v1.IssuanceService/ListCodes", request);
}

Result<v1::ResolveResponse> Client::Resolve(const v1::ResolveRequest& request) const {
  return Call<v1::ResolveResponse>("yima.v1.ResolverService/Resolve", request);
}

Result<v1::BatchResolveResponse> Client::BatchResolve(
    const v1::BatchResolveRequest& request) const {
  return Call<v1::BatchResolveResponse>("yima.v1.ResolverService/BatchResolve", request);
}

Result<v1::LookupResponse> Client::Lookup(const v1::LookupRequest& request) const {
  return Call<v1::LookupResponse>("yima.v1.ResolverService/Lookup", request);
}

Result<v1::GetCallerResponse> Client::GetCaller() const {
  return Call<v1::GetCallerResponse>("yima.v1.AccessService/GetCaller", v1::GetCallerRequest());
}

Result<v1::CreatePrincipalResponse> Client::CreatePrincipal(
    const v1::CreatePrincipalRequest& request) const {
  return Call<v1::CreatePrincipalResponse>("yima.v1.AccessService/CreatePrincipal", request);
}

Result<v1::UpdatePrincipalResponse> Client::UpdatePrincipal(
    const v1::UpdatePrincipalRequest& request) const {
  return Call<v1::UpdatePrincipalResponse>("yima.v1.AccessService/UpdatePrincipal", request);
}

Result<v1::GetPrincipalResponse> Client::GetPrincipal(
    const v1::GetPrincipalRequest& request) const {
  return Call<v1::GetPrincipalResponse>("yima.v1.AccessService/GetPrincipal", request);
}

Result<v1::ListPrincipalsResponse> Client::ListPrincipals(
    const v1::ListPrincipalsRequest& request) const {
  return Call<v1::ListPrincipalsResponse>("yima.v1.AccessService/ListPrincipals", request);
}

Result<v1::CreateTokenResponse> Client::CreateToken(const v1::CreateTokenRequest& request) const {
  return Call<v1::CreateTokenResponse>("yima.v1.AccessService/CreateToken", request);
}

Result<v1::RevokeTokenResponse> Client::RevokeToken(const v1::RevokeTokenRequest& request) const {
  return Call<v1::RevokeTokenResponse>("yima.v1.AccessService/RevokeToken", request);
}

Result<v1::ListTokensResponse> Client::ListTokens(const v1::ListTokensRequest& request) const {
  return Call<v1::ListTokensResponse>("yima.v1.AccessService/ListTokens", request);
}

Result<v1::ListRefusalsResponse> Client::ListRefusals(
    const v1::ListRefusalsRequest& request) const {
  return Call<v1::ListRefusalsResponse>("yima.v1.AccessService/ListRefusals", request);
}

Result<v1::GetTrustBundleResponse> Client::GetTrustBundle() const {
  return Call<v1::GetTrustBundleResponse>("yima.v1.ResolverService/GetTrustBundle",
                                          v1::GetTrustBundleRequest());
}

Result<v1::GetRevocationListResponse> Client::GetRevocationList() const {
  return Call<v1::GetRevocationListResponse>("yima.v1.ResolverService/GetRevocationList",
                                             v1::GetRevocationListRequest());
}

Result<v1::GetCheckpointResponse> Client::GetCheckpoint() const {
  return Call<v1::GetCheckpointResponse>("yima.v1.LogService/GetCheckpoint",
                                         v1::GetCheckpointRequest());
}

Result<v1::GetTileResponse> Client::GetTile(const v1::GetTileRequest& request) const {
  return Call<v1::GetTileResponse>("yima.v1.LogService/GetTile", request);
}

Result<v1::GetEntryBundleResponse> Client::GetEntryBundle(
    const v1::GetEntryBundleRequest& request) const {
  return Call<v1::GetEntryBundleResponse>("yima.v1.LogService/GetEntryBundle", request);
}

Result<v1::GetInclusionProofResponse> Client::GetInclusionProof(
    const v1::GetInclusionProofRequest& request) const {
  return Call<v1::GetInclusionProofResponse>("yima.v1.LogService/GetInclusionProof", request);
}

Result<v1::GetConsistencyProofResponse> Client::GetConsistencyProof(
    const v1::GetConsistencyProofRequest& request) const {
  return Call<v1::GetConsistencyProofResponse>("yima.v1.LogService/GetConsistencyProof", request);
}

Result<void> Client::IssueCodes(const v1::IssueCodesRequest& request,
                                const Receiver<v1::IssueCodesResponse>& receiver) const {
  return Download("yima.v1.IssuanceService/IssueCodes", request, receiver);
}

Result<void> Client::StreamResolve(const TextSource& source, const AnswerReceiver& receiver) const {
  return ResolveStream(*connection_, source, receiver).Run();
}

OngoingCall Client::CreateFacilityAsync(const v1::CreateFacilityRequest& request,
                                        Done<v1::CreateFacilityResponse> done) const {
  return Begin("yima.v1.RegistryService/CreateFacility", request, std::move(done));
}

OngoingCall Client::GetFacilityAsync(const v1::GetFacilityRequest& request,
                                     Done<v1::GetFacilityResponse> done) const {
  return Begin("yima.v1.RegistryService/GetFacility", request, std::move(done));
}

OngoingCall Client::BindCodeAsync(const v1::BindCodeRequest& request,
                                  Done<v1::BindCodeResponse> done) const {
  return Begin("yima.v1.IssuanceService/BindCode", request, std::move(done));
}

OngoingCall Client::ResolveAsync(const v1::ResolveRequest& request,
                                 Done<v1::ResolveResponse> done) const {
  return Begin("yima.v1.ResolverService/Resolve", request, std::move(done));
}

OngoingCall Client::BatchResolveAsync(const v1::BatchResolveRequest& request,
                                      Done<v1::BatchResolveResponse> done) const {
  return Begin("yima.v1.ResolverService/BatchResolve", request, std::move(done));
}

OngoingCall Client::WatchAsync(const v1::WatchRequest& request,
                               Receiver<v1::WatchResponse> receiver,
                               std::function<void(Result<void>)> done,
                               BreakReceiver on_break) const {
  const auto watch =
      std::make_shared<WatchStream>(connection_, request, std::move(receiver), std::move(on_break));
  std::thread([watch, done = std::move(done)] { done(watch->Run()); }).detach();
  return OngoingCall([watch] { watch->Cancel(); });
}

Result<void> Client::EditFacilities(const v1::EditFacilitiesRequest& request,
                                    const Receiver<v1::EditFacilitiesResponse>& receiver) const {
  return Download("yima.v1.RegistryService/EditFacilities", request, receiver);
}

Result<void> Client::UndoBatch(const v1::UndoBatchRequest& request,
                               const Receiver<v1::UndoBatchResponse>& receiver) const {
  return Download("yima.v1.RegistryService/UndoBatch", request, receiver);
}

Result<v1::EraseValuesResponse> Client::EraseValues(const v1::EraseValuesRequest& request) const {
  return Call<v1::EraseValuesResponse>("yima.v1.RegistryService/EraseValues", request);
}

Result<v1::UploadAttachmentResponse> Client::UploadAttachment(
    v1::UploadHeader header, std::string_view file,
    const std::function<void(uint64_t sent)>& sent) const {
  constexpr size_t kPart = size_t{256} << 10;
  v1::UploadAttachmentRequest request;
  v1::UploadAttachmentResponse response;
  header.set_size(file.size());
  size_t at = 0;
  bool begun = false;
  const auto next = [&]() -> Result<bool> {
    request.Clear();
    sent(at);
    if (!begun) {
      *request.mutable_header() = header;
      begun = true;
      return true;
    }
    if (at == file.size()) return false;
    request.set_part(std::string(file.substr(at, kPart)));
    at += request.part().size();
    return true;
  };
  YIMA_RETURN_IF_ERROR(connection_->Exchange("yima.v1.AttachmentService/UploadAttachment", request,
                                             next, response, [] { return Result<void>(); }));
  return response;
}

Result<void> Client::GetAttachment(const v1::GetAttachmentRequest& request,
                                   const Receiver<v1::GetAttachmentResponse>& receiver) const {
  return Download("yima.v1.AttachmentService/GetAttachment", request, receiver);
}

Result<v1::ListAttachmentsResponse> Client::ListAttachments(
    const v1::ListAttachmentsRequest& request) const {
  return Call<v1::ListAttachmentsResponse>("yima.v1.AttachmentService/ListAttachments", request);
}

Result<v1::DetachAttachmentResponse> Client::DetachAttachment(
    const v1::DetachAttachmentRequest& request) const {
  return Call<v1::DetachAttachmentResponse>("yima.v1.AttachmentService/DetachAttachment", request);
}

Result<v1::EraseAttachmentResponse> Client::EraseAttachment(
    const v1::EraseAttachmentRequest& request) const {
  return Call<v1::EraseAttachmentResponse>("yima.v1.AttachmentService/EraseAttachment", request);
}

Result<v1::MarkPrintedResponse> Client::MarkPrinted(const v1::MarkPrintedRequest& request) const {
  return Call<v1::MarkPrintedResponse>("yima.v1.IssuanceService/MarkPrinted", request);
}

Result<v1::CreateBlankRangeResponse> Client::CreateBlankRange(
    const v1::CreateBlankRangeRequest& request) const {
  return Call<v1::CreateBlankRangeResponse>("yima.v1.IssuanceService/CreateBlankRange", request);
}

Result<v1::GetBlankRangeResponse> Client::GetBlankRange(
    const v1::GetBlankRangeRequest& request) const {
  return Call<v1::GetBlankRangeResponse>("yima.v1.IssuanceService/GetBlankRange", request);
}

Result<v1::ListBlankRangesResponse> Client::ListBlankRanges(
    const v1::ListBlankRangesRequest& request) const {
  return Call<v1::ListBlankRangesResponse>("yima.v1.IssuanceService/ListBlankRanges", request);
}

Result<void> Client::CloseBlankRange(const v1::CloseBlankRangeRequest& request,
                                     const Receiver<v1::CloseBlankRangeResponse>& receiver) const {
  return Download("yima.v1.IssuanceService/CloseBlankRange", request, receiver);
}

Result<v1::ListSuspiciousCodesResponse> Client::ListSuspiciousCodes(
    const v1::ListSuspiciousCodesRequest& request) const {
  return Call<v1::ListSuspiciousCodesResponse>("yima.v1.IssuanceService/ListSuspiciousCodes",
                                               request);
}

Result<void> Client::StartStockTake(const v1::StartStockTakeRequest& request,
                                    const Receiver<v1::StartStockTakeResponse>& receiver) const {
  return Download("yima.v1.StockTakeService/StartStockTake", request, receiver);
}

Result<v1::ScanStockTakeResponse> Client::ScanStockTake(
    const v1::ScanStockTakeRequest& request) const {
  return Call<v1::ScanStockTakeResponse>("yima.v1.StockTakeService/ScanStockTake", request);
}

Result<v1::EndStockTakeResponse> Client::EndStockTake(
    const v1::EndStockTakeRequest& request) const {
  return Call<v1::EndStockTakeResponse>("yima.v1.StockTakeService/EndStockTake", request);
}

Result<v1::GetStockTakeResponse> Client::GetStockTake(
    const v1::GetStockTakeRequest& request) const {
  return Call<v1::GetStockTakeResponse>("yima.v1.StockTakeService/GetStockTake", request);
}

Result<v1::ListStockTakesResponse> Client::ListStockTakes(
    const v1::ListStockTakesRequest& request) const {
  return Call<v1::ListStockTakesResponse>("yima.v1.StockTakeService/ListStockTakes", request);
}

Result<void> Client::GetStockTakeReport(
    const v1::GetStockTakeReportRequest& request,
    const Receiver<v1::GetStockTakeReportResponse>& receiver) const {
  return Download("yima.v1.StockTakeService/GetStockTakeReport", request, receiver);
}

std::string NewRequestId() {
  std::array<uint8_t, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return ToHex(bytes);
}

}  // namespace yima
