#include "session/explain_message.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "decide/decide.h"
#include "mail/message_file.h"
#include "session/explained.h"
#include "session/message_editor.h"
#include "session/session.h"

namespace postern::session {
namespace {

using nlohmann::json;

constexpr const char* kNobodysAddress = "192.0.2.1";  // RFC 5737

// Notes what would be changed about the message.
class NotingEditor final : public MessageEditor {
 public:
  Status add_header(const std::string& name, const std::string& value) override {
    return note("add header", name + ":" + value);
  }
  Status insert_header(const std::string& name, const std::string& value) override {
    return note("insert header", name + ":" + value);
  }
  Status change_header(const std::string& name, int index, const std::string& value) override {
    return note("change header", name + "[" + std::to_string(index) + "]:" + value);
  }
  Status delete_header(const std::string& name, int index) override {
    return note("delete header", name + "[" + std::to_string(index) + "]");
  }
  Status replace_body(const std::string& body) override {
    return note("replace body", std::to_string(body.size()) + " octets");
  }
  Status delete_recipient(const std::string& given) override {
    return note("delete recipient", given);
  }
  Status add_recipient(const std::string& address, const std::string& parameters) override {
    return note("add recipient", address + (parameters.empty() ? "" : " " + parameters));
  }
  Status change_sender(const std::string& address) override {
    return note("change sender", address);
  }
  void progress() override {}

  json take() { return std::move(edits_); }

 private:
  Status note(const char* what, const std::string& value) {
    std::string unfolded;
    for (const char c : value) {
      if (c != '\n') unfolded += c == '\t' ? ' ' : c;
    }
    edits_.push_back({{"edit", what}, {"value", unfolded}});
    return success();
  }
  json edits_ = json::array();
};

// A score that the asker supposes, in the place of all scanners.
class SupposedScore final : public ports::Scanner {
 public:
  explicit SupposedScore(policy::MilliScore score) : score_(score) {}
  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return Milliseconds(1); }
  bool is_local() const override { return true; }
  Result<ports::ScanResult> scan(const ports::ScanInput& /*input*/,
                                 Deadline /*deadline*/) override {
    ports::ScanResult result;
    result.score = score_;
    return result;
  }

 private:
  const policy::MilliScore score_;
  const std::string name_ = "the asker";
};

std::string bracketed(const std::string& address) {
  return address.starts_with('<') ? address : "<" + address + ">";
}

mail::Message message_of(const ExplainRequest& request) {
  if (!request.message.empty()) return mail::read_message(request.message);
  mail::Message message;
  message.add_header("From", " " + request.sender);
  message.add_header("To", " " + request.recipients.front());
  message.add_header("Subject", " A clean message");
  message.add_header("Date", " Thu, 01 Jan 2026 00:00:00 +0000");
  message.add_header("Message-ID", " <explain@postern.invalid>");
  message.set_body("Nothing in it.\r\n");
  return message;
}

json considered(const decide::Explanation& why) {
  json list = json::array();
  for (const decide::Consideration& one : why.considered()) {
    list.push_back({{"rule", one.rule},
                    {"source", one.source},
                    {"finding", one.finding},
                    {"effect", decide::to_string(one.effect)}});
  }
  return list;
}

json decision_as_json(const decide::Decision& decision) {
  json copies = json::array();
  if (decision.quarantine_copy) copies.push_back("quarantine");
  if (decision.retention_copy) copies.push_back("retention");
  if (decision.archive_copy) copies.push_back("archive");
  const bool is_refused = decision.disposition == decide::Disposition::reject ||
                          decision.disposition == decide::Disposition::defer;
  return {{"disposition", decide::to_string(decision.disposition)},
          {"class", decide::to_string(decision.decider)},
          {"reason", decision.reason()},
          {"score", decision.score ? json(decide::format_score(*decision.score)) : json(nullptr)},
          {"subject_prefix", decision.subject_prefix},
          {"copies", copies},
          {"would", decision.would.empty() ? json(nullptr) : json(decision.would)},
          {"reply", is_refused ? json(decision.reply.to_string()) : json(nullptr)}};
}

json reply_or_null(const std::optional<mail::Reply>& reply) {
  return reply ? json(reply->to_string()) : json(nullptr);
}

json recipient_as_json(const ExplainedRecipient& recipient) {
  return {{"recipient", recipient.given},
          {"canonical", recipient.canonical},
          {"policy", recipient.policy_source},
          {"refused", reply_or_null(recipient.refused)},
          {"outcome", recipient.outcome},
          {"decision", recipient.decision ? decision_as_json(*recipient.decision) : json(nullptr)},
          {"considered", considered(recipient.why)}};
}

template <typename T, typename Show>
json finding(const decide::Finding<T>& found, const Show& show) {
  return std::visit(Overloaded{[](const decide::NotNeeded&) { return json("not looked at"); },
                               [](const decide::Unavailable& missing) {
                                 return json("unavailable: " + missing.why);
                               },
                               [&show](const T& told) { return json(show(told)); }},
                    found);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& one : texts) text += (text.empty() ? "" : "; ") + one;
  return text.empty() ? "none" : text;
}

json evidence_as_json(const decide::Evidence& evidence) {
  const auto list = [](const std::vector<std::string>& texts) { return joined(texts); };
  json told = {
      {"size", evidence.size},
      {"spam", finding(evidence.spam,
                       [](const decide::SpamVerdict& verdict) {
                         return decide::format_score(verdict.score) + " from " + verdict.scanner;
                       })},
      {"virus", finding(evidence.virus,
                        [](const decide::VirusVerdict& verdict) {
                          return verdict.name.empty() ? "none" : verdict.name;
                        })},
      {"spf", finding(evidence.spf,
                      [](const decide::SpfVerdict& verdict) {
                        return std::string(decide::to_string(verdict.result)) + " for " +
                               verdict.domain;
                      })},
      {"dkim", finding(evidence.dkim,
                       [](const decide::DkimVerdict& verdict) {
                         std::vector<std::string> texts;
                         for (const auto& signature : verdict.signatures) {
                           texts.push_back(std::string(decide::to_string(signature.result)) +
                                           " for " + signature.domain);
                         }
                         return joined(texts);
                       })},
      {"dmarc", finding(evidence.dmarc,
                        [](const decide::DmarcVerdict& verdict) {
                          return std::string(decide::to_string(verdict.result)) + " for " +
                                 verdict.domain;
                        })},
      {"sender", finding(evidence.sender,
                         [](const decide::SenderStanding& standing) {
                           return standing.why.empty() ? "exists" : standing.why;
                         })},
      {"attachments", finding(evidence.attachments,
                              [](const content::Attachments& found) {
                                return std::to_string(found.objects.size()) + " found";
                              })},
      {"uri_hosts", finding(evidence.uri_hosts, list)},
      {"bad_encoding", finding(evidence.encoding_defects, list)},
      {"bad_headers", finding(evidence.header_defects, list)},
      {"bulk_marks", joined(evidence.bulk_marks)}};
  if (evidence.scanner_fault) told["scanner_fault"] = evidence.scanner_fault->why;
  if (evidence.virus_fault) told["virus_fault"] = evidence.virus_fault->why;
  return told;
}

std::string as_text(const Explained& explained, json edits) {
  json recipients = json::array();
  for (const ExplainedRecipient& recipient : explained.recipients) {
    recipients.push_back(recipient_as_json(recipient));
  }
  json copies = json::array();
  for (const ExplainedCopy& copy : explained.copies) {
    copies.push_back({{"recipient", copy.recipient},
                      {"purpose", copy.purpose},
                      {"class", copy.mail_class},
                      {"mailbox", copy.mailbox.empty() ? json(nullptr) : json(copy.mailbox)}});
  }
  json leaving = json::array();
  for (const ExplainedLeaving& copy : explained.leaving) {
    leaving.push_back(
        {{"recipients", copy.recipients}, {"sender", copy.sender}, {"header", copy.header}});
  }
  return json{{"generation", explained.generation},
              {"direction", explained.direction},
              {"sender",
               {{"refused", reply_or_null(explained.refused)},
                {"considered", considered(explained.sender)}}},
              {"recipients", recipients},
              {"evidence", evidence_as_json(explained.evidence)},
              {"reply", reply_or_null(explained.reply)},
              {"outcome", explained.outcome},
              {"copies", copies},
              {"leaving", leaving},
              {"signed_by", explained.signed_by},
              {"edits", std::move(edits)}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

// Says the conversation; what comes of it stands in `explained`.
void converse(Session& session, const ClientFacts& client, const ExplainRequest& request,
              MessageEditor& editor) {
  if (!std::holds_alternative<Continue>(session.mail_from(client, {bracketed(request.sender)}))) {
    return;
  }
  bool any = false;
  for (const std::string& recipient : request.recipients) {
    any |= std::holds_alternative<Continue>(session.rcpt_to({bracketed(recipient)}));
  }
  if (!any) return;
  const mail::Message message = message_of(request);
  for (const mail::HeaderField& field : message.headers()) session.header(field.name, field.value);
  session.body(message.body());
  session.end_of_message("explain", editor);
}

Result<Explained> explain_into(const Services& services, const ExplainRequest& request,
                               MessageEditor& editor) {
  if (request.recipients.empty()) return permanent_error("at least one recipient is needed");
  ClientFacts client;
  client.address = IpAddress::parse(request.client.empty() ? kNobodysAddress : request.client);
  if (!client.address) return permanent_error(request.client + ": no IP address");
  client.helo = request.helo;
  client.sasl_user = request.sasl_user;
  client.mta_name = "explain.invalid";

  Services own(services.clock, services.snapshot);
  own.borrow(services);
  if (request.score) {
    char* end = nullptr;
    const double score = std::strtod(request.score->c_str(), &end);
    const bool is_number =
        end != request.score->c_str() && *end == '\0' && score > -1e6 && score < 1e6;
    if (!is_number) return permanent_error(*request.score + ": no score");
    own.scanners = {std::make_shared<SupposedScore>(std::llround(score * 1000))};
  }
  const auto snapshot = own.snapshot.get();
  if (!snapshot || !snapshot->usable()) return permanent_error("no mail policy is in force");

  Explained explained;
  {
    Session session(own, &explained);
    converse(session, client, request, editor);
  }
  return explained;
}

}  // namespace

Result<Explained> explain(const Services& services, const ExplainRequest& request) {
  NotingEditor editor;
  return explain_into(services, request, editor);
}

Result<std::string> explain_message(const Services& services, const ExplainRequest& request) {
  NotingEditor editor;
  const auto explained = explain_into(services, request, editor);
  if (!explained) return explained.error();
  return as_text(*explained, editor.take());
}

}  // namespace postern::session
