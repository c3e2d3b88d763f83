// Objects and lists of the Cleanmail admin API, as its GET answers and as its POST takes them.
#include "dialects/cleanmail.h"

#include <map>
#include <utility>

#include "base/text.h"
#include "dialects/readers.h"
#include "mail/address.h"

namespace postern::dialects {
namespace {

using policy::DocumentKey;
using policy::DocumentType;
using policy::Json;

constexpr std::size_t kMostDocuments = 100'000;

bool is_object(const Json& json) { return std::holds_alternative<Json::Object>(json.value); }

// "got.com" or "uris:got.com": the type is said where the content does not tell it.
struct Owner {
  std::string name;
  std::optional<DocumentType> type;
};

Owner owner_from(const std::string& as) {
  const std::size_t colon = as.find(':');
  if (colon == std::string::npos) return {as, std::nullopt};
  for (const DocumentType type : policy::kAllDocumentTypes) {
    if (policy::to_string(type) == as.substr(0, colon)) return {as.substr(colon + 1), type};
  }
  return {as, std::nullopt};
}

// A form that creates a domain says with five switches what its policy shall be; the API answers with
// the policy made of them. Here the same is done, so that the domain has rules at all.
void make_policy_of_switches(Json& domain, Reading& reading) {
  if (has(domain, "policy") || has(domain, "policyId")) return;
  Json policy{Json::Object{}};
  const std::string name = text_member(domain, "name").value_or("");
  policy.set("name", Json{"Politique-" + name});
  bool any = false;
  for (const std::string_view flag :
       {"incoming", "outgoing", "quarantine", "retention", "archive"}) {
    if (!has(domain, flag)) continue;
    policy.set(flag, *domain.find(flag));
    any = true;
  }
  if (!any) return;
  domain.set("policy", std::move(policy));
  reading.notes.push_back("domain:" + printable(name, 80) +
                          ": has no policy; one is made of its switches, as the API does");
}

std::string_view member_that_names(DocumentType type) {
  switch (type) {
    case DocumentType::domain:
      return "name";
    case DocumentType::user:
      return "email";
    case DocumentType::policy:
    case DocumentType::platform:
      return "id";
    case DocumentType::dkim:
      return "domain";
    case DocumentType::wblist:
      return "owner";
    case DocumentType::attachments:
    case DocumentType::uris:
      return "scope";
    case DocumentType::groups:
      return "email";
    case DocumentType::opensrs:
    case DocumentType::mailfrom:
    case DocumentType::identity:
    case DocumentType::smarthost:
      break;
  }
  return {};
}

// Whose document an object belongs to; empty where it does not say so.
std::string name_in(DocumentType type, const Json& object) {
  std::string name = id_member(object, member_that_names(type)).value_or("");
  if (type != DocumentType::groups) return name;
  const auto address = mail::Address::parse(name);
  return address ? address->domain() : name;
}

Result<DocumentKey> key_of(DocumentType type, const Json& object, const std::string& as) {
  // A rule's owner is in the rule; --as is for those that are written without one.
  std::string name = name_in(type, object);
  if (name.empty() || (type == DocumentType::policy && !as.empty()) ||
      (type == DocumentType::platform && !as.empty())) {
    name = as;
  }
  if (name.empty()) {
    return permanent_error("/" + std::string(member_that_names(type)) +
                           ": missing; --as says whose " + std::string(policy::to_string(type)) +
                           " it is");
  }
  return key_for(type, name);
}

Result<DocumentType> type_of(const Json& object, const Owner& owner) {
  const auto told = cleanmail_type(object);
  if (!told) {
    if (auto error = error_answer(object)) return *error;
    return permanent_error(
        "an object that is none of domain, user, policy, platform, rule, group "
        "or DKIM key");
  }
  if (owner.type && *owner.type != *told) {
    return permanent_error("this is " + std::string(policy::to_string(*told)) + ", not " +
                           std::string(policy::to_string(*owner.type)));
  }
  return *told;
}

class Collector {
 public:
  explicit Collector(Owner owner) : owner_(std::move(owner)) {}

  Status add(Json object, bool alone) {
    const auto type = type_of(object, owner_);
    if (!type) return type.error();
    if (type_ && *type_ != *type) {
      return permanent_error(
          "a list of different things: " + std::string(policy::to_string(*type_)) + " and " +
          std::string(policy::to_string(*type)));
    }
    type_ = *type;
    if (alone && is_list_type(*type)) {
      return permanent_error("one entry of a list: the document is the whole list, so import that");
    }
    const auto key = key_of(*type, object, owner_.name);
    if (!key) return key.error();
    if (*type == DocumentType::domain) make_policy_of_switches(object, reading_);
    return is_list_type(*type) || *type == DocumentType::dkim
               ? append(*key, std::move(object), alone)
               : put(*key, std::move(object));
  }

  Result<Reading> take() {
    for (auto& [key, json] : lists_) reading_.documents.push_back({key, std::move(json)});
    return std::move(reading_);
  }

 private:
  Status put(const DocumentKey& key, Json object) {
    if (!known_.emplace(key, true).second)
      return permanent_error(key.to_string() + ": there twice");
    if (known_.size() > kMostDocuments) return permanent_error("more than 100,000 documents");
    reading_.documents.push_back({key, std::move(object)});
    return success();
  }
  Status append(const DocumentKey& key, Json object, bool alone) {
    if (alone) return put(key, std::move(object));  // one DKIM key
    auto [list, fresh] = lists_.try_emplace(key, Json{Json::Array{}});
    if (fresh && lists_.size() > kMostDocuments) {
      return permanent_error("more than 100,000 documents");
    }
    std::get<Json::Array>(list->second.value).push_back(std::move(object));
    return success();
  }

  const Owner owner_;
  std::optional<DocumentType> type_;
  std::map<DocumentKey, Json> lists_;
  std::map<DocumentKey, bool> known_;
  Reading reading_;
};

Result<Reading> read_empty_list(const Owner& owner) {
  if (!owner.type || !is_list_type(*owner.type)) {
    return permanent_error(
        "an empty list does not say what it is a list of; --as does: "
        "--as wblist:got.com");
  }
  const auto key = key_for(*owner.type, owner.name);
  if (!key) return key.error();
  Reading reading;
  reading.documents.push_back({*key, Json{Json::Array{}}});
  return reading;
}

}  // namespace

std::optional<DocumentType> cleanmail_type(const Json& object) {
  if (!is_object(object)) return std::nullopt;
  const auto there = [&](std::string_view name) { return object.find(name) != nullptr; };
  if (there("privateKey") || (there("selector") && !there("name"))) return DocumentType::dkim;
  if (there("email")) return there("recipients") ? DocumentType::groups : DocumentType::user;
  if (there("transportDest")) return DocumentType::platform;
  if (there("checkType")) return DocumentType::attachments;
  if (there("filter") && there("action")) return DocumentType::uris;
  if (there("value") && there("type")) return DocumentType::wblist;
  if (there("relayProps") || there("spamScore") || there("mailSizeLimit") ||
      there("quarantineProps")) {
    return DocumentType::policy;
  }
  for (const std::string_view mark : {"status", "platforms", "domainAliases", "policy", "policyId",
                                      "wblistPriority", "outgoingSubnets", "incoming"}) {
    if (there("name") && there(mark)) return DocumentType::domain;
  }
  return std::nullopt;
}

bool is_list_type(DocumentType type) {
  switch (type) {
    case DocumentType::wblist:
    case DocumentType::attachments:
    case DocumentType::uris:
    case DocumentType::groups:
      return true;
    case DocumentType::domain:
    case DocumentType::user:
    case DocumentType::policy:
    case DocumentType::platform:
    case DocumentType::dkim:
    case DocumentType::opensrs:
    case DocumentType::mailfrom:
    case DocumentType::identity:
    case DocumentType::smarthost:
      return false;
  }
  return false;
}

Result<Reading> read_cleanmail(Json tree, const std::string& as) {
  const Owner owner = owner_from(as);
  Collector collector(owner);
  if (is_object(tree)) {
    if (auto done = collector.add(std::move(tree), true); !done) return done.error();
    return collector.take();
  }
  auto* list = std::get_if<Json::Array>(&tree.value);
  if (list == nullptr) {
    return permanent_error("expected an object or a list of objects, found " +
                           std::string(policy::kind_of(tree)));
  }
  if (list->empty()) return read_empty_list(owner);
  for (std::size_t at = 0; at < list->size(); ++at) {
    Json& object = (*list)[at];
    if (const auto* text = std::get_if<std::string>(&object.value)) {
      if (text->find("_domainkey") != std::string::npos) {
        return permanent_error(
            "these are the DNS lines of the keys; the keys themselves are needed: "
            "selector and privateKey");
      }
    }
    if (auto done = collector.add(std::move(object), false); !done) {
      return permanent_error("/" + std::to_string(at) + ": " + done.error().what);
    }
  }
  return collector.take();
}

}  // namespace postern::dialects
