// A mistake in postern.yml is one line that names file, line, key and what is wrong; all mistakes
// are told at once, and no file makes the reader fail in any other way.
#include <gmock/gmock.h>

#include <random>

#include "settings/section.h"
#include "unit/settings/loading.h"

namespace postern::settings {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct OneFault {
  const char* text;
  const char* line;
};
class EachFault : public testing::TestWithParam<OneFault> {};

TEST_P(EachFault, IsOneLine) {
  EXPECT_THAT(faults_of(GetParam().text), ElementsAre(GetParam().line)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Keys, EachFault,
    testing::Values(
        OneFault{"\nlissten: {}", "p.yml:2: lissten: unknown key; did you mean listen?"},
        OneFault{"policy:\n  shrinkguard: 1",
                 "p.yml:2: policy.shrinkguard: unknown key; did you mean shrink_guard?"},
        OneFault{"policy: {Shrink-Guard: 1}",
                 "p.yml:1: policy.Shrink-Guard: unknown key; did you mean shrink_guard?"},
        OneFault{"shrink_guard: 1",
                 "p.yml:1: shrink_guard: unknown key; did you mean policy.shrink_guard?"},
        OneFault{"colour: red", "p.yml:1: colour: unknown key"},
        OneFault{"listen.milter: 'inet:1@127.0.0.1'", "p.yml:1: listen.milter: unknown key"},
        OneFault{"policy: {redis: {user: x}}", "p.yml:1: policy.redis.user: unknown key"},
        OneFault{"spam:\n  scanners:\n    - type: spamd\n      tiemout: 5s",
                 "p.yml:4: spam.scanners[0].tiemout: unknown key; did you mean timeout?"},
        OneFault{"spam: {scanners: [{type: spamd, url: 'http://h'}]}",
                 "p.yml:1: spam.scanners[0].url: unknown key"},
        OneFault{"virus: {adress: x}", "p.yml:1: virus.adress: unknown key; did you mean address?"},
        OneFault{"a: &x {}\n", "p.yml:1: a: unknown key"},
        OneFault{"log: {level: info}\nlog: {level: error}",
                 "p.yml:2: log: said twice, first in line 1"},
        OneFault{"log:\n  level: info\n  level: info",
                 "p.yml:3: log.level: said twice, first in line 2"},
        OneFault{"spam: {scanners: [{type: spamd, scale: 1, scale: 2}]}",
                 "p.yml:1: spam.scanners[0].scale: said twice, first in line 1"},
        OneFault{"x\x1b[2J: 1", "p.yml:1: x?[2J: unknown key"}));

INSTANTIATE_TEST_SUITE_P(
    Values, EachFault,
    testing::Values(
        OneFault{"log: {level: loud}",
                 "p.yml:1: log.level: must be debug or info or warning or error"},
        OneFault{"log: {level: [info]}", "p.yml:1: log.level: must be a single value, not a list"},
        OneFault{"log: {level: {}}", "p.yml:1: log.level: must be a single value, not a map"},
        OneFault{"authserv_id:",
                 "p.yml:1: authserv_id: has no value (an empty text is written \"\")"},
        OneFault{"log: info", "p.yml:1: log: must be a map: {} or {name: value}"},
        OneFault{"spam: []", "p.yml:1: spam: must be a map: {} or {name: value}"},
        OneFault{"id_headers: X-Id", "p.yml:1: id_headers: must be a list: [] or [one, two]"},
        OneFault{"id_headers: [X-Id, 'no header:']",
                 "p.yml:1: id_headers[1]: must be the name of a header field, without the colon"},
        OneFault{"policy: {directory: etc/postern}",
                 "p.yml:1: policy.directory: must be an absolute path"},
        OneFault{"policy: {directory: ''}", "p.yml:1: policy.directory: must not be empty"},
        OneFault{"policy: {prefix: x}",
                 "p.yml:1: policy.prefix: unknown key; did you mean "
                 "policy.redis.prefix?"},
        OneFault{"policy: {redis: {prefix: \"a\\nb\"}}",
                 "p.yml:1: policy.redis.prefix: must not hold control characters or line ends"},
        OneFault{"policy: {shrink_guard: 1.5}",
                 "p.yml:1: policy.shrink_guard: must be a number from 0.0 to 1.0"},
        OneFault{"policy: {shrink_guard: nan}",
                 "p.yml:1: policy.shrink_guard: must be a number from 0.0 to 1.0"},
        OneFault{
            "policy: {full_sync_every: 3600}",
            "p.yml:1: policy.full_sync_every: must be a duration from 10s to 7d, as 500ms, 5s, "
            "10m, 1h or 3d"},
        OneFault{
            "policy: {full_sync_every: 1s}",
            "p.yml:1: policy.full_sync_every: must be a duration from 10s to 7d, as 500ms, 5s, "
            "10m, 1h or 3d"},
        OneFault{"advert: {marks: 0}", "p.yml:1: advert.marks: must be a whole number from 1 to 4"},
        OneFault{"outgoing: {shortest_subnet: -1}",
                 "p.yml:1: outgoing.shortest_subnet: must be a whole number from 8 to 32"},
        OneFault{"vault: {min_free: 1GB}",
                 "p.yml:1: vault.min_free: must be a size, as 0, 512KiB, 21MiB or 1GiB"},
        OneFault{"vault: {durable: maybe}", "p.yml:1: vault.durable: must be true or false"},
        OneFault{"trusted_relays:\n  - 192.0.2.0/24\n  - 192.0.2.0/33",
                 "p.yml:3: trusted_relays[1]: must be an address or a network, as 192.0.2.0/24"},
        OneFault{"dns: {servers: [ns.example.com]}",
                 "p.yml:1: dns.servers[0]: must be an address with or without a port, as "
                 "127.0.0.1:5353 or [::1]:53"},
        OneFault{"recipient_delimiter: x",
                 "p.yml:1: recipient_delimiter: must be characters such as "
                 "+ or -, each of which separates"},
        OneFault{"spam: {scanners: [spamd]}",
                 "p.yml:1: spam.scanners[0]: must be a map, as {type: "
                 "spamd, address: 127.0.0.1:783}"},
        OneFault{"spam: {scanners: [{address: 'h:1'}]}",
                 "p.yml:1: spam.scanners[0]: needs a type: spamd, rspamd or header"},
        OneFault{"spam:\n  scanners:\n  - type: spamd\n  - type: clamd",
                 "p.yml:4: spam.scanners[1].type: must be spamd or rspamd or header"},
        OneFault{
            "spam:\n  scanners:\n  - type: spamd\n  - type: rspamd\n    timeout: 0s",
            "p.yml:5: spam.scanners[1].timeout: must be a duration from 100ms to 4m, as 500ms, "
            "5s, 10m, 1h or 3d"},
        OneFault{"virus: on",
                 "p.yml:1: virus: must be off or a map, as {address: "
                 "unix:/run/clamav/clamd.ctl}"},
        OneFault{"outgoing: {providers: {o: {header: X}}}",
                 "p.yml:1: outgoing.providers.o: needs header and values"},
        OneFault{"outgoing: {providers: {o: {header: X, values: {'a b': c}}}}",
                 "p.yml:1: outgoing.providers.o.values.a b: must be a domain name in ASCII (an "
                 "international one as xn--...)"},
        OneFault{"listen: {secrets: 'inet:127.0.0.1:1'}",
                 "p.yml:1: listen.secrets: must be unix:/path: passwords are told on this socket"},
        OneFault{"listen:\n  secrets: unix:/run/postern/tables.sock",
                 "p.yml:2: listen.secrets: is the socket of listen.tables as well"},
        OneFault{"listen:\n  milter: local:/run/postern/control.sock",
                 "p.yml:1: listen.control: is the socket of listen.milter as well"},
        OneFault{"listen: {tables: 'inet:127.0.0.1:9791'}",
                 "p.yml:1: listen.http: is the socket of listen.tables as well"}));

INSTANTIATE_TEST_SUITE_P(
    Files, EachFault,
    testing::Values(
        OneFault{"- a list", "p.yml:1: must be a map of settings"},
        OneFault{"just words", "p.yml:1: must be a map of settings"},
        OneFault{"log: {}\n---\nlog: {}",
                 "p.yml:2: the file must be one YAML document, and this starts another"},
        OneFault{",log: {}",
                 "p.yml:1: the file must be one YAML document, and this starts another"},
        OneFault{"\n[a]: b", "p.yml:2: a key must be a single word"}));

TEST(Syntax, IsSaidWithItsLine) {
  EXPECT_THAT(faults_of("log:\n  level: info\n format: json\n"),
              ElementsAre(HasSubstr("p.yml:3: not YAML: ")));
  EXPECT_THAT(faults_of("log: {level: info\n"), ElementsAre(HasSubstr(": not YAML: ")));
  EXPECT_THAT(faults_of("a: *nowhere"), ElementsAre(HasSubstr("p.yml:1: not YAML: ")));
}

TEST(Many, AreAllSaidInTheOrderOfTheFile) {
  EXPECT_THAT(
      faults_of("vault: {max_size: lots}\n"
                "log:\n"
                "  level: loud\n"
                "  fromat: json\n"
                "spam:\n"
                "  scanners:\n"
                "    - {type: spamd, scale: x}\n"
                "    - {type: other}\n"
                "dmarc: maybe\n"),
      ElementsAre(HasSubstr("p.yml:1: vault.max_size: "), HasSubstr("p.yml:3: log.level: "),
                  HasSubstr("p.yml:4: log.fromat: "),
                  HasSubstr("p.yml:7: spam.scanners[0].scale: "),
                  HasSubstr("p.yml:8: spam.scanners[1].type: "), HasSubstr("p.yml:9: dmarc: ")));
}

TEST(Secrets, InTheWrongPlaceAreNotRepeated) {
  for (const char* text :
       {"policy: {redis: {url: 'redis://user:kashima1@h:6379/0'}}",
        "policy: {redis: {url: 'redis://:kashima1@h'}}", "policy: {redis: {password: kashima1}}",
        "policy: {redis: {password_file: kashima1}}", "keys: {token_file: kashima1}",
        "keys: kashima1", "spam: {scanners: [{type: rspamd, url: 'http://u:kashima1@h:1'}]}"}) {
    const auto lines = faults_of(text);
    ASSERT_THAT(lines, SizeIs(1)) << text;
    EXPECT_EQ(lines.front().find("kashima"), std::string::npos) << lines.front();
  }
}

TEST(Hostile, FilesAreRefusedQuickly) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int n = 0; n < 9; ++n) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_THAT(faults_of(bomb), ElementsAre(HasSubstr("too many values")));
  EXPECT_THAT(faults_of("a: " + std::string(200'000, '[')), SizeIs(1));
  EXPECT_THAT(faults_of("a: " + std::string(100, '[') + std::string(100, ']')),
              ElementsAre(HasSubstr("nested too deeply")));
  EXPECT_THAT(faults_of(std::string(kMaxFileSize + 1, ' ')),
              ElementsAre("p.yml: larger than 1 MiB"));
  EXPECT_THAT(faults_of("a: &a [*a]"), SizeIs(1));
  EXPECT_THAT(faults_of(std::string(5'000, 'k') + ": 1"), SizeIs(1));
}

TEST(Hostile, RandomDamageIsAFaultOrNothing) {
  const std::string whole =
      "listen: {milter: 'inet:8891@127.0.0.1', http: off}\n"
      "spam:\n  scanners:\n    - {type: header, trust: [127.0.0.1/32]}\n"
      "outgoing: {providers: {o: {header: X, values: {got.com: \"1\"}}}}\n";
  ASSERT_THAT(faults_of(whole), IsEmpty());
  std::mt19937 random(11);
  for (int round = 0; round < 3'000; ++round) {
    std::string damaged = whole;
    for (unsigned n = 0; n <= random() % 4; ++n) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    for (const std::string& line : faults_of(damaged)) {
      EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
      EXPECT_TRUE(line.starts_with("p.yml:")) << line;
    }
  }
}

TEST(Nearest, IsTheWordThatWasMeantOrNone) {
  const std::vector<std::string> words = {"timeout", "address", "scale", "url"};
  EXPECT_EQ(nearest("timeuot", words), "timeout");
  EXPECT_EQ(nearest("TimeOut", words), "timeout");
  EXPECT_EQ(nearest("ur", words), "url");
  EXPECT_EQ(nearest("port", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 't'), words), "");
}

}  // namespace
}  // namespace postern::settings
