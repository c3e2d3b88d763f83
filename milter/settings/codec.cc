#include "settings/codec.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "settings/secret_file.h"
#include "settings/section.h"

namespace postern::settings {
namespace {

constexpr std::size_t kMaxText = 4096;
constexpr std::string_view kSafeUnquoted =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+";

// A scalar that `parse` must understand, for what is "must be <expected>".
template <typename T, typename Parse>
std::optional<T> read_parsed(const Place& place, const std::string& expected, Parse&& parse) {
  const auto text = read_scalar(place);
  if (!text) return std::nullopt;
  std::optional<T> value = parse(*text);
  if (!value) place.wrong("must be " + expected);
  return value;
}

std::string show_number(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  std::string shown(text, end);
  // "1.0" rather than "1": a whole number there looks as if only whole ones were allowed.
  if (shown.find_first_not_of("-0123456789") == std::string::npos) shown += ".0";
  return shown;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::string> read_checked(const Place& place, Complaint (*check)(std::string_view)) {
  auto text = read_scalar(place);
  if (!text) return std::nullopt;
  if (auto complaint = text->empty() ? Complaint("must not be empty") : check(*text)) {
    place.wrong(*std::move(complaint));
    return std::nullopt;
  }
  return text;
}

}  // namespace

std::optional<std::string> read_scalar(const Place& place) {
  const Node& node = place.node();
  switch (node.kind) {
    case Node::Kind::nothing:
      place.wrong("has no value (an empty text is written \"\")");
      return std::nullopt;
    case Node::Kind::list:
      place.wrong("must be a single value, not a list");
      return std::nullopt;
    case Node::Kind::map:
      place.wrong("must be a single value, not a map");
      return std::nullopt;
    case Node::Kind::scalar:
      break;
  }
  const bool control = std::any_of(node.text.begin(), node.text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control || node.text.size() > kMaxText) {
    place.wrong(control ? "must not hold control characters or line ends" : "too long a text");
    return std::nullopt;
  }
  return node.text;
}

std::string show_scalar(std::string_view text) {
  const bool plain = !text.empty() &&
                     text.find_first_not_of(kSafeUnquoted) == std::string_view::npos &&
                     text.front() != '-' && text.front() != '@' && text.back() != ':';
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

Complaint any_text(std::string_view) { return std::nullopt; }

Codec<std::string> text(Complaint (*check)(std::string_view)) {
  return {[check](const Place& place) { return read_checked(place, check); },
          [](const std::string& value) { return show_scalar(value); }};
}

Codec<std::string> text_or_empty(Complaint (*check)(std::string_view)) {
  return {[check](const Place& place) -> std::optional<std::string> {
            const bool empty = place.node().kind == Node::Kind::scalar && place.node().text.empty();
            return empty ? std::string() : read_checked(place, check);
          },
          [](const std::string& value) { return show_scalar(value); }};
}

Codec<std::optional<std::string>> text_or_off(Complaint (*check)(std::string_view)) {
  using Value = std::optional<std::string>;
  return {[check](const Place& place) -> std::optional<Value> {
            if (place.node().kind == Node::Kind::scalar && place.node().text == "off") {
              return Value();
            }
            auto text = read_checked(place, check);
            if (!text) return std::nullopt;
            return Value(std::move(text));
          },
          [](const Value& value) { return value ? show_scalar(*value) : "off"; }};
}

Codec<bool> yes_or_no() { return choice<bool>({{"true", true}, {"false", false}}); }

Codec<double> number(double smallest, double largest) {
  const std::string expected =
      "a number from " + show_number(smallest) + " to " + show_number(largest);
  return {[=](const Place& place) {
            return read_parsed<double>(place, expected, [=](const std::string& text) {
              const auto value = parse_number(text);
              const bool good = value && *value >= smallest && *value <= largest;
              return good ? value : std::nullopt;
            });
          },
          show_number};
}

Codec<unsigned> whole_number(unsigned smallest, unsigned largest) {
  const std::string expected =
      "a whole number from " + std::to_string(smallest) + " to " + std::to_string(largest);
  return {[=](const Place& place) {
            return read_parsed<unsigned>(
                place, expected, [=](const std::string& text) -> std::optional<unsigned> {
                  unsigned value = 0;
                  const char* const last = text.data() + text.size();
                  const auto [end, error] = std::from_chars(text.data(), last, value);
                  const bool good =
                      error == std::errc() && end == last && value >= smallest && value <= largest;
                  return good ? std::optional(value) : std::nullopt;
                });
          },
          [](unsigned value) { return std::to_string(value); }};
}

Codec<std::optional<unsigned>> whole_number_or_off(unsigned smallest, unsigned largest) {
  using Value = std::optional<unsigned>;
  const Codec<unsigned> number = whole_number(smallest, largest);
  return {[number](const Place& place) -> std::optional<Value> {
            if (place.node().kind == Node::Kind::scalar && place.node().text == "off") {
              return Value();
            }
            const auto value = number.read(place);
            if (!value) return std::nullopt;
            return Value(*value);
          },
          [number](const Value& value) { return value ? number.show(*value) : "off"; }};
}

Codec<Milliseconds> duration(Milliseconds shortest, Milliseconds longest) {
  const std::string expected = "a duration from " + format_duration(shortest) + " to " +
                               format_duration(longest) + ", as 500ms, 5s, 10m, 1h or 3d";
  return {[=](const Place& place) {
            return read_parsed<Milliseconds>(place, expected, [=](const std::string& text) {
              const auto value = parse_duration(text);
              const bool good = value && *value >= shortest && *value <= longest;
              return good ? value : std::nullopt;
            });
          },
          format_duration};
}

Codec<std::uint64_t> size() {
  return {[](const Place& place) {
            return read_parsed<std::uint64_t>(place, "a size, as 0, 512KiB, 21MiB or 1GiB",
                                              parse_size);
          },
          format_size};
}

Codec<IpNetwork> network() {
  return {[](const Place& place) {
            return read_parsed<IpNetwork>(place, "an address or a network, as 192.0.2.0/24",
                                          IpNetwork::parse);
          },
          [](const IpNetwork& value) { return value.to_string(); }};
}

Codec<DnsServer> dns_server() {
  return {
      [](const Place& place) {
        return read_parsed<DnsServer>(
            place, "an address with or without a port, as 127.0.0.1:5353 or [::1]:53",
            parse_dns_server);
      },
      [](const DnsServer& value) {
        const std::string address = value.address.to_string();
        const bool v6 = value.address.family() == IpAddress::Family::v6;
        return show_scalar((v6 ? "[" + address + "]" : address) + ":" + std::to_string(value.port));
      }};
}

Codec<SecretFile> secret_file() {
  const Codec<std::string> path = text_or_empty(check_path);
  return {[path](const Place& place) -> std::optional<SecretFile> {
            auto name = path.read(place);
            if (!name) return std::nullopt;
            SecretFile file{*std::move(name), Secret()};
            if (file.path.empty() || place.reading().secret_files == SecretFiles::leave) {
              return file;
            }
            auto secret = read_secret_file(file.path);
            if (!secret) {
              place.wrong(secret.error().what);
              return std::nullopt;
            }
            file.secret = *std::move(secret);
            return file;
          },
          [](const SecretFile& value) { return show_scalar(value.path); }};
}

namespace {

// load.cc reads the file it names.
template <typename File>
Codec<File> key_file() {
  const Codec<std::string> path = text_or_empty(check_path);
  return {[path](const Place& place) -> std::optional<File> {
            auto name = path.read(place);
            if (!name) return std::nullopt;
            return File{*std::move(name), {}};
          },
          [](const File& value) { return show_scalar(value.path); }};
}

}  // namespace

Codec<TokenKeys> token_keys() { return key_file<TokenKeys>(); }
Codec<SealFile> seal_keys() { return key_file<SealFile>(); }

Codec<std::map<std::string, Provider>> providers() {
  using Providers = std::map<std::string, Provider>;
  return {
      [](const Place& place) -> std::optional<Providers> {
        Providers result;
        const bool good = for_each_named(place, [&](const std::string& name, const Place& inner) {
          Provider provider;
          const auto found = read_members(inner, {"header", "values"});
          const auto header = found.find("header");
          const auto values = found.find("values");
          if (header == found.end() || values == found.end()) {
            if (inner.node().kind == Node::Kind::map) inner.wrong("needs header and values");
            return;
          }
          provider.header = text(check_header_name).read(header->second).value_or("");
          for_each_named(values->second, [&](const std::string& domain, const Place& value) {
            if (auto complaint = check_domain(domain)) value.wrong(*complaint);
            const std::string proof = text(any_text).read(value).value_or("");
            provider.values.emplace(ascii_lower(domain), proof);
          });
          result.emplace(name, std::move(provider));
        });
        if (!good) return std::nullopt;
        return result;
      },
      [](const Providers& value) {
        std::string text;
        for (const auto& [name, provider] : value) {
          // Whoever knows a tenant's proof can write it: it is not for logs.
          std::string values;
          for (const auto& [domain, proof] : provider.values) {
            values += (values.empty() ? "" : ", ") + show_scalar(domain) + ": (hidden)";
          }
          text += (text.empty() ? "" : ", ") + show_scalar(name) +
                  ": {header: " + show_scalar(provider.header) + ", values: {" + values + "}}";
        }
        return "{" + text + "}";
      }};
}

}  // namespace postern::settings
