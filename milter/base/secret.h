// Purpose:   a private key or password that cannot slip into a log: nothing prints it, it is wiped
//            when it dies, and reading it is spelled reveal().
// Ownership: owns its bytes; copies are copies of the secret, each wiped.
// Threading: like any value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace postern {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      value_ = other.value_;
    }
    return *this;
  }
  // A moved-from short string keeps its bytes in place: copy, then wipe the source.
  // NOLINTNEXTLINE(performance-move-constructor-init, cert-oop11-cpp)
  Secret(Secret&& other) noexcept : value_(other.value_) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      value_ = other.value_;
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  bool empty() const { return value_.empty(); }
  std::string_view reveal() const { return value_; }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  void wipe() noexcept;
  std::string value_;
};

}  // namespace postern
