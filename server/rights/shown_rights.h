#ifndef YIMA_SERVER_RIGHTS_SHOWN_RIGHTS_H_
#define YIMA_SERVER_RIGHTS_SHOWN_RIGHTS_H_

#include "server/domain/domain.h"
#include "yima/v1/claim.pb.h"
#include "yima/v1/notice.pb.h"
#include "yima/v1/objection.pb.h"

namespace yima::server {

/// With the values of what is withheld from the log, alone: for who may read the record.
v1::Claim ShownClaim(const v1::Claim& claim);
v1::Notice ShownNotice(const v1::Notice& notice);
/// The person, and how to reach that one, are for registrars, and for who named them.
v1::Objection ShownObjection(const v1::Objection& objection, bool with_person);

/// What everybody may know: who claims what, and what became of it; not on which document, by which
/// principal, nor the words of a decision.
v1::Claim PublicClaim(const v1::Claim& claim);
v1::Notice PublicNotice(const v1::Notice& notice);

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_SHOWN_RIGHTS_H_
