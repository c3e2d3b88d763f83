// What a DKIM signature costs in CPU time. bench_sign [SECONDS PER CASE]
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "adapters/dkim/signer.h"

namespace {

using postern::policy::DkimAlgorithm;
using postern::policy::DkimKey;

DkimKey make_key(DkimAlgorithm algorithm) {
  EVP_PKEY* const pair = algorithm == DkimAlgorithm::rsa
                             ? ::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                             : ::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  BIO* const pem = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_PKCS8PrivateKey(pem, pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::string text(::BIO_ctrl_pending(pem), '\0');
  ::BIO_read(pem, text.data(), static_cast<int>(text.size()));
  ::BIO_free(pem);
  ::EVP_PKEY_free(pair);
  DkimKey key;
  key.selector = "bench";
  key.algorithm = algorithm;
  key.private_key_pem = postern::Secret(text);
  return key;
}

postern::mail::Message make_message(std::size_t body_size) {
  postern::mail::Message message;
  for (const char* name : {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
                           "Content-Type", "Content-Transfer-Encoding", "References"}) {
    message.add_header(name, " a value as long as they are in ordinary mail <somebody@got.com>");
  }
  message.add_header("Received", " from mx.got.com (mx.got.com [192.0.2.7])\n\tby mail.stark.net");
  std::string body;
  while (body.size() < body_size) {
    body += "The quick brown fox jumps over the lazy dog, and then over the fence.\r\n";
  }
  message.set_body(std::move(body));
  return message;
}

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void measure(const char* name, const DkimKey& key, std::size_t body_size, double seconds) {
  const postern::SystemClock clock;
  const auto message = make_message(body_size);
  for (const auto how :
       {postern::dkim::Canonicalization::relaxed, postern::dkim::Canonicalization::simple}) {
    postern::dkim::SignerOptions options;
    options.body_canonicalization = how;
    postern::dkim::Signer signer(options, clock);
    if (!signer.sign(message, "got.com", {&key})) std::abort();  // and the key is warm
    const double begin = cpu_seconds();
    long count = 0;
    while (cpu_seconds() - begin < seconds) {
      if (!signer.sign(message, "got.com", {&key})) std::abort();
      ++count;
    }
    const double spent = cpu_seconds() - begin;
    std::printf("%-8s %8zu octets, body %-8s %9.1f us CPU per signature\n", name, body_size,
                std::string(to_string(how)).c_str(), spent / static_cast<double>(count) * 1e6);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 1.0;
  const DkimKey rsa = make_key(DkimAlgorithm::rsa);
  const DkimKey ed25519 = make_key(DkimAlgorithm::ed25519);
  for (const std::size_t size : {std::size_t{4} << 10, std::size_t{1} << 20}) {
    measure("RSA-2048", rsa, size, seconds);
    measure("Ed25519", ed25519, size, seconds);
  }
  return 0;
}
