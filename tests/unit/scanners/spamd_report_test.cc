// Which rules of a report are of links, and that the message cannot forge one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spamd/report.h"

namespace postern::spamd {
namespace {

using testing::ElementsAre;

std::string report_of(const std::string& table) {
  return "Spam detection software, running on the system \"mx\",\nhas identified this.\n\n"
         "Content preview:  Hello\n\n"
         "Content analysis details:   (9.9 points, 5.0 required)\n\n"
         " pts rule name              description\n"
         "---- ---------------------- --------------------------------------------------\n" +
         table;
}

TEST(SpamdReport, HoldsTheRulesThatFiredForHosts) {
  const auto hits = uri_hits_in(
      report_of(" 1.5 URIBL_BLACK            Contains an URL listed in the URIBL\n"
                "                            blacklist\n"
                "                            [URI: Evil-Links.com]\n"
                "                            [URI: www.bad.example/bad.example]\n"
                "-0.0 SPF_PASS               SPF: sender matches SPF record\n"
                " 0.2 FREEMAIL_FROM          Sender email is commonly abused\n"
                "                            [someone[at]example.com]\n"
                "  13 URIBL_OLD              BODY: listed\n"
                "                            [URIs: one.example two.example, three.example]\n"
                "                            [four.example]\n"
                "[URI: " +
                std::string(60, 'a') + ".a-name-that-leaves-no-room-for-blanks.example]\n"),
      2);
  ASSERT_EQ(hits.size(), 2U);
  EXPECT_EQ(hits[0].symbol, "URIBL_BLACK");
  EXPECT_EQ(hits[0].points, 3000);
  EXPECT_THAT(hits[0].hosts, ElementsAre("evil-links.com", "www.bad.example"));
  EXPECT_EQ(hits[1].symbol, "URIBL_OLD");
  EXPECT_EQ(hits[1].points, 26'000);
  EXPECT_THAT(hits[1].hosts,
              ElementsAre("one.example", "two.example", "three.example", "four.example",
                          std::string(60, 'a') + ".a-name-that-leaves-no-room-for-blanks.example"));
}

TEST(SpamdReport, HoldsNoneWhereThereAreNone) {
  for (const std::string& report :
       {std::string(), std::string("\n\n"), std::string("A,B,C"), report_of(""),
        report_of(" 0.0 HTML_MESSAGE           BODY: HTML included in message\n"),
        // The operator's own template, without a table.
        std::string(
            "score 9.9\n 1.5 URIBL_BLACK x\n                            [URI: a.example]\n"),
        // A rule that quotes the message before it comes to a word about URIs.
        report_of(" 1.5 QUOTES                 Quotes\n"
                  "                            [what the sender wrote]\n"
                  "                            [URI: a.example]\n"),
        // What the message says stands before the table, or after a blank line.
        "---- ---------------------- ----\n 50 FORGED x\n                            "
        "[URI: a.example]\n" +
            report_of(" 0.1 RULE                   x\n"),
        report_of(" 0.1 RULE                   x\n\n 50 FORGED x\n"
                  "                            [URI: a.example]\n"),
        report_of(" high URIBL                 x\n                            [URI: a.example]\n"),
        report_of(" 1.5 URIBL;BLACK            x\n                            [URI: a.example]\n"),
        report_of("                            [URI: a.example]\n"),
        report_of(" 1.5 URIBL                  x\n                            [URI: ]\n")}) {
    EXPECT_TRUE(uri_hits_in(report, 1).empty()) << report;
  }
}

TEST(SpamdReport, IsBounded) {
  std::string table;
  for (int rule = 0; rule < 1'000; ++rule) {
    table +=
        " 0.1 URIBL_" + std::to_string(rule) + " x\n                            [URI: a.example]\n";
  }
  EXPECT_EQ(uri_hits_in(report_of(table), 1).size(), 200U);
  table = " 0.1 URIBL x\n";
  for (int host = 0; host < 1'000; ++host) {
    table += "                            [URI: a" + std::to_string(host) + ".example]\n";
  }
  EXPECT_EQ(uri_hits_in(report_of(table), 1).at(0).hosts.size(), 200U);
}

}  // namespace
}  // namespace postern::spamd
