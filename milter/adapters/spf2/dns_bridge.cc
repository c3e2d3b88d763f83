#include "adapters/spf2/dns_bridge.h"

#include <algorithm>
#include <cstring>

// libspf2's headers use these without saying so.
#include <netinet/in.h>
#include <sys/types.h>

extern "C" {
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#include <spf2/spf_dns_rr.h>
}

#include "adapters/spf2/record_guard.h"
#include "base/text.h"

namespace postern::spf2 {
namespace {

using decide::SpfResult;
using ports::DnsAnswer;
using ports::DnsType;

constexpr int kMostTerms = 10;
constexpr int kMostVoids = 2;
constexpr std::size_t kMostHosts = 10;  // of an MX or PTR answer
constexpr std::size_t kLongestName = 253;

DnsBridge& bridge_of(SPF_dns_server_t* plug_in) { return *static_cast<DnsBridge*>(plug_in->hook); }

SPF_dns_rr_t* on_look_up(SPF_dns_server_t* plug_in, const char* domain, ns_type type,
                         int /*should_cache*/) {
  return bridge_of(plug_in).look_up(domain, type);
}

SPF_errcode_t on_get_record(SPF_server_t* server, SPF_request_t* request, SPF_response_t* response,
                            SPF_record_t** record) {
  *record = nullptr;
  if (request->cur_dom == nullptr) return SPF_E_NOT_SPF;
  auto& bridge = bridge_of(server->resolver);
  return static_cast<SPF_errcode_t>(bridge.get_record(server, request->cur_dom, response, record));
}

// RFC 7208 7.3: without the last dot, and cut from the left, label by label.
std::string name_of(const char* domain) {
  std::string name = domain == nullptr ? "" : domain;
  if (name.ends_with('.')) name.pop_back();
  if (name.size() <= kLongestName) return name;
  const std::size_t dot = name.find('.', name.size() - kLongestName - 1);
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

bool put_text(SPF_dns_rr_t* rr, int index, const std::string& text) {
  if (SPF_dns_rr_buf_realloc(rr, index, text.size() + 1) != SPF_E_SUCCESS) return false;
  std::memcpy(rr->rr[index]->txt, text.c_str(), text.size() + 1);
  return true;
}

bool put_address(SPF_dns_rr_t* rr, int index, const IpAddress& address) {
  if (SPF_dns_rr_buf_realloc(rr, index, sizeof(SPF_dns_rr_data_t)) != SPF_E_SUCCESS) return false;
  const bool is_v4 = address.family() == IpAddress::Family::v4;
  std::memcpy(rr->rr[index], address.bytes().data(), is_v4 ? sizeof(in_addr) : sizeof(in6_addr));
  return true;
}

}  // namespace

DnsBridge::DnsBridge(ports::Resolver& resolver)
    : resolver_(resolver), plug_in_(std::make_unique<SPF_dns_server_t>()) {
  *plug_in_ = {};
  plug_in_->destroy = nullptr;  // ours
  plug_in_->lookup = &on_look_up;
  plug_in_->get_spf = &on_get_record;
  plug_in_->name = "postern";
  plug_in_->hook = this;
}

DnsBridge::~DnsBridge() = default;

void DnsBridge::begin(Deadline deadline) {
  deadline_ = deadline;
  problem_.reset();
  records_ = 0;
  terms_ = 0;
  voids_ = 0;
  expected_.clear();
}

int DnsBridge::get_record(SPF_server_struct* server, const char* domain,
                          SPF_response_struct* response, SPF_record_struct** record) {
  expected_.clear();
  const std::string name = name_of(domain);
  const bool is_first = records_++ == 0;
  if (!is_first && !count_term()) return SPF_E_BIG_DNS;
  // The library does not cut names: what %{d} stands for would grow with every record.
  if (std::strlen(domain) > kLongestName + 1) {
    fail(SpfResult::permerror, "a name is too long for libspf2");
    return SPF_E_BIG_STRING;
  }
  const Found found = ask(name, DnsType::txt);
  if (found.code == TRY_AGAIN) return SPF_E_DNS_ERROR;
  std::vector<std::string> candidates;
  std::copy_if(found.answer.texts.begin(), found.answer.texts.end(), std::back_inserter(candidates),
               is_spf_record);
  if (candidates.empty()) {
    fail(is_first ? SpfResult::none : SpfResult::permerror,
         is_first ? "" : printable(name, kLongestName) + " has no record");
    return SPF_E_NOT_SPF;
  }
  if (candidates.size() > 1) {
    fail(SpfResult::permerror, printable(name, kLongestName) + " has several records");
    return SPF_E_MULTIPLE_RECORDS;
  }
  const auto guarded = guard(candidates.front());
  if (!guarded) {
    fail(SpfResult::permerror, printable(name, kLongestName) + ": " + guarded.error().what);
    return SPF_E_SYNTAX;
  }
  const SPF_errcode_t code = SPF_record_compile(server, response, record, guarded->text.c_str());
  // What does not fit any more it leaves out without a word, and the rest would be another record.
  const bool is_whole =
      *record != nullptr &&
      static_cast<std::size_t>((*record)->num_mech) + (*record)->num_mod == guarded->terms;
  if (code == SPF_E_SUCCESS && is_whole) {
    (*record)->num_mod = 0;  // exp= and the unknown ones are read; nobody wants what they say
    return code;
  }
  if (*record != nullptr) SPF_record_free(*record);
  *record = nullptr;
  fail(SpfResult::permerror,
       printable(name, kLongestName) + ": " +
           (code == SPF_E_SUCCESS ? "more than libspf2 can hold" : SPF_strerror(code)));
  return code == SPF_E_SUCCESS ? SPF_E_BIG_MECH : code;
}

SPF_dns_rr_struct* DnsBridge::look_up(const char* domain, int type) {
  const std::string name = name_of(domain);
  Found found{HOST_NOT_FOUND, {}};
  if (type == ns_t_a) found = ask_addresses(name, DnsType::a);
  if (type == ns_t_aaaa) found = ask_addresses(name, DnsType::aaaa);
  if (type == ns_t_mx) found = ask_mx(name);
  if (type == ns_t_ptr) found = ask_ptr(name);
  return to_library(domain, type, found);
}

DnsBridge::Found DnsBridge::ask(const std::string& name, DnsType type) {
  if (problem_) return {TRY_AGAIN, {}};
  auto answer = resolver_.query(name, type, deadline_);
  if (!answer || deadline_.passed()) {
    fail(SpfResult::temperror, answer ? "no time left" : answer.error().what);
    return {TRY_AGAIN, {}};
  }
  int code = NETDB_SUCCESS;
  if (answer->status == DnsAnswer::Status::no_domain) code = HOST_NOT_FOUND;
  if (answer->status == DnsAnswer::Status::no_data) code = NO_DATA;
  return {code, std::move(*answer)};
}

DnsBridge::Found DnsBridge::ask_addresses(const std::string& name, DnsType type) {
  if (!expected_.empty() && expected_.front() == name) {
    expected_.pop_front();
    const bool had_problem = problem_.has_value();
    Found found = ask(name, type);
    // An address that cannot be told only leaves a PTR name unproven.
    if (found.code == TRY_AGAIN && expected_from_ptr_ && !had_problem) {
      problem_.reset();
      return {HOST_NOT_FOUND, {}};
    }
    return found;
  }
  expected_.clear();
  if (!count_term()) return {TRY_AGAIN, {}};
  Found found = ask(name, type);
  return count_void(found) ? std::move(found) : Found{TRY_AGAIN, {}};
}

DnsBridge::Found DnsBridge::ask_mx(const std::string& name) {
  expected_.clear();
  if (!count_term()) return {TRY_AGAIN, {}};
  Found found = ask(name, DnsType::mx);
  if (!count_void(found)) return {TRY_AGAIN, {}};
  if (found.answer.mx.size() > kMostHosts) {
    fail(SpfResult::permerror, printable(name, kLongestName) + " has too many MX records");
    return {TRY_AGAIN, {}};
  }
  std::erase_if(found.answer.mx, [](const auto& mx) { return mx.host.empty(); });
  expected_from_ptr_ = false;
  for (const auto& mx : found.answer.mx) expected_.push_back(mx.host);
  return found;
}

DnsBridge::Found DnsBridge::ask_ptr(const std::string& name) {
  expected_.clear();
  if (!count_term()) return {TRY_AGAIN, {}};
  const bool had_problem = problem_.has_value();
  Found found = ask(name, DnsType::ptr);
  if (found.code == TRY_AGAIN && !had_problem) {  // RFC 7208 5.5: no match, and no more
    problem_.reset();
    return {NO_DATA, {}};
  }
  if (!count_void(found)) return {TRY_AGAIN, {}};
  auto& names = found.answer.names;
  if (names.size() > kMostHosts) names.resize(kMostHosts);
  expected_from_ptr_ = true;
  expected_.assign(names.begin(), names.end());
  return found;
}

bool DnsBridge::count_term() {
  if (++terms_ <= kMostTerms) return true;
  fail(SpfResult::permerror, "too many terms that ask the DNS");
  return false;
}

bool DnsBridge::count_void(const Found& found) {
  const bool is_void = found.code == HOST_NOT_FOUND || found.code == NO_DATA;
  if (!is_void || ++voids_ <= kMostVoids) return true;
  fail(SpfResult::permerror, "too many look-ups that find nothing");
  return false;
}

void DnsBridge::fail(SpfResult result, std::string what) {
  if (!problem_) problem_ = Problem{result, std::move(what)};
}

// Never nothing: the library aborts on that. An answer that cannot be built is one that is not there.
SPF_dns_rr_struct* DnsBridge::to_library(const char* domain, int type, const Found& found) {
  auto* const rr =
      SPF_dns_rr_new_init(plug_in_.get(), domain, static_cast<ns_type>(type), 0, found.code);
  if (rr == nullptr) return SPF_dns_rr_new_nxdomain(plug_in_.get(), domain);
  const auto& answer = found.answer;
  const std::size_t count = answer.addresses.size() + answer.mx.size() + answer.names.size();
  for (std::size_t i = 0; i < count; ++i) {
    const int index = rr->num_rr;
    bool put = false;
    if (type == ns_t_mx) {
      put = put_text(rr, index, answer.mx[i].host);
    } else if (type == ns_t_ptr) {
      put = put_text(rr, index, answer.names[i]);
    } else {
      put = put_address(rr, index, answer.addresses[i]);
    }
    if (!put) {
      fail(SpfResult::temperror, "no memory for libspf2");
      break;
    }
    rr->num_rr = index + 1;
  }
  return rr;
}

}  // namespace postern::spf2
