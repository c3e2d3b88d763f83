// Every scenario against the core: the session room, the real header scanner, and fakes for the rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/header_scanner/header_scanner.h"
#include "base/log.h"
#include "mail/subject.h"
#include "scenario/runner/all.h"
#include "scenario/runner/arrivals.h"
#include "scenario/runner/conversation.h"
#include "scenario/runner/outside.h"
#include "support/conversation.h"

namespace postern::test {
namespace {

namespace fs = std::filesystem;

policy::SnapshotPtr policies_in(const std::string& name) {
  Documents documents;
  for (const auto& entry :
       fs::recursive_directory_iterator(kTests / "fixtures" / "policies" / name)) {
    if (entry.path().extension() != ".json") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string stem = entry.path().stem().string();
    documents.emplace_back(
        entry.path().parent_path().filename().string() + ":" + (stem == "%2A" ? "*" : stem),
        text.str());
  }
  std::sort(documents.begin(), documents.end());
  return snapshot_of(documents);
}

// "550 5.7.1 text" fits "550 5.7.1" and "550".
void expect_reply(const std::string& expected, const std::string& said, const std::string& where) {
  const bool fits = said == expected || said.starts_with(expected + " ");
  EXPECT_TRUE(fits) << where << ": " << said << ", not " << expected;
}

// "*" stands for text without "=" and "@": what nobody can foresee of an address of ours.
bool is_sender(std::string_view sender, std::string_view pattern) {
  for (std::size_t star = pattern.find('*'); star != std::string_view::npos;
       star = pattern.find('*')) {
    if (!sender.starts_with(pattern.substr(0, star))) return false;
    sender.remove_prefix(star);
    pattern.remove_prefix(star + 1);
    const std::size_t end = sender.find_first_of("=@");
    if (end == 0 || end == std::string_view::npos) return false;
    sender.remove_prefix(end);
  }
  return sender == pattern;
}

session::Rules rules_of(const std::string& settings) {
  session::Rules rules;
  if (settings == "strict") {
    rules.decide.dmarc_is_enforced = true;
    rules.authenticates_always = true;
    rules.recipient_delimiters = "+";
    rules.webmail_clients = {*IpNetwork::parse("198.51.100.250/32")};
  } else if (settings == "defer") {
    rules.mixed_rejection = session::MixedRejection::defer;
  } else if (settings == "discard") {
    rules.mixed_rejection = session::MixedRejection::discard;
  } else if (settings == "providers") {
    rules.tenant_proofs["ravens"] = {"X-Raven-Tenant",
                                     {{"eyrie.net", "eyrie-7"},
                                      {"runestone.net", "rune-1"},
                                      {"gulltown.net", "gull-1"},
                                      {"snakewood.net", "snake-1"}}};
    rules.tenant_proofs["broken"] = {"X-Raven-Tenant", {{"strongsong.net", "song-1"}}};
  } else if (settings == "forwarding") {
    rules.srs_domain = "srs.example";
    rules.bounce_hosts = {"mx.postern.example"};
  } else {
    EXPECT_EQ(settings, "");
  }
  return rules;
}

// The copies as "recipient purpose class", sorted.
template <typename Copy, typename Purpose, typename MailClass>
std::string told(const Copy& copy, const Purpose& purpose, const MailClass& mail_class) {
  return ascii_lower(copy.recipient) + " " + std::string(purpose) + " " + std::string(mail_class);
}

class Check {
 public:
  Check(const Scenario& scenario, policy::SnapshotPtr snapshot, Outside& outside)
      : scenario_(scenario), snapshot_(std::move(snapshot)), house_(snapshot_) {
    scan::HeaderScannerConfig header;
    for (const char* const network : {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"}) {
      header.trust.push_back(*IpNetwork::parse(network));
    }
    house_.services().scanners.push_back(std::make_unique<scan::HeaderScanner>(header));
    outside.lend(house_.services());
    house_.set_rules(rules_of(scenario.settings));
    mail::Message message;
    for (const auto& [name, value] : scenario_.headers) message.add_header(name, " " + value);
    message.set_body(scenario_.body);
    headers_ = message.headers();
    if (!scenario_.dkim_domain.empty()) {
      headers_.insert(headers_.begin(),
                      {"DKIM-Signature", outside.signature(message, scenario_.dkim_domain)});
    }
  }

  // What the daemon does is what the scenario says.
  void as_daemon() {
    testing::internal::CaptureStderr();
    played_ = play(scenario_, headers_, house_.services(), nullptr);
    log_ = testing::internal::GetCapturedStderr();
    for (const auto& stored : house_.vault().stored()) {
      left_.insert(left_.end(), stored.message.outbox.begin(), stored.message.outbox.end());
    }
    arrived_ = arrivals(played_, scenario_.from, left_, *snapshot_);
    check_replies();
    if (scenario_.refused || !played_.any_accepted()) return;
    check_delivered();
    check_stored();
    check_signatures();
  }

  // And what it tells those who ask why is what it does.
  void as_explained() {
    session::Services own(house_.services().clock, house_.services().snapshot);
    own.borrow(house_.services());
    session::Explained explained;
    const auto stored_before = house_.vault().stored().size();
    const Played again = play(scenario_, headers_, own, &explained);
    EXPECT_EQ(house_.vault().stored().size(), stored_before) << "explaining stored something";
    EXPECT_EQ(again.mail, played_.mail);
    EXPECT_EQ(again.rcpt, played_.rcpt);
    EXPECT_EQ(again.end, played_.end);
    EXPECT_EQ(again.goes_on, played_.goes_on);
    if (played_.editor != nullptr && again.editor != nullptr) {
      EXPECT_EQ(comparable(again.editor->headers()), comparable(played_.editor->headers()));
      EXPECT_EQ(again.editor->body(), played_.editor->body());
      EXPECT_EQ(again.editor->recipients(), played_.editor->recipients());
    }
    std::vector<std::string> copies;
    for (const session::ExplainedCopy& copy : explained.copies) {
      copies.push_back(told(copy, copy.purpose, copy.mail_class));
    }
    std::sort(copies.begin(), copies.end());
    EXPECT_EQ(copies, stored());
    compare_leaving(explained);
    compare_explanation(explained);
    check_each(explained);
  }

 private:
  void check_replies() {
    if (scenario_.refused) {
      if (played_.rcpt.empty()) expect_reply(*scenario_.refused, played_.mail, "MAIL");
      for (const std::string& reply : played_.rcpt) {
        expect_reply(*scenario_.refused, reply, "RCPT");
      }
      return;
    }
    expect_reply(scenario_.mail, played_.mail, "MAIL");
    for (std::size_t i = 0; i < played_.rcpt.size(); ++i) {
      const auto expected = scenario_.rcpt.find(scenario_.to[i]);
      expect_reply(expected == scenario_.rcpt.end() ? "250" : expected->second, played_.rcpt[i],
                   "RCPT " + scenario_.to[i]);
    }
    if (played_.end) expect_reply(scenario_.reply, *played_.end, "end of message");
  }

  void check_delivered() const {
    std::vector<std::string> got;
    for (const Arrival& arrival : arrived_) got.push_back(arrival.recipient);
    std::sort(got.begin(), got.end());
    std::vector<std::string> expected;
    for (const auto& [recipient, facts] : scenario_.delivered) expected.push_back(recipient);
    EXPECT_EQ(got, expected) << "who got it";
    for (const Arrival& arrival : arrived_) {
      const auto facts = scenario_.delivered.find(arrival.recipient);
      if (facts != scenario_.delivered.end()) check_arrival(arrival, facts->second);
    }
  }

  static void check_arrival(const Arrival& arrival, const ExpectedDelivery& expected) {
    SCOPED_TRACE(arrival.recipient);
    if (!expected.next_hop.empty()) {
      EXPECT_EQ(arrival.next_hop, expected.next_hop);
    }
    if (expected.sender) {
      EXPECT_TRUE(is_sender(arrival.sender, *expected.sender)) << arrival.sender;
    }
    const std::string subject = arrival.header("Subject");
    if (expected.subject_is_given) {
      EXPECT_EQ(subject, expected.subject.value_or("(none)"));
    }
    if (expected.decoded) {
      EXPECT_EQ(mail::decode_header_text(subject), *expected.decoded);
    }
    check_headers(arrival, expected);
  }

  static void check_headers(const Arrival& arrival, const ExpectedDelivery& expected) {
    for (const auto& [name, texts] : expected.headers) {
      std::string values;
      for (const auto& field : arrival.headers) {
        if (equals_ignoring_case(field.name, name)) values += field.value + "\n";
      }
      EXPECT_EQ(values.empty(), texts.empty()) << name << ":" << values;
      for (const std::string& text : texts) {
        const bool is_unwanted = text.starts_with('!');
        const bool found = values.find(text.substr(is_unwanted ? 1 : 0)) != std::string::npos;
        EXPECT_NE(found, is_unwanted) << name << ":" << values << text;
      }
    }
  }

  std::vector<std::string> stored() const {
    std::vector<std::string> stored;
    for (const auto& message : house_.vault().stored()) {
      for (const ports::VaultCopy& copy : message.message.copies) {
        stored.push_back(
            told(copy, ports::to_string(copy.purpose), decide::to_string(copy.mail_class)));
      }
    }
    std::sort(stored.begin(), stored.end());
    return stored;
  }

  void check_stored() const {
    std::vector<std::string> expected;
    for (const auto& [recipient, copies] : scenario_.stored) {
      for (const ExpectedCopy& copy : copies) {
        expected.push_back(recipient + " " + copy.purpose + " " + copy.mail_class);
      }
    }
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(stored(), expected);
  }

  void check_signatures() const {
    if (!scenario_.signed_by) return;
    for (const Arrival& arrival : arrived_) {
      std::vector<std::string> domains;
      for (const auto& field : arrival.headers) {
        if (field.name != "DKIM-Signature") continue;
        domains.push_back(field.value.substr(3, field.value.find(';') - 3));  // " d=got.com; s=…"
      }
      EXPECT_EQ(domains, *scenario_.signed_by) << arrival.recipient;
    }
  }

  // Header fields but for the transaction's own number.
  static std::vector<std::pair<std::string, std::string>> comparable(
      const std::vector<mail::HeaderField>& headers) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& field : headers) {
      if (field.name != "X-Postern-Id") fields.emplace_back(field.name, field.value);
    }
    return fields;
  }

  void compare_leaving(const session::Explained& explained) const {
    ASSERT_EQ(explained.leaving.size(), left_.size());
    for (std::size_t i = 0; i < left_.size(); ++i) {
      std::vector<std::string> recipients;
      for (const auto& recipient : left_[i].recipients) recipients.push_back(recipient.address);
      EXPECT_EQ(explained.leaving[i].recipients, recipients);
      EXPECT_EQ(explained.leaving[i].sender, left_[i].sender);
      EXPECT_EQ(comparable(fields_of(explained.leaving[i].header)),
                comparable(fields_of(left_[i].header)));
    }
  }

  // Against the line that the daemon wrote into its log.
  void compare_explanation(const session::Explained& explained) const {
    EXPECT_EQ(explained.refused.has_value(), played_.mail != "250");
    for (std::size_t i = 0; i < played_.rcpt.size(); ++i) {
      const auto recipient =
          std::find_if(explained.recipients.begin(), explained.recipients.end(),
                       [&](const auto& one) { return one.given == "<" + scenario_.to[i] + ">"; });
      ASSERT_NE(recipient, explained.recipients.end()) << scenario_.to[i];
      if (!accepted_members(explained, recipient->given).empty()) {
        EXPECT_EQ(played_.rcpt[i], "250") << recipient->given;
      } else {
        EXPECT_EQ(recipient->refused.value_or(mail::Reply{}).to_string(), played_.rcpt[i]);
      }
    }
    if (!played_.end) return;
    EXPECT_EQ(logged("outcome"), explained.outcome);
    // Before anything was decided: the header From of outgoing mail.
    if (logged("class") == "none") return;
    const auto accepted = accepted_members(explained, "");
    const std::string listed = logged("recipients");
    const auto names = split(listed, ',');
    ASSERT_EQ(names.size(), accepted.size()) << listed;
    std::string each;
    for (std::size_t i = 0; i < accepted.size(); ++i) {
      ASSERT_TRUE(accepted[i]->decision) << names[i];
      each += (i == 0 ? "" : "; ") + std::string(names[i]) + " " + accepted[i]->outcome + ": " +
              accepted[i]->decision->reason();
    }
    EXPECT_EQ(logged("class"), decide::to_string(accepted.front()->decision->decider));
    EXPECT_EQ(logged("reason"), accepted.front()->decision->reason());
    if (logged("each") != "(no field)") {
      EXPECT_EQ(logged("each"), each);
      return;
    }
    for (const session::ExplainedRecipient* const one : accepted) {
      EXPECT_EQ(one->outcome, explained.outcome) << one->canonical;
      EXPECT_EQ(one->decision->reason(), logged("reason")) << one->canonical;
    }
  }

  // What the scenario says of the recipients one by one; who is not listed is not asked for.
  void check_each(const session::Explained& explained) const {
    for (const auto& [recipient, outcome] : scenario_.each) {
      std::vector<std::string> outcomes;
      for (const auto* const one : accepted_members(explained, "")) {
        const std::string address =
            one->canonical.empty() ? one->given.substr(1, one->given.size() - 2) : one->canonical;
        if (ascii_lower(address) == recipient) outcomes.push_back(one->outcome);
      }
      EXPECT_FALSE(outcomes.empty()) << recipient << " is nobody's recipient";
      for (const std::string& one : outcomes) EXPECT_EQ(one, outcome) << recipient;
    }
  }

  // Those who were not refused; with `given`, those of this RCPT.
  static std::vector<const session::ExplainedRecipient*> accepted_members(
      const session::Explained& explained, const std::string& given) {
    std::vector<const session::ExplainedRecipient*> accepted;
    for (const session::ExplainedRecipient& one : explained.recipients) {
      if (!one.refused && (given.empty() || one.given == given)) accepted.push_back(&one);
    }
    return accepted;
  }

  // A field of the line about the message; no reason here has a character that JSON escapes but these.
  std::string logged(const std::string& name) const {
    const std::size_t line = log_.find("\"message\":\"message\"");
    if (line == std::string::npos) return "(no line)";
    const std::string key = "\"" + name + "\":\"";
    std::size_t at = log_.find(key, line);
    if (at == std::string::npos) return "(no field)";
    std::string value;
    for (at += key.size(); at < log_.size() && log_[at] != '"'; ++at) {
      if (log_[at] == '\\') ++at;
      value += log_[at];
    }
    return value;
  }

  const Scenario& scenario_;
  policy::SnapshotPtr snapshot_;
  mutable House house_;
  std::vector<mail::HeaderField> headers_;
  Played played_;
  std::vector<ports::OutboxCopy> left_;  // copies for recipients with an outcome of their own
  std::vector<Arrival> arrived_;
  std::string log_;
};

class Scenarios : public testing::TestWithParam<Scenario> {};

TEST_P(Scenarios, Holds) {
  static std::map<std::string, policy::SnapshotPtr> sets;
  policy::SnapshotPtr& snapshot = sets[GetParam().policies];
  if (!snapshot) snapshot = policies_in(GetParam().policies);
  static Outside outside((kTests / "fixtures" / "dns").string());
  log::configure(log::Level::info, log::Format::json);
  SCOPED_TRACE(GetParam().file + ": " + GetParam().name);
  Check check(GetParam(), snapshot, outside);
  check.as_daemon();
  check.as_explained();
}

std::string test_name(const testing::TestParamInfo<Scenario>& row) {
  std::string name = row.param.file.substr(0, row.param.file.find('.')) + "_" + row.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(all_scenarios()), test_name);

}  // namespace
}  // namespace postern::test
