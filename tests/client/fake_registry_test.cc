#include "client/testing/fake_registry.h"

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yima::testing {
namespace {

Result<v1::ResolveResponse> Authentic(const v1::ResolveRequest& request) {
  v1::ResolveResponse answer;
  answer.set_verdict(v1::VERDICT_AUTHENTIC);
  answer.set_short_number(request.text());
  return answer;
}

TEST(FakeRegistryTest, AnswersACallAndRemembersIt) {
  FakeRegistry registry;
  registry.Answer([](const v1::ResolveRequest& request) { return Authentic(request); });
  v1::ResolveRequest request;
  request.set_text("a");
  EXPECT_EQ(registry.client().Resolve(request)->short_number(), "a");
  const auto received = registry.Received<v1::ResolveRequest>();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].text(), "a");
  EXPECT_TRUE(registry.Received<v1::BindCodeRequest>().empty());
}

TEST(FakeRegistryTest, AnErrorComesAsFromAServer) {
  FakeRegistry registry;
  registry.Answer([](const v1::BindCodeRequest&) -> Result<v1::BindCodeResponse> {
    return Fail(StatusCode::kNotFound, "CODE_NOT_FOUND", "no code 7", "serial");
  });
  const auto bound = registry.client().BindCode(v1::BindCodeRequest());
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error(), (Error{StatusCode::kNotFound, "CODE_NOT_FOUND", "no code 7", "serial"}));
}

TEST(FakeRegistryTest, WhatNothingAnswersIsUnknown) {
  const auto got = FakeRegistry().client().GetFacility(v1::GetFacilityRequest());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason, "METHOD_UNKNOWN");
}

TEST(FakeRegistryTest, TheLastAnswerCounts) {
  FakeRegistry registry;
  registry.Answer([](const v1::ResolveRequest&) -> Result<v1::ResolveResponse> {
    return Fail(StatusCode::kUnavailable, "FIRST", "");
  });
  registry.Answer([](const v1::ResolveRequest& request) { return Authentic(request); });
  EXPECT_TRUE(registry.client().Resolve(v1::ResolveRequest()));
}

TEST(FakeRegistryTest, AnswersInAStream) {
  FakeRegistry registry;
  registry.Answer(
      [](const v1::IssueCodesRequest& request) -> Result<std::vector<v1::IssueCodesResponse>> {
        std::vector<v1::IssueCodesResponse> parts(request.blank());
        for (auto& part : parts) part.add_codes()->set_text("code");
        return parts;
      });
  v1::IssueCodesRequest request;
  request.set_blank(3);
  int codes = 0;
  EXPECT_TRUE(registry.client().IssueCodes(
      request, [&](const v1::IssueCodesResponse& response) -> Result<void> {
        codes += response.codes_size();
        return {};
      }));
  EXPECT_EQ(codes, 3);
}

TEST(FakeRegistryTest, AStreamOfTextsIsAnsweredMessageByMessageAndResumed) {
  FakeRegistry registry;
  std::atomic<int> calls = 0;
  registry.Answer(
      [&](const v1::StreamResolveRequest& request) -> Result<v1::StreamResolveResponse> {
        if (++calls % 2 == 0) return Fail(StatusCode::kUnavailable, "BROKEN", "");
        v1::StreamResolveResponse response;
        for (const auto& each : request.requests()) *response.add_responses() = *Authentic(each);
        return response;
      });
  int given = 0;
  std::vector<std::string> told;
  EXPECT_TRUE(registry.client().StreamResolve(
      [&](std::vector<v1::ResolveRequest>& asked) -> Result<bool> {
        asked.emplace_back().set_text(std::to_string(given));
        return given++ < 5;
      },
      [&](const Result<v1::ResolveResponse>& answer) -> Result<void> {
        told.push_back(answer->short_number());
        return {};
      }));
  EXPECT_THAT(told, ::testing::ElementsAre("0", "1", "2", "3", "4"));
}

TEST(FakeRegistryTest, AWatchIsBegunAgainAfterWhatItTook) {
  FakeRegistry registry;
  registry.Answer([](const v1::WatchRequest& request) -> Result<std::vector<v1::WatchResponse>> {
    if (request.after() == "1-6") {
      return Fail(StatusCode::kOutOfRange, "WATCH_FROM_FUTURE", "no 6 entries", "after");
    }
    const int first = request.after().empty() ? 0 : std::stoi(request.after().substr(2));
    std::vector<v1::WatchResponse> messages(2);
    for (int i = 0; i < 2; ++i) messages[i].set_next("1-" + std::to_string(first + i + 1));
    return messages;
  });
  std::vector<std::string> told;
  const auto ended =
      registry.client().Watch({}, [&](const v1::WatchResponse& message) -> Result<void> {
        told.push_back(message.next());
        return {};
      });
  EXPECT_EQ(ended.error().reason, "WATCH_FROM_FUTURE");
  EXPECT_THAT(told, ::testing::ElementsAre("1-1", "1-2", "1-3", "1-4", "1-5", "1-6"));
}

TEST(FakeRegistryTest, AWatchThatNobodyWaitsForIsCancelled) {
  FakeRegistry registry;
  registry.Answer([](const v1::WatchRequest&) -> Result<v1::WatchResponse> {
    return Fail(StatusCode::kUnavailable, "SERVER_STOPPING", "away");
  });
  std::promise<void> broken;
  std::promise<Error> ended;
  const auto watch = registry.client().WatchAsync(
      {}, [](const v1::WatchResponse&) { return Result<void>(); },
      [&](const Result<void>& end) { ended.set_value(end.error()); },
      [&, times = 0](const Error&) mutable -> Result<void> {
        if (++times == 1) broken.set_value();
        return {};
      });
  broken.get_future().wait();
  watch.Cancel();
  EXPECT_EQ(ended.get_future().get().reason, "CALL_CANCELLED");
}

TEST(FakeRegistryTest, AnImportIsAnsweredMessageByMessage) {
  FakeRegistry registry;
  registry.Answer([](const v1::ImportFacilitiesRequest& request)
                      -> Result<std::vector<v1::ImportFacilitiesResponse>> {
    std::vector<v1::ImportFacilitiesResponse> responses;
    if (request.rows_size() > 0) responses.emplace_back().mutable_report()->set_created(1);
    return responses;
  });
  bool sent = false;
  uint64_t created = 0;
  EXPECT_TRUE(registry.client().ImportFacilities(
      v1::ImportHeader(),
      [&](std::vector<v1::ImportRow>& rows) -> Result<bool> {
        rows.emplace_back();
        return !std::exchange(sent, true);
      },
      [&](const v1::ImportFacilitiesResponse& response) -> Result<void> {
        created += response.report().created();
        return {};
      }));
  EXPECT_EQ(created, 1u);
  EXPECT_EQ(registry.Received<v1::ImportFacilitiesRequest>().size(), 2u);
}

TEST(FakeRegistryTest, CallsThatNobodyWaitsForAreAnsweredElsewhere) {
  std::promise<std::pair<std::thread::id, std::string>> told;
  {
    FakeRegistry registry;
    registry.Answer([](const v1::ResolveRequest& request) { return Authentic(request); });
    v1::ResolveRequest request;
    request.set_text("a");
    registry.client().ResolveAsync(request, [&](const Result<v1::ResolveResponse>& answer) {
      told.set_value({std::this_thread::get_id(), answer->short_number()});
    });
  }
  const auto [thread, text] = told.get_future().get();
  EXPECT_TRUE(thread != std::this_thread::get_id());
  EXPECT_EQ(text, "a");
}

TEST(FakeRegistryTest, WhoCallsWithoutWaitingMayHoldWhatTheAnswerNeeds) {
  FakeRegistry registry;
  std::mutex mutex;
  registry.Answer([&](const v1::ResolveRequest& request) {
    const std::lock_guard lock(mutex);
    return Authentic(request);
  });
  std::promise<bool> answered;
  {
    const std::lock_guard lock(mutex);
    registry.client().ResolveAsync({}, [&](const Result<v1::ResolveResponse>& answer) {
      { const std::lock_guard own(mutex); }
      answered.set_value(answer.has_value());
    });
  }
  EXPECT_TRUE(answered.get_future().get());
}

TEST(FakeRegistryTest, ACallThatNobodyWaitsForIsCancelled) {
  FakeRegistry registry;
  std::promise<void> cancelled;
  registry.Answer([&](const v1::ResolveRequest& request) {
    cancelled.get_future().wait();
    return Authentic(request);
  });
  std::promise<Error> ended;
  const auto call =
      registry.client().ResolveAsync({}, [&](const Result<v1::ResolveResponse>& answer) {
        ended.set_value(answer ? Error() : answer.error());
      });
  call.Cancel();
  cancelled.set_value();
  EXPECT_EQ(ended.get_future().get().reason, "CALL_CANCELLED");
}

TEST(FakeRegistryTest, AnAnswerOfAnotherMethodIsAMistake) {
  FakeRegistry registry;
  EXPECT_THROW(registry.Answer([](const v1::ResolveRequest&) -> Result<v1::LookupResponse> {
    return v1::LookupResponse();
  }),
               std::invalid_argument);
}

}  // namespace
}  // namespace yima::testing
