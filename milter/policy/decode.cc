#include "policy/decode.h"

#include "policy/decode_parts.h"

namespace postern::policy {

Result<Document> decode(const DocumentKey& key, std::string_view json,
                        const DecodeOptions& options) {
  Result<DecodedValue> decoded = decode_value(key, json, options);
  if (!decoded) return decoded.error();
  return std::visit(Overloaded{
                        [](Opaque& opaque) -> Document { return opaque; },
                        [](auto& document) -> Document {
                          using T = std::remove_reference_t<decltype(document)>;
                          return std::make_shared<const T>(std::move(document));
                        },
                    },
                    *decoded);
}

}  // namespace postern::policy
