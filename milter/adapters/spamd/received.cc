#include "adapters/spamd/received.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace postern::spamd {
namespace {

constexpr std::size_t kLongestName = 255;  // RFC 5321 4.5.3.1.2

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(".-_:[]").find(c) != std::string_view::npos;
}

// A parenthesis, a blank or a line end from the client must not write a field of its own.
std::string host_name(std::string_view name) {
  if (name.empty()) return "unknown";
  std::string clean(name.substr(0, kLongestName));
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return !is_host_character(c); }, '?');
  return clean;
}

constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// RFC 5322 3.3 in UTC, in English whatever the locale.
std::string mail_date(WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm civil{};
  gmtime_r(&seconds, &civil);
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%s, %d %s %d %02d:%02d:%02d +0000",
                                   kDays[static_cast<std::size_t>(civil.tm_wday)], civil.tm_mday,
                                   kMonths[static_cast<std::size_t>(civil.tm_mon)],
                                   civil.tm_year + 1900, civil.tm_hour, civil.tm_min, civil.tm_sec);
  return std::string(text.data(), static_cast<std::size_t>(std::max(length, 0)));
}

}  // namespace

std::string received_field(const ports::ScanInput& input, WallTime now) {
  std::string field = "Received: from " + host_name(input.helo) + " (" +
                      host_name(input.client_name) + " [" +
                      (input.client ? input.client->to_string() : "127.0.0.1") +
                      "])\r\n\tby localhost (Postfix) with ";
  field += input.sasl_user.empty() ? "ESMTP" : "ESMTPA";
  if (!input.queue_id.empty()) field += " id " + host_name(input.queue_id);
  field += ";\r\n\t" + mail_date(now) + "\r\n";
  return field;
}

}  // namespace postern::spamd
