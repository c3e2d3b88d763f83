#include "support/spf_generator.h"

#include <random>

namespace postern::test {
namespace {

constexpr const char* kV4[] = {"192.0.2.1", "192.0.2.200", "198.51.100.7", "203.0.113.9"};
constexpr const char* kV6[] = {"2001:db8::1", "2001:db8:ffff::2"};
constexpr const char* kDomains[] = {"got.example",       "stark.example",   "mail.got.example",
                                    "lannister.example", "a.b.got.example", "none.example",
                                    "alias.example",     "down.example"};

// Without the one that may fail. As a client's name that is skipped (RFC 7208 5.5), and as an MX host it
// is not asked where one before it matches; others fail on both.
constexpr const char* kHosts[] = {"got.example", "mail.got.example", "stark.example",
                                  "none.example"};

class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <typename T, std::size_t n>
  T pick(const T (&from)[n]) {
    return from[below(n)];
  }

  std::string address(bool v6) { return v6 ? pick(kV6) : pick(kV4); }

  std::string domain_spec() {
    constexpr const char* kMacros[] = {"%{d}",
                                       "%{o}",
                                       "%{d2}.example",
                                       "%{ir}.list.got.example",
                                       "%{l}.got.example",
                                       "%{h}",
                                       "%{p}.got.example",
                                       "%{d}.%{v}.got.example",
                                       "%{l1r-}.got.example",
                                       "x%%y.example",
                                       "%{S}.example",
                                       "%{i}.got.example"};
    return one_in(4) ? pick(kMacros) : pick(kDomains);
  }

  std::string prefix(bool dual) {
    std::string text;
    if (one_in(4)) text += "/" + std::to_string(below(34));
    if (dual && one_in(6)) text += "//" + std::to_string(below(130));
    return text;
  }

  std::string mechanism() {
    switch (below(10)) {
      case 0:
        return "ip4:" + address(false) + prefix(false);
      case 1:
        return "ip6:" + address(true) + (one_in(3) ? "/" + std::to_string(below(130)) : "");
      case 2:
        return (one_in(2) ? std::string("a") : "a:" + domain_spec()) + prefix(true);
      case 3:
        return (one_in(2) ? std::string("mx") : "mx:" + domain_spec()) + prefix(true);
      case 4:
        return one_in(2) ? "ptr" : "ptr:" + domain_spec();
      case 5:
      case 6:
        return "include:" + domain_spec();
      case 7:
        return "exists:" + domain_spec();
      case 8:
        return "all";
      default:
        return "ip4:" + address(false);
    }
  }

  std::string record() {
    constexpr const char* kQualifiers[] = {"", "", "", "+", "-", "~", "?"};
    std::string text = one_in(12) ? "V=SpF1" : "v=spf1";
    for (unsigned i = below(7); i > 0; --i) text += " " + (pick(kQualifiers) + mechanism());
    if (one_in(4)) text += " redirect=" + domain_spec();
    if (one_in(6)) text += " exp=" + domain_spec();
    if (one_in(8)) text += " x.y-z_1=%{d}/foo";
    constexpr const char* kEnds[] = {" -all", " ~all", " ?all", " all", "", " "};
    text += pick(kEnds);
    return one_in(6) ? damaged(text) : text;
  }

  std::string damaged(std::string text) {
    for (unsigned i = 1 + below(3); i > 0; --i) {
      const std::size_t at = below(static_cast<unsigned>(text.size()));
      switch (below(4)) {
        case 0:
          text.erase(at, 1 + below(3));
          break;
        case 1:
          text.insert(at, 1, static_cast<char>(below(256)));
          break;
        case 2:
          text[at] = "%{}:/=.-_ \t\0r9\x80"[below(15)];
          break;
        default:
          text.insert(at, text.substr(below(static_cast<unsigned>(text.size())), below(20)));
          break;
      }
    }
    return text;
  }

  void fill(DnsZone& zone, const std::string& name) {
    if (one_in(8)) return;  // nothing of that name
    zone.at(name);
    for (unsigned i = below(3); i > 0; --i) zone.address(name, address(one_in(3)));
    for (unsigned i = below(3); i > 0; --i) zone.mx(name, 10, pick(kHosts));
    if (one_in(12)) {
      for (unsigned i = 0; i < 12; ++i) zone.mx(name, 10, pick(kHosts));
    }
    if (one_in(16)) zone.mx(name, 0, "");
    for (unsigned i = one_in(10) ? 2 : 1; i > 0; --i) zone.text(name, record());
    if (one_in(6)) zone.text(name, "google-site-verification=" + std::to_string(below(1000)));
  }

 private:
  std::mt19937 random_;
};

std::string repeated(const std::string& text, unsigned times) {
  std::string result;
  while (times-- > 0) result += text;
  return result;
}

}  // namespace

GeneratedSpf generate_spf(std::uint32_t seed) {
  Maker make(seed);
  GeneratedSpf made;
  for (const char* const name : kDomains) {
    const std::string domain = name;
    if (domain != "none.example" && domain != "alias.example") make.fill(made.zone, domain);
  }
  made.zone.alias("alias.example", "stark.example");
  if (make.one_in(3)) made.zone.fault("down.example", DnsFault::servfail);
  made.zone.address("joffrey.got.example", "127.0.0.2");
  made.zone.address("1.2.0.192.list.got.example", "127.0.0.2");
  made.zone.address("mail.got.example.got.example", "127.0.0.2");
  for (const char* const reverse : {"1.2.0.192.in-addr.arpa", "7.100.51.198.in-addr.arpa"}) {
    for (unsigned i = make.below(4); i > 0; --i) made.zone.ptr(reverse, make.pick(kHosts));
  }
  const bool v6 = make.one_in(5);
  made.input.client = IpAddress::parse(make.address(v6)).value();
  constexpr const char* kHelos[] = {"mail.got.example", "got.example",      "OEMCOMPUTER",
                                    "[192.0.2.1]",      "bad helo.example", ""};
  made.input.helo = make.pick(kHelos);
  constexpr const char* kLocals[] = {"joffrey", "a-b-c", "\"a b\"", "x%{d}y", "l..l"};
  if (!make.one_in(8)) {
    made.input.sender = mail::Address::parse(std::string(make.pick(kLocals)) + "@got.example");
  }
  made.input.receiver = "mx.postern.example";
  return made;
}

std::vector<HostileSpf> hostile_spf() {
  struct Hostile {
    const char* name;
    const char* result;
    std::string record;
  };
  const std::vector<Hostile> records = {
      {"127 macros and a literal", "pass",
       "v=spf1 exists:" + repeated("%{d}", 127) + std::string(4000, 'a') + ".com +all"},
      {"127 macros", "pass", "v=spf1 exists:" + repeated("%{d}", 127) + " +all"},
      {"42 pairs, a macro, a literal", "pass",
       "v=spf1 exists:" + repeated("%{d}x", 42) + "%{d}" + std::string(180, 'a') + ".com +all"},
      {"pairs in a modifier", "pass",
       "v=spf1 x=" + repeated("%{d}x", 42) + "%{d}" + std::string(180, 'a') + " +all"},
      {"expands a thousandfold", "pass", "v=spf1 exists:" + repeated("%{S}", 90) + ".com +all"},
      {"many networks", "fail", "v=spf1" + repeated(" -ip4:192.0.2.1", 100) + " +all"},
      {"more networks than are counted", "fail",
       "v=spf1" + repeated(" ip4:198.18.0.1", 300) + " -all"},
      {"very many networks", "permerror", "v=spf1" + repeated(" ip4:198.18.0.1", 4000) + " +all"},
      {"many modifiers", "pass", "v=spf1" + repeated(" aaaa=bbbbbbbbbbbb", 100) + " +all"},
      {"a modifier with a long name", "pass", "v=spf1 " + std::string(390, 'n') + "=x +all"},
      {"a term that does not end", "permerror", "v=spf1 " + std::string(60'000, 'a')},
      {"only spaces", "permerror", "v=spf1" + std::string(60'000, ' ') + "+all"},
      {"includes itself", "permerror", "v=spf1 include:got.example +all"},
      {"redirects to itself", "permerror", "v=spf1 redirect=got.example"},
      {"goes round by two", "permerror", "v=spf1 include:stark.example +all"},
      {"goes down for ever", "permerror", "v=spf1 include:%{l}.%{d} +all"},
      {"look-ups without end", "permerror", "v=spf1" + repeated(" a:stark.example", 40) + " +all"},
      {"void look-ups", "permerror",
       "v=spf1 a:n1.example a:n2.example a:n3.example a:n4.example +all"},
      {"an empty macro", "permerror", "v=spf1 exists:%{} +all"},
      {"an open macro", "permerror", "v=spf1 exists:%{d +all"},
      {"a macro of nothing", "pass", "v=spf1 exists:%{d999999999999999999999r.-+,/_=}.com +all"},
      {"zero parts", "permerror", "v=spf1 exists:%{d0}.com +all"},
      {"a prefix that overflows", "permerror",
       "v=spf1 ip4:192.0.2.9/4294967328 ip4:0.0.0.0/99999999999999 +all"},
      {"a NUL", "permerror", std::string("v=spf1 a:got.example\0 +all", 26)},
      {"binary", "permerror", "v=spf1 \xff\xfe\x01\x80 +all"},
      {"tabs", "none", "v=spf1\t+all"},
      {"a tab within", "permerror", "v=spf1 a\t+all"},
      {"two records in one", "fail", "v=spf1 -all v=spf1 +all"},
      {"a redirect mechanism", "permerror", "v=spf1 -redirect=stark.example +all"},
      {"deep labels", "pass", "v=spf1 a:" + repeated("a.", 150) + "com +all"},
      {"signs", "permerror", "v=spf1 ++all"},
      {"no mechanism", "permerror", "v=spf1 + - ~ ? +all"},
  };
  std::vector<HostileSpf> all;
  for (const auto& [name, result, record] : records) {
    GeneratedSpf one;
    one.zone.text("got.example", record).address("got.example", "203.0.113.9");
    one.zone.text("stark.example", "v=spf1 include:got.example");
    one.zone.address("stark.example", "203.0.113.9");
    one.input.client = IpAddress::parse("192.0.2.1").value();
    one.input.helo = "mail.got.example";
    one.input.sender = mail::Address::parse(std::string(64, 'j') + "@got.example");
    all.push_back({name, result, std::move(one)});
  }
  return all;
}

}  // namespace postern::test
