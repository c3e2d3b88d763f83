// Which DKIM-Signature fields are worth a look at the key.
#include "adapters/opendkim/signature.h"

#include <gtest/gtest.h>

namespace postern::opendkim {
namespace {

const std::string kGood =
    " v=1; a=rsa-sha256; c=relaxed/simple; d=got.com; s=s1; t=1000; h=From:Subject; bh=AAAA; "
    "b=BBBB";

std::string with(const std::string& old, const std::string& replacement) {
  std::string text = kGood;
  text.replace(text.find(old), old.size(), replacement);
  return text;
}

std::string read(const std::string& value) {
  const auto signature = read_signature(value, WallTime(std::chrono::seconds(1'000'000)));
  if (const auto* const refused = std::get_if<decide::DkimSignature>(&signature)) {
    return std::string(to_string(refused->result)) + ": " + refused->problem;
  }
  return "good";
}

TEST(Signature, IsReadAsItIsWritten) {
  const auto read = read_signature(kGood, WallTime(std::chrono::seconds(1'000'000)));
  const auto* const signature = std::get_if<Signature>(&read);
  ASSERT_NE(signature, nullptr);
  EXPECT_EQ(signature->shown.domain, "got.com");
  EXPECT_EQ(signature->shown.selector, "s1");
  EXPECT_EQ(signature->shown.algorithm, "rsa-sha256");
  EXPECT_EQ(signature->key_name, "s1._domainkey.got.com");
  EXPECT_EQ(signature->names, (std::vector<std::string>{"from", "subject"}));
  EXPECT_FALSE(signature->relaxed_body);
  EXPECT_FALSE(signature->body_length);
}

TEST(Signature, MayBeWrittenInManyWays) {
  for (const std::string& value : {
           kGood + ";",
           kGood + " ; ",
           with("h=From:Subject", "h = From : Subject\n\t: To"),
           with("b=BBBB", "b=BB\n\t BB"),
           with("; s=s1", ";\n\ts=s1.mail_1"),
           with("d=got.com", "d=GOT.com"),
           with("t=1000", "t=1000; x=2000000"),
           with("t=1000", "l=0"),
           with("t=1000", "l=123456789012345"),
           with("t=1000", "q=dns/txt"),
           with("t=1000", "q=other:dns/txt"),
           with("t=1000", "i=@got.com"),
           with("t=1000", "i=jon@mail.got.com"),
           with("t=1000", "i=jon@GOT.com"),
           with("t=1000", "z=From:jon@got.com|Subject:hi; new=thing"),
           with("c=relaxed/simple; ", ""),
           with("a=rsa-sha256", "a=ED25519-sha256"),
       }) {
    EXPECT_EQ(read(value), "good") << value;
  }
}

TEST(Signature, IsRefusedForAReason) {
  const struct {
    std::string value;
    const char* refusal;
  } cases[] = {
      {"", "neutral: the signature is no tag list"},
      {" ;", "neutral: the signature is no tag list"},
      {" nonsense; ;;=", "neutral: the signature is no tag list"},
      {kGood + "; b=CCCC", "neutral: the signature is no tag list"},
      {kGood + "; B=CCCC", "neutral: the signature is no tag list"},
      {kGood + ";;", "neutral: the signature is no tag list"},
      {kGood + "; !cd=evil.net", "neutral: the signature is no tag list"},
      {kGood + "; n=\x80", "neutral: the signature is no tag list"},
      {kGood + std::string("; n=a\0b", 7), "neutral: the signature is no tag list"},
      {" " + std::string(200, ';'), "neutral: the signature is no tag list"},
      {with("v=1", "v=2"), "neutral: unknown version"},
      {with("v=1; ", ""), "neutral: unknown version"},
      {with("a=rsa-sha256", "a=rsa-sha512"), "neutral: unknown algorithm"},
      {with("a=rsa-sha256; ", ""), "neutral: unknown algorithm"},
      {with("rsa-sha256", "rsa-sha1"), "policy: SHA-1 is not accepted"},
      {with("relaxed/simple", "relaxed/other"), "neutral: unknown canonical form"},
      {with("relaxed/simple", ""), "neutral: unknown canonical form"},
      {with("d=got.com", "d="), "neutral: d= is no domain"},
      {with("d=got.com; ", ""), "neutral: d= is no domain"},
      {with("d=got.com", "d=[192.0.2.1]"), "neutral: d= is no domain"},
      {with("d=got.com", "d=got..com"), "neutral: d= is no domain"},
      {with("d=got.com", "d=" + std::string(64, 'a') + ".com"), "neutral: d= is no domain"},
      {with("s=s1", "s="), "neutral: s= is no selector"},
      {with("s=s1; ", ""), "neutral: s= is no selector"},
      {with("s=s1", "s=a..b"), "neutral: s= is no selector"},
      {with("s=s1", "s=a*b"), "neutral: s= is no selector"},
      {with("s=s1", "s=" + std::string(63, 'a') + "." + std::string(63, 'a') + "." +
                        std::string(63, 'a') + "." + std::string(63, 'a')),
       "neutral: s= and d= are too long"},
      {with("t=1000", "i=jon@got.net"), "neutral: i= is not in d="},
      {with("t=1000", "i=jon@notgot.com"), "neutral: i= is not in d="},
      {with("t=1000", "i=got.com"), "neutral: i= is not in d="},
      {with("t=1000", "i=" + std::string(300, 'j') + "@got.com"), "neutral: i= is too long"},
      {with("h=From:Subject", "h=Subject"), "permerror: From is not signed"},
      {with("h=From:Subject; ", ""), "neutral: h= names an empty field"},
      {with("h=From:Subject", "h=From::Subject"), "neutral: h= names an empty field"},
      {with(
           "h=From", "h=From:" +
                         [] {
                           std::string names;
                           for (int count = 0; count < 600; ++count) names += "a:";
                           return names;
                         }() +
                         "b"),
       "policy: h= names too many fields"},
      {with("h=From", "h=From:" + std::string(5000, 'a')), "policy: h= is too long"},
      {with("t=1000", "l=-1"), "neutral: l= is no length"},
      {with("t=1000", "l="), "neutral: l= is no length"},
      {with("t=1000", "l=18446744073709551615"), "neutral: l= is no length"},
      {with("t=1000", "l=1x"), "neutral: l= is no length"},
      {with("t=1000", "q=other"), "neutral: the key is not in the DNS"},
      {with("t=1000", "t=x"), "neutral: t= or x= is no time"},
      {with("t=1000", "x="), "neutral: t= or x= is no time"},
      {with("t=1000", "t=18446744073709551614"), "neutral: t= or x= is no time"},
      {with("t=1000", "x=1000"), "policy: the signature has expired"},
      {with("t=1000", "t=2000000"), "policy: the signature is from the future"},
      {with("t=1000", "t=1000; x=1000"), "neutral: x= is before t="},
      {with("b=BBBB", "b="), "neutral: b= or bh= is missing"},
      {with("bh=AAAA; ", ""), "neutral: b= or bh= is missing"},
      {with("b=BBBB", "b =BBBB"), "neutral: white space before the = of b="},
      {kGood + "; z=" + std::string(40'000, 'z'), "neutral: the signature is too long"},
  };
  for (const auto& [value, refusal] : cases)
    EXPECT_EQ(read(value), refusal) << value.substr(0, 200);
}

TEST(Signature, NamesItsSignerEvenWhenRefused) {
  const auto read = read_signature(with("v=1", "v=2"), WallTime(std::chrono::seconds(1'000'000)));
  const auto* const refused = std::get_if<decide::DkimSignature>(&read);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->domain, "got.com");
  EXPECT_EQ(refused->selector, "s1");
}

}  // namespace
}  // namespace postern::opendkim
