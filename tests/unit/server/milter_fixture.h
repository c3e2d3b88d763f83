// Purpose:   a milter server in a process of its own, and a client that speaks as Postfix does.
// Ownership: the fixture owns the process, and ends it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "support/milter_client.h"
#include "unit/server/child_process.h"
#include "unit/server/raw_client.h"
#include "unit/server/temp_directory.h"

namespace postern::server {

using test::ChildProcess;
using test::MilterClient;
using test::MilterMail;
using test::MilterOutcome;
using test::Packet;

// "y 550 5.7.1 text", "c", "i 0 X-Postern-Id| value", NULs as '|'.
inline std::string shown(const Packet& packet) {
  std::string text(1, packet.command);
  std::string payload = packet.payload;
  if ((packet.command == 'i' || packet.command == 'm') && payload.size() >= 4) {
    text += " " + std::to_string(static_cast<int>(payload[3]));
    payload.erase(0, 4);
  }
  if (!payload.empty() && payload.back() == '\0') payload.pop_back();
  std::replace(payload.begin(), payload.end(), '\0', '|');
  return payload.empty() ? text : text + " " + payload;
}

inline std::vector<std::string> shown(const std::vector<Packet>& packets) {
  std::vector<std::string> texts;
  for (const Packet& packet : packets) texts.push_back(shown(packet));
  return texts;
}

class MilterTest : public testing::Test {
 protected:
  void start(const std::vector<std::string>& more = {}) { start_at("127.0.0.1:0", more); }
  void start_at(const std::string& address, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {MILTER_UNDER_TEST, address};
    command.insert(command.end(), more.begin(), more.end());
    child_ = std::make_unique<ChildProcess>(command);
    const std::string line = child_->line();
    ASSERT_TRUE(line.starts_with("listening ")) << line;
    const auto listening = ListenAddress::parse(line.substr(10));
    ASSERT_TRUE(listening);
    address_ = *listening;
  }
  std::unique_ptr<MilterClient> connect() {
    auto client = MilterClient::connect(address_, test::kPatience);
    EXPECT_TRUE(client) << (client ? "" : client.error().what);
    return client ? std::make_unique<MilterClient>(std::move(*client)) : nullptr;
  }
  // Negotiated and greeted, from outside.
  std::unique_ptr<MilterClient> client(const test::Macros& macros = {}) {
    auto made = connect();
    if (!made) return nullptr;
    EXPECT_TRUE(made->negotiate());
    made->macros() = {{"j", "mx.postern.test"},
                      {"{daemon_name}", "mx.postern.test"},
                      {"{client_addr}", "203.0.113.9"},
                      {"{client_name}", "mail.example.org"}};
    for (const auto& [name, value] : macros) made->macros()[name] = value;
    EXPECT_TRUE(made->connection("mail.example.org", '4', 40000, "203.0.113.9"));
    EXPECT_TRUE(made->helo("mail.example.org"));
    return made;
  }
  static MilterMail mail_to(const std::string& recipient) {
    MilterMail mail;
    mail.recipients = {{recipient}};
    mail.headers = {{"From", " someone@example.org"}, {"Subject", " Hello"}};
    mail.body = "Hello.\r\n";
    return mail;
  }
  static MilterOutcome deliver(MilterClient& client, const MilterMail& mail) {
    auto outcome = client.deliver(mail);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().what);
    return outcome ? *outcome : MilterOutcome{};
  }
  void expect_alive() {
    const auto one = client();
    EXPECT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c");
  }

  test::TempDirectory directory_;
  std::unique_ptr<ChildProcess> child_;
  ListenAddress address_;
};

}  // namespace postern::server
