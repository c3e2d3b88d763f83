#include "adapters/redis/url.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace postern::redis {
namespace {

template <typename T>
std::optional<T> number(std::string_view digits) {
  T value{};
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || fault != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

Error refused(const char* why) { return permanent_error(std::string("redis url: ") + why); }

Result<ServerAddress> parse_unix(std::string_view rest) {
  ServerAddress address;
  if (const auto query = rest.find('?'); query != std::string_view::npos) {
    static constexpr std::string_view kDatabase = "?db=";
    const auto text = rest.substr(query);
    const auto database = text.starts_with(kDatabase)
                              ? number<unsigned>(text.substr(kDatabase.size()))
                              : std::nullopt;
    if (!database) return refused("only ?db=<number> may follow a path");
    address.database = *database;
    rest = rest.substr(0, query);
  }
  if (!rest.starts_with('/')) return refused("a unix socket needs an absolute path");
  address.unix_path = rest;
  return address;
}

Result<ServerAddress> parse_tcp(std::string_view rest) {
  ServerAddress address;
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    if (const auto text = rest.substr(slash + 1); !text.empty()) {
      const auto database = number<unsigned>(text);
      if (!database) return refused("the database is not a number");
      address.database = *database;
    }
    rest = rest.substr(0, slash);
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return refused("a [ without its ]");
    address.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    const auto colon = rest.find(':');
    address.host = rest.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : rest.substr(colon);
  }
  if (address.host.empty()) return refused("the host is missing");
  if (!port.empty()) {
    const auto value = port.front() == ':' ? number<std::uint16_t>(port.substr(1)) : std::nullopt;
    if (!value || *value == 0) return refused("the port is not a port number");
    address.port = *value;
  }
  return address;
}

}  // namespace

Result<ServerAddress> ServerAddress::parse(std::string_view url) {
  if (url.find('@') != std::string_view::npos) {
    return refused("user and password do not belong in it (policy.redis.username, password_file)");
  }
  if (url.find_first_of(std::string_view(" \t\r\n\0", 5)) != std::string_view::npos) {
    return refused("it holds white space");
  }
  for (const std::string_view scheme : {"redis+unix://", "unix://", "unix:"}) {
    if (starts_with_ignoring_case(url, scheme)) return parse_unix(url.substr(scheme.size()));
  }
  static constexpr std::string_view kTcp = "redis://";
  if (starts_with_ignoring_case(url, kTcp)) return parse_tcp(url.substr(kTcp.size()));
  return refused("neither redis://host:port/db nor redis+unix:///path nor unix:/path");
}

std::string ServerAddress::to_string() const {
  const std::string database_part = "/" + std::to_string(database);
  if (!unix_path.empty()) return "unix:" + unix_path + database_part;
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port) + database_part;
}

}  // namespace postern::redis
