// Every scenario against the core: the session room, the real header scanner, and fakes for the rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/header_scanner/header_scanner.h"
#include "mail/subject.h"
#include "route/route.h"
#include "scenario/runner/scenario.h"
#include "support/conversation.h"

namespace postern::test {
namespace {

namespace fs = std::filesystem;

const fs::path kTests = fs::path(POSTERN_SOURCE_DIR) / "tests";

std::vector<Scenario> all_scenarios() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kTests / "scenario")) {
    if (entry.path().extension() == ".yml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Scenario> scenarios;
  for (const fs::path& file : files) {
    auto read = read_scenarios(file.string());
    std::move(read.begin(), read.end(), std::back_inserter(scenarios));
  }
  return scenarios;
}

policy::SnapshotPtr policies_in(const std::string& name) {
  Documents documents;
  for (const auto& entry :
       fs::recursive_directory_iterator(kTests / "fixtures" / "policies" / name)) {
    if (entry.path().extension() != ".json") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    documents.emplace_back(
        entry.path().parent_path().filename().string() + ":" + entry.path().stem().string(),
        text.str());
  }
  std::sort(documents.begin(), documents.end());
  return snapshot_of(documents);
}

std::string name_of_next_hop(const std::string& transport) {
  const std::pair<const char*, const char*> names[] = {{"[127.0.0.11]", "primary"},
                                                       {"[127.0.0.12]", "fallback"},
                                                       {"[127.0.0.13]", "second"},
                                                       {"[127.0.0.14]", "starttls"},
                                                       {"[127.0.0.15]", "smtps"}};
  const std::size_t colon = transport.find(':');
  for (const auto& [address, name] : names) {
    if (transport.find(address) == colon + 1) return name;
  }
  return transport;
}

class Conversation {
 public:
  Conversation(const Scenario& scenario, policy::SnapshotPtr snapshot)
      : scenario_(scenario), snapshot_(std::move(snapshot)), house_(snapshot_) {
    scan::HeaderScannerConfig header;
    for (const char* const network : {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"}) {
      header.trust.push_back(*IpNetwork::parse(network));
    }
    house_.services().scanners.push_back(std::make_unique<scan::HeaderScanner>(header));
  }

  void check() {
    session::Session session(house_.services());
    if (!check_mail(session)) return;
    check_recipients(session);
    if (accepted_.empty()) return;
    if (scenario_.refused) {
      ADD_FAILURE() << "accepted: " << accepted_.front();
      return;
    }
    check_end(session);
    check_delivered();
    check_stored();
    check_signatures();
  }

 private:
  // "250", "550 5.7.1": a bare code expects no more than the code.
  static void expect_reply(const std::string& expected, const session::Verdict& verdict,
                           const std::string& where) {
    std::string said = "250";
    if (const auto* const refuse = std::get_if<session::Refuse>(&verdict)) {
      said = std::to_string(refuse->reply.code) + " " + refuse->reply.enhanced;
    }
    EXPECT_EQ(said.substr(0, expected.size()), expected) << where << ": " << said;
  }

  bool check_mail(session::Session& session) {
    session::ClientFacts client;
    client.address = IpAddress::parse(scenario_.client);
    client.helo = scenario_.helo;
    client.daemon_name = "mx.postern.test";
    client.sasl_user = scenario_.sasl;
    const std::string sender = "<" + scenario_.from + ">";
    std::vector<std::string_view> arguments = {sender};
    const std::string size = "SIZE=" + scenario_.size.value_or("");
    if (scenario_.size) arguments.emplace_back(size);
    const auto verdict = session.mail_from(client, arguments);
    const bool refused = !std::holds_alternative<session::Continue>(verdict);
    if (refused && scenario_.refused) {
      expect_reply(*scenario_.refused, verdict, "MAIL");
      return false;
    }
    expect_reply(scenario_.mail, verdict, "MAIL");
    return !refused;
  }

  void check_recipients(session::Session& session) {
    for (const std::string& recipient : scenario_.to) {
      const auto verdict = session.rcpt_to({"<" + recipient + ">"});
      const auto expected = scenario_.rcpt.find(recipient);
      expect_reply(scenario_.refused                  ? *scenario_.refused
                   : expected == scenario_.rcpt.end() ? "250"
                                                      : expected->second,
                   verdict, "RCPT " + recipient);
      if (std::holds_alternative<session::Continue>(verdict)) {
        accepted_.push_back("<" + recipient + ">");
      }
    }
  }

  void check_end(session::Session& session) {
    std::vector<mail::HeaderField> fields;
    for (const auto& [name, value] : scenario_.headers) {
      fields.push_back({name, " " + value});
      session.header(name, " " + value);
    }
    session.body(scenario_.body);
    editor_ = std::make_unique<RecordingEditor>(fields, scenario_.body, accepted_);
    const auto verdict = session.end_of_message("QUEUEID", *editor_);
    expect_reply(scenario_.reply, verdict, "end of message");
    goes_on_ = std::holds_alternative<session::Continue>(verdict);
  }

  // Who gets it, and where it goes from here: the recipients the MTA still has, asked of the tables.
  std::map<std::string, std::string> next_hops() const {
    std::map<std::string, std::string> hops;
    if (!goes_on_) return hops;
    for (std::string recipient : editor_->recipients()) {
      if (recipient.starts_with('<')) recipient = recipient.substr(1, recipient.size() - 2);
      const auto answer = route::answer(*snapshot_, route::Table::transport, recipient, {});
      const auto* const found = std::get_if<route::Found>(&answer);
      hops[ascii_lower(recipient)] = found == nullptr ? "world" : name_of_next_hop(found->value);
    }
    return hops;
  }

  void check_delivered() const {
    const auto hops = next_hops();
    for (const auto& [recipient, hop] : hops) {
      EXPECT_TRUE(scenario_.delivered.contains(recipient)) << recipient << " got it";
    }
    for (const auto& [recipient, expected] : scenario_.delivered) {
      const auto hop = hops.find(recipient);
      if (hop == hops.end()) {
        ADD_FAILURE() << recipient << " did not get it";
        continue;
      }
      if (!expected.next_hop.empty()) {
        EXPECT_EQ(hop->second, expected.next_hop) << recipient;
      }
      const std::string subject = editor_->header("Subject");
      if (expected.subject_is_given) {
        EXPECT_EQ(subject, expected.subject.value_or("(none)"));
      }
      if (expected.decoded) {
        EXPECT_EQ(mail::decode_header_text(subject), *expected.decoded);
      }
    }
  }

  void check_stored() const {
    using Copies = std::multimap<std::string, std::string>;
    Copies expected;
    Copies stored;
    for (const auto& [recipient, copies] : scenario_.stored) {
      for (const ExpectedCopy& copy : copies) {
        expected.emplace(recipient, copy.purpose + " " + copy.mail_class);
      }
    }
    for (const auto& message : house_.vault().stored()) {
      for (const ports::VaultCopy& copy : message.message.copies) {
        stored.emplace(ascii_lower(copy.recipient),
                       std::string(ports::to_string(copy.purpose)) + " " +
                           std::string(decide::to_string(copy.mail_class)));
      }
    }
    EXPECT_EQ(std::multiset<Copies::value_type>(stored.begin(), stored.end()),
              std::multiset<Copies::value_type>(expected.begin(), expected.end()));
  }

  void check_signatures() const {
    if (!scenario_.signed_by) return;
    std::vector<std::string> domains;
    for (const auto& field : editor_->headers()) {
      if (field.name != "DKIM-Signature") continue;
      domains.push_back(field.value.substr(3, field.value.find(';') - 3));  // " d=got.com; s=…"
    }
    EXPECT_EQ(domains, *scenario_.signed_by);
  }

  const Scenario& scenario_;
  policy::SnapshotPtr snapshot_;
  mutable House house_;
  std::vector<std::string> accepted_;
  std::unique_ptr<RecordingEditor> editor_;
  bool goes_on_ = false;
};

class Scenarios : public testing::TestWithParam<Scenario> {};

TEST_P(Scenarios, Holds) {
  static std::map<std::string, policy::SnapshotPtr> sets;
  policy::SnapshotPtr& snapshot = sets[GetParam().policies];
  if (!snapshot) snapshot = policies_in(GetParam().policies);
  SCOPED_TRACE(GetParam().file + ": " + GetParam().name);
  Conversation(GetParam(), snapshot).check();
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
