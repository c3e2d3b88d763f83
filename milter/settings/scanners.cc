// The settings that stand inside others: one kind of scanner each, and clamd.
#include "settings/entry.h"

namespace postern::settings {
namespace {

using std::chrono::minutes;

template <typename S>
auto in(auto S::*member) {
  return [=](auto& scanner) -> auto& { return scanner.*member; };
}

Codec<Milliseconds> scan_timeout() { return duration(Milliseconds(100), minutes(4)); }
constexpr const char* kTimeout = "How long one message may take.";

template <typename S>
Entry<S> scale() {
  return entry<S>("scale", Reload::restart, in<S>(&S::scale), number(0.001, 1000),
                  "What its score is multiplied by.");
}

template <typename S>
std::optional<Scanner> read_scanner(const Place& place, const Table<S>& table) {
  S scanner;
  read_table(place, scanner, table, "", {"type"});
  return scanner;
}

std::optional<Scanner> read_any(const Place& place) {
  if (place.node().kind != Node::Kind::map) {
    place.wrong("must be a map, as {type: spamd, address: 127.0.0.1:783}");
    return std::nullopt;
  }
  const std::vector<Node::Member>& members = place.node().members;
  const auto type = std::find_if(members.begin(), members.end(),
                                 [](const Node::Member& member) { return member.key == "type"; });
  if (type == members.end()) {
    place.wrong("needs a type: spamd, rspamd or header");
    return std::nullopt;
  }
  enum class Type { spamd, rspamd, header };
  static const auto kWords =
      choice<Type>({{"spamd", Type::spamd}, {"rspamd", Type::rspamd}, {"header", Type::header}});
  const auto which = kWords.read(place.member(*type));
  if (!which) return std::nullopt;
  switch (*which) {
    case Type::spamd:
      return read_scanner(place, spamd_table());
    case Type::rspamd:
      return read_scanner(place, rspamd_table());
    case Type::header:
      return read_scanner(place, header_table());
  }
  return std::nullopt;
}

std::string show_any(const Scanner& scanner) {
  struct Show {
    std::string operator()(const SpamdScanner& it) const {
      return "{type: spamd, " + show_table(it, spamd_table()) + "}";
    }
    std::string operator()(const RspamdScanner& it) const {
      return "{type: rspamd, " + show_table(it, rspamd_table()) + "}";
    }
    std::string operator()(const HeaderScanner& it) const {
      return "{type: header, " + show_table(it, header_table()) + "}";
    }
  };
  return std::visit(Show{}, scanner);
}

}  // namespace

const Table<SpamdScanner>& spamd_table() {
  static const Table<SpamdScanner> kTable = {
      entry<SpamdScanner>("address", Reload::restart, in<SpamdScanner>(&SpamdScanner::address),
                          text(check_endpoint), "host:port or unix:/path."),
      entry<SpamdScanner>("timeout", Reload::restart, in<SpamdScanner>(&SpamdScanner::timeout),
                          scan_timeout(), kTimeout),
      scale<SpamdScanner>()};
  return kTable;
}

const Table<RspamdScanner>& rspamd_table() {
  static const Table<RspamdScanner> kTable = {
      entry<RspamdScanner>("url", Reload::restart, in<RspamdScanner>(&RspamdScanner::url),
                           text(check_http_url), "Its normal worker: http://host:port."),
      entry<RspamdScanner>("timeout", Reload::restart, in<RspamdScanner>(&RspamdScanner::timeout),
                           scan_timeout(), kTimeout),
      scale<RspamdScanner>()};
  return kTable;
}

const Table<HeaderScanner>& header_table() {
  using H = HeaderScanner;
  static const Table<H> kTable = {
      entry<H>("score", Reload::restart, in<H>(&H::score), text(check_header_name),
               "The header field in which an earlier filter wrote its score, a number."),
      entry<H>("advert", Reload::restart, in<H>(&H::advert), text_or_empty(check_header_name),
               "The one that says yes or no to advert; empty for none."),
      entry<H>("virus", Reload::restart, in<H>(&H::virus), text_or_empty(check_header_name),
               "The one that names a virus; empty for none."),
      entry<H>("trust", Reload::restart, in<H>(&H::trust), list_of(network()),
               "The clients that are believed: addresses and networks."),
      scale<H>(),
      entry<H>("required", Reload::restart, in<H>(&H::required), yes_or_no(),
               "Whether a message without the header is one that was not scanned; else its score "
               "is 0.")};
  return kTable;
}

const Table<Virus>& virus_table() {
  static const Table<Virus> kTable = {
      entry<Virus>("address", Reload::restart, in<Virus>(&Virus::address), text(check_endpoint),
                   "clamd's socket: unix:/path or host:port."),
      entry<Virus>("timeout", Reload::restart, in<Virus>(&Virus::timeout), scan_timeout(),
                   kTimeout),
      entry<Virus>("on_failure", Reload::restart, in<Virus>(&Virus::on_failure),
                   choice<OnFailure>({{"defer", OnFailure::defer}, {"accept", OnFailure::accept}}),
                   "A clamd that does not answer gives no clean verdict: defer (451) or accept.")};
  return kTable;
}

Codec<Scanner> scanner() { return {read_any, show_any}; }

Codec<std::optional<Virus>> virus() {
  using Value = std::optional<Virus>;
  return {[](const Place& place) -> std::optional<Value> {
            if (place.node().kind == Node::Kind::scalar && place.node().text == "off") {
              return Value();
            }
            if (place.node().kind != Node::Kind::map) {
              place.wrong("must be off or a map, as {address: unix:/run/clamav/clamd.ctl}");
              return std::nullopt;
            }
            Virus result;
            read_table(place, result, virus_table());
            return Value(result);
          },
          [](const Value& value) {
            return value ? "{" + show_table(*value, virus_table()) + "}" : "off";
          }};
}

}  // namespace postern::settings
