#include "daemon/control_vault.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "base/hex.h"
#include "base/log.h"
#include "base/units.h"
#include "daemon/release.h"
#include "decide/decide.h"
#include "policy/json_reader.h"

namespace postern::daemon {
namespace {

using nlohmann::json;

constexpr int kExitNo = 1;
constexpr int kExitUsage = 2;

struct Failure {
  int exit;
  std::string error;
};
using Answer = std::variant<json, Failure>;

Failure no(const Error& error) { return {kExitNo, error.what}; }

std::string text_of(const json& request, const char* member) {
  const auto found = request.find(member);
  return found != request.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<std::string> optional_text(const json& request, const char* member) {
  std::string text = text_of(request, member);
  return text.empty() ? std::nullopt : std::make_optional(std::move(text));
}

std::size_t number_of(const json& request, const char* member, std::size_t otherwise) {
  const auto found = request.find(member);
  return found != request.end() && found->is_number_unsigned() ? found->get<std::size_t>()
                                                               : otherwise;
}

bool is_set(const json& request, const char* member) {
  return request.value(member, json(false)) == json(true);
}

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json row_as_json(const ports::VaultRow& row) {
  return {{"row", row.row},
          {"id", row.id},
          {"recipient", row.copy.recipient},
          {"domain", row.copy.domain},
          {"purpose", ports::to_string(row.copy.purpose)},
          {"class", decide::to_string(row.copy.mail_class)},
          {"reason", row.copy.reason},
          {"sender", row.sender},
          {"client", row.client},
          {"queue_id", row.queue_id},
          {"subject", row.subject},
          {"score", row.score ? json(decide::format_score(*row.score)) : json(nullptr)},
          {"virus", row.virus},
          {"generation", row.generation},
          {"size", row.size},
          {"stored_size", row.stored_size},
          {"received", to_rfc3339(row.received)},
          {"expires", time_or_null(row.expires)},
          {"released", time_or_null(row.released)},
          {"released_by", row.released_by}};
}

// "2026-11-28", "2026-11-28T01:00:00Z", or "7d": so long ago.
std::optional<WallTime> time_from(const std::string& text, WallTime now) {
  if (const auto ago = parse_duration(text)) return now - *ago;
  if (const auto time = policy::time_from_iso8601(text)) return time;
  return policy::time_from_iso8601(text + "T00:00:00Z");
}

using Filter = std::variant<ports::VaultFilter, Failure>;

Filter filter_of(const json& request, WallTime now) {
  ports::VaultFilter filter;
  filter.id = optional_text(request, "id");
  filter.recipient = optional_text(request, "recipient");
  filter.domain = optional_text(request, "domain");
  filter.sender = optional_text(request, "sender");
  if (filter.sender == "<>") filter.sender = "";
  if (const auto purpose = optional_text(request, "purpose")) {
    filter.purpose = ports::purpose_from(*purpose);
    if (!filter.purpose) return Failure{kExitUsage, "unknown purpose " + *purpose};
  }
  if (const auto mail_class = optional_text(request, "class")) {
    filter.mail_class = decide::mail_class_from(*mail_class);
    if (!filter.mail_class) return Failure{kExitUsage, "unknown class " + *mail_class};
  }
  const auto take_time = [&](const char* member, std::optional<WallTime>& into) {
    const auto text = optional_text(request, member);
    if (text) into = time_from(*text, now);
    return !text || into;
  };
  if (!take_time("after", filter.received_from) || !take_time("before", filter.received_before)) {
    return Failure{
        kExitUsage,
        "before and after take a date, 2026-11-28 or 2026-11-28T01:00:00Z, or an age: 7d"};
  }
  filter.limit = number_of(request, "limit", 100);
  filter.offset = number_of(request, "offset", 0);
  return filter;
}

bool is_narrow(const ports::VaultFilter& filter) {
  return filter.id || filter.recipient || filter.domain || filter.purpose || filter.mail_class ||
         filter.sender || filter.received_from || filter.received_before;
}

std::optional<ports::VaultCursor> cursor_from(const std::string& text) {
  ports::VaultCursor cursor;
  const char* const end = text.data() + text.size();
  const auto time = std::from_chars(text.data(), end, cursor.time);
  if (time.ec != std::errc() || time.ptr == end || *time.ptr != ':') return std::nullopt;
  const auto row = std::from_chars(time.ptr + 1, end, cursor.row);
  if (row.ec != std::errc() || row.ptr != end) return std::nullopt;
  return cursor;
}

json next_of(const ports::VaultPage& page) {
  if (!page.next) return nullptr;
  return std::to_string(page.next->time) + ":" + std::to_string(page.next->row);
}

// The page of rows that a request is about, or why there is none.
std::variant<ports::VaultPage, Failure> page_of(const VaultParts& parts, const json& request) {
  const Filter filter = filter_of(request, parts.clock.wall());
  if (const auto* const failure = std::get_if<Failure>(&filter)) return *failure;
  const auto& wanted = std::get<ports::VaultFilter>(filter);
  if (!is_narrow(wanted) && !is_set(request, "all")) {
    return Failure{kExitUsage, "this would be all that is stored: name an id, a filter, or --all"};
  }
  const std::string place = text_of(request, "cursor");
  const auto after = cursor_from(place);
  if (!place.empty() && !after) return Failure{kExitUsage, "cursor: not one of ours"};
  auto page = parts.upkeep.walk(wanted, after);
  if (!page) return no(page.error());
  if (wanted.id && place.empty() && page->rows.empty()) {
    return Failure{kExitNo, *wanted.id + ": no such stored message"};
  }
  return std::move(*page);
}

std::string who_of(const json& request) {
  std::string who = text_of(request, "who");
  return who.empty() ? "the control socket" : who;
}

Answer list(const VaultParts& parts, const json& request) {
  const Filter filter = filter_of(request, parts.clock.wall());
  if (const auto* const failure = std::get_if<Failure>(&filter)) return *failure;
  const auto rows = parts.vault.list(std::get<ports::VaultFilter>(filter));
  if (!rows) return no(rows.error());
  json list = json::array();
  for (const ports::VaultRow& row : *rows) list.push_back(row_as_json(row));
  return json{{"rows", list}};
}

Answer show(const VaultParts& parts, const json& request) {
  ports::VaultFilter filter;
  filter.id = text_of(request, "id");
  const auto rows = parts.vault.list(filter);
  if (!rows) return no(rows.error());
  if (rows->empty()) return Failure{kExitNo, *filter.id + ": no such stored message"};
  const auto bytes = parts.vault.read(*filter.id);
  if (!bytes) return no(bytes.error());
  json list = json::array();
  for (const ports::VaultRow& row : *rows) list.push_back(row_as_json(row));
  // Mail is bytes, JSON is text: hex says them exactly.
  return json{{"rows", list}, {"message_hex", to_hex(*bytes)}};
}

Answer count(const VaultParts& parts, const json& request) {
  const Filter filter = filter_of(request, parts.clock.wall());
  if (const auto* const failure = std::get_if<Failure>(&filter)) return *failure;
  const auto rows = parts.upkeep.count(std::get<ports::VaultFilter>(filter));
  if (!rows) return no(rows.error());
  return json{{"rows", *rows}};
}

const char* name_of(ReleaseResult result) {
  switch (result) {
    case ReleaseResult::released:
      return "released";
    case ReleaseResult::already_released:
      return "already_released";
    case ReleaseResult::refused:
      return "refused";
    case ReleaseResult::gone:
      return "gone";
  }
  return "";
}

Answer release_page(const VaultParts& parts, const json& request) {
  if (!parts.can_release) {
    return Failure{kExitNo, "releasing needs token keys: set keys.token_file"};
  }
  const auto page = page_of(parts, request);
  if (const auto* const failure = std::get_if<Failure>(&page)) return *failure;
  const auto& rows = std::get<ports::VaultPage>(page);
  const ReleaseWish wish{is_set(request, "virus_lover"), is_set(request, "dry_run"),
                         who_of(request)};
  // One message is asked for as a whole: where a part of it must not be had, none of it is.
  if (!text_of(request, "id").empty()) {
    for (const ports::VaultRow& row : rows.rows) {
      if (const auto refusal = refusal_of(row, wish.virus_lover)) {
        return Failure{kExitNo, *refusal};
      }
    }
  }
  const auto released = release(parts.upkeep, parts.clock, rows.rows, wish);
  if (!released) return no(released.error());
  json list = json::array();
  for (const ReleasedRow& row : *released) {
    list.push_back({{"id", row.id},
                    {"recipient", row.recipient},
                    {"released", row.result == ReleaseResult::released},
                    {"result", name_of(row.result)},
                    {"answer", row.answer}});
  }
  return json{{"matched", rows.rows.size()}, {"released", list}, {"next", next_of(rows)}};
}

Answer delete_page(const VaultParts& parts, const json& request) {
  const auto page = page_of(parts, request);
  if (const auto* const failure = std::get_if<Failure>(&page)) return *failure;
  const auto& rows = std::get<ports::VaultPage>(page);
  ports::VaultRemoval sums;
  if (is_set(request, "dry_run")) {
    sums.rows = rows.rows.size();
  } else {
    // Each transaction is short: storing waits for it.
    constexpr std::size_t kAtOnce = 100;
    const ports::VaultAct act{who_of(request), parts.clock.wall()};
    for (std::size_t at = 0; at < rows.rows.size(); at += kAtOnce) {
      std::vector<std::int64_t> numbers;
      for (std::size_t i = at; i < std::min(at + kAtOnce, rows.rows.size()); ++i) {
        numbers.push_back(rows.rows[i].row);
      }
      const auto removed = parts.upkeep.remove(numbers, act);
      if (!removed) return no(removed.error());
      sums.rows += removed->rows;
      sums.messages += removed->messages;
      sums.bytes += removed->bytes;
    }
    if (sums.rows > 0) {
      log::info("vault: deleted", {{"rows", sums.rows},
                                   {"messages", sums.messages},
                                   {"bytes", sums.bytes},
                                   {"who", act.who}});
    }
  }
  return json{{"matched", rows.rows.size()},
              {"deleted", sums.rows},
              {"messages", sums.messages},
              {"bytes", sums.bytes},
              {"next", next_of(rows)}};
}

Answer expire_page(const VaultParts& parts, const json& request) {
  json wanted = request;
  wanted["all"] = true;  // only what has ended goes in any case
  const auto page = page_of(parts, wanted);
  if (const auto* const failure = std::get_if<Failure>(&page)) return *failure;
  const auto& rows = std::get<ports::VaultPage>(page);
  const auto sums = parts.expirer.end_of(rows.rows, is_set(request, "dry_run"));
  if (!sums) return no(sums.error());
  return json{{"matched", rows.rows.size()},
              {"expired", sums->ended.rows},
              {"messages", sums->ended.messages},
              {"bytes", sums->ended.bytes},
              {"moved", sums->moved},
              {"next", next_of(rows)}};
}

Answer check_step(const VaultParts& parts, const json& request) {
  std::optional<ports::VaultAct> act;
  if (is_set(request, "repair")) act = ports::VaultAct{who_of(request), parts.clock.wall()};
  const auto checked = parts.upkeep.check(text_of(request, "cursor"), act);
  if (!checked) return no(checked.error());
  json findings = json::array();
  for (const ports::VaultFinding& finding : checked->findings) {
    findings.push_back({{"fault", ports::to_string(finding.fault)},
                        {"name", finding.name},
                        {"what", finding.what},
                        {"repaired", finding.repaired}});
  }
  return json{{"checked", checked->checked},
              {"findings", findings},
              {"next", checked->next ? json(*checked->next) : json(nullptr)}};
}

Answer audit(const VaultParts& parts, const json& request) {
  const auto records =
      parts.upkeep.records(optional_text(request, "id"), number_of(request, "limit", 100));
  if (!records) return no(records.error());
  json list = json::array();
  for (const ports::VaultRecord& record : *records) {
    list.push_back({{"at", to_rfc3339(record.act.when)},
                    {"who", record.act.who},
                    {"what", record.what},
                    {"id", record.id},
                    {"recipient", record.recipient},
                    {"purpose", record.purpose},
                    {"class", record.mail_class}});
  }
  return json{{"records", list}};
}

struct Verb {
  const char* name;
  Answer (*answer)(const VaultParts& parts, const json& request);
};
constexpr Verb kVerbs[] = {
    {"vault list", list},          {"vault show", show},
    {"vault count", count},        {"vault release", release_page},
    {"vault delete", delete_page}, {"vault expire", expire_page},
    {"vault check", check_step},   {"vault audit", audit},
};

}  // namespace

VaultReply answer_vault_request(const VaultParts& parts, std::string_view request) {
  const json wanted = json::parse(request);
  const std::string name = text_of(wanted, "verb");
  for (const Verb& verb : kVerbs) {
    if (name != verb.name) continue;
    const Answer answer = verb.answer(parts, wanted);
    if (const auto* const failure = std::get_if<Failure>(&answer)) {
      return {failure->exit, failure->error};
    }
    // Stored texts come from messages: what is not UTF-8 in them must not make the answer unprintable.
    return {0, std::get<json>(answer).dump(-1, ' ', false, json::error_handler_t::replace)};
  }
  return {kExitUsage, "unknown verb"};
}

}  // namespace postern::daemon
