#include "dialects/merge.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "dialects/readers.h"
#include "policy/secret_members.h"

namespace postern::dialects {
namespace {

using policy::Json;
using policy::JsonMember;

// Members that no answer has: they were put there for Postern, or come from a question of their own.
constexpr std::array<std::string_view, 7> kOurs = {
    "recipientsKnown", "enforcement",         "algorithm", "state",
    "missingKey",      "behaviorOnMxFailure", "options"};

bool is_ours(std::string_view name) {
  return std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end();
}

bool says_nothing(const Json* json) {
  if (json == nullptr || json->is_null()) return true;
  const auto* text = std::get_if<std::string>(&json->value);
  return text != nullptr && text->empty();
}

const Json* partner_of(const Json& entry, const Json::Array& stored) {
  for (const std::string_view name : {"id", "selector"}) {
    const auto identity = id_member(entry, name);
    if (!identity) continue;
    const auto found = std::find_if(stored.begin(), stored.end(), [&](const Json& other) {
      return id_member(other, name) == identity;
    });
    return found == stored.end() ? nullptr : &*found;
  }
  return nullptr;
}

bool is_array(const Json& json) { return std::holds_alternative<Json::Array>(json.value); }
bool is_object(const Json& json) { return std::holds_alternative<Json::Object>(json.value); }

// The request's members replace those that are stored; the others stay.
Json overlay(const Json& stored, Json fresh) {
  if (!is_object(stored) || !is_object(fresh)) return fresh;
  Json merged = stored;
  for (JsonMember& member : std::get<Json::Object>(fresh.value)) {
    merged.set(member.name, std::move(member.value));
  }
  return merged;
}

// change_domain changes the attributes it names and no others. What is stored may be the attributes alone.
Json merge_opensrs(const Json& stored, Json fresh) {
  const Json* before = stored.find("attributes");
  Json* after = fresh.find("attributes");
  if (after == nullptr) return fresh;
  if (before == nullptr) before = &stored;
  Json merged = overlay(*before, std::move(*after));
  *after = std::move(merged);
  return fresh;
}

// A password counts where the request says that it is a new one. The answer of the same request shows
// no password and says false for an authentication that is on.
Json merge_hitachi(const Json& stored, Json fresh) {
  const Json* update = fresh.find("updatePassword");
  const bool is_answer = update == nullptr && !has(fresh, "password");
  const bool updates = is_true(fresh, "updatePassword");
  if (!is_object(stored) || says_nothing(stored.find("password")) || updates) {
    return updates ? fresh : overlay(stored, std::move(fresh));
  }
  Json merged = overlay(stored, std::move(fresh));
  for (const std::string_view name : {"password", "updatePassword", "authenticationEnabled"}) {
    if (name == "authenticationEnabled" && !is_answer) continue;
    if (const Json* kept = stored.find(name)) merged.set(name, *kept);
  }
  return merged;
}

}  // namespace

Json merge_answer(const Json& stored, Json fresh) {
  if (is_array(stored) && is_array(fresh)) {
    const auto& before = std::get<Json::Array>(stored.value);
    for (Json& entry : std::get<Json::Array>(fresh.value)) {
      if (const Json* partner = partner_of(entry, before)) {
        entry = merge_answer(*partner, std::move(entry));
      }
    }
    return fresh;
  }
  if (!is_object(stored) || !is_object(fresh)) return fresh;
  for (const JsonMember& kept : std::get<Json::Object>(stored.value)) {
    Json* now = fresh.find(kept.name);
    const bool stays = policy::is_secret_member(kept.name) ? says_nothing(now)
                                                           : is_ours(kept.name) && now == nullptr;
    if (stays) {
      fresh.set(kept.name, kept.value);
    } else if (now != nullptr) {
      *now = merge_answer(kept.value, std::move(*now));
    }
  }
  return fresh;
}

Json merge_import(Dialect dialect, const Json& stored, Json fresh) {
  switch (dialect) {
    case Dialect::cleanmail:
      return merge_answer(stored, std::move(fresh));
    case Dialect::opensrs:
      return merge_opensrs(stored, std::move(fresh));
    case Dialect::ses:
      return overlay(stored, std::move(fresh));
    case Dialect::hitachi:
      return merge_hitachi(stored, std::move(fresh));
    case Dialect::fujitsu:
      return fresh;
  }
  return fresh;
}

}  // namespace postern::dialects
