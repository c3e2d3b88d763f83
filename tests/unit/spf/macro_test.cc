// What macros become. The examples are those of RFC 7208 7.4.
#include "adapters/spf/macro.h"

#include <gtest/gtest.h>

namespace postern::spf {
namespace {

MacroValues values_for(const char* client) {
  MacroValues values;
  values.local = "strong-bad";
  values.sender_domain = "email.example.com";
  values.domain = "email.example.com";
  values.helo = "mx.example.org";
  values.client = IpAddress::parse(client).value();
  values.client_name = [] { return std::string("mx.example.org"); };
  return values;
}

std::string expanded(const std::string& text, const char* client = "192.0.2.3") {
  const auto macro = parse_macro_string(text, MacroPlace::domain);
  return macro ? expand(*macro, values_for(client)) : "fault";
}

TEST(SpfMacro, BecomesWhatTheRfcSays) {
  const std::pair<const char*, const char*> cases[] = {
      {"%{s}", "strong-bad@email.example.com"},
      {"%{o}", "email.example.com"},
      {"%{d}", "email.example.com"},
      {"%{d4}", "email.example.com"},
      {"%{d3}", "email.example.com"},
      {"%{d2}", "example.com"},
      {"%{d1}", "com"},
      {"%{dr}", "com.example.email"},
      {"%{d2r}", "example.email"},
      {"%{l}", "strong-bad"},
      {"%{l-}", "strong.bad"},
      {"%{lr}", "strong-bad"},
      {"%{lr-}", "bad.strong"},
      {"%{l1r-}", "strong"},
      {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
      {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
      {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
      {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
      {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
      {"%{p}", "mx.example.org"},
      {"%{h}", "mx.example.org"},
      {"%{S}", "strong-bad%40email.example.com"},
      {"%{D2R}", "example.email"},
      {"%{d99999999999999999999}", "email.example.com"},
      {"a%%b%_c%-d", "a%b c%20d"},
  };
  for (const auto& [text, result] : cases) EXPECT_EQ(expanded(text), result) << text;
  EXPECT_EQ(expanded("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01"),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
}

TEST(SpfMacro, ALongNameLosesItsFirstLabels) {
  std::string text = "first.";
  while (text.size() < 250) text += "0123456789.";
  const auto macro = parse_domain_spec(text + "%{d}");
  ASSERT_TRUE(macro.has_value());
  const auto name = expand_to_name(*macro, values_for("192.0.2.3"));
  EXPECT_LE(name.size(), 253U);
  EXPECT_GT(name.size(), 241U);
  EXPECT_TRUE(name.starts_with("0123456789."));
  EXPECT_TRUE(name.ends_with(".email.example.com"));
}

TEST(SpfMacro, TheLastDotGoes) {
  EXPECT_EQ(expand_to_name(*parse_domain_spec("got.com."), values_for("192.0.2.3")), "got.com");
}

TEST(SpfMacro, AddressesAreReversedForTheirNames) {
  EXPECT_EQ(reverse_name(IpAddress::parse("192.0.2.3").value()), "3.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(IpAddress::parse("2001:db8::1").value()),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace postern::spf
