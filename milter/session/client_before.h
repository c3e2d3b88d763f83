// Purpose:   which client counts where mail comes through relays of our own: for SPF, address rules
//            and subnets.
// Ownership: values.
// Threading: pure functions.
// Failure:   nobody counts, and why: where the chain of our own relays does not lead to an address
//            of the public Internet. Then nothing is evaluated, rather than for the wrong client.
// Source:    RFC 5321 4.4 (Received), and what Postfix, Exim, Sendmail, Exchange and qmail write.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace postern::session {

struct CountingClient {
  std::optional<IpAddress> address;
  std::string helo;  // as told by the field; empty: not told
  std::string why;   // without an address: why there is none, for people
  bool from_received = false;
};

// `received`: values of the Received fields, from the top. A connecting client outside `trusted`
// counts itself. Otherwise the first client that a field names and that is not trusted: each field
// is believed because a trusted client handed it over, and the first that is not understood ends
// the search. An address of a private network that is not in `trusted` counts as nobody.
CountingClient client_that_counts(const std::optional<IpAddress>& connecting,
                                  const std::string& connecting_helo,
                                  const std::vector<IpNetwork>& trusted,
                                  const std::vector<std::string_view>& received);

// From whom a Received field says that the message came. Nothing: no address, or more than one that
// it could be.
struct ReceivedFrom {
  IpAddress address;
  std::string helo;
};
std::optional<ReceivedFrom> parse_received(std::string_view value);

}  // namespace postern::session
