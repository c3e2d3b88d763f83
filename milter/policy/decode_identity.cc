// What a verification service says about a sender, as GetIdentityVerificationAttributes answers it.
#include "policy/decode_parts.h"

namespace postern::policy {

Identity read_identity(const ObjectReader& object, const std::string& name) {
  Identity identity;
  identity.name = name;
  // Required: a document without a status would verify nobody and name no reason.
  (void)object.required_text("VerificationStatus", 64);
  identity.status =
      object.choice("VerificationStatus", kIdentityStatuses, IdentityStatus::not_started);
  identity.token = object.text("VerificationToken", kMaxLabelSize).value_or("");
  return identity;
}

}  // namespace postern::policy
