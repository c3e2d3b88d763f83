#include "adapters/dns/message.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>

#include <algorithm>

#include "base/text.h"

namespace postern::dns {
namespace {

using ports::DnsAnswer;
using ports::DnsType;

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr int kMostAliases = 16;
constexpr std::size_t kSoaTail = 20;  // serial, refresh, retry, expire, minimum

struct Record {
  std::string owner;
  int type = 0;
  std::uint32_t ttl = 0;
  const unsigned char* data = nullptr;
  std::size_t size = 0;
};

struct Message {
  ns_msg handle{};
  std::vector<Record> answers;
};

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// From the escaped form of the parser ("a\032b.c", "a\.b") to plain octets, lower case. Nothing for a
// label with a dot in it, which a plain name could not tell from two labels.
std::optional<std::string> plain_name(std::string_view escaped) {
  std::string plain;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    char c = escaped[i];
    if (c == '\\' && i + 3 < escaped.size() && is_digit(escaped[i + 1])) {
      const int octet =
          (escaped[i + 1] - '0') * 100 + (escaped[i + 2] - '0') * 10 + (escaped[i + 3] - '0');
      c = static_cast<char>(static_cast<unsigned char>(octet));
      i += 3;
      if (c == '.') return std::nullopt;
    } else if (c == '\\' && i + 1 < escaped.size()) {
      c = escaped[++i];
      if (c == '.') return std::nullopt;
    }
    plain += ascii_lower(c);
  }
  if (plain.ends_with('.')) plain.pop_back();
  return plain;
}

// A name inside a record's data, which may point back into the message.
std::optional<std::string> name_in(const Message& message, const unsigned char* at) {
  char text[NS_MAXDNAME] = "";
  const auto* const start = ns_msg_base(message.handle);
  if (ns_name_uncompress(start, ns_msg_end(message.handle), at, text, sizeof text) < 0) {
    return std::nullopt;
  }
  return plain_name(text);
}

bool read_section(Message& message, ns_sect section, std::vector<Record>& records) {
  const int count = ns_msg_count(message.handle, section);
  for (int i = 0; i < count; ++i) {
    ns_rr rr{};
    if (ns_parserr(&message.handle, section, i, &rr) != 0) return false;
    const auto owner = plain_name(ns_rr_name(rr));
    if (!owner || ns_rr_class(rr) != ns_c_in) continue;
    records.push_back({*owner, ns_rr_type(rr), ns_rr_ttl(rr), ns_rr_rdata(rr),
                       static_cast<std::size_t>(ns_rr_rdlen(rr))});
  }
  return true;
}

bool read_text(const Record& record, std::string& text) {
  for (std::size_t at = 0; at < record.size;) {
    const std::size_t length = record.data[at++];
    if (length > record.size - at) return false;
    text.append(reinterpret_cast<const char*>(record.data + at), length);
    at += length;
  }
  return true;
}

IpAddress address_of(const Record& record) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = record.size == NS_INADDRSZ ? AF_INET : AF_INET6;
  if (::inet_ntop(family, record.data, text, sizeof text) == nullptr) return {};
  return IpAddress::parse(text).value_or(IpAddress());
}

// False: the record is not what its type says.
bool take(const Message& message, const Record& record, DnsType type, DnsAnswer& answer) {
  switch (type) {
    case DnsType::a:
      if (record.size != NS_INADDRSZ) return false;
      answer.addresses.push_back(address_of(record));
      return true;
    case DnsType::aaaa: {
      if (record.size != NS_IN6ADDRSZ) return false;
      // An IPv4 address dressed up as an IPv6 one is nobody's IPv6 address.
      const auto address = address_of(record);
      if (address.family() == IpAddress::Family::v6) answer.addresses.push_back(address);
      return true;
    }
    case DnsType::mx: {
      if (record.size < 3) return false;
      auto host = name_in(message, record.data + 2);
      if (!host) return false;
      const auto preference = static_cast<std::uint16_t>(record.data[0] << 8 | record.data[1]);
      answer.mx.push_back({preference, std::move(*host)});
      return true;
    }
    case DnsType::txt: {
      std::string text;
      if (!read_text(record, text)) return false;
      answer.texts.push_back(std::move(text));
      return true;
    }
    case DnsType::ptr: {
      auto name = name_in(message, record.data);
      if (name && can_be_asked(*name)) answer.names.push_back(std::move(*name));
      return true;
    }
  }
  return false;
}

// RFC 2181 8: a TTL with the highest bit set is none.
std::chrono::seconds seconds_of(std::uint32_t ttl) {
  return std::chrono::seconds(ttl > 0x7fffffffU ? 0 : ttl);
}

// RFC 2308 5: a "no" may be kept for the lesser of the SOA's TTL and its last field.
std::optional<std::chrono::seconds> negative_ttl(Message& message) {
  std::vector<Record> authority;
  if (!read_section(message, ns_s_ns, authority)) return std::nullopt;
  for (const auto& record : authority) {
    if (record.type != ns_t_soa || record.size < kSoaTail + 2) continue;
    std::uint32_t minimum = 0;
    for (std::size_t i = record.size - 4; i < record.size; ++i) {
      minimum = minimum << 8 | record.data[i];
    }
    return std::min(seconds_of(record.ttl), seconds_of(minimum));
  }
  return std::nullopt;
}

struct Followed {
  std::string name;
  int aliases = 0;
  std::chrono::seconds ttl = std::chrono::seconds::max();
};

std::optional<Followed> follow_aliases(const Message& message, std::string_view name) {
  Followed followed{ascii_lower(name)};
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& record : message.answers) {
      if (record.type != ns_t_cname || record.owner != followed.name) continue;
      auto target = name_in(message, record.data);
      if (!target || ++followed.aliases > kMostAliases) return std::nullopt;
      followed.name = std::move(*target);
      followed.ttl = std::min(followed.ttl, seconds_of(record.ttl));
      moved = true;
      break;
    }
  }
  return followed;
}

}  // namespace

std::string_view to_string(DnsType type) {
  switch (type) {
    case DnsType::a:
      return "A";
    case DnsType::aaaa:
      return "AAAA";
    case DnsType::mx:
      return "MX";
    case DnsType::txt:
      return "TXT";
    case DnsType::ptr:
      return "PTR";
  }
  return "?";
}

std::uint16_t wire_type(DnsType type) {
  switch (type) {
    case DnsType::a:
      return ns_t_a;
    case DnsType::aaaa:
      return ns_t_aaaa;
    case DnsType::mx:
      return ns_t_mx;
    case DnsType::txt:
      return ns_t_txt;
    case DnsType::ptr:
      return ns_t_ptr;
  }
  return ns_t_invalid;
}

bool can_be_asked(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  if (!std::all_of(name.begin(), name.end(), is_printable)) return false;
  const auto labels = split(name, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= kLongestLabel;
  });
}

std::string describe(std::string_view name, DnsType type) {
  return printable(name, kLongestName) + " " + std::string(to_string(type));
}

Result<Reading> read_message(const std::vector<std::uint8_t>& octets, std::string_view name,
                             DnsType type) {
  const auto senseless = [&](const char* why) {
    return temporary_error(describe(name, type) + ": " + why);
  };
  Message message;
  if (ns_initparse(octets.data(), static_cast<int>(octets.size()), &message.handle) != 0 ||
      ns_msg_getflag(message.handle, ns_f_qr) == 0 ||
      !read_section(message, ns_s_an, message.answers)) {
    return senseless("the answer cannot be read");
  }
  const int code = ns_msg_getflag(message.handle, ns_f_rcode);
  if (code != ns_r_noerror && code != ns_r_nxdomain) {
    return senseless("the server answered with an error");
  }
  const auto followed = follow_aliases(message, name);
  if (!followed) return senseless("its aliases lead nowhere");

  Reading reading;
  auto& answer = reading.timed.answer;
  std::size_t records = 0;
  auto ttl = followed->ttl;
  for (const auto& record : message.answers) {
    if (record.type != wire_type(type) || record.owner != followed->name) continue;
    if (code == ns_r_nxdomain) return senseless("the answer contradicts itself");
    if (++records > kMostRecords) return senseless("too many records");
    if (!take(message, record, type, answer)) return senseless("a record is malformed");
    ttl = std::min(ttl, seconds_of(record.ttl));
  }
  if (records > 0) {
    answer.status = DnsAnswer::Status::found;
    reading.timed.ttl = ttl;
    return reading;
  }
  answer.status = code == ns_r_nxdomain ? DnsAnswer::Status::no_domain : DnsAnswer::Status::no_data;
  const auto negative = negative_ttl(message);
  reading.timed.ttl = std::min(followed->ttl, negative.value_or(std::chrono::seconds(0)));
  // A server that does not follow aliases itself says nothing of the target, not even a SOA.
  if (code == ns_r_noerror && followed->aliases > 0 && !negative) {
    reading.alias = followed->name;
    reading.timed.ttl = followed->ttl;
  }
  return reading;
}

}  // namespace postern::dns
