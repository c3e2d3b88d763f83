// A conversation with the session room over fakes: what an MTA would say, in one call.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "session/session.h"
#include "support/fake_ports.h"
#include "support/manual_clock.h"
#include "support/policies.h"
#include "support/recording_editor.h"

namespace postern::test {

// "continue", "discard", or the reply's code and enhanced code.
inline std::string describe(const session::Verdict& verdict) {
  return std::visit(Overloaded{[](const session::Continue&) -> std::string { return "continue"; },
                               [](const session::Discard&) -> std::string { return "discard"; },
                               [](const session::Refuse& refuse) {
                                 return std::to_string(refuse.reply.code) + " " +
                                        refuse.reply.enhanced;
                               }},
                    verdict);
}

struct Mail {
  std::string sender = "<someone@example.org>";
  std::vector<std::string> recipients;
  std::vector<mail::HeaderField> headers = {{"From", " someone@example.org"},
                                            {"Subject", " Hello"},
                                            {"Date", " Thu, 01 Jan 2026 00:00:00 +0000"}};
  std::string body = "Hello.\r\n";
  std::string sasl_user = {};
  std::string client = "203.0.113.9";
  std::string daemon_name = "mx.postern.test";
};

struct Outcome {
  std::string mail;
  std::vector<std::string> rcpt;
  std::string end;  // empty: not reached
};

class House {
 public:
  explicit House(policy::SnapshotPtr snapshot) : published_(std::move(snapshot)) {
    services_.signer = &signer_;
    services_.vault = &vault_;
    services_.token_keys = {Secret("0123456789abcdef-first"), Secret("0123456789abcdef-second")};
  }

  FakeScanner& add_scanner(Result<ports::ScanResult> answer, std::string name = "fake") {
    auto scanner = std::make_unique<FakeScanner>(std::move(answer), std::move(name));
    FakeScanner& borrowed = *scanner;
    services_.scanners.push_back(std::move(scanner));
    return borrowed;
  }
  void set_rules(const session::Rules& rules) {
    services_.rules.set(std::make_shared<const session::Rules>(rules));
  }
  void publish(policy::SnapshotPtr snapshot) { published_.set(std::move(snapshot)); }

  Outcome send(const Mail& mail) {
    session::Session session(services_);
    Outcome outcome;
    session::ClientFacts client;
    client.address = IpAddress::parse(mail.client);
    client.daemon_name = mail.daemon_name;
    client.sasl_user = mail.sasl_user;
    auto verdict = session.mail_from(client, {mail.sender});
    outcome.mail = describe(verdict);
    if (!std::holds_alternative<session::Continue>(verdict)) return outcome;
    std::vector<std::string> accepted;
    for (const std::string& recipient : mail.recipients) {
      verdict = session.rcpt_to({recipient});
      outcome.rcpt.push_back(describe(verdict));
      if (std::holds_alternative<session::Continue>(verdict)) accepted.push_back(recipient);
    }
    if (accepted.empty()) return outcome;
    for (const auto& field : mail.headers) session.header(field.name, field.value);
    session.body(mail.body);
    editor_ = std::make_unique<RecordingEditor>(mail.headers, mail.body, accepted);
    if (editor_is_broken_) editor_->break_connection();
    outcome.end = describe(session.end_of_message("QUEUEID", *editor_));
    return outcome;
  }

  void break_editor() { editor_is_broken_ = true; }
  RecordingEditor& editor() { return *editor_; }
  FakeVault& vault() { return vault_; }
  FakeSigner& signer() { return signer_; }
  ManualClock& clock() { return clock_; }
  session::Services& services() { return services_; }

 private:
  ManualClock clock_;
  Published<policy::Snapshot> published_;
  FakeVault vault_;
  FakeSigner signer_;
  std::unique_ptr<RecordingEditor> editor_;
  bool editor_is_broken_ = false;
  session::Services services_{clock_, published_};
};

}  // namespace postern::test
