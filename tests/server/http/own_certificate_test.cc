#include "server/http/own_certificate.h"

#include <gtest/gtest.h>

#include "server/http/certificate.h"

namespace yima::server::testing {
namespace {

constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
const Hosts kHosts = {"qr.example.cn", "192.0.2.1", "2001:db8::1"};

std::string ReasonOf(const Result<CertifiedKey>& made) {
  return made ? "" : made.error().reason + " " + made.error().message;
}

TEST(OwnCertificateTest, IsForItsHostsAndEndsWhenPhonesWantItTo) {
  const TimeUs now = Now();
  const auto authority = MakeAuthority(kHosts, now);
  ASSERT_TRUE(authority);
  const auto made = IssueCertificate(*authority, kHosts, now);
  ASSERT_TRUE(made) << ReasonOf(made);
  EXPECT_EQ(HostsOf(made->certificate).value(), kHosts);
  const TimeUs until = CertificateExpires(made->certificate).value();
  EXPECT_GT(until, now + 390 * kDay);
  EXPECT_LE(until, now + 398 * kDay);
  EXPECT_GT(CertificateExpires(authority->certificate).value(), now + 3'600 * kDay);
}

TEST(OwnCertificateTest, AuthorityVouchesForNoOthers) {
  const auto authority = MakeAuthority(kHosts, Now());
  ASSERT_TRUE(authority);
  for (const char* other : {"elsewhere.cn", "example.cn", "192.0.2.2", "2001:db8::2"}) {
    const std::string reason = ReasonOf(IssueCertificate(*authority, {kHosts[0], other}, Now()));
    EXPECT_TRUE(reason.starts_with("HOST_OUTSIDE")) << other << ": " << reason;
    EXPECT_NE(reason.find(other), std::string::npos) << reason;
  }
}

/// Without a constraint of its kind, any name would be permitted.
TEST(OwnCertificateTest, AuthorityForAddressesVouchesForNoNames) {
  const auto authority = MakeAuthority({"192.0.2.1"}, Now());
  ASSERT_TRUE(authority);
  EXPECT_TRUE(IssueCertificate(*authority, {"192.0.2.1"}, Now()));
  EXPECT_TRUE(
      ReasonOf(IssueCertificate(*authority, {"qr.example.cn"}, Now())).starts_with("HOST_OUTSIDE"));
}

TEST(OwnCertificateTest, AuthorityForNamesVouchesForNoAddresses) {
  const auto authority = MakeAuthority({"qr.example.cn"}, Now());
  ASSERT_TRUE(authority);
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    EXPECT_TRUE(
        ReasonOf(IssueCertificate(*authority, {address}, Now())).starts_with("HOST_OUTSIDE"))
        << address;
  }
}

TEST(OwnCertificateTest, WhatIsNoAuthorityIsRefused) {
  const auto authority = MakeAuthority(kHosts, Now());
  ASSERT_TRUE(authority);
  EXPECT_TRUE(ReasonOf(IssueCertificate({"nonsense", authority->key}, kHosts, Now()))
                  .starts_with("TLS_MALFORMED"));
  EXPECT_TRUE(ReasonOf(IssueCertificate({authority->certificate, ""}, kHosts, Now()))
                  .starts_with("TLS_MALFORMED"));
  EXPECT_EQ(HostsOf("nonsense").error().reason, "TLS_MALFORMED");
}

}  // namespace
}  // namespace yima::server::testing
