#include "server/methods/call_log.h"

#include <algorithm>
#include <memory>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "codegen/code/traceparent.h"
#include "server/domain/domain.h"

namespace yima::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

spdlog::level::level_enum LevelOf(const Error* error) {
  if (error == nullptr) return spdlog::level::debug;
  switch (error->code) {
    case StatusCode::kInternal:
    case StatusCode::kDataLoss:
      return spdlog::level::err;
    case StatusCode::kUnavailable:
      return spdlog::level::warn;
    default:
      return spdlog::level::debug;
  }
}

/// The first bytes of a field's first value; empty when it is not there.
std::string_view FieldIn(std::string_view message, int number) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(message.data()),
                                                static_cast<int>(message.size()));
  while (const uint32_t tag = stream.ReadTag()) {
    if (WireFormatLite::GetTagFieldNumber(tag) != number) {
      if (!WireFormatLite::SkipField(&stream, tag)) return {};
      continue;
    }
    uint32_t size = 0;
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED ||
        !stream.ReadVarint32(&size)) {
      return {};
    }
    return message.substr(static_cast<size_t>(stream.CurrentPosition()), size);
  }
  return {};
}

const Descriptor* RequestOf(std::string_view method) {
  std::string name(method);
  std::ranges::replace(name, '/', '.');
  const auto* found = DescriptorPool::generated_pool()->FindMethodByName(name);
  return found == nullptr ? nullptr : found->input_type();
}

}  // namespace

bool IsCallLogged(const Error* error) {
  return spdlog::default_logger_raw()->should_log(LevelOf(error));
}

std::string RequestIdIn(std::string_view method, std::string_view request) {
  const Descriptor* type = RequestOf(method);
  if (type == nullptr) return {};
  for (const char* name : {"header", "run"}) {
    const auto* within = type->FindFieldByName(name);
    if (within == nullptr || within->message_type() == nullptr) continue;
    request = FieldIn(request, within->number());
    type = within->message_type();
    break;
  }
  const auto* field = type->FindFieldByName("request_id");
  if (field == nullptr || field->type() != FieldDescriptor::TYPE_STRING) return {};
  std::string id(FieldIn(request, field->number()));
  return CheckRequestId(id) ? id : std::string();
}

void LogCall(const CallEnd& end) {
  using std::chrono::duration;
  nlohmann::ordered_json fields{{"method", end.method}};
  const auto add = [&](const char* name, std::string_view value) {
    if (!value.empty()) fields[name] = value;
  };
  add("principal", end.principal);
  add("request_id", end.request_id);
  if (const auto traced = Traceparent::Parse(end.traceparent)) {
    add("trace_id", traced->trace);
    add("parent_id", traced->span);
  }
  fields["ms"] = duration<double, std::milli>(end.took).count();
  if (end.error != nullptr) {
    add("reason", end.error->reason);
    add("field", end.error->field);
    // What is wrong with a request may quote it, and so what is nobody's business.
    if (LevelOf(end.error) > spdlog::level::debug) add("error", end.error->message);
  }
  const auto logger = spdlog::get(kCallLog);
  (logger ? logger : spdlog::default_logger())
      ->log(LevelOf(end.error),
            fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace yima::server
