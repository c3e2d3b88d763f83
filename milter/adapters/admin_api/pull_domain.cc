// What belongs to one domain or user, asked for by its id.
#include <algorithm>
#include <utility>

#include "adapters/admin_api/pull.h"
#include "adapters/admin_api/texts.h"
#include "base/text.h"
#include "mail/address.h"
#include "policy/decode.h"

namespace postern::admin_api {
namespace {

using policy::DocumentKey;
using policy::DocumentType;
using policy::Json;

// "protect._domainkey.stark.com TXT v=DKIM1; p=MIGf…": the selector and the key in it.
struct DkimLine {
  std::string selector;
  std::string key;
};

DkimLine read_dkim_line(std::string_view line) {
  DkimLine read;
  read.selector = line.substr(0, line.find("._domainkey"));
  const std::size_t at = line.find("p=");
  if (at == std::string_view::npos) return read;
  for (const char c : line.substr(at + 2)) {
    if (c == ';') break;
    if (c != ' ' && c != '"') read.key += c;
  }
  return read;
}

}  // namespace

void Pull::pull_domain(Json domain, const std::string& id, const std::string& name) {
  const DocumentKey key{DocumentType::domain, name};
  const std::string task = key.to_string();
  const std::string base = "/domains/" + path_segment(id);
  if (journal_.is_done(task)) {
    committer_.put(key, std::move(domain));
    return;
  }
  pull_options(domain, id, name);
  committer_.put(key, std::move(domain));
  // Each is asked for whatever became of the others: a right may be missing for one alone.
  bool whole = pull_array(base + "/groups", {DocumentType::groups, name});
  whole = pull_array(base + "/filters/attachments", {DocumentType::attachments, name}) && whole;
  whole = pull_array(base + "/filters/uris", {DocumentType::uris, name}) && whole;
  whole = pull_rules(base + "/wblist", name) && whole;
  check_dkim(id, name);
  if (whole) committer_.done(task);
}

void Pull::pull_user_list(const std::string& id, const std::string& address) {
  if (pull_rules("/users/" + path_segment(id) + "/wblist", address)) {
    committer_.done("user:" + address);
  }
}

// They decide nothing about mail and are kept in the domain for who wants to see them.
void Pull::pull_options(Json& domain, const std::string& id, const std::string& name) {
  Json::Array options;
  const auto result = read_list(
      client_, "/domains/" + path_segment(id) + "/options",
      {[&] { options.clear(); }, [&](Json&& option) { options.push_back(std::move(option)); }});
  if (const auto* error = std::get_if<ApiError>(&result)) {
    if (error->fault == ApiFault::forbidden || error->fault == ApiFault::not_found) {
      note("domain:" + name + ": its options are not to be had; " + error->what);
    } else {
      tell(*error);
    }
    return;
  }
  domain.set("options", Json{std::move(options)});
}

bool Pull::pull_array(const std::string& path, const DocumentKey& key) {
  Json::Array entries;
  const auto result = read_list(
      client_, path,
      {[&] { entries.clear(); }, [&](Json&& entry) { entries.push_back(std::move(entry)); }});
  if (const auto* error = std::get_if<ApiError>(&result)) {
    tell(*error);
    return false;
  }
  const auto& listing = std::get<Listing>(result);
  if (!listing.consistent) {
    problem(listing.why + ": " + key.to_string() + " stays as it is");
    return false;
  }
  away_in_a_row_ = 0;
  if (entries.empty()) {
    committer_.remove(key);
  } else {
    committer_.put(key, Json{std::move(entries)});
  }
  return true;
}

// Rules belong to whoever they say, whichever list they came in.
bool Pull::pull_rules(const std::string& path, const std::string& owner) {
  std::map<std::string, Rules> found;
  const DocumentKey own{DocumentType::wblist, owner};
  bool sound = true;
  const auto take = [&](Json&& rule) {
    const std::string written = text_of(rule, "owner");
    const auto key = DocumentKey::parse("wblist:" + (written.empty() ? owner : written));
    if (!key) {
      sound = false;
      return;
    }
    Rules& rules = found[key->name];
    std::string id = text_of(rule, "id");
    if (id.empty()) id = std::to_string(rules.size());
    rules.insert_or_assign(std::move(id), std::move(rule));
  };
  const auto result = read_list(client_, path,
                                {[&] {
                                   found.clear();
                                   sound = true;
                                 },
                                 take});
  std::string why;
  if (const auto* error = std::get_if<ApiError>(&result)) {
    tell(*error);
    return false;
  }
  const auto& listing = std::get<Listing>(result);
  if (!listing.consistent) why = listing.why;
  if (!sound) why = path + ": a rule of nobody";
  if (!why.empty()) {
    problem(why + ": " + own.to_string() + " stays as it is");
    return false;
  }
  away_in_a_row_ = 0;
  own_lists_.with([&](std::set<std::string>& own_lists) { own_lists.insert(owner); });
  bool foreign = false;
  for (auto& [name, rules] : found) {
    foreign = foreign || name != owner;
    if (was_done_before(name)) {
      problem(path + ": rules of wblist:" + name +
              ", whose own list this round did not ask for; it stays");
      continue;
    }
    const Json whole = rules_.with([&](std::map<std::string, Rules>& all) {
      Rules& united = all[name];
      for (auto& [id, rule] : rules) united.insert_or_assign(id, std::move(rule));
      Json::Array array;
      for (const auto& [id, rule] : united) array.push_back(rule);
      return Json{std::move(array)};
    });
    committer_.put({DocumentType::wblist, name}, whole);
  }
  const bool others_spoke_for_him =
      rules_.with([&](const std::map<std::string, Rules>& all) { return all.contains(owner); });
  if (!others_spoke_for_him) committer_.remove(own);
  // A list that holds other owners' rules is asked for again when a round goes on: they have to be united.
  return !foreign;
}

// In a round that goes on: his list was read by the run before, and is not at hand to be united with.
bool Pull::was_done_before(const std::string& owner) const {
  const bool is_user = owner.find('@') != std::string::npos;
  return journal_.is_done((is_user ? "user:" : "domain:") + owner) &&
         !own_lists_.with([&](const std::set<std::string>& own) { return own.contains(owner); });
}

// The API shows the public parts alone. What is stored must fit them, or what we sign verifies nowhere.
void Pull::check_dkim(const std::string& id, const std::string& name) {
  auto answer = client_.get("/domains/" + path_segment(id) + "/dkim");
  if (const auto* error = std::get_if<ApiError>(&answer)) {
    // 404: it has none. Seeing them takes a right that pulling does not need.
    if (error->fault == ApiFault::not_found || error->fault == ApiFault::forbidden) return;
    tell(*error);
    return;
  }
  const auto* lines = std::get_if<Json::Array>(&std::get<ApiAnswer>(answer).body.value);
  if (lines == nullptr || lines->empty()) return;
  const DocumentKey key{DocumentType::dkim, name};
  const auto stored = committer_.stored(key);
  if (!stored) {
    note(key.to_string() +
         ": the API has a key, and its private part was never pushed: mail is not signed");
    return;
  }
  const auto decoded = policy::decode(key, *stored, {});
  if (!decoded) return;  // the daemon says so
  const auto* keys = std::get_if<std::shared_ptr<const policy::DkimKeys>>(&*decoded);
  for (const Json& line : *lines) {
    const auto* text = std::get_if<std::string>(&line.value);
    if (text == nullptr || keys == nullptr) continue;
    const DkimLine read = read_dkim_line(*text);
    const auto& ours = (*keys)->keys;
    const bool fits = std::any_of(ours.begin(), ours.end(), [&](const policy::DkimKey& one) {
      return one.selector == read.selector && one.public_key == read.key;
    });
    if (!fits) {
      problem(key.to_string() + ": the API publishes another key under the selector " +
              printable(read.selector, 60) + " than the one that is stored");
      return;
    }
  }
}

}  // namespace postern::admin_api
