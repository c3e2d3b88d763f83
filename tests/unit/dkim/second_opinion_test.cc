// Signed here, judged by dkimpy and by libopendkim: awkward messages in every canonical form, by
// both kinds of key at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "adapters/dkim/signer.h"
#include "mail/line_length.h"
#include "opendkim_verifier.h"
#include "support/child_process.h"
#include "test_keys.h"

namespace postern::dkim {
namespace {

using mail::HeaderField;
using policy::DkimAlgorithm;

struct Letter {
  const char* name;
  std::vector<HeaderField> headers;
  std::string body;
};

const HeaderField kFrom{"From", " Jon Snow <jon@got.com>"};

std::vector<Letter> letters() {
  const std::string long_line(5000, 'x');
  const std::string long_words = [] {
    std::string words;
    while (words.size() < 4000) words += "word  and\tword ";
    return words;
  }();
  return {
      {"plain", {kFrom, {"Subject", " hello"}}, "Winter is coming.\r\n"},
      {"empty_body", {kFrom}, ""},
      {"only_line_ends", {kFrom}, "\r\n\r\n\r\n"},
      {"only_blanks", {kFrom}, " \t\r\n  \r\n"},
      {"trailing_blank_lines", {kFrom}, "text\r\n\r\n\r\n\r\n"},
      {"no_final_line_end", {kFrom}, "text"},
      {"no_final_line_end_but_blanks", {kFrom}, "text \t "},
      {"inner_blanks", {kFrom}, "  a \t b\t\r\n\tc  \r\n \r\nd\r\n"},
      {"eight_bit",
       {kFrom,
        {"Subject",
         " B\xc3\xbc"
         "cher"}},
       "\xff\xfe gr\xc3\xbc\xc3\x9f\x65\r\n"},
      {"nul", {kFrom}, std::string("a\0b\r\n", 5)},
      {"dots", {kFrom}, ".\r\n..\r\nFrom here\r\n"},
      {"long_lines",
       {kFrom, {"Subject", *mail::break_long_header_lines("Subject", " " + long_line)}},
       *mail::break_long_body_lines(long_line + "\r\nshort\r\n" + long_words + "\r\n")},
      {"large",
       {kFrom},
       [] {
         std::string body;
         while (body.size() < 300'000) body += "a line of text  with blanks \r\n";
         return body + std::string(900, 'y') + "\r\n";
       }()},
      {"folded",
       {kFrom,
        {"Subject", " one\n two\n\t three \n  four  "},
        {"To", "\n jon@got.com,\n\tarya@stark.net"}},
       "text\r\n"},
      {"duplicates",
       {{"To", " first@got.com"},
        kFrom,
        {"Subject", " one"},
        {"to", " second@got.com"},
        {"SUBJECT", "two"},
        {"X-Other", " not signed"},
        {"To", " third@got.com"}},
       "text\r\n"},
      {"two_froms", {kFrom, {"From", " arya@stark.net"}}, "text\r\n"},
      {"no_space_after_colon", {{"From", "jon@got.com"}, {"Subject", "hello"}}, "text\r\n"},
      {"odd_values",
       {kFrom, {"Subject", ""}, {"To", " "}, {"Cc", "\tjon@got.com"}, {"Date", "  x  y  "}},
       "text\r\n"},
      {"signed_before",
       {{"DKIM-Signature", " nonsense; ;;="}, kFrom, {"Received", " from x by y"}},
       "text\r\n"},
  };
}

mail::Message message_of(const Letter& letter) {
  mail::Message message;
  for (const HeaderField& field : letter.headers) message.add_header(field.name, field.value);
  message.set_body(letter.body);
  return message;
}

// As it goes over the wire: signatures on top, and the line end that the MTA adds.
std::string on_the_wire(const std::vector<std::string>& signatures, const mail::Message& message) {
  mail::Message sent;
  for (const std::string& value : signatures) sent.add_header("DKIM-Signature", value);
  for (const HeaderField& field : message.headers()) sent.add_header(field.name, field.value);
  std::string body = message.body();
  if (!body.empty() && !body.ends_with("\r\n")) body += "\r\n";
  sent.set_body(std::move(body));
  return sent.to_bytes();
}

// NAME -> "pass pass"
std::map<std::string, std::string> ask_dkimpy(const test::TempDir& directory) {
  const auto output = directory / "output.txt";
  test::ChildProcess python({"/usr/bin/python3", POSTERN_SOURCE_DIR "/tests/support/verify_dkim.py",
                             directory.path().string()},
                            output);
  EXPECT_EQ(python.wait(), 0) << test::read_file(output);
  std::map<std::string, std::string> verdicts;
  std::istringstream lines(test::read_file(output));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = line.find(' ');
    if (blank != std::string::npos && !line.starts_with('#'))
      verdicts[line.substr(0, blank)] = line.substr(blank + 1);
  }
  return verdicts;
}

class SecondOpinion : public testing::Test {
 protected:
  const policy::DkimKey rsa_ = test::make_key(DkimAlgorithm::rsa, "rsa");
  const policy::DkimKey ed25519_ = test::make_key(DkimAlgorithm::ed25519, "ed");
  const std::map<std::string, std::string> records_ = {
      {"rsa._domainkey.got.com", test::txt_record(rsa_)},
      {"ed._domainkey.got.com", test::txt_record(ed25519_)}};
  const test::FixedClock clock_;
  const test::TempDir directory_;

  void SetUp() override {
    std::string text;
    for (const auto& [name, record] : records_) text += name + " " + record + "\n";
    test::write_file(directory_ / "records.txt", text);
  }
  std::vector<std::string> sign(const mail::Message& message, const SignerOptions& options = {}) {
    auto values = Signer(options, clock_).sign(message, "got.com", {&rsa_, &ed25519_});
    EXPECT_TRUE(values) << values.error().what;
    return values ? *values : std::vector<std::string>();
  }
};

TEST_F(SecondOpinion, BothVerifiersAcceptEveryMessage) {
  std::map<std::string, std::string> expected;
  for (const auto header : {Canonicalization::relaxed, Canonicalization::simple}) {
    for (const auto body : {Canonicalization::relaxed, Canonicalization::simple}) {
      SignerOptions options;
      options.header_canonicalization = header;
      options.body_canonicalization = body;
      options.oversign = {"From", "Subject", "Reply-To"};
      for (const Letter& letter : letters()) {
        const mail::Message message = message_of(letter);
        const std::string wire = on_the_wire(sign(message, options), message);
        const std::string name = std::string(letter.name) + "-" + std::string(to_string(header)) +
                                 "-" + std::string(to_string(body));
        test::write_file(directory_ / (name + ".eml"), wire);
        const bool has_older = message.find("DKIM-Signature") != nullptr;
        expected[name] = has_older ? "pass pass fail" : "pass pass";
        // libopendkim refuses a message whose older signature it cannot parse as a whole.
        if (!has_older) {
          EXPECT_TRUE(test::opendkim_verifies(wire, records_)) << name;
        }
      }
    }
  }
  EXPECT_EQ(ask_dkimpy(directory_), expected);
}

TEST_F(SecondOpinion, NeitherAcceptsWhatWasChanged) {
  const Letter letter{"letter",
                      {kFrom, {"Subject", " hello"}, {"X-Other", " not signed"}},
                      "Winter is coming.\r\n"};
  const mail::Message message = message_of(letter);
  const auto signatures = sign(message);
  const auto changed = [&](const std::string& name, auto&& change) {
    Letter other = letter;
    change(other);
    const std::string wire = on_the_wire(signatures, message_of(other));
    test::write_file(directory_ / (name + ".eml"), wire);
    return test::opendkim_verifies(wire, records_);
  };
  EXPECT_TRUE(changed("unchanged", [](Letter&) {}));
  EXPECT_TRUE(changed("unsigned_field", [](Letter& l) { l.headers[2].value = " changed"; }));
  EXPECT_FALSE(changed("body", [](Letter& l) { l.body = "Summer is coming.\r\n"; }));
  EXPECT_FALSE(changed("body_longer", [](Letter& l) { l.body += "Buy this.\r\n"; }));
  EXPECT_FALSE(changed("subject", [](Letter& l) { l.headers[1].value = " changed"; }));
  // From is oversigned: a second one cannot be slipped in.
  EXPECT_FALSE(changed("second_from", [](Letter& l) {
    l.headers.insert(l.headers.begin(), {"From", " evil@example.net"});
  }));
  const std::map<std::string, std::string> expected = {
      {"unchanged", "pass pass"},   {"unsigned_field", "pass pass"}, {"body", "fail fail"},
      {"body_longer", "fail fail"}, {"subject", "fail fail"},        {"second_from", "fail fail"}};
  EXPECT_EQ(ask_dkimpy(directory_), expected);
}

}  // namespace
}  // namespace postern::dkim
