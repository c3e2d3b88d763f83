// Which hosts a message leads to, however they are written.
#include <gmock/gmock.h>

#include "looking.h"

namespace postern::content {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

struct Case {
  std::string text;
  std::vector<std::string> hosts;
};
std::string plain(const std::string& text) {
  return kHead + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text;
}
std::string html(const std::string& text) {
  return kHead + "Content-Type: text/html; charset=utf-8\r\n\r\n" + text;
}

TEST(UriHosts, InText) {
  const Case cases[] = {
      {"see http://example.com/x and HTTPS://Example.ORG.", {"example.com", "example.org"}},
      {"ftp://files.example.com", {"files.example.com"}},
      {"www.example.com, (www.example.org) www.example.net.",
       {"www.example.com", "www.example.org", "www.example.net"}},
      {"http://www.example.com http://www.example.com", {"www.example.com"}},
      {"http://user:pw@example.com:8080/", {"example.com"}},
      {"http://" + std::string(3'000, 'u') + "@evil.example/", {"evil.example"}},
      {"http://good.example@evil.example/", {"evil.example"}},
      {"http://example.com.:80/", {"example.com"}},
      {"<http://example.com>", {"example.com"}},
      {"(http://example.com), 'http://example.org'", {"example.com", "example.org"}},
      {"http://%65xample.com/", {"example.com"}},
      {"http://b\u00fccher.example/", {"xn--bcher-kva.example"}},
      {"\u201chttp://example.com\u201d", {"example.com"}},
      {"http://192.0.2.1/ http://[2001:DB8::1]:80/", {"192.0.2.1", "2001:db8::1"}},
      {"http://3221225985/ http://0xC0.0.0x2.2/ http://0300.0.02.3/",
       {"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
      {"http://[::ffff:192.0.2.1]/", {"192.0.2.1"}},
      {"http://\U0001F600.example.com/", {"example.com"}},
      {"http://localhost/ http:/one.example mailto:a@example.com a@www.example.com "
       "xwww.example.com",
       {}},
      {"http://256.1.1.1/ http://-/ http://./ http:// www. http://[::1", {}},
  };
  for (const auto& [text, hosts] : cases) {
    EXPECT_THAT(hosts_of(plain(text)), ElementsAreArray(hosts)) << text;
  }
}

TEST(UriHosts, InHtml) {
  const Case cases[] = {
      {"<a href=\"http://example.com/\">x</a>", {"example.com"}},
      {"<A HREF=http://example.com>x", {"example.com"}},
      {"<a href='//example.com/x'>", {"example.com"}},
      {"<a href=\"\\\\example.com\">", {"example.com"}},
      {"<a href=\"https:example.com\">", {"example.com"}},
      {"<a href=\"ht\r\ntp://exam\tple.com/\">", {"example.com"}},
      {"<a href=\" &#104;ttp&#x3a;&sol;/example&period;com/\">", {"example.com"}},
      {"<a href=\"http://evil&#46;example\">", {"evil.example"}},
      {"<a href=\"www.example.com/x\">", {"www.example.com"}},
      {"<a href=\"example.com:80/x\">", {"example.com"}},
      {"<a href=\"page.html\"><a href=\"#x\"><a href=\"mailto:a@example.com\"><a "
       "href=\"cid:1@b.example\">",
       {}},
      {"<img src=http://a.example><form action='http://b.example'>", {"a.example", "b.example"}},
      {"<p style='background:url(http://a.example/x)'>www.b.example",
       {"a.example", "www.b.example"}},
      {"http&#58;//text.example", {"text.example"}},
      {"<a title='>' href='http://a.example'>", {"a.example"}},
      {"<!--[if mso]><a href='//a.example'><![endif]-->", {"a.example"}},
      {"<!--<a x='--><a href=\"https:\\\\evil.example\">", {"evil.example"}},
      {"<!-- it's <b '--!><a href='//evil.example'>", {"evil.example"}},
      {"<!--><a href='//evil.example'>", {"evil.example"}},
      {"<style>a<b '\"</style><a href='//evil.example'>", {"evil.example"}},
      {"<TITLE>jon <snow's \"</title><a href='//evil.example'>", {"evil.example"}},
      {"<!x '><a href='//evil.example'>", {"evil.example"}},
      {"</p x='><a href='//a.example'>", {"a.example"}},
      {"<!-- never closed <a href='//evil.example'>", {"evil.example"}},
      {"<a href='http://" + std::string(5'000, 'u') + "@evil.example/'>", {"evil.example"}},
      {"<a href='http://never-closed.example", {"never-closed.example"}},
      {"<a href=\"http://example.com\\@evil.example\">", {"example.com"}},
  };
  for (const auto& [text, hosts] : cases) {
    EXPECT_THAT(hosts_of(html(text)), ElementsAreArray(hosts)) << text;
  }
}

TEST(UriHosts, OfEveryTextPartHoweverEncoded) {
  const std::string link = "<a href=\"http://a.example\">";
  EXPECT_THAT(
      hosts_of(kHead + "Content-Transfer-Encoding: base64\r\n\r\n" + base64("http://a.example")),
      ElementsAre("a.example"));
  EXPECT_THAT(
      hosts_of(kHead +
               "Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://a.exa=\r\nmple=2Fx"),
      ElementsAre("a.example"));
  EXPECT_THAT(hosts_of(kHead + "Content-Type: text/plain; charset=iso-8859-1\r\n\r\nhttp://b\xfc"
                               "cher.example"),
              ElementsAre("xn--bcher-kva.example"));
  std::string wide;
  for (const char c : link) wide += std::string(1, c) + '\0';
  EXPECT_THAT(hosts_of(kHead +
                       "Content-Type: text/html; charset=utf-16le\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n" +
                       base64(wide)),
              ElementsAre("a.example"));
  EXPECT_THAT(hosts_of(with_file("page.HTML", link)), ElementsAre("a.example"));
  EXPECT_THAT(hosts_of(with_file("data.bin", link)), IsEmpty());
  EXPECT_THAT(hosts_of(with_part("Content-Type: message/rfc822\r\n", kHead + "\r\nwww.a.example")),
              ElementsAre("www.a.example"));
}

TEST(UriHosts, AreBounded) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "http://h" + std::to_string(i) + ".example/\r\n";
  Limits limits;
  limits.uri_hosts = 10;
  EXPECT_EQ(hosts_of(plain(text), limits).size(), 10U);
  // Neither does one host over and over hide the next, nor one part those behind it.
  limits.uri_hosts = 2;
  std::string repeated;
  for (int i = 0; i < 100; ++i) repeated += "http://a.example/\r\n";
  EXPECT_THAT(hosts_of(plain(repeated + "http://b.example/"), limits),
              ElementsAre("a.example", "b.example"));
  std::string none;
  for (int i = 0; i < 100; ++i) none += "http://nohost/\r\n";
  EXPECT_THAT(hosts_of(kHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" +
                           none + "--b\r\n\r\nhttp://b.example/\r\n--b--\r\n",
                       limits),
              ElementsAre("b.example"));
  limits.uri_hosts = 1'000;
  limits.uri_text = 100;
  EXPECT_LT(hosts_of(plain(text), limits).size(), 6U);
}

}  // namespace
}  // namespace postern::content
