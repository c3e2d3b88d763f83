// How documents about outgoing mail come into force: DKIM keys, smarthosts.
#include <algorithm>

#include "base/text.h"
#include "policy/dkim_rotation.h"
#include "policy/name_sets.h"
#include "policy/snapshot.h"

namespace postern::policy {
namespace {

// The end of a public key tells two keys apart; all of them begin alike.
std::string shown(const DkimKey& key) {
  static constexpr std::size_t kShown = 24;
  const std::string& text = key.public_key;
  return "p=..." + text.substr(text.size() - std::min(text.size(), kShown));
}

}  // namespace

Status check_rotation(const DkimKeys* in_force, const DkimKeys& keys) {
  if (in_force == nullptr) return success();
  for (const DkimKey& key : keys.keys) {
    for (const DkimKey& old : in_force->keys) {
      if (old.selector != key.selector || old.public_key == key.public_key) continue;
      if (old.public_key.empty() || key.public_key.empty()) continue;  // left sealed
      return permanent_error("selector \"" + printable(key.selector, 63) +
                             "\" is in force with the key " + shown(old) + ", not " + shown(key) +
                             ": a new key needs a new selector");
    }
  }
  return success();
}

Status SnapshotEditor::put_in_force(DkimKeys keys) {
  const std::string domain = keys.domain;
  if (Status fits = check_rotation(draft_.dkim(domain), keys); !fits) return fits;
  draft_.dkim_.put(domain, std::make_shared<const DkimKeys>(std::move(keys)));
  return success();
}

Status SnapshotEditor::put_in_force(Smarthost smarthost) {
  release_smarthost(smarthost.id);
  const std::string id = smarthost.id;
  if (!smarthost.sender.empty()) add_to(draft_.smarthosts_of_sender_, smarthost.sender, id);
  draft_.smarthosts_.put(id, std::make_shared<const Smarthost>(std::move(smarthost)));
  return success();
}

void SnapshotEditor::release_smarthost(const std::string& id) {
  const Smarthost* known = draft_.smarthost(id);
  if (known == nullptr) return;
  if (!known->sender.empty()) remove_from(draft_.smarthosts_of_sender_, known->sender, id);
  draft_.smarthosts_.erase(id);
}

}  // namespace postern::policy
