// Who handed a message to our own relays: read from the Received fields that they wrote.
#include "session/client_before.h"

#include <gtest/gtest.h>

namespace postern::session {
namespace {

std::string shown(const std::optional<ReceivedFrom>& from) {
  return from ? from->address.to_string() + " " + from->helo : "nobody";
}

TEST(Received, OfKnownServersNamesTheClient) {
  const struct {
    const char* value;
    const char* client;
  } cases[] = {
      // Postfix
      {" from mail.got.com (mail.got.com [192.0.2.1])\n\tby mx.a.net (Postfix) with ESMTPS id "
       "4X\n\tfor <b@a.net>; Mon, 1 "
       "Jan 2024 00:00:00 +0000 (UTC)",
       "192.0.2.1 mail.got.com"},
      {" from [10.0.0.9] (unknown [192.0.2.1])\n\t(using TLSv1.3 with cipher X (256/256 "
       "bits))\n\t(No client certificate "
       "requested)\n\t(Authenticated sender: jon@a.net)\n\tby mx.a.net (Postfix) with ESMTPSA id "
       "4X",
       "192.0.2.1 [10.0.0.9]"},
      {"from helo (unknown [IPv6:2001:db8::1]) by mx.a.net (Postfix) with SMTP id 4X",
       "2001:db8::1 helo"},
      {"from helo (host.got.com [IPv6:::ffff:192.0.2.1]) by mx.a.net", "192.0.2.1 helo"},
      // Sendmail
      {" from helo.got.com (host.got.com [192.0.2.1])\n\tby mx.a.net (8.17.1/8.17.1) with ESMTP id "
       "x",
       "192.0.2.1 helo.got.com"},
      {" from helo ([192.0.2.1]) by mx.a.net (8.17.1/8.17.1) with ESMTP id x", "192.0.2.1 helo"},
      {" from helo (host.got.com [192.0.2.1] (may be forged)) by mx.a.net (8.17.1) id x",
       "192.0.2.1 helo"},
      {" from helo (jon@host.got.com [192.0.2.1]) by mx.a.net (8.17.1) id x", "192.0.2.1 helo"},
      {" from helo (IDENT:jon@[192.0.2.1]) by mx.a.net (8.17.1) id x", "192.0.2.1 helo"},
      // Exim
      {" from mail.got.com ([192.0.2.1])\n\tby mx.a.net with esmtps (TLS1.3) (Exim 4.96)",
       "192.0.2.1 mail.got.com"},
      {" from host.got.com ([192.0.2.1] helo=mail.got.com) by mx.a.net with esmtp (Exim 4.96)",
       "192.0.2.1 mail.got.com"},
      {" from host.got.com ([192.0.2.1]:4567 helo=mail.got.com ident=jon) by mx.a.net with esmtp",
       "192.0.2.1 mail.got.com"},
      {" from [192.0.2.1] (helo=mail.got.com) by mx.a.net with smtp (Exim 4.96)",
       "192.0.2.1 mail.got.com"},
      {" from [192.0.2.1] (port=4567 helo=[10.0.0.9]) by mx.a.net with smtp (Exim 4.96)",
       "192.0.2.1 [10.0.0.9]"},
      {" from [192.0.2.1] by mx.a.net with smtp (Exim 4.96)", "192.0.2.1 "},
      {" from host.got.com ([2001:db8::1] helo=mail.got.com) by mx.a.net",
       "2001:db8::1 mail.got.com"},
      // Exchange
      {" from MAIL.got.com (192.0.2.1) by mx.a.net (10.0.0.2) with Microsoft SMTP Server (TLS) id "
       "15.20",
       "192.0.2.1 MAIL.got.com"},
      {" from MAIL.got.com (2001:db8:1::21) by mx.a.net (2001:db8:2::22)\n with Microsoft SMTP "
       "Server id 15.20",
       "2001:db8:1::21 MAIL.got.com"},
      // qmail
      {" from unknown (HELO mail.got.com) (192.0.2.1)\n  by mx.a.net with SMTP; 1 Jan 2024 "
       "00:00:00 -0000",
       "192.0.2.1 mail.got.com"},
      {" from host.got.com (HELO [10.0.0.9]) (jon@192.0.2.1) by mx.a.net with SMTP",
       "192.0.2.1 [10.0.0.9]"},
      {" from host.got.com (192.0.2.1) by 0 with SMTP", "192.0.2.1 host.got.com"},
      // The words in any case; several times the same address.
      {" FROM helo (host [192.0.2.1]) BY mx.a.net", "192.0.2.1 helo"},
      {" from helo (host [192.0.2.1]) ([192.0.2.1]) by mx.a.net", "192.0.2.1 helo"},
      {" from by (unknown [192.0.2.1]) by mx.a.net", "192.0.2.1 by"},  // a HELO like any other
      {" from from (unknown [192.0.2.1]) by mx.a.net", "192.0.2.1 from"},
  };
  for (const auto& [value, client] : cases)
    EXPECT_EQ(shown(parse_received(value)), client) << value;
}

TEST(Received, ThatLeavesADoubtNamesNobody) {
  for (const char* value : {
           "",
           " ",
           " by mx.a.net (Postfix, from userid 1000) id 4X; Mon, 1 Jan 2024 00:00:00 +0000",
           " (qmail 4711 invoked by uid 1000); 1 Jan 2024 00:00:00 -0000",
           " (from jon@localhost) by mx.a.net (8.17.1) id x",
           " by 2002:a05:6a00:1: with SMTP id x; Mon, 1 Jan 2024 00:00:00 -0000",
           " from by mx.a.net",
           " from helo by mx.a.net",
           " from helo (host.got.com) by mx.a.net",
           " from 192.0.2.1 by mx.a.net",    // a HELO like any other
           " from helo (host [192.0.2.1])",  // no end to the clause
           " from helo (host [192.0.2.1]",   // no end to the comment
           " from helo (host [192.0.2.1]) ; by mx.a.net",
           " from by (unknown [192.0.2.1])",
           " from helo (host [192.0.2.1] [192.0.2.2]) by mx.a.net",
           " from helo (host [192.0.2.1]) (192.0.2.2) by mx.a.net",
           " from helo (host [192.0.2.999]) by mx.a.net",
           " from helo (host [192.0.2.1 ]) by mx.a.net",
           " from helo (host [192.0.2.1]x) by mx.a.net",
           " from helo (host []) by mx.a.net",
           " from helo (host [fe80::1%eth0]) by mx.a.net",
           " from helo (note [192.0.2.1) by mx.a.net",
           " from helo ((host [192.0.2.1])) by mx.a.net",  // a comment in a comment is no fact
           " from helo (host \\[192.0.2.1]) by mx.a.net",
           " from a b (host [192.0.2.1]) by mx.a.net",
           " from \"by x\" (host [192.0.2.1]) by mx.a.net",
           " from a) (host [192.0.2.1]) by mx.a.net",
           " from unknown (HELO [192.0.2.1]) by mx.a.net",  // only what the client said
           " from host (helo=[192.0.2.1]) by mx.a.net",
           " xfrom helo (host [192.0.2.1]) by mx.a.net",
       }) {
    EXPECT_EQ(shown(parse_received(value)), "nobody") << value;
  }
}

TEST(Received, OfAnySizeIsRead) {
  const std::string junk(1'000'000, '(');
  EXPECT_EQ(shown(parse_received(" from " + junk)), "nobody");
  EXPECT_EQ(shown(parse_received(" from " + std::string(1'000'000, ')') + " by x")), "nobody");
  EXPECT_EQ(shown(parse_received(" from x (y [192.0.2.1]) by " + junk)), "192.0.2.1 x");
  EXPECT_EQ(shown(parse_received(" from " + std::string(300, 'x') + " (y [192.0.2.1]) by z")),
            "192.0.2.1 ");
  EXPECT_EQ(shown(parse_received(" from x\x01 (y [192.0.2.1]) by z")), "192.0.2.1 ");
}

class ClientBefore : public testing::Test {
 protected:
  std::string counted(const char* connecting, const std::vector<std::string_view>& received) {
    const CountingClient client =
        client_that_counts(IpAddress::parse(connecting), "relay", trusted_, received);
    EXPECT_EQ(client.address.has_value(), client.why.empty());
    return client.address ? client.address->to_string() + " " + client.helo : "nobody";
  }
  const std::vector<IpNetwork> trusted_ = {*IpNetwork::parse("203.0.113.0/24"),
                                           *IpNetwork::parse("10.1.0.0/16")};
};

constexpr std::string_view kFromStranger = " from helo (host [192.0.2.1]) by relay.a.net";
constexpr std::string_view kFromOther = " from other (host [198.51.100.7]) by mx.b.net";
constexpr std::string_view kFromOurs = " from in.a.net (in.a.net [10.1.2.3]) by relay.a.net";

TEST_F(ClientBefore, AStrangerCountsHimself) {
  EXPECT_EQ(counted("192.0.2.1", {kFromOther}), "192.0.2.1 relay");
  EXPECT_EQ(counted("192.168.1.1", {kFromOther}), "192.168.1.1 relay");
  const CountingClient client =
      client_that_counts(IpAddress::parse("192.0.2.1"), "x", trusted_, {kFromOther});
  EXPECT_FALSE(client.from_received);
}

TEST_F(ClientBefore, BehindOurRelaysTheFirstStrangerCounts) {
  EXPECT_EQ(counted("203.0.113.5", {kFromStranger, kFromOther}), "192.0.2.1 helo");
  EXPECT_EQ(counted("203.0.113.5", {kFromOurs, kFromStranger, kFromOther}), "192.0.2.1 helo");
  EXPECT_EQ(counted("::ffff:203.0.113.5", {kFromStranger}), "192.0.2.1 helo");
  const CountingClient client =
      client_that_counts(IpAddress::parse("203.0.113.5"), "x", trusted_, {kFromStranger});
  EXPECT_TRUE(client.from_received);
}

TEST_F(ClientBefore, NobodyCountsWhereTheTraceEnds) {
  EXPECT_EQ(counted("203.0.113.5", {}), "nobody");
  EXPECT_EQ(counted("203.0.113.5", {kFromOurs}), "nobody");
  EXPECT_EQ(counted("203.0.113.5", {" by relay.a.net (Postfix, from userid 33)", kFromStranger}),
            "nobody");
  EXPECT_EQ(counted("203.0.113.5",
                    {" from localhost (localhost [127.0.0.1]) by relay.a.net", kFromStranger}),
            "nobody");
  EXPECT_EQ(counted("203.0.113.5", {" from pc (pc [192.168.1.9]) by relay.a.net", kFromStranger}),
            "nobody");
  EXPECT_EQ(counted("203.0.113.5", {" from pc (pc [fd00::1]) by relay.a.net", kFromStranger}),
            "nobody");
  EXPECT_EQ(counted("203.0.113.5", {" from pc (pc [::1]) by relay.a.net", kFromStranger}),
            "nobody");
  EXPECT_EQ(counted("203.0.113.5", std::vector<std::string_view>(1000, kFromOurs)), "nobody");
  const CountingClient local = client_that_counts(std::nullopt, "", trusted_, {kFromStranger});
  EXPECT_FALSE(local.address);
  EXPECT_NE(local.why, "");
}

TEST_F(ClientBefore, AForgedTraceBelowTheStrangerIsNotRead) {
  EXPECT_EQ(counted("203.0.113.5", {kFromStranger, kFromOurs, kFromOther}), "192.0.2.1 helo");
  EXPECT_EQ(counted("203.0.113.5", {" from [198.51.100.7] (unknown [192.0.2.1]) by relay.a.net"}),
            "192.0.2.1 [198.51.100.7]");
}

}  // namespace
}  // namespace postern::session
