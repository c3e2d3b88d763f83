#include "policy/documents.h"

namespace postern::policy {

bool Policy::same_rules(const Policy& other) const {
  // Compared whole, so that a member added later cannot be forgotten here.
  Policy renamed = other;
  renamed.id = id;
  renamed.name = name;
  renamed.domain_id = domain_id;
  return *this == renamed;
}

}  // namespace postern::policy
