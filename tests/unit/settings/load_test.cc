// What postern.yml says is what the daemon gets: each key, each spelling, and the default for
// everything it leaves out.
#include "settings/load.h"

#include <gmock/gmock.h>

#include "settings/table.h"
#include "unit/settings/loading.h"

namespace postern::settings {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Defaults, AreInForceWhereTheFileSaysNothing) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "{}", "policy:\n", "spam: {}",
                           "policy:\n  redis:\n"}) {
    EXPECT_THAT(changes(Settings(), settings_of(text)), IsEmpty()) << text;
  }
}

struct OneSetting {
  const char* text;
  const char* key;
  const char* after;
};
class EachSetting : public testing::TestWithParam<OneSetting> {};

TEST_P(EachSetting, ChangesThatAndNothingElse) {
  const auto changed = changes(Settings(), settings_of(GetParam().text));
  ASSERT_EQ(changed.size(), 1U) << GetParam().text;
  EXPECT_EQ(changed.front().key, GetParam().key);
  EXPECT_EQ(changed.front().after, GetParam().after);
}

const OneSetting kEach[] = {
    {"listen: {milter: 'unix:/run/postern/milter.sock'}", "listen.milter",
     "unix:/run/postern/milter.sock"},
    {"listen: {milter: 'inet6:8891@::1'}", "listen.milter", "inet6:8891@::1"},
    {"listen: {tables: 'inet:127.0.0.1:8892'}", "listen.tables", "inet:127.0.0.1:8892"},
    {"listen: {secrets: 'unix:/tmp/s'}", "listen.secrets", "unix:/tmp/s"},
    {"listen: {http: off}", "listen.http", "off"},
    {"listen: {http: '[::1]:9791'}", "listen.http", "\"[::1]:9791\""},
    {"listen: {control: /tmp/c}", "listen.control", "/tmp/c"},
    {"policy: {source: redis}", "policy.source", "redis"},
    {"policy: {directory: /srv/policy}", "policy.directory", "/srv/policy"},
    {"policy: {redis: {url: 'redis://r1.example:6380/3'}}", "policy.redis.url",
     "redis://r1.example:6380/3"},
    {"policy: {redis: {prefix: ''}}", "policy.redis.prefix", "\"\""},
    {"policy: {redis: {username: postern}}", "policy.redis.username", "postern"},
    {"policy: {redis: {password_file: /etc/postern/redis}}", "policy.redis.password_file",
     "/etc/postern/redis"},
    {"policy: {cache: /tmp/cache}", "policy.cache", "/tmp/cache"},
    {"policy: {shrink_guard: 0.25}", "policy.shrink_guard", "0.25"},
    {"policy: {shrink_guard: 1}", "policy.shrink_guard", "1.0"},
    {"policy: {full_sync_every: 90m}", "policy.full_sync_every", "90m"},
    {"spam: {scanners: [{type: spamd}]}", "spam.scanners",
     "[{type: spamd, address: 127.0.0.1:783, timeout: 15s, scale: 1.0}]"},
    {"spam: {scanners: [{type: spamd, address: 'unix:/run/spamd', timeout: 500ms, scale: 2}]}",
     "spam.scanners", "[{type: spamd, address: unix:/run/spamd, timeout: 500ms, scale: 2.0}]"},
    {"spam: {scanners: [{type: rspamd, url: 'http://[::1]:11333', scale: 0.5}]}", "spam.scanners",
     "[{type: rspamd, url: \"http://[::1]:11333\", timeout: 15s, scale: 0.5}]"},
    {"spam: {scanners: [{type: header, virus: '', trust: [10.0.0.9/8, '::1'], required: true}]}",
     "spam.scanners",
     "[{type: header, score: X-Spam-Score, advert: X-Spam-Advert, virus: \"\", "
     "trust: [10.0.0.0/8, ::1/128], scale: 1.0, required: true}]"},
    {"spam: {on_failure: accept}", "spam.on_failure", "accept"},
    {"advert: {marks: 2}", "advert.marks", "2"},
    {"virus: {}", "virus",
     "{address: unix:/run/clamav/clamd.ctl, timeout: 30s, on_failure: defer}"},
    {"virus: {address: '127.0.0.1:3310', on_failure: accept}", "virus",
     "{address: 127.0.0.1:3310, timeout: 30s, on_failure: accept}"},
    {"dns: {servers: ['127.0.0.1:5353', 192.0.2.1, '::1', '[2001:db8::1]:5300']}", "dns.servers",
     "[127.0.0.1:5353, 192.0.2.1:53, \"[::1]:53\", \"[2001:db8::1]:5300\"]"},
    {"dns: {timeout: 2s}", "dns.timeout", "2s"},
    {"dns: {checks_per_minute: 0}", "dns.checks_per_minute", "0"},
    {"dns: {check_every: 5m}", "dns.check_every", "5m"},
    {"sender_verify: callout", "sender_verify", "callout"},
    {"sender_verify: off", "sender_verify", "off"},
    {"mixed_rejection: defer", "mixed_rejection", "defer"},
    {"mixed_rejection: discard", "mixed_rejection", "discard"},
    {"authentication_results: always", "authentication_results", "always"},
    {"authserv_id: mx.example.com", "authserv_id", "mx.example.com"},
    {"dmarc: enforce", "dmarc", "enforce"},
    {"id_headers: [X-Postern-Id, X-Fuglu-Id]", "id_headers", "[X-Postern-Id, X-Fuglu-Id]"},
    {"id_headers: []", "id_headers", "[]"},
    {"recipient_delimiter: +-", "recipient_delimiter", "+-"},
    {"trusted_relays: [192.0.2.0/24]", "trusted_relays", "[192.0.2.0/24]"},
    {"submit: {address: 'unix:/run/submit'}", "submit.address", "unix:/run/submit"},
    {"submit: {daemon_name: back-in}", "submit.daemon_name", "back-in"},
    {"submit: {timeout: 1m}", "submit.timeout", "1m"},
    {"keys: {token_file: /srv/keys}", "keys.token_file", "/srv/keys"},
    {"keys: {token_file: ''}", "keys.token_file", "\"\""},
    {"keys: {seal_file: /srv/seal}", "keys.seal_file", "/srv/seal"},
    {"bounce: {mx_hosts: [mx1.example.com, mx2.example.com]}", "bounce.mx_hosts",
     "[mx1.example.com, mx2.example.com]"},
    {"srs: {domain: srs.example.com}", "srs.domain", "srs.example.com"},
    {"outgoing: {shortest_subnet: 24}", "outgoing.shortest_subnet", "24"},
    {"outgoing: {providers: {outlook: {header: X-Tenant, values: {Got.com: 4711}}}}",
     "outgoing.providers", "{outlook: {header: X-Tenant, values: {got.com: (hidden)}}}"},
    {"outgoing: {identity_subdomains: true}", "outgoing.identity_subdomains", "true"},
    {"outgoing: {allow_plain_auth: false}", "outgoing.allow_plain_auth", "false"},
    {"outgoing: {webmail_clients: [192.0.2.80]}", "outgoing.webmail_clients", "[192.0.2.80/32]"},
    {"outgoing: {sent_limit: 0}", "outgoing.sent_limit", "0"},
    {"outgoing: {recipients_limit: 25000}", "outgoing.recipients_limit", "25000"},
    {"outgoing: {limit_timeout: 50ms}", "outgoing.limit_timeout", "50ms"},
    {"outgoing: {offline_share: 0}", "outgoing.offline_share", "0.0"},
    {"spf: {engine: libspf2}", "spf.engine", "libspf2"},
    {"vault: {path: /srv/vault}", "vault.path", "/srv/vault"},
    {"vault: {durable: false}", "vault.durable", "false"},
    {"vault: {max_size: 10GiB}", "vault.max_size", "10GiB"},
    {"vault: {min_free: 0}", "vault.min_free", "0"},
    {"vault: {deliver: 'lmtp:///run/dovecot/lmtp'}", "vault.deliver", "lmtp:///run/dovecot/lmtp"},
    {"vault: {deliver: 'lmtp://[::1]:24'}", "vault.deliver", "\"lmtp://[::1]:24\""},
    {"signing: {missing_key: defer}", "signing.missing_key", "defer"},
    {"signing: {header_canonicalization: simple}", "signing.header_canonicalization", "simple"},
    {"signing: {body_canonicalization: simple}", "signing.body_canonicalization", "simple"},
    {"signing: {headers: [From, To]}", "signing.headers", "[From, To]"},
    {"signing: {verify_sample: 0}", "signing.verify_sample", "0"},
    {"signing: {oversign: [From, Subject]}", "signing.oversign", "[From, Subject]"},
    {"log: {level: debug}", "log.level", "debug"},
    {"log: {level: warning}", "log.level", "warning"},
    {"log: {level: error}", "log.level", "error"},
    {"log: {format: json}", "log.format", "json"},
    {"log: {format: text}", "log.format", "text"},
    {"shutdown_grace: 0s", "shutdown_grace", "0ms"},
};
INSTANTIATE_TEST_SUITE_P(All, EachSetting, testing::ValuesIn(kEach));

TEST(EachSetting, IsTriedHere) {
  for (const SettingInfo& info : describe_settings()) {
    EXPECT_TRUE(std::any_of(std::begin(kEach), std::end(kEach), [&](const OneSetting& one) {
      return one.key == info.key;
    })) << info.key;
  }
}

TEST(Values, HaveTheirTypes) {
  const Settings settings = settings_of(R"(
listen: { http: off }
policy: { shrink_guard: 0.25, full_sync_every: 10m }
spam:
  scanners:
    - { type: header, trust: [192.0.2.0/24] }
    - { type: rspamd, timeout: 3s }
dns: { servers: ["127.0.0.1:5353"] }
vault: { min_free: 512MiB }
outgoing: { providers: { outlook: { header: X-Tenant, values: { got.com: "4711" } } } }
log: { level: warning, format: json }
)");
  EXPECT_EQ(settings.listen.http, std::nullopt);
  EXPECT_DOUBLE_EQ(settings.policy.shrink_guard, 0.25);
  EXPECT_EQ(settings.policy.full_sync_every, std::chrono::minutes(10));
  ASSERT_EQ(settings.spam.scanners.size(), 2U);
  EXPECT_TRUE(std::get<HeaderScanner>(settings.spam.scanners[0])
                  .trust.front()
                  .contains(*IpAddress::parse("192.0.2.77")));
  EXPECT_EQ(std::get<RspamdScanner>(settings.spam.scanners[1]).timeout, std::chrono::seconds(3));
  EXPECT_EQ(settings.dns.servers.front().port, 5353);
  EXPECT_EQ(settings.vault.min_free, 512ULL << 20);
  EXPECT_EQ(settings.outgoing.providers.at("outlook").values.at("got.com"), "4711");
  EXPECT_EQ(settings.log.level, log::Level::warning);
  EXPECT_EQ(settings.log.format, log::Format::json);
}

TEST(Files, AreReadWithTheSecretsTheyName) {
  const TemporaryDirectory directory;
  const std::string password = directory.write("password", "s3cret word\n");
  const std::string tokens = directory.write("tokens",
                                             "# the first signs\nMDEyMzQ1Njc4OWFiY2RlZg==\n"
                                             "ZmVkY2JhOTg3NjU0MzIxMA==\n");
  const std::string file =
      directory.write("postern.yml", "policy: {redis: {password_file: " + password +
                                         "}}\nkeys: {token_file: " + tokens + "}\n");
  const LoadOutcome outcome = load_file(file);
  ASSERT_TRUE(std::holds_alternative<Settings>(outcome));
  const Settings& settings = std::get<Settings>(outcome);
  EXPECT_EQ(settings.policy.redis.password_file.secret.reveal(), "s3cret word");
  ASSERT_EQ(settings.keys.token_file.keys.size(), 2U);
  EXPECT_EQ(settings.keys.token_file.keys.front().reveal(), "0123456789abcdef");

  const LoadOutcome without = load_file(file, SecretFiles::leave);
  ASSERT_TRUE(std::holds_alternative<Settings>(without));
  EXPECT_TRUE(std::get<Settings>(without).policy.redis.password_file.secret.empty());
  EXPECT_TRUE(std::get<Settings>(without).keys.token_file.keys.empty());
}

std::vector<std::string> file_faults(const std::string& path) {
  const LoadOutcome outcome = load_file(path);
  std::vector<std::string> lines;
  if (const auto* faults = std::get_if<std::vector<Fault>>(&outcome)) {
    for (const Fault& fault : *faults) lines.push_back(fault.to_string());
  }
  return lines;
}

TEST(Files, NamedForSecretsMustBeThereAndClosedToOthers) {
  const TemporaryDirectory directory;
  const std::string open = directory.write("open", "kashima1\n", 0644);
  const std::string bad = directory.write("bad", "not base64 kashima1!\n");
  const std::string absent = directory.path("absent");
  const std::string both =
      directory.write("postern.yml", "policy:\n  redis:\n    password_file: " + open +
                                         "\nkeys:\n  token_file: " + absent + "\n");
  EXPECT_THAT(file_faults(both), ElementsAre(both + ":3: policy.redis.password_file: " + open +
                                                 " is open to everybody: chmod o= it",
                                             both + ":5: keys.token_file: " + absent +
                                                 " cannot be read: No such file or directory"));
  const std::string third =
      directory.write("third.yml", "keys:\n  token_file: " + bad + "\nlog: {level: loud}\n");
  const auto lines = file_faults(third);
  EXPECT_THAT(lines,
              ElementsAre(third + ":2: keys.token_file: " + bad + ": line 1: not base64",
                          third + ":3: log.level: must be debug or info or warning or error"));
  for (const std::string& line : lines) EXPECT_EQ(line.find("kashima"), std::string::npos);
}

TEST(Files, ThatCannotBeReadAreAFault) {
  const TemporaryDirectory directory;
  const std::string absent = directory.path("absent.yml");
  EXPECT_THAT(file_faults(absent),
              ElementsAre(absent + ": cannot be read: No such file or directory"));
  std::filesystem::create_directory(directory.path("d"));
  EXPECT_THAT(file_faults(directory.path("d")), ElementsAre(HasSubstr("d: is a directory")));
  const std::string large = directory.write("large.yml", std::string(2'000'000, '#'));
  EXPECT_THAT(file_faults(large), ElementsAre(large + ": larger than 1 MiB"));
}

}  // namespace
}  // namespace postern::settings
