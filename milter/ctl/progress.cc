#include "ctl/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace postern::ctl {
namespace {

constexpr std::size_t kWidth = 30;
constexpr std::chrono::milliseconds kEvery{100};

}  // namespace

Progress::Progress(std::string label, std::size_t total)
    : label_(std::move(label)), total_(total), is_shown_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (is_shown_) std::fprintf(stderr, "\r\x1b[K");
}

void Progress::show(std::size_t done) {
  if (!is_shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_ && done != total_) return;
  next_ = now + kEvery;
  if (total_ == 0) {
    std::fprintf(stderr, "\r%s %zu\x1b[K", label_.c_str(), done);
    return;
  }
  const std::size_t filled = kWidth * std::min(done, total_) / total_;
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  std::fprintf(stderr, "\r%s [%s] %zu of %zu\x1b[K", label_.c_str(), bar.c_str(), done, total_);
}

}  // namespace postern::ctl
