#include "decide/sending_limit.h"

namespace postern::decide {

std::string_view to_string(SendingLimit limit) {
  switch (limit) {
    case SendingLimit::messages:
      return "messages";
    case SendingLimit::recipients:
      return "recipients";
  }
  return {};
}

SendingCaps caps_of(const policy::Snapshot& snapshot, const policy::Domain& domain,
                    const SendingCaps& house) {
  SendingCaps caps = house;
  const policy::OpensrsDomain* const opensrs = snapshot.opensrs(domain.name);
  if (opensrs != nullptr && opensrs->sent_limit) caps.messages = opensrs->sent_limit;
  return caps;
}

std::optional<SendingLimit> limit_in_the_way(const SendingUse& use, std::uint32_t recipients,
                                             const SendingCaps& caps) {
  if (caps.messages && use.messages >= *caps.messages) return SendingLimit::messages;
  const std::uint64_t wanted = std::uint64_t{use.recipients} + recipients;
  if (caps.recipients && wanted > *caps.recipients) return SendingLimit::recipients;
  return std::nullopt;
}

mail::Reply limit_reply(SendingLimit limit) {
  switch (limit) {
    case SendingLimit::messages:
      return {450, "4.7.28", "limit of messages sent in 24 hours reached, try again later"};
    case SendingLimit::recipients:
      return {450, "4.7.28", "limit of recipients in 24 hours reached, try again later"};
  }
  return {450, "4.7.28", "sending limit reached, try again later"};
}

}  // namespace postern::decide
