// postern_manual: a manual page's template on standard input, the page on standard output. Part of the build.
#include <cstdio>
#include <iostream>
#include <iterator>

#include "manual/pages.h"

int main() {
  const std::string page_template((std::istreambuf_iterator<char>(std::cin)), {});
  const auto page = postern::manual::page_of(page_template);
  if (!page) {
    std::fprintf(stderr, "postern_manual: %s\n", page.error().what.c_str());
    return 1;
  }
  return std::fputs(page->c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}
