// Purpose:   everything postern.yml can say, as one value. Each default is stated here and nowhere
//            else: the table (table.h) and config/postern.yml are checked against these members.
// Ownership: main.cc keeps one for as long as it is in force and never changes it; rooms and
// adapters
//            get what they need in structs of their own.
// Threading: like any value.
// Units:     milliseconds and bytes; texts that name sockets have been checked and stay texts.
// Failure:   none here: load.h gives a whole Settings or says what is wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/sealed_box.h"
#include "base/secret.h"

namespace postern::settings {

enum class PolicySource { directory, redis };
enum class OnFailure { defer, accept };
enum class SenderVerify { callout, dns, off };
enum class MixedRejection { store, discard, defer };
enum class AuthenticationResults { needed, always };
enum class Dmarc { off, enforce };
enum class SpfEngine { builtin, libspf2 };
enum class MissingKey { accept, defer };
enum class Canonicalization { relaxed, simple };

// A secret is never in the file itself, which names the file that holds it.
struct SecretFile {
  std::string path;  // empty: no secret
  Secret secret;
  friend bool operator==(const SecretFile&, const SecretFile&) = default;
};
struct TokenKeys {
  std::string path;
  std::vector<Secret> keys;  // the first signs, all verify; none: no token is made or believed
  friend bool operator==(const TokenKeys&, const TokenKeys&) = default;
};

struct SealFile {
  std::string path;
  std::vector<SealKey> keys;  // all open what is sealed; none: nothing that is sealed can be read
  friend bool operator==(const SealFile&, const SealFile&) = default;
};

struct Listen {
  std::string milter = "inet:8891@127.0.0.1";
  std::string tables = "unix:/run/postern/tables.sock";
  std::string secrets = "unix:/run/postern/secrets.sock";
  std::optional<std::string> http = "127.0.0.1:9791";  // nothing: off
  std::string control = "/run/postern/control.sock";
};

struct PolicyRedis {
  std::string url = "redis://127.0.0.1:6379/0";
  std::string prefix = "postern:";
  std::string username;
  SecretFile password_file;
};
struct Policy {
  PolicySource source = PolicySource::directory;
  std::string directory = "/etc/postern/policy";
  PolicyRedis redis;
  std::string cache = "/var/lib/postern/policy.cache";
  double shrink_guard = 0.5;
  Milliseconds full_sync_every = std::chrono::hours(1);
};

struct SpamdScanner {
  std::string address = "127.0.0.1:783";
  Milliseconds timeout = std::chrono::seconds(15);
  double scale = 1.0;
  friend bool operator==(const SpamdScanner&, const SpamdScanner&) = default;
};
struct RspamdScanner {
  std::string url = "http://127.0.0.1:11333";
  Milliseconds timeout = std::chrono::seconds(15);
  double scale = 1.0;
  friend bool operator==(const RspamdScanner&, const RspamdScanner&) = default;
};
struct HeaderScanner {
  std::string score = "X-Spam-Score";
  std::string advert = "X-Spam-Advert";  // empty: no such header
  std::string virus = "X-Virus-Name";    // empty: no such header
  std::vector<IpNetwork> trust = {IpNetwork(*IpAddress::parse("127.0.0.1"), 32)};
  double scale = 1.0;
  bool required = false;
  friend bool operator==(const HeaderScanner&, const HeaderScanner&) = default;
};
using Scanner = std::variant<SpamdScanner, RspamdScanner, HeaderScanner>;

struct Spam {
  std::vector<Scanner> scanners;
  OnFailure on_failure = OnFailure::defer;
};

struct Virus {
  std::string address = "unix:/run/clamav/clamd.ctl";
  Milliseconds timeout = std::chrono::seconds(30);
  OnFailure on_failure = OnFailure::defer;
  friend bool operator==(const Virus&, const Virus&) = default;
};

struct DnsServer {
  IpAddress address;
  std::uint16_t port = 53;
  friend bool operator==(const DnsServer&, const DnsServer&) = default;
};
struct Dns {
  std::vector<DnsServer> servers;  // empty: those of resolv.conf
  Milliseconds timeout = std::chrono::seconds(5);
  unsigned checks_per_minute = 60;  // 0: identities and MAIL FROM domains are not checked
  Milliseconds check_every = std::chrono::hours(1);
};

struct Submit {
  std::string address = "127.0.0.1:10025";
  std::string daemon_name = "postern-submit";
  Milliseconds timeout = std::chrono::seconds(30);
};

// What the mail of a provider's tenant must carry before the provider's network counts as the
// tenant's: this header with the value of the tenant's domain.
struct Provider {
  std::string header;
  std::map<std::string, std::string> values;  // by domain
  friend bool operator==(const Provider&, const Provider&) = default;
};
struct Outgoing {
  unsigned shortest_subnet = 16;
  bool identity_subdomains = false;
  std::map<std::string, Provider> providers;
  bool allow_plain_auth = true;
  std::vector<IpNetwork> webmail_clients;
  std::optional<unsigned> sent_limit;        // nothing: none
  std::optional<unsigned> recipients_limit;  // nothing: none
  Milliseconds limit_timeout{200};
  double offline_share = 0.1;
};

struct Vault {
  std::string path = "/var/lib/postern/vault";
  bool durable = true;
  std::uint64_t max_size = 0;  // 0: no limit
  std::uint64_t min_free = 1024ULL * 1024 * 1024;
  std::string deliver;  // empty: kept here only
};

struct Signing {
  MissingKey missing_key = MissingKey::accept;
  Canonicalization header_canonicalization = Canonicalization::relaxed;
  Canonicalization body_canonicalization = Canonicalization::relaxed;
  std::vector<std::string> oversign = {"From"};
  std::vector<std::string> headers;  // empty: those that a reader sees or a program acts upon
  unsigned verify_sample = 1000;     // one signature of so many is verified again; 0: none
};

struct Log {
  log::Level level = log::Level::info;
  log::Format format = log::Format::journal;
};

struct Keys {
  TokenKeys token_file = {"/etc/postern/token.keys", {}};
  SealFile seal_file = {"/etc/postern/seal.keys", {}};
};
struct Advert {
  unsigned marks = 1;
};
struct Bounce {
  std::vector<std::string> mx_hosts;
};
struct Srs {
  std::string domain;  // empty: external group members keep the sender
};
struct Spf {
  SpfEngine engine = SpfEngine::builtin;
};

struct Settings {
  Listen listen;
  Policy policy;
  Spam spam;
  Advert advert;
  std::optional<Virus> virus;  // nothing: no virus check
  Dns dns;
  SenderVerify sender_verify = SenderVerify::dns;
  MixedRejection mixed_rejection = MixedRejection::store;
  AuthenticationResults authentication_results = AuthenticationResults::needed;
  std::string authserv_id;  // empty: the milter macro j
  Dmarc dmarc = Dmarc::off;
  std::vector<std::string> id_headers = {"X-Postern-Id"};
  std::string recipient_delimiter;  // empty: no sub-addresses
  std::vector<IpNetwork> trusted_relays;
  Submit submit;
  Keys keys;
  Bounce bounce;
  Srs srs;
  Outgoing outgoing;
  Spf spf;
  Vault vault;
  Signing signing;
  Log log;
  Milliseconds shutdown_grace = std::chrono::seconds(30);
};

}  // namespace postern::settings
