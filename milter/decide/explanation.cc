#include "decide/explanation.h"

namespace postern::decide {

std::string_view to_string(Effect effect) {
  switch (effect) {
    case Effect::applied:
      return "applied";
    case Effect::no_match:
      return "no match";
    case Effect::overruled:
      return "overruled";
    case Effect::not_looked_at:
      return "not looked at";
    case Effect::unavailable:
      return "unavailable";
  }
  return "";
}

}  // namespace postern::decide
