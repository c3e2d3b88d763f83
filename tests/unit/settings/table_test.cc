// The table of settings is complete and honest: defaults can be written back, changes are told with
// whether they need a restart, secrets are never in them.
#include "settings/table.h"

#include <gmock/gmock.h>

#include <set>

#include "unit/settings/loading.h"

namespace postern::settings {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "a.b.c" and a value as nested YAML.
std::string yaml_of(const std::string& key, const std::string& value) {
  std::string text;
  std::string rest = key;
  for (std::string indent;; indent += "  ") {
    const std::size_t dot = rest.find('.');
    text += indent + rest.substr(0, dot) + ":";
    if (dot == std::string::npos) return text + " " + value + "\n";
    text += "\n";
    rest = rest.substr(dot + 1);
  }
}

TEST(Table, DefaultsCanBeWrittenBack) {
  for (const SettingInfo& info : describe_settings()) {
    const std::string text = yaml_of(info.key, info.default_text);
    EXPECT_THAT(faults_of(text), IsEmpty());
    EXPECT_THAT(changes(Settings(), settings_of(text)), IsEmpty()) << text;
  }
}

TEST(Table, NamesAreUniqueAndDescribed) {
  std::set<std::string> keys;
  for (const SettingInfo& info : describe_settings()) {
    EXPECT_TRUE(keys.insert(info.key).second) << info.key;
    EXPECT_TRUE(info.description.ends_with('.')) << info.key;
  }
  for (const SettingInfo& info : describe_members()) {
    EXPECT_TRUE(keys.insert(info.key + info.of).second) << info.key;
    EXPECT_TRUE(info.description.ends_with('.')) << info.key;
  }
}

TEST(Table, SaysWhatARunningDaemonTakesOver) {
  std::vector<std::string> live;
  for (const SettingInfo& info : describe_settings()) {
    if (info.reload == Reload::live) live.push_back(info.key);
  }
  EXPECT_THAT(live, ElementsAre("spam.on_failure", "advert.marks", "mixed_rejection",
                                "authentication_results", "authserv_id", "dmarc", "id_headers",
                                "recipient_delimiter", "trusted_relays", "bounce.mx_hosts",
                                "srs.domain", "outgoing.identity_subdomains", "outgoing.providers",
                                "outgoing.webmail_clients", "outgoing.sent_limit",
                                "outgoing.recipients_limit", "signing.missing_key", "log.level",
                                "log.format", "shutdown_grace"));
}

TEST(Changes, AreToldWithOldAndNewAndWhatTheyNeed) {
  const auto changed =
      changes(settings_of("log: {level: info}"),
              settings_of("log: {level: debug}\nlisten: {http: off}\nvirus: {timeout: 5s}"));
  ASSERT_EQ(changed.size(), 3U);
  EXPECT_EQ(changed[0].key, "listen.http");
  EXPECT_EQ(changed[0].before, "127.0.0.1:9791");
  EXPECT_EQ(changed[0].after, "off");
  EXPECT_EQ(changed[0].reload, Reload::restart);
  EXPECT_EQ(changed[1].key, "virus");
  EXPECT_EQ(changed[1].before, "off");
  EXPECT_EQ(changed[2].key, "log.level");
  EXPECT_EQ(changed[2].reload, Reload::live);
}

TEST(Changes, OfASecretAreToldWithoutIt) {
  const TemporaryDirectory directory;
  const std::string text = "policy: {redis: {password_file: " + directory.path("password") +
                           "}}\n" + "keys: {token_file: " + directory.path("tokens") + "}\n" +
                           "outgoing: {providers: {o: {header: X, values: {got.com: %}}}}\n";
  const auto load = [&](const std::string& password, const std::string& key,
                        const std::string& proof) {
    directory.write("password", password);
    directory.write("tokens", key);
    std::string with_proof = text;
    with_proof.replace(with_proof.find('%'), 1, proof);
    LoadOutcome outcome = load_text(with_proof, "p.yml");
    EXPECT_TRUE(std::holds_alternative<Settings>(outcome));
    return std::get<Settings>(std::move(outcome));
  };
  const Settings before = load("kashima1", "a2FzaGltYTFrYXNoaW1hMQ==", "kashima1");
  EXPECT_THAT(changes(before, before), IsEmpty());
  const auto changed = changes(before, load("kashima2", "a2FzaGltYTFrYXNoaW1hMg==", "kashima2"));
  ASSERT_EQ(changed.size(), 3U);
  for (const Change& change : changed) {
    for (const std::string& shown : {change.before, change.after}) {
      EXPECT_EQ(shown.find("kashima"), std::string::npos) << shown;
      EXPECT_EQ(shown.find("a2Fz"), std::string::npos) << shown;
    }
    EXPECT_NE(change.before, change.after);
  }
}

}  // namespace
}  // namespace postern::settings
