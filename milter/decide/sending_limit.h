// Purpose:   how much one account may send in 24 hours, and what is said when it has.
// Threading: pure functions.
// Failure:   none.
// Source:    OpenSRS smtp_sent_limit, else outgoing.sent_limit; outgoing.recipients_limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mail/reply.h"
#include "policy/snapshot.h"

namespace postern::decide {

// In 24 hours; nothing: as many as one likes.
struct SendingCaps {
  std::optional<std::uint32_t> messages;
  std::optional<std::uint32_t> recipients;

  bool any() const { return messages || recipients; }
  friend bool operator==(const SendingCaps&, const SendingCaps&) = default;
};

// What was sent in the last 24 hours.
struct SendingUse {
  std::uint32_t messages = 0;
  std::uint32_t recipients = 0;
  friend bool operator==(const SendingUse&, const SendingUse&) = default;
};

enum class SendingLimit { messages, recipients };
std::string_view to_string(SendingLimit limit);

// `house`: for domains whose documents say nothing.
SendingCaps caps_of(const policy::Snapshot& snapshot, const policy::Domain& domain,
                    const SendingCaps& house);

// Which limit does not leave room for one more message to so many recipients.
std::optional<SendingLimit> limit_in_the_way(const SendingUse& use, std::uint32_t recipients,
                                             const SendingCaps& caps);

mail::Reply limit_reply(SendingLimit limit);

}  // namespace postern::decide
