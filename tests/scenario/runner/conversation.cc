#include "scenario/runner/conversation.h"

#include <algorithm>

namespace postern::test {
namespace {

std::string said(const session::Verdict& verdict) {
  if (const auto* const refuse = std::get_if<session::Refuse>(&verdict)) {
    return refuse->reply.to_string();
  }
  return "250";
}

bool is_continue(const session::Verdict& verdict) {
  return std::holds_alternative<session::Continue>(verdict);
}

}  // namespace

bool Played::any_accepted() const {
  return std::find(rcpt.begin(), rcpt.end(), "250") != rcpt.end();
}

Played play(const Scenario& scenario, const std::vector<mail::HeaderField>& headers,
            session::Services& services, session::Explained* explained) {
  session::Session session(services, explained);
  session::ClientFacts client;
  client.address = IpAddress::parse(scenario.client);
  client.helo = scenario.helo;
  client.daemon_name = "mx.postern.test";
  client.mta_name = "mail.test";
  client.sasl_user = scenario.sasl;
  const std::string sender = "<" + scenario.from + ">";
  std::vector<std::string_view> arguments = {sender};
  const std::string size = "SIZE=" + scenario.size.value_or("");
  if (scenario.size) arguments.emplace_back(size);

  Played played;
  const auto mail = session.mail_from(client, arguments);
  played.mail = said(mail);
  if (!is_continue(mail)) return played;
  std::vector<std::string> accepted;
  for (const std::string& recipient : scenario.to) {
    const auto verdict = session.rcpt_to({"<" + recipient + ">"});
    played.rcpt.push_back(said(verdict));
    if (is_continue(verdict)) accepted.push_back("<" + recipient + ">");
  }
  if (accepted.empty()) return played;
  for (const mail::HeaderField& field : headers) session.header(field.name, field.value);
  session.body(scenario.body);
  played.editor = std::make_unique<RecordingEditor>(headers, scenario.body, accepted);
  const auto end = session.end_of_message("QUEUEID", *played.editor);
  played.end = said(end);
  played.goes_on = is_continue(end);
  return played;
}

}  // namespace postern::test
