#include "adapters/dkim/key_cache.h"

#include <utility>

namespace postern::dkim {

Result<std::shared_ptr<const SigningKey>> SigningKeyCache::get(const policy::DkimKey& key) {
  auto digest = sha256(key.private_key_pem.reveal());
  if (!digest) return digest.error();
  *digest += static_cast<char>(key.algorithm);

  const auto known = keys_.with([&](Generations& keys) -> std::shared_ptr<const SigningKey> {
    if (const auto young = keys.young.find(*digest); young != keys.young.end())
      return young->second;
    const auto old = keys.old.find(*digest);
    if (old == keys.old.end()) return nullptr;
    auto found = old->second;
    remember(keys, *digest, found);
    return found;
  });
  if (known) return known;

  // Parsed outside the lock. Two threads may both do it: the second one's key is simply used once.
  auto parsed = SigningKey::parse(key);
  if (!parsed) return parsed.error();
  keys_.with([&](Generations& keys) { remember(keys, *digest, *parsed); });
  return parsed;
}

void SigningKeyCache::remember(Generations& keys, const std::string& digest,
                               const std::shared_ptr<const SigningKey>& key) const {
  if (keys.young.size() >= generation_size_) keys.old = std::exchange(keys.young, {});
  keys.young.emplace(digest, key);
}

}  // namespace postern::dkim
