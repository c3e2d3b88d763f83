// Purpose:   IP addresses and networks, as clients and rules name them.
// Ownership: values.
// Failure:   parse() answers nothing for what is not an address; it never resolves names.
// Source:    RFC 4632 (CIDR), RFC 4291 2.2 (IPv6 text).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

class IpAddress {
 public:
  enum class Family : std::uint8_t { v4, v6 };

  // "192.0.2.1", "2001:db8::1", also "IPv6:2001:db8::1" and a bracketed form. An IPv4-mapped IPv6
  // address (::ffff:192.0.2.1) is the IPv4 address: a rule must not be escaped by spelling.
  static std::optional<IpAddress> parse(std::string_view text);

  Family family() const { return family_; }
  bool is_loopback() const;
  // Network order; IPv4 uses the first four.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  unsigned bits() const { return family_ == Family::v4 ? 32 : 128; }
  IpAddress masked(unsigned prefix_length) const;
  std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::v4;
  std::array<std::uint8_t, 16> bytes_{};
};

class IpNetwork {
 public:
  // "192.0.2.0/24"; a bare address is a network of one; host bits are masked away.
  static std::optional<IpNetwork> parse(std::string_view text);
  IpNetwork(IpAddress address, unsigned prefix_length)
      : address_(address.masked(prefix_length)), prefix_length_(prefix_length) {}

  bool contains(const IpAddress& address) const;
  const IpAddress& address() const { return address_; }
  unsigned prefix_length() const { return prefix_length_; }
  std::string to_string() const;

  friend auto operator<=>(const IpNetwork&, const IpNetwork&) = default;

 private:
  IpAddress address_;
  unsigned prefix_length_;
};

}  // namespace postern
