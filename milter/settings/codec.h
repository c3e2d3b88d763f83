// Purpose:   how one type of value is read from the file and written as YAML would write it. Every
//            setting of that type shares it, so that what is read and what is shown never part.
// Ownership: values, built once with the table.
// Threading: const after building.
// Failure:   read() answers nothing after it has put its faults where the place says.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settings/endpoints.h"
#include "settings/place.h"
#include "settings/settings.h"

namespace postern::settings {

template <typename T>
struct Codec {
  std::function<std::optional<T>(const Place&)> read;
  std::function<std::string(const T&)> show;
};

// What a scalar of one line says; nothing and a fault for a list, a map, no value, control
// characters.
std::optional<std::string> read_scalar(const Place& place);
// As a YAML flow scalar: plain where that is safe, else in double quotes.
std::string show_scalar(std::string_view text);

// `check` says what is wrong with a text that is not empty.
Codec<std::string> text(Complaint (*check)(std::string_view));
Codec<std::string> text_or_empty(Complaint (*check)(std::string_view));
Codec<std::optional<std::string>> text_or_off(Complaint (*check)(std::string_view));
Complaint any_text(std::string_view text);

Codec<bool> yes_or_no();
Codec<double> number(double smallest, double largest);
Codec<unsigned> whole_number(unsigned smallest, unsigned largest);
// Or "off".
Codec<std::optional<unsigned>> whole_number_or_off(unsigned smallest, unsigned largest);
Codec<Milliseconds> duration(Milliseconds shortest, Milliseconds longest);
Codec<std::uint64_t> size();
Codec<IpNetwork> network();
Codec<DnsServer> dns_server();
Codec<SecretFile> secret_file();
// The path alone: load.cc reads the keys, because the default path may name nothing.
Codec<TokenKeys> token_keys();
Codec<SealFile> seal_keys();
Codec<std::map<std::string, Provider>> providers();

// One of the words, each of which stands for one value.
template <typename E>
Codec<E> choice(std::vector<std::pair<std::string, E>> words) {
  return {[words](const Place& place) -> std::optional<E> {
            const auto text = read_scalar(place);
            if (!text) return std::nullopt;
            std::string expected;
            for (const auto& [word, value] : words) {
              if (*text == word) return value;
              expected += (expected.empty() ? "must be " : " or ") + word;
            }
            place.wrong(expected);
            return std::nullopt;
          },
          [words](const E& wanted) {
            for (const auto& [word, value] : words) {
              if (value == wanted) return word;
            }
            return std::string();
          }};
}

inline constexpr std::size_t kMaxItems = 10'000;

template <typename T>
Codec<std::vector<T>> list_of(Codec<T> codec) {
  return {[codec](const Place& place) -> std::optional<std::vector<T>> {
            if (place.node().kind != Node::Kind::list) {
              place.wrong("must be a list: [] or [one, two]");
              return std::nullopt;
            }
            if (place.node().items.size() > kMaxItems) {
              place.wrong("too long a list");
              return std::nullopt;
            }
            std::vector<T> values;
            for (std::size_t i = 0; i < place.node().items.size(); ++i) {
              if (auto value = codec.read(place.item(i))) values.push_back(*std::move(value));
            }
            return values;
          },
          [codec](const std::vector<T>& values) {
            std::string text;
            for (const T& value : values) text += (text.empty() ? "" : ", ") + codec.show(value);
            return "[" + text + "]";
          }};
}

}  // namespace postern::settings
