// Signed by dkimpy, verified here: awkward messages in every canonical form, with both kinds of key.
#include <gmock/gmock.h>

#include "crafted.h"
#include "support/child_process.h"

namespace postern::test {
namespace {

class SignedByDkimpy : public Verifying {};

TEST_F(SignedByDkimpy, EveryMessageHolds) {
  const TempDir directory;
  write_file(directory / "rsa.pem", std::string(rsa().private_key_pem.reveal()));
  const std::string header =
      "Received: from x by y\r\nFrom: Jon Snow <jon@got.com>\r\nTo: arya@stark.net,\r\n\t "
      "sansa@stark.net\r\n"
      "Subject: one \r\n  two\r\nto: other@stark.net\r\nDate:  Mon, 1 Jan 2024 00:00:00 "
      "+0000\r\n\r\n";
  const std::pair<const char*, std::string> bodies[] = {
      {"plain", "Winter is coming.\r\n"},
      {"empty", ""},
      {"blank_lines", "text\r\n\r\n\r\n\r\n"},
      {"blanks", "  a \t b\t\r\n\tc  \r\n \r\nd\r\n"},
      {"dots", ".\r\n..\r\nFrom here\r\n"},
      {"eight_bit", "\xff\xfe gr\xc3\xbc\xc3\x9f\r\n"},
      {"large", std::string(300'000, 'x') + "\r\n" + std::string(300'000, 'y') + "\r\n"},
  };
  for (const auto& [name, body] : bodies) {
    write_file(directory / (std::string(name) + ".eml"), header + body);
  }
  const auto output = directory / "output.txt";
  ChildProcess python({"/usr/bin/python3", POSTERN_SOURCE_DIR "/tests/support/sign_dkim.py",
                       directory.path().string()},
                      output);
  ASSERT_EQ(python.wait(), 0) << read_file(output);

  FakeResolver dns;
  dns.add_txt("rsa._domainkey.got.com", "v=DKIM1; p=" + rsa().public_key);
  dns.add_txt("ed._domainkey.got.com", read_file(directory / "ed.txt"));
  opendkim::Verifier verifier(dns, clock_);
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().extension() != ".signed") continue;
    ++count;
    mail::Message message = parse_message(read_file(entry.path()));
    const auto results = [&] {
      const auto verdict = verifier.verify(message, Deadline::after(std::chrono::seconds(60)));
      return verdict->signatures.size() == 1 ? shown(verdict->signatures[0])
                                             : "no single signature";
    };
    EXPECT_EQ(results(), "pass") << entry.path().filename();
    message.set_body(message.body() + "Buy this.\r\n");
    const std::string stem = entry.path().stem().string();
    // The empty body in simple form is one line end, and l=2: what was signed is gone.
    const bool has_length = stem.ends_with("-l") && stem.find("empty-relaxed-simple") != 0 &&
                            stem.find("empty-simple-simple") != 0;
    EXPECT_THAT(results(), testing::StartsWith(has_length ? "policy: l= leaves"
                                                          : "fail: the body has been altered"))
        << entry.path().filename();
  }
  EXPECT_EQ(count, std::size(bodies) * 16);
}

}  // namespace
}  // namespace postern::test
