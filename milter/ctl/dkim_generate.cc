// posternctl dkim generate: a new key pair, as the document to publish and the line for the DNS.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdio>

#include "base/clock.h"
#include "base/sealed_box.h"
#include "base/secret.h"
#include "ctl/dkim.h"
#include "ctl/new_file.h"
#include "mail/domain_name.h"
#include "policy/decode.h"
#include "policy/dkim_key_material.h"
#include "policy/dkim_record.h"

namespace postern::ctl {
namespace {

struct Arguments {
  std::string domain;
  std::vector<std::string> aliases;
  std::string selector;
  std::string algorithm = "rsa";
  unsigned bits = 2048;
  std::string state = "active";
  std::string seal_to;
  std::string output;
};

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&::BIO_free)>;

Result<policy::KeyMaterial> make_pair(const std::string& algorithm, unsigned bits) {
  const KeyPtr key(
      algorithm == "rsa" ? EVP_RSA_gen(bits) : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
      &::EVP_PKEY_free);
  const BioPtr memory(::BIO_new(::BIO_s_secmem()), &::BIO_free);
  if (!key || !memory ||
      ::PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) != 1) {
    ::ERR_clear_error();
    return temporary_error("OpenSSL makes no key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  const Secret pem(std::string(text, static_cast<std::size_t>(size)));
  return policy::read_private_key(pem.reveal());
}

// "r20261127": new every day, which is what a rotation needs.
std::string dated_selector(const std::string& algorithm) {
  const std::string today = to_rfc3339(SystemClock().wall());  // 2026-11-27T…
  return algorithm.substr(0, 1) + today.substr(0, 4) + today.substr(5, 2) + today.substr(8, 2);
}

Result<std::string> private_member(const policy::KeyMaterial& material,
                                   const std::string& seal_to) {
  const std::string_view pem = material.private_key_pem.reveal();
  if (seal_to.empty()) return std::string(pem);
  return seal(pem, seal_to);
}

void print_lines(const json& answer) {
  if (!answer["document"].is_null()) std::printf("%s\n\n", answer["document"].dump(2).c_str());
  for (const json& record : answer["dns"]) std::printf("%s\n", text_of(record["line"]).c_str());
}

int write_document(const std::string& path, const json& document) {
  const Secret text(document.dump(2) + "\n");
  const Status written = write_new_secret_file(path, text.reveal());
  return written ? kDone : fail(kNo, written.error().what);
}

json dns_lines(const policy::DkimKey& key, const std::vector<std::string>& domains) {
  json list = json::array();
  for (const std::string& domain : domains) {
    const std::string name = policy::dkim_record_name(key.selector, domain);
    const std::string text = policy::dkim_record_text(key);
    list.push_back({{"name", name}, {"text", text}, {"line", policy::dkim_zone_line(name, text)}});
  }
  return list;
}

int run(const Context& context, const Arguments& arguments) {
  std::vector<std::string> domains;
  for (const std::string& given : arguments.aliases) domains.push_back(given);
  domains.insert(domains.begin(), arguments.domain);
  for (std::string& name : domains) {
    const auto plain = mail::to_a_label(name);
    if (!plain) return fail(kUsage, name + ": no domain name");
    name = *plain;
  }
  auto material = make_pair(arguments.algorithm, arguments.bits);
  if (!material) return fail(kNo, material.error().what);
  policy::DkimKey key;
  key.selector =
      arguments.selector.empty() ? dated_selector(arguments.algorithm) : arguments.selector;
  key.algorithm = material->algorithm;
  key.public_key = material->public_key;
  const auto private_text = private_member(*material, arguments.seal_to);
  if (!private_text) return fail(kUsage, private_text.error().what);
  const json document = {{"selector", key.selector},
                         {"algorithm", arguments.algorithm},
                         {"state", arguments.state},
                         {"publicKey", key.public_key},
                         {"privateKey", *private_text}};
  // What the daemon would say of it: a selector that can be no name, for instance.
  policy::DecodeOptions options;
  options.sealed_may_stay = true;
  const auto document_key = policy::DocumentKey::parse("dkim:" + domains.front());
  if (!document_key) return fail(kUsage, document_key.error().what);
  if (const auto decoded = policy::decode(*document_key, document.dump(), options); !decoded) {
    return fail(kUsage, decoded.error().what);
  }
  const bool to_file = !arguments.output.empty();
  if (to_file) {
    if (const int exit = write_document(arguments.output, document); exit != kDone) return exit;
  }
  print(context,
        {{"key", document_key->to_string()},
         {"document", to_file ? json(nullptr) : document},
         {"file", to_file ? json(arguments.output) : json(nullptr)},
         {"dns", dns_lines(key, domains)}},
        print_lines);
  return kDone;
}

}  // namespace

void add_dkim_generate(CLI::App& dkim, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb = dkim.add_subcommand(
      "generate", "make a key pair: prints its document (with the private key) and its DNS line");
  verb->add_option("--domain", arguments->domain, "whose mail it signs")->required();
  verb->add_option("--alias", arguments->aliases, "a domain alias: it gets a DNS line too");
  verb->add_option("--selector", arguments->selector,
                   "the key's name; a new key needs a new one (else r or e and today's date)");
  verb->add_option("--algorithm", arguments->algorithm, "rsa, or ed25519 beside it")
      ->check(CLI::IsMember({"rsa", "ed25519"}))
      ->capture_default_str();
  verb->add_option("--bits", arguments->bits, "of an RSA key")
      ->check(CLI::Range(1024U, 4096U))
      ->capture_default_str();
  verb->add_option("--state", arguments->state, "published: in the DNS, and not signing yet")
      ->check(CLI::IsMember({"published", "active"}))
      ->capture_default_str();
  verb->add_option("--seal", arguments->seal_to,
                   "seal the private key to this public key (posternctl dkim seal-key)");
  verb->add_option("--output", arguments->output,
                   "write the document to this new file, mode 0600, instead of printing it");
  verb->footer(
      "Examples: posternctl dkim generate --domain got.com --state published\n"
      "          posternctl dkim generate --domain got.com --algorithm ed25519 --selector e2 "
      "--output e2.json");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return run(context, *arguments); };
  });
}

}  // namespace postern::ctl
