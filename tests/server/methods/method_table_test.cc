#include "server/methods/method_table.h"

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "codegen/code/signed_note.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

/// Every method of the protos, by the name that the table gives it.
std::map<std::string, const MethodDescriptor*> ProtoMethods() {
  std::map<std::string, const MethodDescriptor*> methods;
  for (const FileDescriptor* file :
       {v1::CreateFacilityRequest::descriptor()->file(),
        v1::IssueCodesRequest::descriptor()->file(), v1::ResolveRequest::descriptor()->file(),
        v1::ConfirmRightsRequest::descriptor()->file(), v1::GetTileRequest::descriptor()->file(),
        v1::GetCallerRequest::descriptor()->file(), v1::GetAttachmentRequest::descriptor()->file(),
        v1::ScanStockTakeRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      const auto* service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        methods[service->full_name() + "/" + service->method(j)->name()] = service->method(j);
      }
    }
  }
  return methods;
}

TEST(MethodTableTest, HoldsJustTheMethodsOfTheProtos) {
  World world;
  Methods methods(world);
  std::set<std::string> in_table;
  for (const auto& method : methods.table()) {
    EXPECT_TRUE(in_table.insert(method.name).second) << method.name << " twice";
  }
  std::set<std::string> in_protos;
  for (const auto& [name, method] : ProtoMethods()) in_protos.insert(name);
  EXPECT_EQ(in_table, in_protos);
}

TEST(MethodTableTest, ServesStreamsAsStreams) {
  World world;
  Methods methods(world);
  const auto protos = ProtoMethods();
  for (const auto& method : methods.table()) {
    ASSERT_TRUE(protos.contains(method.name)) << method.name;
    const auto* proto = protos.at(method.name);
    const bool streams = proto->client_streaming() || proto->server_streaming();
    EXPECT_EQ(method.stream != nullptr || method.feed != nullptr, streams) << method.name;
    EXPECT_FALSE(method.stream && method.feed) << method.name;
    EXPECT_EQ(method.unary != nullptr, !streams) << method.name;
  }
}

/// A later version's field of that number would stand there unchecked.
TEST(MethodTableTest, KeepsNothingThatItDoesNotKnow) {
  World world;
  Methods methods(world);
  v1::CreateOrganizationRequest request;
  request.set_request_id("create-1");
  auto* organization = request.mutable_input()->mutable_organization();
  organization->set_name("城管局");
  organization->GetReflection()->MutableUnknownFields(organization)->AddVarint(500, 1);
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(501, "secret");
  const auto created =
      methods.Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization", request);
  ASSERT_TRUE(created) << created.error().message;
  const auto& shown = created->organization();
  EXPECT_TRUE(shown.GetReflection()->GetUnknownFields(shown).empty());
  const auto stored = Get<v1::Organization>(*world.Read(), shown.id());
  ASSERT_TRUE(stored && *stored);
  EXPECT_TRUE(shown.GetReflection()->GetUnknownFields((*stored)->record).empty());
  // Nor does it make another request of it.
  request.DiscardUnknownFields();
  const auto again =
      methods.Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization", request);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->organization().id(), shown.id());
}

/// So that a write which is sent again never acts twice.
TEST(MethodTableTest, EveryWriteHasARequestId) {
  for (const auto& [name, method] : ProtoMethods()) {
    const std::string verb = method->name();
    const bool reads = verb.starts_with("Get") || verb.starts_with("List") ||
                       verb.ends_with("Resolve") || verb.starts_with("Lookup") ||
                       verb.starts_with("Search") || verb == "Watch" ||
                       verb == "CheckCertificate" || verb == "IssueCertificates";
    const auto* request = method->input_type();
    const auto within = [&](const char* part) {
      const auto* field = request->FindFieldByName(part);
      return field != nullptr && field->message_type() != nullptr &&
             field->message_type()->FindFieldByName("request_id") != nullptr;
    };
    const bool has_id =
        request->FindFieldByName("request_id") != nullptr || within("header") || within("run");
    EXPECT_EQ(has_id, !reads) << name;
  }
}

TEST(MethodTableTest, RefusesBytesThatAreNoRequest) {
  World world;
  Methods methods(world);
  const std::string state = world.State();
  const std::string damaged = "\x0a\x7f";
  for (const auto& method : methods.table()) {
    const auto proto = ProtoMethods().at(method.name);
    if (proto->input_type()->field_count() == 0) continue;
    Result<std::string> reply;
    if (method.unary) {
      method.unary(world.call(method.name), damaged,
                   [&](Result<std::string> answer) { reply = std::move(answer); });
    } else if (method.feed) {
      const auto opened = method.feed(world.call(method.name), damaged);
      if (!opened) reply = tl::unexpected(opened.error());
    } else {
      const auto source = [&](std::string& bytes) -> Result<bool> {
        bytes = damaged;
        return true;
      };
      const auto served = method.stream(world.call(method.name), source,
                                        [](const std::string&) -> Result<void> { return {}; });
      if (!served) reply = tl::unexpected(served.error());
    }
    // One of many is named.
    const std::string field = method.name.ends_with("/StreamResolve") ? "messages[0]" : "";
    EXPECT_EQ(RefusalOf(reply), (Refusal{StatusCode::kInvalidArgument, "REQUEST_MALFORMED", field}))
        << method.name;
  }
  EXPECT_EQ(world.State(), state);
}

TEST(MethodTableTest, WriteThatNobodyWaitsForIsNotDone) {
  World world;
  Methods methods(world);
  v1::CreateOrganizationRequest request;
  request.set_request_id("create-1");
  request.mutable_input()->mutable_organization()->set_name("城管局");
  const std::string state = world.State();
  EXPECT_EQ(RefusalOf(methods.Unary<v1::CreateOrganizationResponse>(
                "RegistryService/CreateOrganization", request, [] { return true; })),
            (Refusal{StatusCode::kCancelled, "CALLER_GONE", ""}));
  EXPECT_EQ(world.State(), state);
}

/// Keeps changes back until it is told to let them through.
class HeldStore final : public store::Store {
 public:
  void Apply(store::Change change, std::function<void(store::Outcome)> done) override {
    const std::lock_guard lock(mutex_);
    if (!holding_) return store_->Apply(std::move(change), std::move(done));
    held_.emplace_back(std::move(change), std::move(done));
  }
  Result<uint64_t> Reserve(std::string_view sequence, uint64_t n) override {
    return store_->Reserve(sequence, n);
  }
  std::unique_ptr<store::Snapshot> Read() const override { return store_->Read(); }
  void Scrub(std::function<void(Result<bool>)> done) override { store_->Scrub(std::move(done)); }
  Result<uint64_t> ForgetRequests(TimeUs before) override { return store_->ForgetRequests(before); }
  Result<void> LinkHistory(std::vector<store::EntryOwner> entries) override {
    return store_->LinkHistory(std::move(entries));
  }

  void Hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  void LetGo() {
    const std::lock_guard lock(mutex_);
    holding_ = false;
    for (auto& [change, done] : held_) store_->Apply(std::move(change), std::move(done));
    held_.clear();
  }

 private:
  std::unique_ptr<store::Store> store_ = store::OpenMemoryStore();
  std::mutex mutex_;
  bool holding_ = false;
  std::vector<std::pair<store::Change, std::function<void(store::Outcome)>>> held_;
};

TEST(MethodTableTest, NoHandlerWaitsForATrustNoteToBeDurable) {
  auto made = std::make_unique<HeldStore>();
  HeldStore& store = *made;
  World world(std::move(made));
  Methods methods(world);
  store.Hold();
  std::vector<std::future<Result<std::string>>> replies;
  for (const auto& method : methods.table()) {
    if (!method.name.ends_with("/GetTrustBundle") && !method.name.ends_with("/GetRevocationList")) {
      continue;
    }
    const auto reply = std::make_shared<std::promise<Result<std::string>>>();
    replies.push_back(reply->get_future());
    // Would never return if it waited.
    method.unary(world.call(method.name), "",
                 [reply](Result<std::string> answer) { reply->set_value(std::move(answer)); });
  }
  ASSERT_EQ(replies.size(), 2);
  store.LetGo();
  for (auto& reply : replies) EXPECT_TRUE(reply.get());
}

TEST(MethodTableTest, ListAskedForAfterARevocationHoldsIt) {
  World world;
  Methods methods(world);
  const Plate plate = AddPlate(world, uint64_t{1} << 32 | 1, 0);
  const auto list = [&] {
    return methods
        .Unary<v1::GetRevocationListResponse>("ResolverService/GetRevocationList",
                                              v1::GetRevocationListRequest())
        ->note();
  };
  const auto serials = [](const std::string& note) {
    return RevocationList::ParseText(SignedNote::Parse(note)->text)->revoked;
  };
  EXPECT_THAT(serials(list()), ::testing::IsEmpty());
  v1::RevokeCodeRequest request;
  request.set_request_id("revoke-1");
  request.set_serial(plate.serial);
  request.set_reason(v1::REVOCATION_REASON_LOST);
  ASSERT_TRUE(methods.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", request));
  EXPECT_THAT(serials(list()), ::testing::ElementsAre(*Serial::FromInteger(plate.serial)));
}

}  // namespace
}  // namespace yima::server::testing
