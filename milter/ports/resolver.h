// Purpose:   the DNS, as the checks of senders ask it.
// Ownership: the resolver owns its sockets; answers are values.
// Threading: query() is called from many threads at once.
// Failure:   a temporary Error where nothing could be told: SERVFAIL, REFUSED, a timeout, an answer
//            that makes no sense. "No such name" and "no such record" are answers.
// Source:    RFC 1035, RFC 7505 (null MX).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/ip.h"
#include "base/result.h"

namespace postern::ports {

enum class DnsType { a, aaaa, mx, txt, ptr };

struct MxHost {
  std::uint16_t preference = 0;
  std::string host;  // lower case, no trailing dot; empty: the null MX
};

struct DnsAnswer {
  enum class Status { found, no_data, no_domain };
  Status status = Status::no_data;
  // The one that was asked for is filled.
  std::vector<IpAddress> addresses;  // a, aaaa
  std::vector<MxHost> mx;
  std::vector<std::string> texts;  // txt: the strings of each record joined
  std::vector<std::string> names;  // ptr: lower case, no trailing dot
};

class Resolver {
 public:
  Resolver() = default;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  virtual ~Resolver() = default;

  // `name` without trailing dot; CNAMEs are followed.
  virtual Result<DnsAnswer> query(const std::string& name, DnsType type, Deadline deadline) = 0;
};

}  // namespace postern::ports
