// Purpose:   addresses that stand for the sender of a message, so that its bounces come back to us:
//            b+<token>@<MAIL FROM domain> for a customer's mail, SRS0= and SRS1= addresses in the
//            operator's domain for mail that is forwarded. Only we can make one that passes.
// Threading: pure functions; the caller passes the time.
// Failure:   a sender that cannot be written so in 64 octets, or at all, is a permanent Error saying
//            why: the sender then stays as it is. Reading tells expired from forged, and hostile
//            text is forged; no sender is given unless the address is valid.
// Units:     addresses as in SMTP commands, without < >, domains in ASCII (A-labels), any case.
// Source:    RFC 5321 4.5.3.1.1 (a local part is at most 64 octets); "The Sender Rewriting Scheme"
//            (Mengwong, Anderson); docs/adr/0028-addresses-that-stand-for-a-sender.md.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/signed_token.h"

namespace postern {

// How long bounces are taken; to the end of the day, so that a message that is tried again within
// a day keeps its sender, which the greylisting of others goes by.
inline constexpr std::chrono::days kBounceAddressLife{30};

struct TokenAddress {
  TokenVerdict verdict = TokenVerdict::forged;
  std::string sender;  // whom the address stands for; empty unless valid
};

// `mail_from_domain` must lie below the domain of `sender`. Local parts of up to 27 octets fit.
Result<std::string> make_bounce_address(std::string_view sender, std::string_view mail_from_domain,
                                        WallTime now, const std::vector<Secret>& keys);
TokenAddress read_bounce_address(std::string_view address, WallTime now,
                                 const std::vector<Secret>& keys);

// The null sender stays, and so does a sender in `srs_domain`. Another forwarder's SRS address
// becomes SRS1, which is no longer with every forwarder it passes.
Result<std::string> make_srs_address(std::string_view sender, std::string_view srs_domain,
                                     WallTime now, const std::vector<Secret>& keys);
// An address may have been written in lower case on its way: the sender is then too. SRS1 has no
// date of its own, as everywhere: whoever made the SRS0 within it judges its age.
TokenAddress read_srs_address(std::string_view address, WallTime now,
                              const std::vector<Secret>& keys);

}  // namespace postern
