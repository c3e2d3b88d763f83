// The attributes of an OpenSRS domain, alone or inside the request that sets them.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "mail/domain_name.h"
#include "policy/decode_parts.h"
#include "policy/dkim_key_material.h"

namespace postern::policy {
namespace {

constexpr std::size_t kMaxAliases = 2'000;
constexpr std::size_t kMaxKeyText = 32UL * 1024;
constexpr std::int64_t kMaxSentLimit = 10'000;
constexpr std::int64_t kMaxWrittenLimit = 1'000'000'000;
constexpr std::size_t kMaxFolder = 128;
constexpr std::size_t kMaxHeader = 512;
constexpr std::size_t kMaxTag = 30;
constexpr std::uint16_t kSmtpPort = 25;

std::size_t characters_in(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// "" says as much as null: nothing.
std::string text_of(const ObjectReader& attributes, std::string_view name,
                    std::size_t max_characters) {
  std::string text = attributes.text(name, max_characters * 4).value_or("");
  if (characters_in(text) > max_characters) {
    attributes.note(name, "longer than " + std::to_string(max_characters) + " characters");
  }
  return text;
}

std::vector<std::string> texts_of(const ObjectReader& attributes, std::string_view name) {
  std::vector<std::string> texts;
  const Json::Array* elements = attributes.array(name);
  if (elements == nullptr) return texts;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    const auto* text = std::get_if<std::string>(&(*elements)[i].value);
    if (text == nullptr || text->find('\0') != std::string::npos) {
      attributes.faults().note(attributes.pointer_to(name) + "/" + std::to_string(i) +
                               ": expected a string, found " + description_of((*elements)[i], ""));
      return texts;
    }
    texts.push_back(*text);
  }
  return texts;
}

void read_aliases(const ObjectReader& attributes, OpensrsDomain& domain) {
  const auto written = texts_of(attributes, "aliases");
  if (written.size() > kMaxAliases) {
    domain.faults.push_back(attributes.pointer_to("aliases") + ": " +
                            std::to_string(written.size()) + " aliases, the first " +
                            std::to_string(kMaxAliases) + " count");
  }
  for (std::size_t i = 0; i < std::min(written.size(), kMaxAliases); ++i) {
    const auto name = mail::to_a_label(trim(written[i]));
    if (!name) {
      attributes.faults().note(attributes.pointer_to("aliases") + "/" + std::to_string(i) +
                               ": expected a domain name, found \"" + printable(written[i], 40) +
                               "\"");
      return;
    }
    domain.aliases.push_back(*name);
  }
}

SenderGlobs read_globs(const ObjectReader& attributes, std::string_view name,
                       const std::vector<std::string>& entries, OpensrsDomain& domain) {
  SenderGlobs globs(entries);
  for (const std::string& fault : globs.faults()) {
    domain.faults.push_back(attributes.pointer_to(name) + fault);
  }
  return globs;
}

void read_block(const ObjectReader& attributes, OpensrsDomain& domain) {
  auto entries = texts_of(attributes, "block");
  for (std::size_t i = 0; i < std::min(entries.size(), kMaxGlobs); ++i) {
    const auto network = IpNetwork::parse(trim(entries[i]));
    if (!network) continue;
    domain.block_clients.push_back(*network);
    entries[i].clear();  // keeps its place, so that the others keep their numbers
  }
  domain.block = read_globs(attributes, "block", entries, domain);
}

std::optional<mail::Address> read_catchall(const ObjectReader& attributes,
                                           const std::string& domain) {
  const std::string written = attributes.text("catchall", kMaxAddressSize).value_or("");
  const std::string_view mailbox = trim(written);
  if (mailbox.empty()) return std::nullopt;
  const bool whole = mailbox.find('@') != std::string_view::npos;
  auto address =
      mail::Address::parse(whole ? std::string(mailbox) : std::string(mailbox) + "@" + domain);
  if (!address) attributes.wrong("catchall", "a mailbox of the domain");
  return address;
}

// "host", "host:port", "[v6]:port", "v6".
std::shared_ptr<const Platform> read_filtermx(const ObjectReader& attributes) {
  const std::string written = attributes.text("filtermx", kMaxAddressSize).value_or("");
  std::string_view host = trim(written);
  if (host.empty()) return nullptr;
  Platform platform{
      .id = "filtermx", .name = "filtermx", .primary = {}, .fallback = {}, .is_default = true};
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && !IpAddress::parse(host);
  if (has_port) {
    const std::string_view digits = host.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) {
      attributes.wrong("filtermx", "a host, or host:port");
      return nullptr;
    }
    platform.primary.port = port;
    host = host.substr(0, colon);
  } else {
    platform.primary.port = kSmtpPort;
  }
  platform.primary.host = read_host(attributes, "filtermx", host);
  // The field says nothing about TLS: what the server offers is taken.
  platform.primary.type = TransportType::smtps_may;
  return std::make_shared<const Platform>(std::move(platform));
}

// It becomes a folder of the mail store: nothing in it may lead elsewhere.
std::string read_spam_folder(const ObjectReader& attributes) {
  std::string folder = text_of(attributes, "spamfolder", kMaxFolder);
  std::replace_if(
      folder.begin(), folder.end(),
      [](char c) { return c == '/' || c == '\\' || (c >= 0 && c < 0x20) || c == 0x7f; }, '_');
  for (std::size_t at = folder.find(".."); at != std::string::npos; at = folder.find("..")) {
    folder.replace(at, 2, "_");
  }
  return folder.empty() || folder == "." ? "Spam" : folder;
}

bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

std::optional<HeaderField> read_spam_header(const ObjectReader& attributes) {
  const std::string written = text_of(attributes, "spamheader", kMaxHeader);
  if (written.empty()) return std::nullopt;
  const std::size_t colon = written.find(':');
  const std::string_view name = std::string_view(written).substr(0, colon);
  const std::string_view value =
      colon == std::string::npos ? "" : trim(std::string_view(written).substr(colon + 1));
  const bool sound = !name.empty() && name.front() >= 'A' && name.front() <= 'Z' &&
                     std::all_of(name.begin(), name.end(), is_visible) && !value.empty() &&
                     std::all_of(value.begin(), value.end(),
                                 [](char c) { return is_visible(c) || c == ' ' || c == '\t'; });
  if (!sound) {
    attributes.note("spamheader", "expected \"Name: value\" in ASCII, beginning with a capital");
    return std::nullopt;
  }
  // Fields that say who wrote the message, how it is to be read, or that are ours.
  for (const std::string_view taken :
       {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID",
        "Received", "Return-Path", "MIME-Version", "DKIM-Signature", "Authentication-Results",
        "X-Spam-Flag", "X-Spam-Score", "X-Spam-Status"}) {
    if (!equals_ignoring_case(name, taken)) continue;
    attributes.note("spamheader", "must not be a field that mail has already");
    return std::nullopt;
  }
  for (const std::string_view ours : {"Content-", "ARC-", "X-Postern-", "X-Fuglu-"}) {
    if (!starts_with_ignoring_case(name, ours)) continue;
    attributes.note("spamheader", "must not be a field that mail has already");
    return std::nullopt;
  }
  return HeaderField{std::string(name), std::string(value)};
}

template <typename E, std::size_t N>
std::optional<E> read_choice(const ObjectReader& attributes, std::string_view name,
                             const EnumNames<E, N>& names) {
  if (attributes.text(name, 64).value_or("").empty()) return std::nullopt;
  return attributes.choice(name, names, names.front().second);
}

ServiceState read_service(const ObjectReader& attributes, std::string_view name) {
  return read_choice(attributes, name, kServiceStates).value_or(ServiceState::enabled);
}

std::shared_ptr<const DkimKeys> read_dkim(const ObjectReader& attributes, const std::string& domain,
                                          const DecodeOptions& options) {
  const auto [text, left_sealed] = read_sealable(attributes, "dkim_key", kMaxKeyText, options);
  const std::string selector = attributes.text("dkim_selector", kMaxLabelSize).value_or("");
  if (left_sealed || (text.empty() && selector.empty())) return nullptr;
  if (text.empty()) {
    attributes.note("dkim_selector", "dkim_key is missing beside it");
    return nullptr;
  }
  if (selector.empty()) {
    attributes.note("dkim_key", "dkim_selector is missing beside it");
    return nullptr;
  }
  Result<KeyMaterial> material = read_private_key(text.reveal());
  if (!material) {
    attributes.note("dkim_key", material.error().what);
    return nullptr;
  }
  DkimKey key;
  key.selector = read_selector(attributes, "dkim_selector", domain);
  key.algorithm = material->algorithm;
  key.private_key_pem = std::move(material->private_key_pem);
  key.public_key = std::move(material->public_key);
  key.bits = material->bits;
  auto keys = std::make_shared<DkimKeys>();
  keys->domain = domain;
  keys->keys.push_back(std::move(key));
  return keys;
}

OpensrsDomain read_attributes(const ObjectReader& attributes, const std::string& name,
                              const DecodeOptions& options) {
  OpensrsDomain domain;
  domain.name = name;
  read_aliases(attributes, domain);
  domain.allow = read_globs(attributes, "allow", texts_of(attributes, "allow"), domain);
  read_block(attributes, domain);
  domain.catchall = read_catchall(attributes, name);
  domain.disabled = attributes.flag("disabled", false);
  domain.filter_delivery = read_choice(attributes, "filterdelivery", kFilterDeliveries);
  domain.filtermx = read_filtermx(attributes);
  domain.spam_folder = read_spam_folder(attributes);
  domain.spam_header = read_spam_header(attributes);
  domain.spam_level = read_choice(attributes, "spamlevel", kSpamLevels);
  domain.spam_tag = text_of(attributes, "spamtag", kMaxTag);
  domain.smtp_in = read_service(attributes, "service_smtpin");
  domain.smtp_relay = read_service(attributes, "service_smtprelay");
  domain.smtp_relay_webmail = read_service(attributes, "service_smtprelay_webmail");
  if (const auto limit = attributes.whole_number("smtp_sent_limit", 0, kMaxWrittenLimit)) {
    domain.sent_limit = static_cast<std::uint32_t>(std::min(*limit, kMaxSentLimit));
  }
  domain.dkim = read_dkim(attributes, name, options);
  return domain;
}

void check_name(const ObjectReader& request, std::string_view member, const std::string& name) {
  const auto given = request.text(member, kMaxAddressSize);
  if (!given || mail::to_a_label(trim(*given)) == name) return;
  request.note(member, "\"" + printable(*given, 80) + "\" does not fit the key opensrs:" + name);
}

// A member twice in one object was refused while parsing; blanks hid it there.
void check_names(const Json& object, const std::string& pointer, Faults& faults) {
  const auto* members = std::get_if<Json::Object>(&object.value);
  if (members == nullptr) return;
  std::vector<std::string_view> names;
  for (const JsonMember& member : *members) names.push_back(member.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    faults.note(spoken(pointer) + ": \"" + printable(*twice, 60) + "\" is there twice");
  }
}

}  // namespace

void strip_blanks_from_names(Json& tree) {
  auto* members = std::get_if<Json::Object>(&tree.value);
  if (members == nullptr) return;
  for (JsonMember& member : *members) {
    std::erase_if(member.name, [](char c) { return c == ' ' || c == '\t'; });
    if (member.name == "attributes") strip_blanks_from_names(member.value);
  }
}

OpensrsDomain read_opensrs(const Json& tree, const std::string& domain,
                           const DecodeOptions& options, Faults& faults) {
  Json named = tree;
  strip_blanks_from_names(named);
  OpensrsDomain read;
  {
    const ObjectReader request(named, "", faults);
    check_names(named, "", faults);
    check_name(request, "domain", domain);
    check_name(request, "domains", domain);
    if (request.present("attributes")) {
      if (const auto attributes = request.object("attributes")) {
        check_names(*request.value("attributes"), "/attributes", faults);
        read = read_attributes(*attributes, domain, options);
      } else {
        request.wrong("attributes", "an object");
      }
    } else {
      read = read_attributes(request, domain, options);
    }
  }
  wipe_texts(named);
  return read;
}

}  // namespace postern::policy
