#include "client/client_calls.h"

namespace yima {

Result<v1::GetCoverageResponse> Client::GetCoverage(const v1::GetCoverageRequest& request) const {
  return Call<v1::GetCoverageResponse>("yima.v1.RightsService/GetCoverage", request);
}

Result<v1::ListCoverageDaysResponse> Client::ListCoverageDays(
    const v1::ListCoverageDaysRequest& request) const {
  return Call<v1::ListCoverageDaysResponse>("yima.v1.RightsService/ListCoverageDays", request);
}

Result<void> Client::ConfirmRights(const v1::ConfirmRightsRequest& request,
                                   const Receiver<v1::ConfirmRightsResponse>& receiver) const {
  return Download("yima.v1.RightsService/ConfirmRights", request, receiver);
}

Result<void> Client::ClaimRights(const v1::ClaimRightsRequest& request,
                                 const Receiver<v1::ClaimRightsResponse>& receiver) const {
  return Download("yima.v1.RightsService/ClaimRights", request, receiver);
}

Result<v1::WithdrawClaimResponse> Client::WithdrawClaim(
    const v1::WithdrawClaimRequest& request) const {
  return Call<v1::WithdrawClaimResponse>("yima.v1.RightsService/WithdrawClaim", request);
}

Result<void> Client::PublishClaims(const v1::PublishClaimsRequest& request,
                                   const Receiver<v1::PublishClaimsResponse>& receiver) const {
  return Download("yima.v1.RightsService/PublishClaims", request, receiver);
}

Result<v1::WithdrawNoticeResponse> Client::WithdrawNotice(
    const v1::WithdrawNoticeRequest& request) const {
  return Call<v1::WithdrawNoticeResponse>("yima.v1.RightsService/WithdrawNotice", request);
}

Result<void> Client::ObjectToClaims(const v1::ObjectToClaimsRequest& request,
                                    const Receiver<v1::ObjectToClaimsResponse>& receiver) const {
  return Download("yima.v1.RightsService/ObjectToClaims", request, receiver);
}

Result<v1::WithdrawObjectionResponse> Client::WithdrawObjection(
    const v1::WithdrawObjectionRequest& request) const {
  return Call<v1::WithdrawObjectionResponse>("yima.v1.RightsService/WithdrawObjection", request);
}

Result<v1::SettleClaimsResponse> Client::SettleClaims(
    const v1::SettleClaimsRequest& request) const {
  return Call<v1::SettleClaimsResponse>("yima.v1.RightsService/SettleClaims", request);
}

Result<void> Client::ConfirmClaims(const v1::ConfirmClaimsRequest& request,
                                   const Receiver<v1::ConfirmClaimsResponse>& receiver) const {
  return Download("yima.v1.RightsService/ConfirmClaims", request, receiver);
}

Result<v1::GetNoticeResponse> Client::GetNotice(const v1::GetNoticeRequest& request) const {
  return Call<v1::GetNoticeResponse>("yima.v1.RightsService/GetNotice", request);
}

Result<v1::ListNoticesResponse> Client::ListNotices(const v1::ListNoticesRequest& request) const {
  return Call<v1::ListNoticesResponse>("yima.v1.RightsService/ListNotices", request);
}

Result<v1::ListNoticeClaimsResponse> Client::ListNoticeClaims(
    const v1::ListNoticeClaimsRequest& request) const {
  return Call<v1::ListNoticeClaimsResponse>("yima.v1.RightsService/ListNoticeClaims", request);
}

Result<v1::ListClaimsResponse> Client::ListClaims(const v1::ListClaimsRequest& request) const {
  return Call<v1::ListClaimsResponse>("yima.v1.RightsService/ListClaims", request);
}

Result<v1::ListObjectionsResponse> Client::ListObjections(
    const v1::ListObjectionsRequest& request) const {
  return Call<v1::ListObjectionsResponse>("yima.v1.RightsService/ListObjections", request);
}

Result<v1::TransferRightResponse> Client::TransferRight(
    const v1::TransferRightRequest& request) const {
  return Call<v1::TransferRightResponse>("yima.v1.RightsService/TransferRight", request);
}

Result<v1::CorrectRightResponse> Client::CorrectRight(
    const v1::CorrectRightRequest& request) const {
  return Call<v1::CorrectRightResponse>("yima.v1.RightsService/CorrectRight", request);
}

Result<v1::RevokeRightResponse> Client::RevokeRight(const v1::RevokeRightRequest& request) const {
  return Call<v1::RevokeRightResponse>("yima.v1.RightsService/RevokeRight", request);
}

Result<v1::AssignCustodianResponse> Client::AssignCustodian(
    const v1::AssignCustodianRequest& request) const {
  return Call<v1::AssignCustodianResponse>("yima.v1.RightsService/AssignCustodian", request);
}

Result<v1::AgreeToOrderResponse> Client::AgreeToOrder(
    const v1::AgreeToOrderRequest& request) const {
  return Call<v1::AgreeToOrderResponse>("yima.v1.RightsService/AgreeToOrder", request);
}

Result<v1::CountersignOrderResponse> Client::CountersignOrder(
    const v1::CountersignOrderRequest& request) const {
  return Call<v1::CountersignOrderResponse>("yima.v1.RightsService/CountersignOrder", request);
}

Result<v1::WithdrawOrderResponse> Client::WithdrawOrder(
    const v1::WithdrawOrderRequest& request) const {
  return Call<v1::WithdrawOrderResponse>("yima.v1.RightsService/WithdrawOrder", request);
}

Result<void> Client::OfferFacilities(const v1::OfferFacilitiesRequest& request,
                                     const Receiver<v1::OfferFacilitiesResponse>& receiver) const {
  return Download("yima.v1.RightsService/OfferFacilities", request, receiver);
}

Result<v1::AcceptOfferResponse> Client::AcceptOffer(const v1::AcceptOfferRequest& request) const {
  return Call<v1::AcceptOfferResponse>("yima.v1.RightsService/AcceptOffer", request);
}

Result<v1::DeclineOfferResponse> Client::DeclineOffer(
    const v1::DeclineOfferRequest& request) const {
  return Call<v1::DeclineOfferResponse>("yima.v1.RightsService/DeclineOffer", request);
}

Result<void> Client::Reorganize(const v1::ReorganizeRequest& request,
                                const Receiver<v1::ReorganizeResponse>& receiver) const {
  return Download("yima.v1.RightsService/Reorganize", request, receiver);
}

Result<v1::GetRightsRulesResponse> Client::GetRightsRules(
    const v1::GetRightsRulesRequest& request) const {
  return Call<v1::GetRightsRulesResponse>("yima.v1.RightsService/GetRightsRules", request);
}

Result<v1::SetRightsRulesResponse> Client::SetRightsRules(
    const v1::SetRightsRulesRequest& request) const {
  return Call<v1::SetRightsRulesResponse>("yima.v1.RightsService/SetRightsRules", request);
}

Result<v1::ListOffersResponse> Client::ListOffers(const v1::ListOffersRequest& request) const {
  return Call<v1::ListOffersResponse>("yima.v1.RightsService/ListOffers", request);
}

Result<v1::ListOrdersResponse> Client::ListOrders(const v1::ListOrdersRequest& request) const {
  return Call<v1::ListOrdersResponse>("yima.v1.RightsService/ListOrders", request);
}

Result<v1::ListUnresolvedResponse> Client::ListUnresolved(
    const v1::ListUnresolvedRequest& request) const {
  return Call<v1::ListUnresolvedResponse>("yima.v1.RightsService/ListUnresolved", request);
}

Result<void> Client::IssueCertificates(
    const v1::IssueCertificatesRequest& request,
    const Receiver<v1::IssueCertificatesResponse>& receiver) const {
  return Download("yima.v1.RightsService/IssueCertificates", request, receiver);
}

Result<v1::CheckCertificateResponse> Client::CheckCertificate(
    const v1::CheckCertificateRequest& request) const {
  return Call<v1::CheckCertificateResponse>("yima.v1.RightsService/CheckCertificate", request);
}

}  // namespace yima
