// Keys are made here, so that no private key lies in the repository.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;
using testing::HasSubstr;
using testing::Not;

using KeyPtr = std::shared_ptr<EVP_PKEY>;

KeyPtr rsa(unsigned bits) { return {EVP_RSA_gen(bits), EVP_PKEY_free}; }
KeyPtr ed25519() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}; }

// Making a 2048-bit key takes long enough to do it once.
const KeyPtr& the_rsa_key() {
  static const KeyPtr key = rsa(2048);
  return key;
}
const KeyPtr& the_ed25519_key() {
  static const KeyPtr key = ed25519();
  return key;
}

std::string base64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

template <typename Write>
std::string written(Write&& write) {
  unsigned char* bytes = nullptr;
  const int size = write(&bytes);
  std::string result(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return result;
}

std::string pkcs1_der(const KeyPtr& key) {
  return written([&](unsigned char** out) { return i2d_PrivateKey(key.get(), out); });
}
std::string pkcs8_der(const KeyPtr& key) {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(
      EVP_PKEY2PKCS8(key.get()), &PKCS8_PRIV_KEY_INFO_free);
  return written([&](unsigned char** out) { return i2d_PKCS8_PRIV_KEY_INFO(info.get(), out); });
}
std::string spki_der(const KeyPtr& key) {
  return written([&](unsigned char** out) { return i2d_PUBKEY(key.get(), out); });
}
std::string pkcs1_public_der(const KeyPtr& key) {
  return written([&](unsigned char** out) { return i2d_PublicKey(key.get(), out); });
}
std::string raw_seed(const KeyPtr& key) {
  std::string raw(32, '\0');
  std::size_t size = raw.size();
  EVP_PKEY_get_raw_private_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
  return raw;
}
std::string raw_public(const KeyPtr& key) {
  std::string raw(32, '\0');
  std::size_t size = raw.size();
  EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
  return raw;
}

std::string broken_into(const std::string& text, std::size_t width, const std::string& end) {
  std::string lines;
  for (std::size_t at = 0; at < text.size(); at += width) lines += text.substr(at, width) + end;
  return lines;
}

std::string pem(const std::string& label, const std::string& der, const std::string& end) {
  return "-----BEGIN " + label + "-----" + end + broken_into(base64(der), 64, end) + "-----END " +
         label + "-----" + end;
}

// A JSON string: line breaks become escapes, so that they arrive as real ones.
std::string json_text(std::string text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else {
      if (c == '\\' || c == '"') result += '\\';
      result += c;
    }
  }
  return result + "\"";
}

std::string document(const std::string& private_key, const std::string& more = "") {
  return "{\"selector\":\"protect\",\"privateKey\":" + json_text(private_key) + more + "}";
}
std::string with_public(const std::string& private_key, const std::string& public_key) {
  return document(private_key, ",\"publicKey\":" + json_text(public_key));
}

DkimKey only_key(const std::string& json) {
  const auto keys = decoded<DkimKeys>("dkim:stark.net", json);
  EXPECT_EQ(keys.domain, "stark.net");
  EXPECT_EQ(keys.keys.size(), 1U);
  return keys.keys.at(0);
}

std::string dkim_fault(const std::string& json) { return fault("dkim:stark.net", json); }

TEST(DecodeDkim, ReadsEveryFormOfAnRsaKeyAsOneAndTheSame) {
  const std::string p8 = pkcs8_der(the_rsa_key());
  const std::string p1 = pkcs1_der(the_rsa_key());
  const std::string lf_pem = pem("PRIVATE KEY", p8, "\n");
  const std::vector<std::string> forms = {
      lf_pem,
      pem("PRIVATE KEY", p8, "\r\n"),
      pem("PRIVATE KEY", p8, "\\n"),  // the two characters
      pem("PRIVATE KEY", p8, "\\r\\n"),
      pem("PRIVATE KEY", p8, ""),
      pem("PRIVATE KEY", p8, " "),
      pem("RSA PRIVATE KEY", p1, "\n"),
      pem("RSA PRIVATE KEY", p1, "\\n"),
      base64(p8),
      base64(p1),
      broken_into(base64(p8), 76, "\r\n"),
      broken_into(base64(p1), 64, "\\n"),
      "  " + base64(p1) + "\n",
  };
  for (const auto& form : forms) {
    const DkimKey key = only_key(document(form));
    EXPECT_EQ(key.selector, "protect");
    EXPECT_EQ(key.algorithm, DkimAlgorithm::rsa);
    EXPECT_EQ(key.state, DkimState::active);
    EXPECT_EQ(key.bits, 2048U);
    EXPECT_EQ(key.private_key_pem.reveal(), lf_pem);
    EXPECT_EQ(key.public_key, base64(spki_der(the_rsa_key())));
  }
}

TEST(DecodeDkim, ReadsEveryFormOfAnEd25519KeyAsOneAndTheSame) {
  const std::string p8 = pkcs8_der(the_ed25519_key());
  const std::string lf_pem = pem("PRIVATE KEY", p8, "\n");
  for (const auto& form :
       {lf_pem, pem("PRIVATE KEY", p8, "\\n"), base64(p8), base64(raw_seed(the_ed25519_key()))}) {
    const DkimKey key = only_key(document(form));
    EXPECT_EQ(key.algorithm, DkimAlgorithm::ed25519);
    EXPECT_EQ(key.bits, 256U);
    EXPECT_EQ(key.private_key_pem.reveal(), lf_pem);
    EXPECT_EQ(key.public_key, base64(raw_public(the_ed25519_key())));
  }
}

TEST(DecodeDkim, KnowsItsPublicKeyInEveryForm) {
  const std::string rsa_private = base64(pkcs8_der(the_rsa_key()));
  const std::string spki = base64(spki_der(the_rsa_key()));
  for (const auto& form :
       {spki, broken_into(spki, 64, "\n"), pem("PUBLIC KEY", spki_der(the_rsa_key()), "\n"),
        pem("RSA PUBLIC KEY", pkcs1_public_der(the_rsa_key()), "\n"),
        base64(pkcs1_public_der(the_rsa_key())), "v=DKIM1; p=" + spki,
        "v=DKIM1;k=rsa;t=s;p=" + spki + ";", "protect._domainkey.stark.net TXT v=DKIM1; p=" + spki,
        "\"v=DKIM1; k=rsa; \" \"p=" + spki.substr(0, 200) + "\" \"" + spki.substr(200) + "\"",
        "p=" + spki, std::string("")}) {
    EXPECT_EQ(dkim_fault(with_public(rsa_private, form)), "") << form;
  }
  const std::string ed_private = base64(pkcs8_der(the_ed25519_key()));
  const std::string raw = base64(raw_public(the_ed25519_key()));
  for (const auto& form :
       {raw, base64(spki_der(the_ed25519_key())),
        pem("PUBLIC KEY", spki_der(the_ed25519_key()), "\n"), "v=DKIM1; k=ed25519; p=" + raw}) {
    EXPECT_EQ(dkim_fault(with_public(ed_private, form)), "") << form;
  }
}

TEST(DecodeDkim, RefusesAPublicKeyOfAnother) {
  const std::string rsa_private = base64(pkcs8_der(the_rsa_key()));
  const std::string why = "/publicKey: the private key does not match the public key";
  for (const auto& other : {base64(spki_der(rsa(1024))), base64(raw_public(ed25519())),
                            "v=DKIM1; p=" + base64(spki_der(rsa(1024)))}) {
    EXPECT_EQ(dkim_fault(with_public(rsa_private, other)), why);
  }
}

TEST(DecodeDkim, RefusesAPublicKeyThatIsNone) {
  const std::string rsa_private = base64(pkcs8_der(the_rsa_key()));
  const std::string ed_private = base64(raw_seed(the_ed25519_key()));
  const std::string raw = base64(raw_public(the_ed25519_key()));
  EXPECT_EQ(dkim_fault(with_public(rsa_private, "@@@")),
            "/publicKey: the public key is not base64");
  EXPECT_EQ(dkim_fault(with_public(rsa_private, "AAAA")),
            "/publicKey: the public key cannot be read");
  EXPECT_EQ(dkim_fault(with_public(rsa_private, "v=DKIM1; p=")),
            "/publicKey: the public key is a DNS record with an empty p=: revoked");
  EXPECT_EQ(dkim_fault(with_public(rsa_private, "v=DKIM1; k=rsa")),
            "/publicKey: the public key is a DNS record without p=");
  // A verifier would take it for RSA.
  EXPECT_EQ(dkim_fault(with_public(ed_private, "v=DKIM1; p=" + raw)),
            "/publicKey: the public key is of the kind ed25519, its DNS record makes it rsa");
}

TEST(DecodeDkim, TellsTheSizesItReads) {
  EXPECT_EQ(only_key(document(base64(pkcs8_der(rsa(1024))))).bits, 1024U);
  EXPECT_EQ(dkim_fault(document(base64(pkcs8_der(rsa(768))))),
            "/privateKey: the private key has 768 bits; from 1024 to 4096 are read");
}

TEST(DecodeDkim, TheAlgorithmMustFitTheKey) {
  const std::string rsa_private = base64(pkcs8_der(the_rsa_key()));
  EXPECT_EQ(dkim_fault(document(rsa_private, R"(,"algorithm":"RSA")")), "");
  EXPECT_EQ(dkim_fault(document(rsa_private, R"(,"algorithm":"ed25519")")),
            "/algorithm: the private key is of the kind rsa");
  EXPECT_EQ(dkim_fault(document(rsa_private, R"(,"algorithm":"dsa")")),
            "/algorithm: expected one of rsa, ed25519, found a string \"dsa\"");
}

TEST(DecodeDkim, SeveralKeysHaveTheirStates) {
  const std::string rsa_private = json_text(base64(pkcs8_der(the_rsa_key())));
  const std::string ed_private = json_text(base64(raw_seed(the_ed25519_key())));
  const auto keys = decoded<DkimKeys>(
      "dkim:stark.net", R"([{"selector":"Protect","privateKey":)" + rsa_private +
                            R"(},{"selector":"ed.2026","state":"PUBLISHED","privateKey":)" +
                            ed_private + R"(},{"selector":"old","state":"retiring","privateKey":)" +
                            rsa_private + "}]");
  ASSERT_EQ(keys.keys.size(), 3U);
  EXPECT_EQ(keys.keys[0].selector, "protect");
  EXPECT_EQ(keys.keys[0].state, DkimState::active);
  EXPECT_EQ(keys.keys[1].selector, "ed.2026");
  EXPECT_EQ(keys.keys[1].state, DkimState::published);
  EXPECT_EQ(keys.keys[2].state, DkimState::retiring);
  EXPECT_TRUE(decoded<DkimKeys>("dkim:stark.net", "[]").keys.empty());
}

TEST(DecodeDkim, OneSelectorIsOneKey) {
  const std::string one = document(base64(raw_seed(the_ed25519_key())));
  EXPECT_EQ(dkim_fault("[" + one + "," + one + "]"), "/1/selector: \"protect\" is used twice");
}

TEST(DecodeDkim, RefusesWhatTheApiAnswersInsteadOfAKey) {
  EXPECT_THAT(dkim_fault(R"(["protect._domainkey.stark.net TXT v=DKIM1; p=MIGf"])"),
              HasSubstr("/0: expected an object, found a string"));
}

TEST(DecodeDkim, ASelectorIsADnsName) {
  const std::string key = json_text(base64(raw_seed(the_ed25519_key())));
  for (const std::string bad : {"a b", "a..b", "-a", "a-", "a_b", "a;b", "ü", ".a"}) {
    EXPECT_THAT(dkim_fault("{\"selector\":\"" + bad + "\",\"privateKey\":" + key + "}"),
                HasSubstr("/selector: expected labels of letters, digits and hyphens"))
        << bad;
  }
  EXPECT_EQ(dkim_fault("{\"privateKey\":" + key + "}"), "/selector: missing");
  const std::string label(60, 'a');
  const std::string selector = label + "." + label + "." + label + "." + label;
  EXPECT_EQ(dkim_fault("{\"selector\":\"" + selector + "\",\"privateKey\":" + key + "}"),
            "/selector: too long for a DNS name in this domain");
}

std::string with_octet_changed(std::string der, std::size_t at) {
  der[at] = static_cast<char>(der[at] ^ 0x10);
  return der;
}

TEST(DecodeDkim, RefusesADamagedKey) {
  const std::string p1 = pkcs1_der(the_rsa_key());
  // Inside the private exponent: it parses, and every signature would be wrong.
  EXPECT_EQ(dkim_fault(document(base64(with_octet_changed(p1, 400)))),
            "/privateKey: the private key is damaged: its numbers do not fit together");
  EXPECT_EQ(dkim_fault(document(base64(with_octet_changed(p1, 100)))),
            "/privateKey: the private key is damaged: its numbers do not fit together");
}

struct BadKey {
  std::string text;
  std::string what;
};

class DecodeDkimPrivateKey : public testing::TestWithParam<BadKey> {};

TEST_P(DecodeDkimPrivateKey, ThatIsNoneIsRefusedUnquoted) {
  const std::string why = dkim_fault(document(GetParam().text));
  EXPECT_EQ(why, "/privateKey: " + GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, DecodeDkimPrivateKey,
    testing::Values(
        BadKey{"", "missing"}, BadKey{" \n", "the private key is neither PEM nor base64"},
        BadKey{"hunter2!", "the private key is neither PEM nor base64"},
        BadKey{"=", "the private key is neither PEM nor base64"},
        BadKey{"c2VjcmV0", "the private key is no RSA or Ed25519 key in PKCS#8 or PKCS#1"},
        BadKey{"-----BEGIN PRIVATE KEY-----", "the private key is PEM without an end"},
        BadKey{"-----BEGIN PRIVATE KEY", "the private key is PEM without an end"},
        BadKey{"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
               "the private key is neither PEM nor base64"},
        BadKey{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
               "the private key is PEM of another thing: CERTIFICATE"},
        BadKey{"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
               "the private key is encrypted with a passphrase"},
        BadKey{"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n"
               "-----END RSA PRIVATE KEY-----",
               "the private key is encrypted with a passphrase"}));

TEST(DecodeDkim, RefusesOtherKindsOfKeys) {
  const KeyPtr ec(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free);
  const KeyPtr pss(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"), EVP_PKEY_free);
  for (const auto& key : {ec, pss}) {
    EXPECT_EQ(dkim_fault(document(base64(pkcs8_der(key)))),
              "/privateKey: the private key is no RSA or Ed25519 key in PKCS#8 or PKCS#1");
  }
  EXPECT_THAT(dkim_fault(document(base64(pkcs8_der(the_rsa_key()) + "x"))), HasSubstr("is no RSA"));
  EXPECT_THAT(dkim_fault(document(base64(pkcs1_der(the_rsa_key()) + "x"))), HasSubstr("is no RSA"));
}

TEST(DecodeDkim, NeverQuotesAPrivateKey) {
  const std::string secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
  for (const std::string& json : {document(secret), document(std::string(40000, 'A') + secret),
                                  R"({"selector":"a","privateKey":[")" + secret + "\"]}",
                                  R"({"selector":"a","privateKey":{"pem":")" + secret + "\"}}"}) {
    const std::string why = dkim_fault(json);
    EXPECT_FALSE(why.empty());
    EXPECT_THAT(why, Not(HasSubstr("MIIE")));
    EXPECT_THAT(why, Not(HasSubstr("AAAA")));
  }
}

}  // namespace
}  // namespace postern::policy
