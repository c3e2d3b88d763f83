// Purpose:   parsed private keys, kept: parsing a PEM and using a cold key costs more than a
//            signature.
// Ownership: shares its keys with whoever is signing. A key that left the policies stays until
//            newer ones push it out.
// Threading: safe from many threads at once.
// Failure:   as SigningKey::parse().
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "adapters/dkim/crypto.h"
#include "base/guarded.h"

namespace postern::dkim {

class SigningKeyCache {
 public:
  // At most twice `generation_size` keys are kept, the most recently used among them.
  explicit SigningKeyCache(std::size_t generation_size = 1024)
      : generation_size_(generation_size) {}

  Result<std::shared_ptr<const SigningKey>> get(const policy::DkimKey& key);

 private:
  using Keys = std::map<std::string, std::shared_ptr<const SigningKey>>;  // by digest of the PEM
  // Two generations: when the young one is full it becomes the old one. As good as least recently
  // used, without a list to keep.
  struct Generations {
    Keys young;
    Keys old;
  };
  void remember(Generations& keys, const std::string& digest,
                const std::shared_ptr<const SigningKey>& key) const;

  std::size_t generation_size_;
  Guarded<Generations> keys_;
};

}  // namespace postern::dkim
