// Purpose:   how a name that has to be verified in DNS stands, from one look to the next: what the mail
//            services whose documents we read would say of it.
// Ownership: values.
// Threading: pure functions.
// Source:    the status values of the identity and MAIL FROM attributes; docs/operating.md, "Checks of
//            the DNS".
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "policy/documents.h"

namespace postern::dns_watch {

enum class Status { pending, success, temporary_failure, failed };
std::string_view to_string(Status status);  // "PENDING"
Status status_of(policy::IdentityStatus status);
Status status_of(policy::MailFromStatus status);

struct Standing {
  Status status = Status::pending;
  SteadyTime since{};  // of the status
};

// How long a name may be without its record: before it is found at all, and after it was lost.
inline constexpr Milliseconds kPatience = std::chrono::hours(72);

// One look later. What could not be asked counts as not found: nobody else finds it then either.
Standing after_look(const Standing& before, bool is_found, SteadyTime now);

}  // namespace postern::dns_watch
