// Any octets as every type of document: decoding, showing and redacting must answer, whatever they are.
// What decodes is put into a snapshot and shown, and what is shown must decode again.
#include <cstdlib>
#include <string>
#include <string_view>

#include "policy/resolve.h"
#include "policy/snapshot.h"

namespace {

using namespace postern;
using policy::DocumentKey;

void require(bool holds) {
  if (!holds) std::abort();
}

// Documents name themselves: under the keys that most inputs of the corpus carry they get furthest.
constexpr std::string_view kKeys[] = {
    "domain:got.com", "user:a@got.com", "policy:p",     "platform:p",     "dkim:got.com",
    "wblist:got.com", "attachments:*",  "uris:got.com", "groups:got.com", "opensrs:got.com"};

// A private key is not shown, so such a document cannot be read again.
bool reads_again(const DocumentKey& key) {
  return key.type != policy::DocumentType::dkim && key.type != policy::DocumentType::opensrs;
}

void use_as(const DocumentKey& key, std::string_view text) {
  const policy::DecodeOptions options;
  const auto document = policy::decode(key, text, options);
  const auto shown = policy::show_as_understood(key, text, options);
  require(document.ok() == shown.ok());
  if (!document) {
    require(!document.error().what.empty());
    require(document.error().what.size() < 1024);
    return;
  }
  if (reads_again(key)) require(policy::decode(key, *shown, options).ok());

  policy::SnapshotEditor editor({}, options);
  require(editor.put(key, text).ok());
  const auto snapshot = editor.finish(1);
  require(snapshot->count(key.type) == 1);
  if (const auto address = mail::Address::parse("a@got.com")) {
    policy::resolve(*snapshot, *address, "+");
  }
  editor.erase(key);
  require(editor.finish(2)->fingerprint(key) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view key : kKeys) use_as(*DocumentKey::parse(key), text);
  policy::redacted(text);
  if (const auto key = DocumentKey::parse(text)) require(DocumentKey::parse(key->to_string()).ok());
  return 0;
}
