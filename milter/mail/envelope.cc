#include "mail/envelope.h"

#include <charconv>

#include "base/text.h"

namespace postern::mail {
namespace {

struct Parameter {
  std::string_view keyword;
  std::string_view value;
};

Parameter split_parameter(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, {}};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool is(const Parameter& parameter, std::string_view keyword) {
  return equals_ignoring_case(parameter.keyword, keyword);
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace

Sender parse_sender(const std::vector<std::string_view>& arguments) {
  Sender sender;
  if (arguments.empty()) {
    sender.is_null = true;  // local submission hands the null sender as nothing at all
    return sender;
  }
  sender.given = arguments.front();
  sender.is_null = sender.given.empty() || sender.given == "<>";
  if (!sender.is_null) sender.address = Address::parse(sender.given);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const Parameter parameter = split_parameter(arguments[i]);
    if (is(parameter, "SIZE")) sender.declared_size = parse_number(parameter.value);
    if (is(parameter, "BODY")) sender.eight_bit = equals_ignoring_case(parameter.value, "8BITMIME");
    if (is(parameter, "SMTPUTF8")) sender.smtputf8 = true;
    if (is(parameter, "RET")) sender.ret = parameter.value;
    if (is(parameter, "ENVID")) sender.envid = parameter.value;
  }
  return sender;
}

std::optional<Recipient> parse_recipient(const std::vector<std::string_view>& arguments) {
  if (arguments.empty()) return std::nullopt;
  auto address = Address::parse(arguments.front());
  if (!address) return std::nullopt;
  Recipient recipient{std::string(arguments.front()), std::move(*address), "", ""};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const Parameter parameter = split_parameter(arguments[i]);
    if (is(parameter, "NOTIFY")) recipient.notify = parameter.value;
    if (is(parameter, "ORCPT")) recipient.orcpt = parameter.value;
  }
  return recipient;
}

}  // namespace postern::mail
