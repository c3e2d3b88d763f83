#include "base/secret.h"

#include <strings.h>
#include <cstring>

namespace postern {

void Secret::wipe() noexcept {
  // explicit_bzero is not removed by the optimizer, as memset before a destructor would be.
  if (!value_.empty()) explicit_bzero(value_.data(), value_.size());
  value_.clear();
}

}  // namespace postern
