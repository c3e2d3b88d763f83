#include "content/type_detector.h"

#include <magic.h>

#include <memory>
#include <vector>

#include "base/guarded.h"

namespace postern::content {
namespace {

constexpr std::size_t kBeginning = 8'192;
constexpr std::size_t kCompoundFile = 262'144;

struct CloseMagic {
  void operator()(magic_set* magic) const { ::magic_close(magic); }
};
using Magic = std::unique_ptr<magic_set, CloseMagic>;

Magic load() {
  // What a file is compressed with is its type; no other program is started to look inside.
  Magic magic(::magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF |
                           MAGIC_NO_CHECK_ENCODING));
  if (magic && ::magic_load(magic.get(), nullptr) != 0) magic.reset();
  return magic;
}

// As many as were ever used at once: loading takes longer than looking.
class Pool {
 public:
  Magic take() {
    Magic magic = idle_.with([](auto& idle) {
      Magic last;
      if (!idle.empty()) {
        last = std::move(idle.back());
        idle.pop_back();
      }
      return last;
    });
    return magic ? std::move(magic) : load();
  }
  void give_back(Magic magic) {
    idle_.with([&](auto& idle) { idle.push_back(std::move(magic)); });
  }

 private:
  Guarded<std::vector<Magic>> idle_;
};

Pool& pool() {
  static Pool the_pool;
  return the_pool;
}

}  // namespace

std::size_t octets_for_detection(std::string_view beginning) {
  // An OLE file says what it is in a directory that may stand anywhere.
  return beginning.starts_with("\xd0\xcf\x11\xe0") ? kCompoundFile : kBeginning;
}

std::string detect_type(std::string_view bytes) {
  if (bytes.empty()) return {};
  Magic magic = pool().take();
  if (!magic) return {};
  bytes = bytes.substr(0, octets_for_detection(bytes));
  const char* const type = ::magic_buffer(magic.get(), bytes.data(), bytes.size());
  std::string answer = type == nullptr ? "" : type;
  pool().give_back(std::move(magic));
  return answer;
}

}  // namespace postern::content
