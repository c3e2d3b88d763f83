#include "daemon/control.h"

#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "daemon/control_documents.h"
#include "daemon/control_limits.h"
#include "daemon/control_vault.h"
#include "decide/decide.h"
#include "policy/decode.h"
#include "policy/dkim_report.h"
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

json provider_faults(const policy::Snapshot* snapshot, const session::Rules& rules) {
  json list = json::array();
  if (snapshot == nullptr) return list;
  snapshot->for_each_domain([&](const policy::Domain& domain) {
    for (const std::string& name : decide::providers_without_proof(domain, rules.tenant_proofs)) {
      list.push_back(
          {{"domain", domain.name},
           {"fault", "provider " + name + " has no proof for this domain in outgoing.providers"}});
    }
  });
  return list;
}

json vault_status(const Control::Parts& parts) {
  ports::Vault* const vault = parts.vault;
  if (vault == nullptr) return {{"available", false}};
  const Status can_store = vault->can_store();
  const auto usage = vault->usage();
  json status = {{"available", can_store.ok()}, {"alarm", or_null(parts.vault_alarm())}};
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
  return json{
      {"ready", not_ready.empty()},
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
        {"providers_left_out", provider_faults(snapshot.get(), *parts.services.rules.get())},
        {"rules_left_out", rule_faults(snapshot.get())}}},
      {"scanners", scanners},
      {"vault", vault_status(parts)},
      {"outbox", outbox_status(parts.outbox)},
      {"mailboxes", outbox_status(parts.mailboxes)}};
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
  const auto rules = parts.services.rules.get();
  const route::RouteOptions options{
      rules->recipient_delimiters, session::return_options(parts.services, *rules),
      [&](const IpAddress& client) {
        return session::is_provider_client(parts.services, *rules, *snapshot, client);
      }};
  return json::parse(route::route_report(*snapshot, address, options));
}

Answer dkim_keys(const Control::Parts& parts, const json& request) {
  const policy::SnapshotPtr snapshot = parts.snapshot.get();
  if (!snapshot) return Failure{kExitNo, "no policy is in force"};
  const std::string domain = text_of(request, "domain");
  const auto report = policy::dkim_report(*snapshot, domain);
  if (!report) return Failure{kExitNo, domain + ": no such domain"};
  return json::parse(*report);
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

// Stored texts come from messages: what is not UTF-8 in them must not make the answer unprintable.
std::string dumped(const json& answer) {
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

Answer limits(const Control::Parts& parts, const json& request) {
  return json::parse(limits_report(parts.services, dumped(request)));
}

json entry_as_json(const ports::OutboxEntry& entry) {
  json recipients = json::array();
  for (const auto& recipient : entry.copy.recipients) recipients.push_back(recipient.address);
  return {{"row", entry.row},
          {"id", entry.id},
          {"sender", entry.copy.sender},
          {"recipients", recipients},
          {"to", entry.into_mailbox ? "mailbox" : "mta"},
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

// What is done to stored mail (control_vault.h).
Answer vault_request(const Control::Parts& parts, const json& request) {
  const VaultReply reply = answer_vault_request(
      {parts.clock, *parts.vault, *parts.upkeep, *parts.expirer, parts.submitter != nullptr},
      request.dump(-1, ' ', false, json::error_handler_t::replace));
  if (reply.exit != 0) return Failure{reply.exit, reply.text};
  return json::parse(reply.text);
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
    {"dkim keys", false, dkim_keys},
    {"explain", false, explain},
    {"limits", false, limits},
    {"vault list", true, vault_request},
    {"vault show", true, vault_request},
    {"vault count", true, vault_request},
    {"vault release", true, vault_request},
    {"vault delete", true, vault_request},
    {"vault expire", true, vault_request},
    {"vault check", true, vault_request},
    {"vault audit", true, vault_request},
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
