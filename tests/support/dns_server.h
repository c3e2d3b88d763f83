// Purpose:   a DNS server on the loopback, UDP and TCP, that answers from a zone as real packets, and
//            misbehaves where the zone says so.
// Ownership: owns its sockets and its thread; both end with it.
// Threading: made, asked and destroyed by the test's thread; answers on one of its own.
// Failure:   throws in the constructor where there are no sockets to be had.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/unique_fd.h"
#include "base/wakeup.h"
#include "support/dns_zone.h"

namespace postern::test {

class DnsServer {
 public:
  explicit DnsServer(DnsZone zone = {});
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;
  ~DnsServer();

  std::uint16_t port() const { return port_; }
  void serve(DnsZone zone);
  // "got.com 16 udp", in the order they came.
  std::vector<std::string> asked() const;

 private:
  void run();
  void answer_datagram();
  void answer_connection();

  Published<DnsZone> zone_;
  Guarded<std::vector<std::string>> asked_;
  UniqueFd udp_;
  UniqueFd tcp_;
  Wakeup stop_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace postern::test
