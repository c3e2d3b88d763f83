// How much the sender may still send: asked early from memory, reserved when all else is decided, given
// back where the message is not taken after all.
#include "session/transaction.h"

namespace postern::session {

// Nothing: whoever this is may send as much as he likes.
std::optional<ports::SendingRequest> Transaction::sending_request() const {
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing == nullptr || outgoing->domain == nullptr) return std::nullopt;
  if (services_.sending_limits == nullptr) return std::nullopt;
  ports::SendingRequest request;
  request.caps = decide::caps_of(*snapshot_, *outgoing->domain, rules_->sending_caps);
  if (!request.caps.any()) return std::nullopt;
  request.account = outgoing->account;
  request.id = id_;
  request.recipients = static_cast<std::uint32_t>(recipients_.size());
  return request;
}

// MAIL. Saves the sender the way to the end; what is not certain is left to it.
std::optional<mail::Reply> Transaction::refuse_full_account() const {
  const auto request = sending_request();
  if (!request || explained_ != nullptr) return std::nullopt;
  if (!services_.sending_limits->is_full(request->account, request->caps)) return std::nullopt;
  return decide::limit_reply(decide::SendingLimit::messages);
}

// End of message. Nothing: counted.
std::optional<mail::Reply> Transaction::reserve_sending(
    const ports::SendingRequest& request) const {
  std::optional<decide::SendingLimit> refused;
  if (explained_ == nullptr) {
    refused = services_.sending_limits->reserve(request).refused;
  } else {
    const decide::SendingUse use = services_.sending_limits->last_known(request.account);
    refused = decide::limit_in_the_way(use, request.recipients, request.caps);
    const auto most = [](const std::optional<std::uint32_t>& cap) {
      return cap ? " of " + std::to_string(*cap) : std::string(" (no limit)");
    };
    explained_->sender.add("sending limit", request.account,
                           std::to_string(use.messages) + most(request.caps.messages) +
                               " messages and " + std::to_string(use.recipients) +
                               most(request.caps.recipients) +
                               " recipients in 24 hours, as far as this node has heard",
                           refused ? decide::Effect::applied : decide::Effect::no_match);
  }
  if (!refused) return std::nullopt;
  return decide::limit_reply(*refused);
}

}  // namespace postern::session
