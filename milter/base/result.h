// Purpose:   expected failures as values: Result<T> holds a T or an Error, Status holds nothing or
//            one.
// Ownership: values; an Error owns its text.
// Threading: like any value.
// Failure:   asking a failed Result for its value is a programming error and terminates.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace postern {

// Temporary and permanent never merge: a temporary failure ends in a 4xx, TEMP or a retry.
enum class Permanence { temporary, permanent };

struct Error {
  Permanence permanence = Permanence::permanent;
  std::string what;  // one line, for people; never holds a secret
};

inline Error temporary_error(std::string what) {
  return Error{Permanence::temporary, std::move(what)};
}
inline Error permanent_error(std::string what) {
  return Error{Permanence::permanent, std::move(what)};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Error error)
      : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& { return std::get<0>(held_); }
  T& value() & { return std::get<0>(held_); }
  T&& value() && { return std::get<0>(std::move(held_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const { return std::get<1>(held_); }

 private:
  std::variant<T, Error> held_;
};

using Status = Result<std::monostate>;
inline Status success() { return std::monostate{}; }

// For std::visit with one lambda per alternative.
template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace postern
