#include "server/methods/method_table.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"

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
        v1::ConfirmRightsRequest::descriptor()->file()}) {
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
    EXPECT_EQ(method.stream != nullptr, streams) << method.name;
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
                       verb.starts_with("Resolve") || verb.starts_with("BatchResolve");
    const auto* request = method->input_type();
    const auto* header = request->FindFieldByName("header");
    const bool has_id =
        request->FindFieldByName("request_id") != nullptr ||
        (header != nullptr && header->message_type()->FindFieldByName("request_id") != nullptr);
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
    } else {
      const auto source = [&](std::string& bytes) -> Result<bool> {
        bytes = damaged;
        return true;
      };
      const auto served = method.stream(world.call(method.name), source,
                                        [](const std::string&) -> Result<void> { return {}; });
      if (!served) reply = tl::unexpected(served.error());
    }
    EXPECT_EQ(RefusalOf(reply), (Refusal{StatusCode::kInvalidArgument, "REQUEST_MALFORMED", ""}))
        << method.name;
  }
  EXPECT_EQ(world.State(), state);
}

}  // namespace
}  // namespace yima::server::testing
