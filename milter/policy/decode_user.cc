#include "mail/address.h"
#include "policy/decode_parts.h"

namespace postern::policy {

User read_user(const ObjectReader& object) {
  User user;
  user.id = object.id("id").value_or("");
  const auto address = mail::Address::parse(object.required_text("email", kMaxAddressSize));
  if (!address) object.wrong("email", "a mail address");
  user.email = address ? address->key() : "";
  user.status = object.choice("status", kUserStatuses, UserStatus::enabled);
  user.domain_status = object.choice("domainStatus", kDomainStatuses, DomainStatus::enabled);
  user.sender_verify = object.flag("senderVerifyOn", true);
  user.policy = read_nested_policy(object);
  user.policy_id = read_id_unless(user.policy != nullptr, object, "policyId");
  if (const auto platform = object.object("platform")) {
    user.platform = std::make_shared<const Platform>(read_platform(*platform));
  }
  user.platform_id = read_id_unless(user.platform != nullptr, object, "platformId");
  return user;
}

}  // namespace postern::policy
