// Purpose:   whom to ask, how long and how often.
// Ownership: values.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"

namespace postern::dns {

struct ServerAddress {
  IpAddress address;
  std::uint16_t port = 53;
};

struct Options {
  std::vector<ServerAddress> servers;  // empty: those of /etc/resolv.conf
  Milliseconds try_timeout{2000};  // one datagram to one server; the caller's deadline goes first
  int tries = 3;                   // for each server
};

}  // namespace postern::dns
