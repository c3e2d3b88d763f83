#include "scenario/runner/outside.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "scenario/runner/body.h"
#include "scenario/runner/zone.h"

namespace postern::test {
namespace {

Secret read_key(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  if (text.str().empty()) throw std::runtime_error("cannot read " + path);
  return Secret(text.str());
}

}  // namespace

Result<std::string> EicarScanner::scan(const mail::Message& message, Deadline /*deadline*/) {
  const bool found = message.body().find(with_eicar("%EICAR%")) != std::string::npos;
  return std::string(found ? "Eicar-Test-Signature" : "");
}

Outside::Outside(const std::string& fixtures) : zone_(read_zone(fixtures + "/zone.yml")) {
  key_.selector = "test";
  key_.private_key_pem = read_key(fixtures + "/dkim.pem");
}

void Outside::lend(session::Services& services) {
  services.resolver = &resolver_;
  services.spf = &spf_;
  services.provider_networks = &providers_;
  services.dkim_verifier = &dkim_;
  services.sender_verifier = &sender_verifier_;
  services.virus_scanner = &virus_scanner_;
}

std::string Outside::signature(const mail::Message& message, const std::string& domain) {
  auto values = signer_.sign(message, domain, {&key_});
  if (!values) throw std::runtime_error("not signed: " + values.error().what);
  return values->front();
}

}  // namespace postern::test
