#include "adapters/opendkim/library.h"

#include <sys/types.h>

// The library's header is C and says _Bool; the compilers' stdbool.h do not agree whether that is C++.
#define _Bool bool  // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
extern "C" {
#include <opendkim/dkim.h>
}
#undef _Bool

#include <algorithm>
#include <cstring>

namespace postern::opendkim {
namespace {

using decide::DkimResult;

constexpr std::size_t kChunk = 262'144;

// Matches no name in h=, whose white space is gone when it is compared. The library writes one element
// past an array when a signature uses up every field of the message and names one more: this field is
// never used up.
constexpr std::string_view kUnusedField = "not named: -";

unsigned char* octets(std::string_view text) {
  // The library takes no const and copies what it keeps.
  return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(text.data()));
}

// What the callbacks need; borrowed for one check.
struct Task {
  std::vector<const std::string*> keys;  // per signature field; null: not to be checked
};

const Task& task_of(DKIM* dkim) { return *static_cast<const Task*>(::dkim_get_user_context(dkim)); }

// The signatures stand in the order of their fields: with DKIM_LIBFLAGS_BADSIGHANDLES the library drops
// none.
DKIM_CBSTAT ignore_the_others(DKIM* dkim, DKIM_SIGINFO** signatures, int count) {
  const Task& task = task_of(dkim);
  for (int at = 0; at < count; ++at) {
    const auto index = static_cast<std::size_t>(at);
    if (index >= task.keys.size() || task.keys[index] == nullptr) ::dkim_sig_ignore(signatures[at]);
  }
  return DKIM_CBSTAT_CONTINUE;
}

DKIM_CBSTAT hand_over_key(DKIM* dkim, DKIM_SIGINFO* signature, unsigned char* buffer,
                          std::size_t size) {
  const Task& task = task_of(dkim);
  DKIM_SIGINFO** signatures = nullptr;
  int count = 0;
  if (::dkim_getsiglist(dkim, &signatures, &count) != DKIM_STAT_OK) return DKIM_CBSTAT_ERROR;
  const auto index =
      static_cast<std::size_t>(std::find(signatures, signatures + count, signature) - signatures);
  if (index >= task.keys.size() || task.keys[index] == nullptr) return DKIM_CBSTAT_NOTFOUND;
  const std::string& key = *task.keys[index];
  if (key.size() >= size) return DKIM_CBSTAT_NOTFOUND;
  std::memcpy(buffer, key.c_str(), key.size() + 1);
  return DKIM_CBSTAT_CONTINUE;
}

Finding finding_of(DKIM_SIGINFO* signature) {
  const int error = ::dkim_sig_geterror(signature);
  const int body = ::dkim_sig_getbh(signature);
  switch (error) {
    case DKIM_SIGERROR_OK:
      if ((::dkim_sig_getflags(signature) & DKIM_SIGFLAG_PASSED) != 0 && body == DKIM_SIGBH_MATCH) {
        return {DkimResult::pass, ""};
      }
      break;
    case DKIM_SIGERROR_BADSIG:
      if (body == DKIM_SIGBH_MISMATCH) return {DkimResult::fail, "the body has been altered"};
      return {DkimResult::fail, "the signature does not fit the header"};
    case DKIM_SIGERROR_TOOLARGE_L:
      return {DkimResult::fail, "the body is shorter than l="};
    case DKIM_SIGERROR_EXPIRED:
      return {DkimResult::policy, "the signature has expired"};
    case DKIM_SIGERROR_FUTURE:
      return {DkimResult::policy, "the signature is from the future"};
    case DKIM_SIGERROR_SUBDOMAIN:
      return {DkimResult::permerror, "the key is not for subdomains"};
    case DKIM_SIGERROR_KEYTOOSMALL:
      return {DkimResult::policy, "the key is too short"};
    default:
      break;
  }
  const char* const text = ::dkim_sig_geterrorstr(error);
  return {DkimResult::neutral, text == nullptr ? "the signature could not be checked" : text};
}

// Whole lines, so that no line end is cut in two.
std::string_view next_chunk(std::string_view body) {
  if (body.size() <= kChunk) return body;
  const std::size_t end = body.find('\n', kChunk);
  return body.substr(0, end == std::string_view::npos ? body.size() : end + 1);
}

DKIM_STAT feed(DKIM* dkim, std::string_view text) {
  return ::dkim_body(dkim, octets(text), text.size());
}

class OpenDkim final : public Library {
 public:
  explicit OpenDkim(DKIM_LIB* library) : library_(library, &::dkim_close) {
    // Keys are asked for when the whole body has been seen, and one bad signature does not stop the rest.
    unsigned int flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
    ::dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
    ::dkim_set_prescreen(library, &ignore_the_others);
    ::dkim_set_key_lookup(library, &hand_over_key);
  }

  std::vector<Finding> check(const std::vector<Field>& fields, std::string_view body,
                             Deadline deadline) override {
    Task task;
    for (const Field& field : fields) {
      if (field.is_signature) task.keys.push_back(field.key);
    }
    const auto wanted = static_cast<std::size_t>(std::count_if(
        task.keys.begin(), task.keys.end(), [](const auto* key) { return key != nullptr; }));
    const auto all = [wanted](DkimResult result, const char* problem) {
      return std::vector<Finding>(wanted, Finding{result, problem});
    };

    DKIM_STAT status = DKIM_STAT_OK;
    const std::unique_ptr<DKIM, decltype(&::dkim_free)> dkim(
        ::dkim_verify(library_.get(), octets("message"), nullptr, &status), &::dkim_free);
    if (dkim == nullptr) return all(DkimResult::temperror, "no memory");
    ::dkim_set_user_context(dkim.get(), &task);
    if (!read_header(dkim.get(), fields))
      return all(DkimResult::neutral, "the header cannot be read");
    for (std::string_view rest = body; !rest.empty();) {
      if (deadline.passed()) return all(DkimResult::temperror, "no time left for the body");
      const std::string_view chunk = next_chunk(rest);
      if (feed(dkim.get(), chunk) != DKIM_STAT_OK)
        return all(DkimResult::neutral, "the body cannot be read");
      rest.remove_prefix(chunk.size());
    }
    if (!body.empty() && !body.ends_with("\r\n")) feed(dkim.get(), "\r\n");
    ::dkim_eom(dkim.get(), nullptr);  // its answer is about one signature; each is asked below
    return findings(dkim.get(), task, wanted);
  }

 private:
  static bool read_header(DKIM* dkim, const std::vector<Field>& fields) {
    for (const Field& field : fields) {
      if (::dkim_header(dkim, octets(field.text), field.text.size()) != DKIM_STAT_OK) return false;
    }
    return ::dkim_header(dkim, octets(kUnusedField), kUnusedField.size()) == DKIM_STAT_OK &&
           ::dkim_eoh(dkim) == DKIM_STAT_OK;
  }

  static std::vector<Finding> findings(DKIM* dkim, const Task& task, std::size_t wanted) {
    std::vector<Finding> found;
    DKIM_SIGINFO** signatures = nullptr;
    int count = 0;
    if (::dkim_getsiglist(dkim, &signatures, &count) == DKIM_STAT_OK) {
      for (int at = 0; at < count && static_cast<std::size_t>(at) < task.keys.size(); ++at) {
        if (task.keys[static_cast<std::size_t>(at)] != nullptr)
          found.push_back(finding_of(signatures[at]));
      }
    }
    found.resize(wanted, Finding{DkimResult::neutral, "the signature could not be checked"});
    return found;
  }

  std::unique_ptr<DKIM_LIB, decltype(&::dkim_close)> library_;
};

}  // namespace

std::unique_ptr<Library> Library::make() {
  DKIM_LIB* const library = ::dkim_init(nullptr, nullptr);
  if (library == nullptr) return nullptr;
  return std::make_unique<OpenDkim>(library);
}

std::unique_ptr<Library> LibraryPool::take() {
  auto library = idle_.with([](auto& idle) {
    std::unique_ptr<Library> taken;
    if (!idle.empty()) {
      taken = std::move(idle.back());
      idle.pop_back();
    }
    return taken;
  });
  return library != nullptr ? std::move(library) : Library::make();
}

void LibraryPool::give_back(std::unique_ptr<Library> library) {
  idle_.with([&library](auto& idle) { idle.push_back(std::move(library)); });
}

}  // namespace postern::opendkim
