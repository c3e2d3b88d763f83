#include "adapters/spf2/checker.h"

#include <netinet/in.h>
#include <sys/types.h>

#include <cstring>
#include <mutex>

extern "C" {
#include <spf2/spf.h>
#include <spf2/spf_log.h>
}

#include "adapters/spf2/dns_bridge.h"
#include "adapters/spf2/record_guard.h"
#include "mail/domain_name.h"

namespace postern::spf2 {
namespace {

using decide::SpfResult;
using decide::SpfVerdict;

constexpr std::size_t kMostIdle = 32;
constexpr std::size_t kLongestHelo = 255;
constexpr std::size_t kLongestSender = 320;

void say_nothing(const char* /*file*/, int /*line*/, const char* /*message*/) {}

// The library writes to standard error what a stranger's record made it think of.
void silence_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    SPF_warning_handler = &say_nothing;
    SPF_info_handler = &say_nothing;
    SPF_debug_handler = &say_nothing;
  });
}

SpfResult result_of(SPF_result_t result) {
  switch (result) {
    case SPF_RESULT_NEUTRAL:
      return SpfResult::neutral;
    case SPF_RESULT_PASS:
      return SpfResult::pass;
    case SPF_RESULT_FAIL:
      return SpfResult::fail;
    case SPF_RESULT_SOFTFAIL:
      return SpfResult::softfail;
    case SPF_RESULT_NONE:
      return SpfResult::none;
    case SPF_RESULT_TEMPERROR:
      return SpfResult::temperror;
    case SPF_RESULT_PERMERROR:
    case SPF_RESULT_INVALID:
      break;
  }
  return SpfResult::permerror;
}

SpfVerdict temporary(std::string what) {
  SpfVerdict verdict;
  verdict.result = SpfResult::temperror;
  verdict.problem = std::move(what);
  return verdict;
}

std::string name_or_nothing(const std::string& domain) {
  return domain.starts_with('[') ? std::string() : domain;
}

// RFC 7208 2.4: the null sender is postmaster at the HELO name, if that is one. The library aborts on a
// sender without a domain.
std::string checked_domain(const ports::SpfInput& input) {
  if (input.sender) return name_or_nothing(input.sender->domain());
  return name_or_nothing(mail::to_a_label(input.helo).value_or(""));
}

template <typename T, void (*release)(T*)>
struct Release {
  void operator()(T* held) const { release(held); }
};
template <typename T, void (*release)(T*)>
using Held = std::unique_ptr<T, Release<T, release>>;

using HeldServer = Held<SPF_server_t, &SPF_server_free>;
using HeldRequest = Held<SPF_request_t, &SPF_request_free>;
using HeldResponse = Held<SPF_response_t, &SPF_response_free>;
using HeldRecord = Held<SPF_record_t, &SPF_record_free>;

bool set_client(SPF_request_t* request, const IpAddress& client) {
  if (client.family() == IpAddress::Family::v4) {
    in_addr address{};
    std::memcpy(&address, client.bytes().data(), sizeof address);
    return SPF_request_set_ipv4(request, address) == SPF_E_SUCCESS;
  }
  in6_addr address{};
  std::memcpy(&address, client.bytes().data(), sizeof address);
  return SPF_request_set_ipv6(request, address) == SPF_E_SUCCESS;
}

}  // namespace

class Checker::Instance {
 public:
  explicit Instance(ports::Resolver& resolver)
      : bridge_(resolver), server_(SPF_server_new_dns(bridge_.plug_in(), 0)) {
    // Its own text expands macros of the sender for nobody.
    SPF_response_t* response = nullptr;
    if (server_) SPF_server_set_explanation(server_.get(), "no", &response);
    const HeldResponse held(response);
  }

  SpfVerdict check(const std::string& domain, const ports::SpfInput& input, Deadline deadline) {
    bridge_.begin(deadline);
    const std::string helo = harmless(input.helo, kLongestHelo);
    const std::string sender =
        input.sender
            ? input.sender->local() + "@" + input.sender->domain()
            : "postmaster@" + name_or_nothing(mail::to_a_label(input.helo).value_or(domain));
    const HeldRequest request(server_ ? SPF_request_new(server_.get()) : nullptr);
    if (!request) return temporary("libspf2 has no memory");
    const HeldResponse response(SPF_response_new(request.get()));
    if (!response || !set_client(request.get(), input.client) ||
        SPF_request_set_env_from(request.get(), harmless(sender, kLongestSender).c_str()) != 0 ||
        SPF_request_set_helo_dom(request.get(), helo.c_str()) != SPF_E_SUCCESS) {
      return temporary("libspf2 does not take the question");
    }
    return evaluate(request.get(), response.get(), domain);
  }

 private:
  // The library's own entry passes every client on the loopback: its two halves are called instead.
  SpfVerdict evaluate(SPF_request_t* request, SPF_response_t* response, const std::string& domain) {
    request->cur_dom = domain.c_str();
    SPF_record_t* found = nullptr;
    const SPF_errcode_t code = SPF_server_get_record(server_.get(), request, response, &found);
    const HeldRecord record(found);
    SpfVerdict verdict;
    if (code == SPF_E_SUCCESS && record) {
      response->spf_record_exp = record.get();
      SPF_record_interpret(record.get(), request, response, 0);
      verdict.result = result_of(SPF_response_result(response));
      if (verdict.result == SpfResult::permerror || verdict.result == SpfResult::temperror) {
        verdict.problem = SPF_strerror(SPF_response_errcode(response));
      }
    } else {
      verdict.result = SpfResult::permerror;
    }
    if (const auto& problem = bridge_.problem()) {
      verdict.result = problem->result;
      verdict.problem = problem->what;
    }
    return verdict;
  }

  DnsBridge bridge_;
  HeldServer server_;
};

Checker::Checker(ports::Resolver& resolver) : resolver_(resolver) { silence_library(); }
Checker::~Checker() = default;

SpfVerdict Checker::check(const ports::SpfInput& input, Deadline deadline) {
  auto verdict = judge(checked_domain(input), input, deadline);
  verdict.by_helo = !input.sender.has_value();
  return verdict;
}

SpfVerdict Checker::check_domain(const std::string& domain, const ports::SpfInput& input,
                                 Deadline deadline) {
  return judge(name_or_nothing(mail::to_a_label(domain).value_or("")), input, deadline);
}

SpfVerdict Checker::judge(const std::string& domain, const ports::SpfInput& input,
                          Deadline deadline) {
  SpfVerdict verdict;
  // A name of one label has no record (RFC 7208 4.3).
  if (domain.find('.') != std::string::npos) {
    auto instance = idle_.with([](auto& idle) -> std::unique_ptr<Instance> {
      if (idle.empty()) return nullptr;
      auto last = std::move(idle.back());
      idle.pop_back();
      return last;
    });
    if (!instance) instance = std::make_unique<Instance>(resolver_);
    verdict = instance->check(domain, input, deadline);
    idle_.with([&instance](auto& idle) {
      if (idle.size() < kMostIdle) idle.push_back(std::move(instance));
    });
  }
  verdict.domain = domain;
  return verdict;
}

}  // namespace postern::spf2
