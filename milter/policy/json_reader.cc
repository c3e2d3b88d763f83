#include "policy/json_reader.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "policy/secret_members.h"

namespace postern::policy {
namespace {

constexpr std::string_view kWholeDocument = "the document: ";
constexpr std::size_t kShownSize = 40;
constexpr std::size_t kMaxIdSize = 255;
constexpr double kMaxScore = 1'000'000;

std::optional<std::int64_t> as_whole(const Json& json) {
  if (const auto* integer = std::get_if<std::int64_t>(&json.value)) return *integer;
  const auto* real = std::get_if<double>(&json.value);
  // 2^53: past it a double no longer tells neighbours apart.
  if (real == nullptr || std::abs(*real) > 9007199254740992.0 || std::trunc(*real) != *real) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*real);
}

std::optional<double> as_number(const Json& json) {
  return std::visit(
      Overloaded{
          [](std::int64_t value) { return std::optional(static_cast<double>(value)); },
          [](std::uint64_t value) { return std::optional(static_cast<double>(value)); },
          [](double value) { return std::optional(value); },
          [](const auto&) { return std::optional<double>(); },
      },
      json.value);
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

DocumentFault fault_from(std::string_view text) {
  const std::size_t colon = text.find(": ");
  const bool points = text.starts_with('/') && colon != std::string_view::npos;
  if (points) return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 2))};
  if (text.starts_with(kWholeDocument)) text.remove_prefix(kWholeDocument.size());
  return {"", std::string(text)};
}

std::string to_string(const DocumentFault& fault) {
  return (fault.pointer.empty() ? std::string(kWholeDocument) : fault.pointer + ": ") + fault.what;
}

void Faults::note(std::string_view text) {
  if (is_full()) return;
  DocumentFault fault = fault_from(text);
  const bool known =
      std::any_of(faults_.begin(), faults_.end(),
                  [&fault](const DocumentFault& one) { return one.pointer == fault.pointer; });
  if (!known) faults_.push_back(std::move(fault));
}

std::optional<Error> Faults::first() const {
  if (faults_.empty()) return std::nullopt;
  return permanent_error(to_string(faults_.front()));
}

std::string folded(std::string_view text) {
  std::string result = ascii_lower(text);
  std::replace(result.begin(), result.end(), '_', '-');
  return result;
}

std::string spoken(const std::string& pointer) {
  return pointer.empty() ? "the document" : pointer;
}

std::string description_of(const Json& json, std::string_view member_name) {
  std::string kind(kind_of(json));
  if (is_secret_member(member_name)) return kind;
  return std::visit(Overloaded{
                        [&](const std::string& text) {
                          const std::string_view more = text.size() > kShownSize ? "…" : "";
                          return kind + " \"" + printable(text, kShownSize) + std::string(more) +
                                 "\"";
                        },
                        [](bool value) { return std::string(value ? "true" : "false"); },
                        [&](const Json::Array&) { return kind; },
                        [&](const Json::Object&) { return kind; },
                        [](std::nullptr_t) { return std::string("null"); },
                        [&](auto) { return kind + " " + dump_json(json); },
                    },
                    json.value);
}

ObjectReader::ObjectReader(const Json& json, std::string pointer, Faults& faults)
    : json_(&json), pointer_(std::move(pointer)), faults_(&faults) {
  if (std::holds_alternative<Json::Object>(json.value)) return;
  faults.note(spoken(pointer_) + ": expected an object, found " + description_of(json, ""));
}

const Json* ObjectReader::value(std::string_view name) const {
  const Json* found = find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool ObjectReader::flag(std::string_view name, bool fallback) const {
  const Json* found = value(name);
  if (found == nullptr) return fallback;
  if (const auto* given = std::get_if<bool>(&found->value)) return *given;
  wrong(name, "a boolean");
  return fallback;
}

std::optional<std::string> ObjectReader::text(std::string_view name, std::size_t max_size) const {
  const Json* found = value(name);
  if (found == nullptr) return std::nullopt;
  const auto* given = std::get_if<std::string>(&found->value);
  if (given == nullptr) {
    wrong(name, "a string");
    return std::nullopt;
  }
  if (given->size() > max_size) {
    note(name, "longer than " + std::to_string(max_size) + " octets");
    return std::nullopt;
  }
  if (given->find('\0') != std::string::npos) {
    note(name, "contains a NUL");
    return std::nullopt;
  }
  return *given;
}

std::string ObjectReader::required_text(std::string_view name, std::size_t max_size) const {
  auto given = text(name, max_size);
  if (!given || given->empty()) note(name, "missing");
  return given.value_or("");
}

std::optional<std::string> ObjectReader::secret(std::string_view name, std::size_t max_size) const {
  const Json* found = value(name);
  if (found != nullptr && !std::holds_alternative<std::string>(found->value)) {
    note(name, "expected a string, found " + std::string(kind_of(*found)));
    return std::nullopt;
  }
  return text(name, max_size);
}

std::optional<Id> ObjectReader::id(std::string_view name) const {
  const Json* found = value(name);
  if (found == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(&found->value)) return std::to_string(*number);
  if (!std::holds_alternative<std::string>(found->value)) {
    wrong(name, "a string or an integer");
    return std::nullopt;
  }
  auto given = text(name, kMaxIdSize);
  if (given && has_control_character(*given)) note(name, "contains a control character");
  if (given && given->empty()) return std::nullopt;
  return given;
}

std::optional<std::int64_t> ObjectReader::whole_number(std::string_view name, std::int64_t least,
                                                       std::int64_t most) const {
  const Json* found = value(name);
  if (found == nullptr) return std::nullopt;
  const auto given = as_whole(*found);
  if (given && *given >= least && *given <= most) return given;
  wrong(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<MilliScore> ObjectReader::score(std::string_view name) const {
  const Json* found = value(name);
  if (found == nullptr) return std::nullopt;
  const auto given = as_number(*found);
  if (!given) {
    wrong(name, "a number");
    return std::nullopt;
  }
  if (std::abs(*given) > kMaxScore) {
    wrong(name, "a score within a million of 0");
    return std::nullopt;
  }
  return std::llround(*given * 1000);
}

std::optional<std::chrono::system_clock::time_point> ObjectReader::time(
    std::string_view name) const {
  const Json* found = value(name);
  if (found == nullptr) return std::nullopt;
  std::optional<std::chrono::system_clock::time_point> given;
  if (const auto* written = std::get_if<std::string>(&found->value)) {
    given = time_from_iso8601(*written);
  } else if (const auto number = as_whole(*found)) {
    given = time_from_epoch(*number);
  }
  if (!given) wrong(name, "a time (epoch milliseconds or seconds, or ISO 8601)");
  return given;
}

std::optional<ObjectReader> ObjectReader::object(std::string_view name) const {
  const Json* found = value(name);
  if (found == nullptr) return std::nullopt;
  if (!std::holds_alternative<Json::Object>(found->value)) {
    wrong(name, "an object");
    return std::nullopt;
  }
  return ObjectReader(*found, pointer_to(name), *faults_);
}

const Json::Array* ObjectReader::array(std::string_view name) const {
  const Json* found = value(name);
  if (found == nullptr) return nullptr;
  if (const auto* elements = std::get_if<Json::Array>(&found->value)) return elements;
  wrong(name, "an array");
  return nullptr;
}

void ObjectReader::wrong(std::string_view name, std::string_view expected) const {
  const Json* found = find(name);
  note(name, "expected " + std::string(expected) + ", found " +
                 (found == nullptr ? "nothing" : description_of(*found, name)));
}

void ObjectReader::note(std::string_view name, std::string_view what) const {
  faults_->note(pointer_to(name) + ": " + std::string(what));
}

std::string ObjectReader::pointer_to(std::string_view name) const {
  return pointer_ + "/" + std::string(name);
}

}  // namespace postern::policy
