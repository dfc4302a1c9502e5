#ifndef YIMA_TESTS_SERVER_PLATES_H_
#define YIMA_TESTS_SERVER_PLATES_H_

#include <cstdint>
#include <string>

#include "codegen/code/code_text.h"
#include "tests/server/world.h"
#include "yima/v1/code.pb.h"

namespace yima::server::testing {

/// Codes put straight into a World's store, in any state, without the rules of issuing.
struct Plate {
  uint64_t serial = 0;
  std::string text;
  v1::Code record;
};

/// Signs a code of the World's origin and key 1, and stores nothing.
inline Plate SignPlate(const World& world, uint64_t serial, uint64_t facility,
                       const SigningKey& key) {
  const Origin origin = *Origin::Parse("HTTPS://QR.EXAMPLE.CN/");
  Payload payload{1, *Serial::FromInteger(serial), *ParseDay("2026-11-24"), kSchemeBlank, 0};
  if (facility != 0) {
    const v1::FacilityCode code = world.Facility(facility).codes(0);
    payload.scheme = static_cast<Scheme>(code.scheme());
    payload.facility_code = std::stoull(code.digits());
  }
  const CodeBytes bytes = SignCode(key, origin, payload);
  Plate plate{serial, origin.ToString() + EncodeBody(bytes), {}};
  plate.record.set_serial(serial);
  plate.record.set_origin(origin.ToString());
  plate.record.set_payload(std::string(bytes.begin(), bytes.begin() + kPayloadSize));
  *plate.record.mutable_signature() =
      Withhold(std::string(bytes.begin() + kPayloadSize, bytes.end()));
  plate.record.set_facility(facility);
  plate.record.set_state(facility == 0 ? v1::CODE_STATE_BLANK : v1::CODE_STATE_ACTIVE);
  return plate;
}

/// Applies what the writer has collected.
inline bool Apply(World& world, ChangeWriter& writer) {
  return std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world.store(), *writer.Take(*world.Read())));
}

/// Signs and stores one: blank when there is no facility.
inline Plate AddPlate(World& world, uint64_t serial, uint64_t facility,
                      v1::CodeState state = v1::CODE_STATE_UNSPECIFIED, uint64_t successor = 0) {
  Plate plate = SignPlate(world, serial, facility, *world.domain().keys.code(1));
  if (state != v1::CODE_STATE_UNSPECIFIED) plate.record.set_state(state);
  plate.record.set_successor(successor);
  ChangeWriter writer(world.call("test"), "");
  writer.Create(serial, plate.record);
  Apply(world, writer);
  return plate;
}

/// Replaces a record by what `change` makes of it, as the rules would.
template <typename R, typename Change>
bool Edit(World& world, uint64_t id, const Change& change) {
  const auto read = Get<R>(*world.Read(), id);
  if (!read || !*read) return false;
  R after = (*read)->record;
  change(after);
  ChangeWriter writer(world.call("test"), "");
  writer.Replace(id, (*read)->revision, (*read)->record, after);
  return Apply(world, writer);
}

/// Ends an organization whom nobody follows.
inline bool EndOrganization(World& world, uint64_t id,
                            v1::OrganizationState state = v1::ORGANIZATION_STATE_DISSOLVED) {
  return Edit<v1::Organization>(world, id, [state](v1::Organization& organization) {
    organization.set_state(state);
    organization.set_ended_on("2026-10-01");
  });
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_PLATES_H_
