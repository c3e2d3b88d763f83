#include "session/report.h"

#include <algorithm>

#include "base/log.h"
#include "base/metrics.h"

namespace postern::session {
namespace {

constexpr std::size_t kMostRecipientsInALine = 50;

log::Fields fields_of(const TransactionNames& names) {
  return {{"id", std::string(names.id)},
          {"generation", names.generation},
          {"client", names.client.address ? names.client.address->to_string() : "local"},
          {"sender", names.sender.is_null ? "<>" : names.sender.given}};
}

std::string joined(const std::vector<std::string>& parts, const char* separator = ",") {
  std::string text;
  const std::size_t shown = std::min(parts.size(), kMostRecipientsInALine);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  if (parts.size() > shown) text += separator + ("+" + std::to_string(parts.size() - shown));
  return text;
}

std::string_view class_of(const MessageReport& report, std::size_t recipient) {
  if (recipient >= report.decisions.size()) return "none";
  return decide::to_string(report.decisions[recipient].decider);
}

std::string_view outcome_of(const MessageReport& report, std::size_t recipient) {
  if (recipient >= report.outcomes.size()) return report.outcome;
  return decide::to_string(report.outcomes[recipient]);
}

bool all_got_the_same(const MessageReport& report) {
  for (std::size_t i = 1; i < report.decisions.size(); ++i) {
    if (outcome_of(report, i) != outcome_of(report, 0)) return false;
    if (report.decisions[i].reason() != report.decisions[0].reason()) return false;
  }
  return true;
}

// "<a@got.com> tag: spam: score 8.0 …", one for each.
std::vector<std::string> told_apart(const MessageReport& report) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < report.decisions.size(); ++i) {
    parts.push_back(report.recipients[i] + " " + std::string(outcome_of(report, i)) + ": " +
                    report.decisions[i].reason());
  }
  return parts;
}

}  // namespace

void report_message(const MessageReport& report) {
  log::Fields fields = fields_of(report.names);
  fields.emplace_back("direction", report.direction);
  fields.emplace_back("queue_id", report.queue_id);
  fields.emplace_back("recipients", joined(report.recipients));
  fields.emplace_back("outcome", report.outcome);
  fields.emplace_back("class", class_of(report, 0));
  fields.emplace_back("reason", report.reason);
  if (!all_got_the_same(report)) fields.emplace_back("each", joined(told_apart(report), "; "));
  fields.emplace_back("reply", report.reply.to_string());
  fields.emplace_back("size", report.size);
  fields.emplace_back("copies", static_cast<std::uint64_t>(report.copies));
  if (!report.signed_by.empty()) fields.emplace_back("signed_by", joined(report.signed_by));
  if (!report.names.client.sasl_user.empty()) {
    fields.emplace_back("sasl_user", report.names.client.sasl_user);
  }
  fields.emplace_back("microseconds", static_cast<std::int64_t>(report.seconds * 1e6));
  log::info("message", fields);

  metrics::count("postern_messages_total", {{"direction", std::string(report.direction)},
                                            {"outcome", std::string(report.outcome)}});
  metrics::observe_seconds("postern_transaction_seconds", report.seconds);
  for (std::size_t i = 0; i < report.recipients.size(); ++i) {
    metrics::count("postern_recipients_total", {{"class", std::string(class_of(report, i))},
                                                {"outcome", std::string(outcome_of(report, i))}});
  }
}

void report_not_ready(const ClientFacts& client, std::string_view sender,
                      const mail::Reply& reply) {
  log::info("not ready for mail",
            {{"client", client.address ? client.address->to_string() : "local"},
             {"sender", sender},
             {"reply", reply.to_string()}});
  metrics::count("postern_messages_total", {{"direction", "in"}, {"outcome", "defer"}});
}

void report_refused_sender(const TransactionNames& names, const mail::Reply& reply) {
  log::Fields fields = fields_of(names);
  fields.emplace_back("reply", reply.to_string());
  if (!names.client.sasl_user.empty()) fields.emplace_back("sasl_user", names.client.sasl_user);
  log::info("sender refused", fields);
  metrics::count("postern_messages_total",
                 {{"direction", "out"}, {"outcome", reply.is_temporary() ? "defer" : "reject"}});
}

void report_refused_recipient(const TransactionNames& names, std::string_view given,
                              const mail::Reply& reply) {
  log::Fields fields = fields_of(names);
  fields.emplace_back("recipient", given);
  fields.emplace_back("reply", reply.to_string());
  log::info("recipient refused", fields);
  metrics::count("postern_recipients_total",
                 {{"class", "none"}, {"outcome", reply.is_temporary() ? "defer" : "reject"}});
}

}  // namespace postern::session
