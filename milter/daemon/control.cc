#include "daemon/control.h"

#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "daemon/control_documents.h"
#include "daemon/release.h"
#include "decide/decide.h"
#include "policy/decode.h"
#include "route/route_report.h"
#include "session/explain_message.h"

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

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}
json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json refused_documents(const keeper::KeeperStatus& status) {
  json list = json::array();
  for (const keeper::RefusedDocument& refused : status.refused) {
    list.push_back({{"key", refused.key},
                    {"origin", refused.origin},
                    {"reason", refused.reason},
                    {"since", to_rfc3339(refused.since)}});
  }
  return list;
}

json subnet_faults(const policy::Snapshot* snapshot) {
  json list = json::array();
  if (snapshot == nullptr) return list;
  snapshot->for_each_domain([&list](const policy::Domain& domain) {
    for (const std::string& fault : domain.subnet_faults) {
      list.push_back({{"domain", domain.name}, {"fault", fault}});
    }
  });
  return list;
}

json rule_faults(const policy::Snapshot* snapshot) {
  json list = json::array();
  if (snapshot == nullptr) return list;
  snapshot->for_each_rule_fault([&list](const policy::DocumentKey& key, const std::string& fault) {
    list.push_back({{"key", key.to_string()}, {"fault", fault}});
  });
  return list;
}

json vault_status(ports::Vault* vault) {
  if (vault == nullptr) return {{"available", false}};
  const Status can_store = vault->can_store();
  const auto usage = vault->usage();
  json status = {{"available", can_store.ok()}};
  if (!can_store) status["fault"] = can_store.error().what;
  if (usage) {
    status["messages"] = usage->messages;
    status["rows"] = usage->rows;
    status["bytes"] = usage->bytes;
  }
  return status;
}

json outbox_status(ports::Outbox* outbox) {
  if (outbox == nullptr) return {{"available", false}};
  const auto standing = outbox->standing();
  if (!standing) return {{"available", false}, {"fault", standing.error().what}};
  return {{"available", true},
          {"waiting", standing->waiting},
          {"given_up", standing->given_up},
          {"oldest", time_or_null(standing->oldest)}};
}

Answer status(const Control::Parts& parts, const json& /*request*/) {
  const keeper::KeeperStatus policy = parts.keeper.status();
  const policy::SnapshotPtr snapshot = parts.snapshot.get();
  json counts = json::object();
  for (const auto& [type, count] : policy.counts) counts[type] = count;
  json scanners = json::array();
  for (const auto& scanner : parts.services.scanners) scanners.push_back(scanner->name());
  if (parts.services.virus_scanner != nullptr) {
    scanners.push_back(parts.services.virus_scanner->name());
  }
  const bool usable = snapshot && snapshot->usable();
  const auto age = policy.last_contact ? std::chrono::duration_cast<std::chrono::seconds>(
                                             parts.clock.wall() - *policy.last_contact)
                                             .count()
                                       : -1;
  const std::vector<std::string> not_ready = parts.not_ready();
  return json{{"ready", not_ready.empty()},
              {"not_ready", not_ready},
              {"tables", parts.tables},
              {"started", to_rfc3339(parts.started)},
              {"open_transactions", parts.services.open_transactions.load()},
              {"draining", parts.services.draining.load()},
              {"policy",
               {{"usable", usable},
                {"generation", policy.generation},
                {"in_force_since", to_rfc3339(policy.in_force_since)},
                {"source", policy.source},
                {"source_away", or_null(policy.source_away)},
                {"source_away_since", time_or_null(policy.source_away_since)},
                {"last_contact", time_or_null(policy.last_contact)},
                {"age_seconds", age < 0 ? json(nullptr) : json(age)},
                {"from_cache", policy.from_cache},
                {"cache_fault", or_null(policy.cache_fault)},
                {"position", policy.position},
                {"shrink_held", or_null(policy.shrink_held)},
                {"documents", counts},
                {"refused", refused_documents(policy)},
                {"subnets_left_out", subnet_faults(snapshot.get())},
                {"rules_left_out", rule_faults(snapshot.get())}}},
              {"scanners", scanners},
              {"vault", vault_status(parts.vault)},
              {"outbox", outbox_status(parts.outbox)},
              {"settings_not_enforced", parts.settings_not_enforced}};
}

Answer policy_show(const Control::Parts& parts, const json& request) {
  const auto key = policy::DocumentKey::parse(text_of(request, "key"));
  if (!key) return Failure{kExitUsage, key.error().what};
  const auto document = parts.keeper.document(*key);
  if (!document) return Failure{kExitNo, document.error().what};
  if (!*document) return Failure{kExitNo, key->to_string() + ": no such document is in force"};
  const auto shown = policy::show_as_understood(*key, **document, parts.decode);
  if (!shown) return Failure{kExitNo, shown.error().what};
  return json{{"key", key->to_string()}, {"document", json::parse(*shown)}};
}

Answer policy_accept(const Control::Parts& parts, const json& /*request*/) {
  const keeper::KeeperStatus before = parts.keeper.status();
  parts.keeper.accept();
  return json{{"accepted", before.shrink_held ? json(*before.shrink_held) : json(nullptr)}};
}

Answer route_address(const Control::Parts& parts, const json& request) {
  const std::string address = text_of(request, "address");
  if (address.empty()) return Failure{kExitUsage, "route needs an address"};
  const policy::SnapshotPtr snapshot = parts.snapshot.get();
  if (!snapshot) return Failure{kExitNo, "no policy is in force"};
  const route::RouteOptions options{parts.services.rules.get()->recipient_delimiters};
  return json::parse(route::route_report(*snapshot, address, options));
}

std::vector<std::string> texts_of(const json& request, const char* member) {
  std::vector<std::string> texts;
  const auto found = request.find(member);
  if (found == request.end() || !found->is_array()) return texts;
  for (const json& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

Answer policy_keys(const Control::Parts& parts, const json& /*request*/) {
  const policy::SnapshotPtr snapshot = parts.snapshot.get();
  if (!snapshot) return Failure{kExitNo, "no policy is in force"};
  return json::parse(document_keys(*snapshot));
}

Answer policy_documents(const Control::Parts& parts, const json& request) {
  const auto texts = document_texts(parts.keeper, texts_of(request, "keys"));
  if (!texts) return Failure{kExitNo, texts.error().what};
  return json::parse(*texts);
}

Answer explain(const Control::Parts& parts, const json& request) {
  session::ExplainRequest wanted;
  wanted.sender = text_of(request, "from");
  wanted.recipients = texts_of(request, "rcpt");
  wanted.client = text_of(request, "client");
  wanted.helo = text_of(request, "helo");
  wanted.sasl_user = text_of(request, "auth");
  wanted.score = optional_text(request, "score");
  const auto message = from_hex(text_of(request, "message_hex"));
  if (!message) return Failure{kExitUsage, "message_hex is no hexadecimal text"};
  wanted.message = *message;
  const auto told = session::explain_message(parts.services, wanted);
  if (!told) return Failure{kExitNo, told.error().what};
  return json::parse(*told);
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

// Stored texts come from messages: what is not UTF-8 in them must not make the answer unprintable.
std::string dumped(const json& answer) {
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::variant<ports::VaultFilter, Failure> filter_of(const json& request) {
  ports::VaultFilter filter;
  filter.id = optional_text(request, "id");
  filter.recipient = optional_text(request, "recipient");
  filter.domain = optional_text(request, "domain");
  if (const auto purpose = optional_text(request, "purpose")) {
    filter.purpose = ports::purpose_from(*purpose);
    if (!filter.purpose) return Failure{kExitUsage, "unknown purpose " + *purpose};
  }
  if (const auto mail_class = optional_text(request, "class")) {
    filter.mail_class = decide::mail_class_from(*mail_class);
    if (!filter.mail_class) return Failure{kExitUsage, "unknown class " + *mail_class};
  }
  filter.limit = number_of(request, "limit", 100);
  filter.offset = number_of(request, "offset", 0);
  return filter;
}

Answer vault_list(const Control::Parts& parts, const json& request) {
  auto filter = filter_of(request);
  if (const auto* const failure = std::get_if<Failure>(&filter)) return *failure;
  const auto rows = parts.vault->list(std::get<ports::VaultFilter>(filter));
  if (!rows) return Failure{kExitNo, rows.error().what};
  json list = json::array();
  for (const ports::VaultRow& row : *rows) list.push_back(row_as_json(row));
  return json{{"rows", list}};
}

json entry_as_json(const ports::OutboxEntry& entry) {
  json recipients = json::array();
  for (const auto& recipient : entry.copy.recipients) recipients.push_back(recipient.address);
  return {{"row", entry.row},
          {"id", entry.id},
          {"sender", entry.copy.sender},
          {"recipients", recipients},
          {"since", to_rfc3339(entry.since)},
          {"attempts", entry.attempts},
          {"next", entry.given_up ? json(nullptr) : json(to_rfc3339(entry.next))},
          {"given_up", entry.given_up},
          {"error", entry.last_error}};
}

Answer vault_outbox(const Control::Parts& parts, const json& request) {
  const auto entries = parts.outbox->waiting(number_of(request, "limit", 100));
  if (!entries) return Failure{kExitNo, entries.error().what};
  json list = json::array();
  for (const ports::OutboxEntry& entry : *entries) list.push_back(entry_as_json(entry));
  return json{{"outbox", list}};
}

Answer vault_retry(const Control::Parts& parts, const json& /*request*/) {
  const auto retried = parts.outbox->retry_all(parts.clock.wall());
  if (!retried) return Failure{kExitNo, retried.error().what};
  return json{{"retried", *retried}};
}

Answer vault_show(const Control::Parts& parts, const json& request) {
  ports::VaultFilter filter;
  filter.id = text_of(request, "id");
  const auto rows = parts.vault->list(filter);
  if (!rows) return Failure{kExitNo, rows.error().what};
  if (rows->empty()) return Failure{kExitNo, *filter.id + ": no such stored message"};
  const auto bytes = parts.vault->read(*filter.id);
  if (!bytes) return Failure{kExitNo, bytes.error().what};
  json list = json::array();
  for (const ports::VaultRow& row : *rows) list.push_back(row_as_json(row));
  // Mail is bytes, JSON is text: hex says them exactly.
  return json{{"rows", list}, {"message_hex", to_hex(*bytes)}};
}

Answer vault_release(const Control::Parts& parts, const json& request) {
  ReleaseRequest wanted;
  wanted.id = text_of(request, "id");
  wanted.recipient = optional_text(request, "recipient");
  wanted.virus_lover = request.value("virus_lover", json(false)) == json(true);
  wanted.who = text_of(request, "who");
  const auto released =
      release(*parts.vault, parts.submitter, parts.clock, parts.submit_timeout, wanted);
  if (!released) return Failure{kExitNo, released.error().what};
  json list = json::array();
  for (const ReleasedRow& row : *released) {
    list.push_back({{"recipient", row.recipient},
                    {"released", row.result == ReleaseResult::released},
                    {"answer", row.answer}});
  }
  return json{{"released", list}};
}

struct Verb {
  const char* name;
  bool needs_vault;
  Answer (*answer)(const Control::Parts& parts, const json& request);
};

constexpr Verb kVerbs[] = {
    {"status", false, status},
    {"policy show", false, policy_show},
    {"policy accept", false, policy_accept},
    {"policy keys", false, policy_keys},
    {"policy documents", false, policy_documents},
    {"route", false, route_address},
    {"explain", false, explain},
    {"vault list", true, vault_list},
    {"vault show", true, vault_show},
    {"vault release", true, vault_release},
    {"vault outbox", true, vault_outbox},
    {"vault retry", true, vault_retry},
};

Answer dispatch(const Control::Parts& parts, const json& request) {
  if (!request.is_object()) return Failure{kExitUsage, "the request is no JSON object"};
  const std::string name = text_of(request, "verb");
  for (const Verb& verb : kVerbs) {
    if (name != verb.name) continue;
    if (verb.needs_vault && parts.vault == nullptr) {
      return Failure{kExitNo, "the vault could not be opened; the log says why"};
    }
    return verb.answer(parts, request);
  }
  return Failure{kExitUsage, "unknown verb"};
}

}  // namespace

std::string Control::handle(std::string_view request) const {
  try {
    const json wanted = json::parse(request);
    std::unique_lock alone(releasing_, std::defer_lock);
    if (wanted.is_object() && text_of(wanted, "verb") == "vault release") alone.lock();
    const Answer answer = dispatch(parts_, wanted);
    if (const auto* const failure = std::get_if<Failure>(&answer)) {
      return dumped({{"ok", false}, {"exit", failure->exit}, {"error", failure->error}});
    }
    return dumped({{"ok", true}, {"answer", std::get<json>(answer)}});
  } catch (const std::exception& error) {
    return dumped({{"ok", false}, {"exit", kExitUsage}, {"error", error.what()}});
  }
}

}  // namespace postern::daemon
