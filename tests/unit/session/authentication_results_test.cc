// What we write into Authentication-Results, and which fields of others claim to be ours.
#include "session/authentication_results.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "session/own_headers.h"
#include "support/recording_editor.h"

namespace postern::session {
namespace {

using decide::DkimResult;
using decide::DkimSignature;
using decide::DmarcPolicy;
using decide::DmarcResult;
using decide::SpfResult;

decide::SpfVerdict spf(SpfResult result, std::string domain, std::string problem = "") {
  decide::SpfVerdict verdict;
  verdict.result = result;
  verdict.domain = std::move(domain);
  verdict.problem = std::move(problem);
  return verdict;
}

TEST(AuthenticationResults, SaysWhatWasEvaluatedAndNoMore) {
  EXPECT_EQ(authentication_results("mx.a.net", {}), " mx.a.net; none");

  AuthenticationFindings findings;
  findings.spf = spf(SpfResult::pass, "got.com");
  findings.mail_from = "jon@got.com";
  EXPECT_EQ(authentication_results("mx.a.net", findings),
            " mx.a.net;\n\tspf=pass smtp.mailfrom=jon@got.com");

  findings.dkim = decide::DkimVerdict{
      {{DkimResult::pass, "got.com", "s1", "rsa-sha256", ""},
       {DkimResult::fail, "list.net", "s2", "ed25519-sha256", "the body has been altered"}}};
  findings.dmarc = decide::DmarcVerdict{DmarcResult::pass, DmarcPolicy::reject, DmarcPolicy::reject,
                                        "got.com", ""};
  EXPECT_EQ(authentication_results("mx.a.net", findings),
            " mx.a.net;\n\tspf=pass smtp.mailfrom=jon@got.com"
            ";\n\tdkim=pass header.d=got.com header.s=s1 header.a=rsa-sha256"
            ";\n\tdkim=fail reason=\"the body has been altered\" header.d=list.net"
            "\n\theader.s=s2 header.a=ed25519-sha256"
            ";\n\tdmarc=pass (p=reject) header.from=got.com");
}

TEST(AuthenticationResults, NamesTheIdentityThatWasChecked) {
  AuthenticationFindings findings;
  findings.spf = spf(SpfResult::softfail, "mail.got.com");
  findings.spf->by_helo = true;
  EXPECT_EQ(authentication_results("mx.a.net", findings),
            " mx.a.net;\n\tspf=softfail smtp.helo=mail.got.com");
  findings.spf = spf(SpfResult::none, "");
  findings.dkim.emplace();
  EXPECT_EQ(authentication_results("mx.a.net", findings), " mx.a.net;\n\tspf=none;\n\tdkim=none");
  findings.spf = spf(SpfResult::temperror, "got.com", "SERVFAIL for got.com");
  findings.dkim.reset();
  EXPECT_EQ(authentication_results("mx.a.net", findings),
            " mx.a.net;\n\tspf=temperror reason=\"SERVFAIL for got.com\" smtp.mailfrom=got.com");
}

TEST(AuthenticationResults, QuotesWhatIsNoPlainWord) {
  const struct {
    const char* mail_from;
    const char* shown;
  } cases[] = {
      {"jon+snow@got.com", "jon+snow@got.com"},
      {"\"jon snow\"@got.com", R"("\"jon snow\"@got.com")"},
      {"a;dkim=pass@got.com", R"("a;dkim=pass@got.com")"},
      {"a\r\n b@got.com", R"("a?? b@got.com")"},
      {"back\\slash@got.com", R"("back\\slash@got.com")"},
      {"j\xc3\xb6n@got.com", R"("j??n@got.com")"},
      {"(c)@got.com", R"("(c)@got.com")"},
      {"jon@[192.0.2.1]", R"("jon@[192.0.2.1]")"},
      {"a@b@got.com", R"("a@b@got.com")"},
      {"@got.com", R"("@got.com")"},
  };
  for (const auto& [mail_from, shown] : cases) {
    AuthenticationFindings findings;
    findings.spf = spf(SpfResult::fail, "got.com");
    findings.mail_from = mail_from;
    EXPECT_EQ(authentication_results("mx.a.net", findings),
              " mx.a.net;\n\tspf=fail smtp.mailfrom=" + std::string(shown));
  }
  EXPECT_EQ(authentication_results("our mx", {}), " \"our mx\"; none");
}

TEST(AuthenticationResults, StaysWithinLinesWhateverIsFound) {
  AuthenticationFindings findings;
  const std::string hostile = std::string(5000, '"') + "\n";
  findings.spf = spf(SpfResult::permerror, hostile, hostile);
  findings.mail_from = hostile;
  findings.dkim.emplace();
  for (int count = 0; count < 100; ++count) {
    findings.dkim->signatures.push_back(
        {DkimResult::permerror, hostile, hostile, hostile, hostile});
  }
  findings.dmarc = decide::DmarcVerdict{DmarcResult::permerror, {}, {}, hostile, hostile};
  const std::string value = authentication_results(hostile, findings);
  EXPECT_LT(value.size(), 40'000U);
  for (const std::string_view line : split(value, '\n')) {
    EXPECT_LT(line.size(), 950U);
    EXPECT_TRUE(line.empty() || line.front() == ' ' || line.front() == '\t');
  }
}

TEST(ForgedResults, AreThoseOfOurName) {
  for (const char* value : {
           " mx.a.net; spf=pass",
           "mx.a.net;none",
           " mx.a.net",
           " MX.A.NET; spf=pass",
           " mx.a.net.; spf=pass",
           " mx.a.net 1; spf=pass",
           " mx.a.net (comment) 1 (another); spf=pass",
           " (comment) mx.a.net; spf=pass",
           " (a (nested \\) one)) mx.a.net; spf=pass",
           "\n\tmx.a.net;\n\tspf=pass",
           "\r\n\tmx.a.net;\r\n\tspf=pass",
           " \"mx.a.net\"; spf=pass",
           " \"m\\x.a.net\" 1; spf=pass",
           " \" mx.a.net \"; spf=pass",
           " \"MX.a.net.\"; spf=pass",
       }) {
    EXPECT_TRUE(speaks_for(value, "mx.a.net")) << value;
    EXPECT_TRUE(speaks_for(value, "MX.A.Net.")) << value;
  }
  EXPECT_TRUE(speaks_for(" xn--bcher-kva.example; spf=pass",
                         "b\xc3\xbc"
                         "cher.example"));
  EXPECT_TRUE(
      speaks_for(" b\xc3\xbc"
                 "cher.example; spf=pass",
                 "xn--bcher-kva.example"));
  EXPECT_TRUE(speaks_for(" \"our mx\"; spf=pass", "our mx"));
}

TEST(ForgedResults, ThoseOfOthersStay) {
  for (const char* value : {
           " mx.b.net; spf=pass",
           " a.net; spf=pass",
           " mx.a.net.evil.com; spf=pass",
           " evil-mx.a.net; spf=pass",
           " mx.b.net (mx.a.net); spf=pass",
           " mx.b.net; spf=pass smtp.mailfrom=mx.a.net",
           " mx.b.net 1; spf=pass; mx.a.net",
           " (mx.a.net) mx.b.net; spf=pass",
           " \"mx.b.net\"; none",
       }) {
    EXPECT_FALSE(speaks_for(value, "mx.a.net")) << value;
  }
  EXPECT_FALSE(speaks_for(" mx.a.net; spf=pass", ""));
}

TEST(ForgedResults, GoWhenALenientReaderCouldTakeThemForOurs) {
  for (const char* value : {
           "",
           " ",
           " ; spf=pass",
           " (only a comment)",
           " mx.a.net/1; spf=pass",
           " mx.a.net, spf=pass",
           " mx.a.net spf=pass",
           " mx.a.net=; spf=pass",
           " mx .a.net; spf=pass",
           " (mx.a.net; spf=pass",
           " \"mx.a.net; spf=pass",
           " <mx.a.net>; spf=pass",
           " [mx.a.net]; spf=pass",
           " mx.\"a\".net; spf=pass",
           " mx.b.net mx.a.net; spf=pass",
           " \"mx. a.net\"; spf=pass",
           " =?utf-8?b?bXguYS5uZXQ=?=; spf=pass",
           " mx\xef\xbc\x8e"
           "a.net; spf=pass",
           " mx.a.net\x01; spf=pass",
       }) {
    EXPECT_TRUE(speaks_for(value, "mx.a.net")) << value;
  }
  // Broken, but nobody could read our name into it.
  EXPECT_FALSE(speaks_for(" mx.b.net spf=pass", "mx.a.net"));
  EXPECT_FALSE(speaks_for(" (mx.b.net; spf=pass", "mx.a.net"));
}

TEST(ForgedResults, WhatWeWriteIsOurs) {
  AuthenticationFindings findings;
  findings.spf = spf(SpfResult::pass, "got.com");
  findings.dkim.emplace();
  for (const char* id : {"mx.a.net", "our mx", "MX", "a\"b", "mx:25"}) {
    EXPECT_TRUE(speaks_for(authentication_results(id, findings), id)) << id;
    EXPECT_TRUE(speaks_for(authentication_results(id, {}), id)) << id;
  }
}

TEST(ForgedResults, OnlyTheyAreTakenOffTheMessage) {
  mail::Message message;
  message.add_header("Authentication-Results", " mx.a.net; spf=pass");
  message.add_header("X-Postern-Id", " forged");
  message.add_header("authentication-results", " mx.b.net; spf=pass");
  message.add_header("AUTHENTICATION-RESULTS", " (c) mx.a.net 1; dkim=pass");
  message.add_header("Subject", " mx.a.net");
  for (const bool incoming : {true, false}) {
    test::RecordingEditor editor(message.headers(), "", {});
    ASSERT_TRUE(remove_forged_headers(message, {"X-Postern-Id"}, "mx.a.net", incoming, editor));
    ASSERT_EQ(editor.headers().size(), 2U);
    EXPECT_EQ(editor.headers()[0].value, " mx.b.net; spf=pass");
    EXPECT_EQ(editor.headers()[1].name, "Subject");
  }
}

}  // namespace
}  // namespace postern::session
