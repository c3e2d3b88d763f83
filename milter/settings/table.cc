#include "settings/table.h"

#include "settings/entry.h"

namespace postern::settings {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Letters, digits, dots and what ends an address could not separate anything.
Complaint check_delimiters(std::string_view text) {
  const bool good =
      text.size() <= 8 && text.find_first_not_of("+-=_#!$%&*/?^{|}~'") == std::string_view::npos;
  if (good) return std::nullopt;
  return "must be characters such as + or -, each of which separates";
}

Codec<OnFailure> on_failure() {
  return choice<OnFailure>({{"defer", OnFailure::defer}, {"accept", OnFailure::accept}});
}

Codec<Canonicalization> canonicalization() {
  return choice<Canonicalization>(
      {{"relaxed", Canonicalization::relaxed}, {"simple", Canonicalization::simple}});
}

// Where a setting stands in Settings; the same for a const one.
template <typename Part, typename T>
auto in(Part Settings::*part, T Part::*member) {
  return [=](auto& settings) -> auto& { return settings.*part.*member; };
}
template <typename T>
auto in(T Settings::*member) {
  return [=](auto& settings) -> auto& { return settings.*member; };
}
template <typename T>
auto in_redis(T PolicyRedis::*member) {
  return [=](auto& settings) -> auto& { return settings.policy.redis.*member; };
}

template <typename Member, typename T>
Entry<Settings> setting(std::string key, Reload reload, Member member, Codec<T> codec,
                        std::string description) {
  return entry<Settings>(std::move(key), reload, member, std::move(codec), std::move(description));
}

void add_sockets_and_policy(Table<Settings>& table) {
  table.insert(
      table.end(),
      {setting("listen.milter", Reload::restart, in(&Settings::listen, &Listen::milter),
               text(check_milter_listen),
               "Where Postfix finds the milter, in libmilter's words: inet:port@host, "
               "inet6:port@host or unix:/path."),
       setting("listen.tables", Reload::restart, in(&Settings::listen, &Listen::tables),
               text(check_tables_listen),
               "Where Postfix asks its look-up tables (socketmap): unix:/path or inet:host:port."),
       setting("listen.secrets", Reload::restart, in(&Settings::listen, &Listen::secrets),
               text(check_unix_listen),
               "The same protocol for the table sasl_passwd alone, which tells passwords: "
               "unix:/path only, mode 0660, group postfix."),
       setting("listen.http", Reload::restart, in(&Settings::listen, &Listen::http),
               text_or_off(check_host_port),
               "host:port for /metrics, /healthz and /readyz; off for none. There is no password: "
               "keep it on loopback or a network of your own."),
       setting("listen.control", Reload::restart, in(&Settings::listen, &Listen::control),
               text(check_socket_path), "The socket that posternctl talks to."),
       setting("policy.source", Reload::restart, in(&Settings::policy, &Policy::source),
               choice<PolicySource>(
                   {{"directory", PolicySource::directory}, {"redis", PolicySource::redis}}),
               "Where the policy documents come from: directory or redis."),
       setting(
           "policy.directory", Reload::restart, in(&Settings::policy, &Policy::directory),
           text(check_path),
           "The directory of the documents, <type>/<name>.json or .yml; changes are picked up."),
       setting("policy.redis.url", Reload::restart, in_redis(&PolicyRedis::url),
               text(check_redis_url),
               "redis://host[:port][/database]. Redis 6.2 and later, or Valkey. Mail never waits "
               "for it."),
       setting("policy.redis.prefix", Reload::restart, in_redis(&PolicyRedis::prefix),
               text_or_empty(any_text), "What every key of ours begins with."),
       setting("policy.redis.username", Reload::restart, in_redis(&PolicyRedis::username),
               text_or_empty(any_text), "The Redis ACL user; empty for the default user."),
       setting("policy.redis.password_file", Reload::restart, in_redis(&PolicyRedis::password_file),
               secret_file(),
               "The file that holds the password, not readable by others; empty for none."),
       setting("policy.cache", Reload::restart, in(&Settings::policy, &Policy::cache),
               text(check_path),
               "The last good set of policies, used when the source is away at start."),
       setting("policy.shrink_guard", Reload::restart, in(&Settings::policy, &Policy::shrink_guard),
               number(0, 1),
               "A change that would lose more than this share of the documents of a type is held "
               "until posternctl policy accept; 1 holds nothing."),
       setting("policy.full_sync_every", Reload::restart,
               in(&Settings::policy, &Policy::full_sync_every),
               duration(seconds(10), hours(24 * 7)),
               "How often the whole set is compared with the source, beside its stream of "
               "changes.")});
}

void add_evidence(Table<Settings>& table) {
  table.insert(
      table.end(),
      {setting("spam.scanners", Reload::restart, in(&Settings::spam, &Spam::scanners),
               list_of(scanner()),
               "Who scores mail; the highest score counts, each multiplied by its scale. None: "
               "nothing is spam."),
       setting("spam.on_failure", Reload::live, in(&Settings::spam, &Spam::on_failure),
               on_failure(),
               "A scanner that does not answer gives no clean verdict: defer (451) or accept."),
       setting("advert.marks", Reload::live, in(&Settings::advert, &Advert::marks),
               whole_number(1, 4),
               "How many marks of bulk mail (List-Unsubscribe, List-Id, Precedence, Feedback-ID) "
               "make an advert."),
       setting("virus", Reload::restart, in(&Settings::virus), virus(),
               "The clamd that looks for viruses; off for none."),
       setting("dns.servers", Reload::restart, in(&Settings::dns, &Dns::servers),
               list_of(dns_server()),
               "Addresses, with a port where it is not 53; empty for those of resolv.conf."),
       setting("dns.timeout", Reload::restart, in(&Settings::dns, &Dns::timeout),
               duration(Milliseconds(100), minutes(1)), "How long one question may take."),
       setting("dns.checks_per_minute", Reload::restart,
               in(&Settings::dns, &Dns::checks_per_minute), whole_number(0, 100'000),
               "The most questions a minute by which identities and MAIL FROM domains are checked, "
               "for events to the admin API; 0: none are checked."),
       setting(
           "dns.check_every", Reload::restart, in(&Settings::dns, &Dns::check_every),
           duration(seconds(1), hours(24 * 7)),
           "How often each of them is checked again; with more of them than the questions allow "
           "it takes longer."),
       setting("sender_verify", Reload::restart, in(&Settings::sender_verify),
               choice<SenderVerify>({{"callout", SenderVerify::callout},
                                     {"dns", SenderVerify::dns},
                                     {"off", SenderVerify::off}}),
               "How a sender is verified where a policy asks for it: callout asks his mail server "
               "(which gets busy hosts listed), dns only whether his domain takes mail, off not at "
               "all."),
       setting("mixed_rejection", Reload::live, in(&Settings::mixed_rejection),
               choice<MixedRejection>({{"store", MixedRejection::store},
                                       {"discard", MixedRejection::discard},
                                       {"defer", MixedRejection::defer}}),
               "A recipient who must be refused while another of the same message is not: store "
               "keeps his copy, releasable, discard drops it, defer asks the sender to bring it in "
               "a transaction of its own."),
       setting("authentication_results", Reload::live, in(&Settings::authentication_results),
               choice<AuthenticationResults>({{"needed", AuthenticationResults::needed},
                                              {"always", AuthenticationResults::always}}),
               "Whether SPF, DKIM and DMARC are looked at only where a rule needs them or always."),
       setting("authserv_id", Reload::live, in(&Settings::authserv_id), text_or_empty(check_domain),
               "Our name in Authentication-Results; empty for Postfix's own (the macro j)."),
       setting("dmarc", Reload::live, in(&Settings::dmarc),
               choice<Dmarc>({{"off", Dmarc::off}, {"enforce", Dmarc::enforce}}),
               "enforce treats a DMARC failure, where the sender's domain asks for it, as a sender "
               "that did not verify.")});
}

void add_flow(Table<Settings>& table) {
  table.insert(
      table.end(),
      {setting("id_headers", Reload::live, in(&Settings::id_headers),
               list_of(text(check_header_name)),
               "The header fields that carry the message's id; add X-Fuglu-Id where the admin API "
               "looks mail up by it."),
       setting("recipient_delimiter", Reload::live, in(&Settings::recipient_delimiter),
               text_or_empty(check_delimiters),
               "What separates a sub-address from the mailbox, as Postfix's setting of that name; "
               "empty for no sub-addresses."),
       setting("trusted_relays", Reload::live, in(&Settings::trusted_relays), list_of(network()),
               "Clients whose own client counts, not they: addresses and networks."),
       setting("submit.address", Reload::restart, in(&Settings::submit, &Submit::address),
               text(check_endpoint),
               "Where split copies and released mail re-enter Postfix: host:port or unix:/path."),
       setting("submit.daemon_name", Reload::restart, in(&Settings::submit, &Submit::daemon_name),
               text(any_text), "milter_macro_daemon_name of that listener."),
       setting("submit.timeout", Reload::restart, in(&Settings::submit, &Submit::timeout),
               duration(seconds(1), minutes(10)), "How long one submission may take."),
       setting("keys.token_file", Reload::restart, in(&Settings::keys, &Keys::token_file),
               token_keys(),
               "Keys for the tokens of submitted mail, bounces and SRS: a line each, base64, the "
               "first signs, all verify; the same on all nodes. Without the file nothing is "
               "released or split."),
       setting("keys.seal_file", Reload::restart, in(&Settings::keys, &Keys::seal_file),
               seal_keys(),
               "This host's keys for what is sealed in the documents (posternctl dkim seal-key): a "
               "line each, base64, all open. Without the file a sealed document is refused."),
       setting("bounce.mx_hosts", Reload::live, in(&Settings::bounce, &Bounce::mx_hosts),
               list_of(text(check_host)),
               "Our own hosts that may stand in a custom MAIL FROM domain's MX."),
       setting("srs.domain", Reload::live, in(&Settings::srs, &Srs::domain),
               text_or_empty(check_domain),
               "The operator's domain for forwarded mail; empty: external group members get the "
               "sender as he is."),
       setting("outgoing.shortest_subnet", Reload::restart,
               in(&Settings::outgoing, &Outgoing::shortest_subnet), whole_number(8, 32),
               "A domain's outgoingSubnets with a shorter prefix than this are refused."),
       setting("outgoing.identity_subdomains", Reload::live,
               in(&Settings::outgoing, &Outgoing::identity_subdomains), yes_or_no(),
               "Whether a verified domain (identity:) speaks for the domains below it, as with AWS "
               "SES."),
       setting("outgoing.providers", Reload::live, in(&Settings::outgoing, &Outgoing::providers),
               providers(),
               "What proves which tenant of a shared provider sends, by domain: {outlook: {header: "
               "X-Tenant, values: {got.com: \"...\"}}}. A provider without an entry admits "
               "nobody."),
       setting("outgoing.allow_plain_auth", Reload::restart,
               in(&Settings::outgoing, &Outgoing::allow_plain_auth), yes_or_no(),
               "Whether a smarthost's password may travel over a connection without TLS, where its "
               "document says Plain: true obeys with a warning, false refuses the document."),
       setting("outgoing.webmail_clients", Reload::live,
               in(&Settings::outgoing, &Outgoing::webmail_clients), list_of(network()),
               "Where the webmail sends from: there OpenSRS' service_smtprelay_webmail counts "
               "instead of service_smtprelay."),
       setting("outgoing.sent_limit", Reload::live, in(&Settings::outgoing, &Outgoing::sent_limit),
               whole_number_or_off(0, 10'000),
               "How many messages an account may send in 24 hours, where its domain's "
               "smtp_sent_limit does not say; off: as many as it likes."),
       setting("outgoing.recipients_limit", Reload::live,
               in(&Settings::outgoing, &Outgoing::recipients_limit),
               whole_number_or_off(0, 10'000'000),
               "To how many recipients in all an account may send in 24 hours; off: to as many as "
               "it likes."),
       setting("outgoing.limit_timeout", Reload::restart,
               in(&Settings::outgoing, &Outgoing::limit_timeout),
               duration(Milliseconds(10), std::chrono::minutes(1)),
               "How long a message waits for the count in Redis that all nodes share."),
       setting("outgoing.offline_share", Reload::restart,
               in(&Settings::outgoing, &Outgoing::offline_share), number(0, 1),
               "What share of each limit a node may let through by itself in 24 hours while Redis "
               "is away."),
       setting(
           "spf.engine", Reload::restart, in(&Settings::spf, &Spf::engine),
           choice<SpfEngine>({{"builtin", SpfEngine::builtin}, {"libspf2", SpfEngine::libspf2}}),
           "Who evaluates SPF records: builtin or libspf2.")});
}

void add_keeping(Table<Settings>& table) {
  table.insert(
      table.end(),
      {setting("vault.path", Reload::restart, in(&Settings::vault, &Vault::path), text(check_path),
               "Where quarantined and archived mail is kept."),
       setting("vault.durable", Reload::restart, in(&Settings::vault, &Vault::durable), yes_or_no(),
               "Whether a copy is on the disk before the reply; false trades mail for speed when "
               "the power fails."),
       setting("vault.max_size", Reload::restart, in(&Settings::vault, &Vault::max_size), size(),
               "No more is kept than this; 0 for no limit."),
       setting("vault.min_free", Reload::restart, in(&Settings::vault, &Vault::min_free), size(),
               "Nothing is kept when less than this is free on the disk."),
       setting("vault.deliver", Reload::restart, in(&Settings::vault, &Vault::deliver),
               text_or_empty(check_lmtp_url),
               "The mailboxes' server, which gets what is quarantined and retained as well: "
               "lmtp://host:port or lmtp:///path; empty for none."),
       setting("signing.missing_key", Reload::live, in(&Settings::signing, &Signing::missing_key),
               choice<MissingKey>({{"accept", MissingKey::accept}, {"defer", MissingKey::defer}}),
               "Outgoing mail whose DKIM key cannot be used: accept sends it unsigned, defer waits "
               "(451)."),
       setting("signing.header_canonicalization", Reload::restart,
               in(&Settings::signing, &Signing::header_canonicalization), canonicalization(),
               "relaxed survives relays that touch white space; simple does not."),
       setting("signing.body_canonicalization", Reload::restart,
               in(&Settings::signing, &Signing::body_canonicalization), canonicalization(),
               "The same for the body."),
       setting("signing.oversign", Reload::restart, in(&Settings::signing, &Signing::oversign),
               list_of(text(check_header_name)),
               "Header fields signed once more than they occur, so that nobody can add one."),
       setting(
           "signing.headers", Reload::restart, in(&Settings::signing, &Signing::headers),
           list_of(text(check_header_name)),
           "Header fields that are signed where they occur; empty: those that a reader sees or a "
           "program acts upon. From always is."),
       setting("signing.verify_sample", Reload::restart,
               in(&Settings::signing, &Signing::verify_sample), whole_number(0, 1000000000),
               "One message of so many has its own signatures verified again, by another library "
               "and against the public key of the document; a failure is an alarm. 0: none."),
       setting("log.level", Reload::live, in(&Settings::log, &Log::level),
               choice<log::Level>({{"debug", log::Level::debug},
                                   {"info", log::Level::info},
                                   {"warning", log::Level::warning},
                                   {"error", log::Level::error}}),
               "The least that is logged: debug, info, warning or error."),
       setting("log.format", Reload::live, in(&Settings::log, &Log::format),
               choice<log::Format>({{"journal", log::Format::journal},
                                    {"json", log::Format::json},
                                    {"text", log::Format::text}}),
               "journal (fields POSTERN_*), json (one object a line) or text, the latter two on "
               "standard error."),
       setting("shutdown_grace", Reload::live, in(&Settings::shutdown_grace),
               duration(Milliseconds(0), minutes(10)),
               "How long open transactions may still take when the daemon is told to stop.")});
}

template <typename S>
void describe(std::vector<SettingInfo>& infos, const Table<S>& table, const S& defaults,
              const std::string& prefix = "", const std::string& of = "") {
  for (const Entry<S>& entry : table) {
    infos.push_back(
        {prefix + entry.key, entry.show(defaults), entry.description, entry.reload, of});
  }
}

}  // namespace

const Table<Settings>& settings_table() {
  static const Table<Settings> kTable = [] {
    Table<Settings> entries;
    add_sockets_and_policy(entries);
    add_evidence(entries);
    add_flow(entries);
    add_keeping(entries);
    return entries;
  }();
  return kTable;
}

std::vector<SettingInfo> describe_settings() {
  std::vector<SettingInfo> infos;
  describe(infos, settings_table(), Settings());
  return infos;
}

std::vector<SettingInfo> describe_members() {
  std::vector<SettingInfo> infos;
  describe(infos, spamd_table(), SpamdScanner(), "spam.scanners[].", "type: spamd");
  describe(infos, rspamd_table(), RspamdScanner(), "spam.scanners[].", "type: rspamd");
  describe(infos, header_table(), HeaderScanner(), "spam.scanners[].", "type: header");
  describe(infos, virus_table(), Virus(), "virus.");
  return infos;
}

std::vector<Change> changes(const Settings& before, const Settings& after) {
  std::vector<Change> result;
  for (const Entry<Settings>& entry : settings_table()) {
    if (entry.same(before, after)) continue;
    Change change{entry.key, entry.show(before), entry.show(after), entry.reload};
    if (change.before == change.after) change.after += " (what is not shown differs)";
    result.push_back(std::move(change));
  }
  return result;
}

}  // namespace postern::settings
