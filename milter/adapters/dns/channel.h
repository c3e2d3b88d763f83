// Purpose:   one c-ares channel: asks one question at a time and returns the message that came back.
// Ownership: owns the channel and its sockets; a socket lives as long as its question, so that every
//            question leaves from a port of its own.
// Threading: used by one thread at a time.
// Failure:   a temporary Error for a timeout, a server that fails or refuses, and no server at all.
//            After one, usable() tells whether the channel may be asked again.
// Source:    RFC 6891 (EDNS), RFC 7766 (TCP when the answer is truncated).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/dns/options.h"
#include "base/deadline.h"
#include "base/result.h"
#include "ports/resolver.h"

struct ares_channeldata;

namespace postern::dns {

class Channel {
 public:
  static Result<std::unique_ptr<Channel>> open(const Options& options);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  // `name` is one that can be asked. An empty message: there is no such name, and nobody was asked
  // (names that must not reach the DNS, RFC 7686).
  Result<std::vector<std::uint8_t>> ask(const std::string& name, ports::DnsType type,
                                        Deadline deadline);
  bool usable() const { return usable_; }

 private:
  explicit Channel(ares_channeldata* channel) : channel_(channel) {}
  void wait(const bool& done, Deadline deadline);

  ares_channeldata* channel_;
  bool usable_ = true;
};

}  // namespace postern::dns
