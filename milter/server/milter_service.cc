#include "server/milter_service.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>

#include <array>
#include <atomic>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>

#include "base/deadline.h"
#include "base/log.h"
#include "base/text.h"
#include "server/milter_editor.h"
#include "server/milter_reply.h"

namespace postern::server {
namespace {

using session::ClientFacts;
using session::Verdict;

// See "Why a gate". Both are trivially destructible: libmilter's threads may run until the very
// end.
constinit std::atomic<MilterService*> the_service = nullptr;
constinit std::atomic<int> inside = 0;

// While one exists, the service cannot go away.
class Entry {
 public:
  Entry() {
    inside.fetch_add(1);
    service_ = the_service.load();
  }
  ~Entry() { inside.fetch_sub(1); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  MilterService* service() const { return service_; }

 private:
  MilterService* service_;
};

// What the MTA must be able to do for us, and does (Postfix 2.6 and later, sendmail 8.14).
constexpr unsigned long kActions = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT |
                                   SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT | SMFIF_CHGFROM;
// Header values byte for byte; what is signed depends on it.
constexpr unsigned long kNeeded = SMFIP_HDR_LEADSPC;
struct StageMacros {
  int stage;
  const char* names;
};
// Asked for, so that main.cf needs no milter_*_macros. A list replaces the MTA's own for that
// stage.
constexpr std::array kMacros = {
    StageMacros{SMFIM_CONNECT,
                "j v _ {daemon_name} {daemon_addr} {daemon_port} {client_addr} {client_name} "
                "{client_port} {client_ptr}"},
    StageMacros{SMFIM_HELO, "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}"},
    StageMacros{SMFIM_ENVFROM,
                "i j {daemon_name} {daemon_addr} {daemon_port} {client_addr} {client_name} "
                "{client_port} {client_ptr} {auth_type} {auth_authen} {auth_author} {mail_addr} "
                "{mail_host} {mail_mailer} {tls_version}"},
    StageMacros{SMFIM_ENVRCPT, "i {rcpt_addr} {rcpt_host} {rcpt_mailer}"},
    StageMacros{SMFIM_EOM, "i j {daemon_name} {client_addr} {auth_authen}"},
};

std::string_view macro(SMFICTX* context, std::string_view name) {
  const char* value = smfi_getsymval(context, const_cast<char*>(name.data()));
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

std::vector<std::string_view> arguments_of(char** argv) {
  std::vector<std::string_view> arguments;
  for (; argv != nullptr && *argv != nullptr; ++argv) arguments.emplace_back(*argv);
  return arguments;
}

// Runs one callback inside the gate; whatever goes wrong is `on_fault`.
template <typename F>
sfsistat guarded(SMFICTX* context, const char* step, sfsistat on_fault, F&& callback) {
  const Entry entry;
  if (entry.service() == nullptr) return on_fault;
  try {
    MilterService::Connection* connection = entry.service()->connection_of(context);
    if (connection == nullptr) return on_fault;
    try {
      return callback(*connection);
    } catch (...) {
      connection->is_broken = true;
      throw;
    }
  } catch (const std::exception& error) {
    log::error("a milter step failed", {{"step", step}, {"reason", error.what()}});
  } catch (...) {
    log::error("a milter step failed", {{"step", step}});
  }
  return on_fault;
}

sfsistat refuse(SMFICTX* context, const mail::Reply& reply) {
  auto wire = to_milter_reply(reply);
  if (!wire || smfi_setreply(context, wire->code.data(), wire->enhanced.data(),
                             wire->text.data()) != MI_SUCCESS) {
    log::error("a malformed reply became a temporary refusal", {{"reply", reply.to_string()}});
    return SMFIS_TEMPFAIL;
  }
  return wire->code.front() == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

sfsistat to_status(SMFICTX* context, const Verdict& verdict) {
  return std::visit(Overloaded{[](const session::Continue&) -> sfsistat { return SMFIS_CONTINUE; },
                               [context](const session::Refuse& refusal) {
                                 return refuse(context, refusal.reply);
                               },
                               [](const session::Discard&) -> sfsistat { return SMFIS_DISCARD; }},
                    verdict);
}

sfsistat on_negotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long,
                      unsigned long, unsigned long* wanted_actions, unsigned long* wanted_steps,
                      unsigned long* reserved_2, unsigned long* reserved_3) {
  if ((actions & kActions) != kActions || (steps & kNeeded) != kNeeded) {
    log::error("the MTA offers too little for a milter of protocol 6",
               {{"actions", static_cast<std::uint64_t>(actions)},
                {"steps", static_cast<std::uint64_t>(steps)}});
    return SMFIS_REJECT;
  }
  *wanted_actions = kActions;
  // libmilter has put in what steps there are no callbacks for, and SKIP where the MTA knows it.
  // Every step is answered, also those whose answer is always "go on" (no SMFIP_NR_*): see on_data.
  *wanted_steps |= kNeeded;
  *reserved_2 = 0;
  *reserved_3 = 0;
  if ((actions & SMFIF_SETSYMLIST) != 0) {
    *wanted_actions |= SMFIF_SETSYMLIST;
    for (const StageMacros& each : kMacros) {
      smfi_setsymlist(context, each.stage, const_cast<char*>(each.names));
    }
  }
  return guarded(context, "negotiate", SMFIS_REJECT,
                 [](MilterService::Connection&) { return SMFIS_CONTINUE; });
}

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* raw = nullptr;
  if (address->sa_family == AF_INET) {
    raw = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  } else if (address->sa_family == AF_INET6) {
    raw = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  }
  if (raw == nullptr || ::inet_ntop(address->sa_family, raw, text.data(), text.size()) == nullptr) {
    return std::nullopt;
  }
  return IpAddress::parse(text.data());
}

unsigned port_of(const sockaddr* address) {
  if (address == nullptr) return 0;
  if (address->sa_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(address)->sin_port;
  }
  if (address->sa_family == AF_INET6) {
    return reinterpret_cast<const sockaddr_in6*>(address)->sin6_port;
  }
  return 0;
}

sfsistat on_connect(SMFICTX* context, char* host_name, sockaddr* address) {
  return guarded(context, "connect", SMFIS_CONTINUE, [&](MilterService::Connection& connection) {
    connection.host_name = host_name == nullptr ? "" : host_name;
    connection.address = address_of(address);
    // Mail that came by sendmail(1) has passed no socket: Postfix then says "localhost", 127.0.0.1,
    // port 0.
    connection.is_local_submission =
        !connection.address || (connection.address->is_loopback() && port_of(address) == 0);
    return SMFIS_CONTINUE;
  });
}

sfsistat on_helo(SMFICTX* context, char* name) {
  return guarded(context, "helo", SMFIS_CONTINUE, [&](MilterService::Connection& connection) {
    connection.helo = std::string_view(name == nullptr ? "" : name).substr(0, 512);
    return SMFIS_CONTINUE;
  });
}

// Built for every transaction: STARTTLS, AUTH and RSET have come and gone since the last one.
ClientFacts client_facts(SMFICTX* context, const MilterService::Connection& connection) {
  ClientFacts facts;
  if (!connection.is_local_submission) {
    facts.address = IpAddress::parse(macro(context, "{client_addr}"));
    if (!facts.address) facts.address = connection.address;
  }
  // Without the macro: "[192.0.2.1]" stands for a client without a verified name.
  const std::string_view name = macro(context, "{client_name}");
  facts.name = name.empty() ? std::string_view(connection.host_name) : name;
  if (facts.name == "unknown" || facts.name.starts_with('[')) facts.name.clear();
  facts.helo = connection.helo;
  facts.daemon_name = macro(context, "{daemon_name}");
  facts.sasl_user = macro(context, "{auth_authen}");
  facts.mta_name = macro(context, "j");
  return facts;
}

sfsistat on_mail(SMFICTX* context, char** argv) {
  return guarded(context, "mail", SMFIS_TEMPFAIL, [&](MilterService::Connection& connection) {
    connection.is_broken = false;
    return to_status(context, connection.session.mail_from(client_facts(context, connection),
                                                           arguments_of(argv)));
  });
}

sfsistat on_rcpt(SMFICTX* context, char** argv) {
  return guarded(context, "rcpt", SMFIS_TEMPFAIL, [&](MilterService::Connection& connection) {
    return to_status(context, connection.session.rcpt_to(arguments_of(argv)));
  });
}

// Nothing to do, and needed all the same: without this callback libmilter tells the MTA to skip DATA, and
// Postfix then sends that stage's macros alone. Nothing answers them, so on TCP its next small write waits
// for our delayed ACK: 40 ms a message.
sfsistat on_data(SMFICTX* context) {
  return guarded(context, "data", SMFIS_TEMPFAIL,
                 [](MilterService::Connection&) { return SMFIS_CONTINUE; });
}

sfsistat on_header(SMFICTX* context, char* name, char* value) {
  return guarded(context, "header", SMFIS_CONTINUE, [&](MilterService::Connection& connection) {
    connection.session.header(name, value);
    return SMFIS_CONTINUE;
  });
}

// Nothing to do, and needed all the same: in a message without any header field this is what stands between
// DATA and the body. Where it is left out, libmilter takes no body and never answers.
sfsistat on_end_of_header(SMFICTX* context) {
  return guarded(context, "end of header", SMFIS_TEMPFAIL,
                 [](MilterService::Connection&) { return SMFIS_CONTINUE; });
}

sfsistat on_body(SMFICTX* context, unsigned char* bytes, std::size_t size) {
  return guarded(context, "body", SMFIS_TEMPFAIL,
                 [&](MilterService::Connection& connection) -> sfsistat {
                   const auto* text = reinterpret_cast<const char*>(bytes);
                   return connection.session.body({text, size}) ? SMFIS_CONTINUE : SMFIS_SKIP;
                 });
}

sfsistat on_end_of_message(SMFICTX* context) {
  return guarded(context, "end of message", SMFIS_TEMPFAIL,
                 [&](MilterService::Connection& connection) -> sfsistat {
                   if (connection.is_broken) {
                     connection.session.abort();
                     return SMFIS_TEMPFAIL;
                   }
                   MilterEditor editor(context);
                   const Verdict verdict =
                       connection.session.end_of_message(macro(context, "i"), editor);
                   connection.session.abort();
                   return to_status(context, verdict);
                 });
}

sfsistat on_abort(SMFICTX* context) {
  return guarded(context, "abort", SMFIS_CONTINUE, [](MilterService::Connection& connection) {
    connection.session.abort();
    return SMFIS_CONTINUE;
  });
}

sfsistat on_close(SMFICTX* context) {
  const Entry entry;
  if (entry.service() != nullptr) entry.service()->forget(context);
  smfi_setpriv(context, nullptr);
  return SMFIS_CONTINUE;
}

}  // namespace

bool MilterService::open_gate() {
  MilterService* nobody = nullptr;
  return the_service.compare_exchange_strong(nobody, this);
}

bool MilterService::close_gate(Milliseconds patience) {
  the_service.store(nullptr);
  // An Entry counts itself before it looks for the service: whoever is not counted now finds none.
  for (const Deadline deadline = Deadline::after(patience); inside.load() > 0;) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(Milliseconds(1));
  }
  return true;
}

smfiDesc MilterService::callbacks(char* name) {
  smfiDesc description{};
  description.xxfi_name = name;
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags = kActions;
  description.xxfi_connect = on_connect;
  description.xxfi_helo = on_helo;
  description.xxfi_envfrom = on_mail;
  description.xxfi_envrcpt = on_rcpt;
  description.xxfi_data = on_data;
  description.xxfi_header = on_header;
  description.xxfi_eoh = on_end_of_header;
  description.xxfi_body = on_body;
  description.xxfi_eom = on_end_of_message;
  description.xxfi_abort = on_abort;
  description.xxfi_close = on_close;
  description.xxfi_negotiate = on_negotiate;
  return description;
}

MilterService::Connection* MilterService::connection_of(smfi_str* context) {
  if (void* known = smfi_getpriv(context)) return static_cast<Connection*>(known);
  auto connection = std::make_unique<Connection>(services_);
  Connection* made = connection.get();
  const bool kept = connections_.with([&](auto& connections) {
    if (connections.size() >= max_connections_) return false;
    connections.emplace(made, std::move(connection));
    return true;
  });
  if (!kept) {
    log::error("too many milter connections: one more is refused",
               {{"limit", static_cast<std::uint64_t>(max_connections_)}});
    return nullptr;
  }
  smfi_setpriv(context, made);
  return made;
}

void MilterService::forget(smfi_str* context) {
  auto* known = static_cast<Connection*>(smfi_getpriv(context));
  if (known == nullptr) return;
  // Dies outside the lock: a session may have much to clear away.
  std::unique_ptr<Connection> gone;
  connections_.with([&](auto& connections) {
    const auto at = connections.find(known);
    if (at == connections.end()) return;
    gone = std::move(at->second);
    connections.erase(at);
  });
}

}  // namespace postern::server
