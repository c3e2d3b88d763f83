# shellcheck shell=bash
# What the scripts share: which Debian packages are needed for what (the one list), installing them,
# and configuring a build. To be sourced.

POSTERN_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Another clone of the same source finds what this one has compiled.
export CCACHE_BASEDIR=$POSTERN_ROOT CCACHE_NOHASHDIR=1
# The tests share precompiled headers; what ccache asks for with those.
export CCACHE_SLOPPINESS=pch_defines,time_macros

# Debian 12 names. `build` is all that cmake asks for; `runtime` is what `scripts/run` starts beside
# posternd; `test` adds the real servers and second opinions of the tests; `lint` the checkers.
declare -A POSTERN_PACKAGES=(
  [build]="g++ cmake ninja-build ccache pkg-config git
    libssl-dev nlohmann-json3-dev libcli11-dev prometheus-cpp-dev libsqlitecpp-dev
    libsqlite3-dev libcurl4-openssl-dev libyaml-cpp-dev libcpp-httplib-dev libhiredis-dev
    libgmime-3.0-dev libidn2-dev libsystemd-dev libopendkim-dev libmilter-dev
    libc-ares-dev libpsl-dev libre2-dev libarchive-dev libmagic-dev libspf2-dev libpugixml-dev
    libsodium-dev libzstd-dev libgtest-dev libgmock-dev libbenchmark-dev"
  [runtime]="postfix redis-server openssl python3 python3-aiosmtpd python3-yaml python3-dkim
    python3-nacl python3-redis publicsuffix"
  [test]="python3-pytest python3-pytest-xdist python3-dnspython python3-spf spamd spamassassin rspamd clamav-daemon sqlite3
    python3-authres python3-cryptography libsasl2-modules python3-jsonschema libpython3.11-testsuite python3-flufl.bounce
    dovecot-imapd dovecot-lmtpd zsh fish bash-completion mandoc man-db"
  [lint]="clang-format clang-tidy shellcheck pyflakes3"
  [verifiers]="nodejs npm"
  [package]="lintian dpkg-dev debootstrap"
  [fuzz]="clang"
)

say() { printf '%s\n' "== $*"; }
die() { printf '%s\n' "${0##*/}: $*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root or sudo: $*"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# ensure_packages SET...: installs what is missing of these sets, and starts nothing: the servers that
# come along (Postfix, Redis, spamd, rspamd) would take the standard ports of this machine. A service
# that was here before is left as it is.
ensure_packages() {
  local set package missing=()
  for set in "$@"; do
    [ -n "${POSTERN_PACKAGES[$set]:-}" ] || die "no such package set: $set"
    for package in ${POSTERN_PACKAGES[$set]}; do
      is_installed "$package" || missing+=("$package")
    done
  done
  [ "${#missing[@]}" -gt 0 ] || return 0

  say "installing: ${missing[*]}"
  local before guard=/usr/sbin/policy-rc.d guarded=no status=0
  before=$(dpkg-query -W -f '${Package}\n' | sort -u)
  if [ ! -e "$guard" ]; then
    # 101: "do not start"; invoke-rc.d and deb-systemd-invoke both ask it.
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
    as_root chmod 755 "$guard"
    guarded=yes
    # Left behind, it would keep every service of this machine from starting, for ever.
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    trap 'exit 130' INT TERM
  fi
  local log=$POSTERN_ROOT/build/apt.log
  mkdir -p "$POSTERN_ROOT/build"
  {
    as_root apt-get -q update &&
      # Postfix: the debconf choice that asks nothing and writes no main.cf.
      printf 'postfix postfix/main_mailer_type select No configuration\n' | as_root debconf-set-selections &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 install "${missing[@]}"
  } >"$log" 2>&1 || status=$?
  if [ "$guarded" = yes ]; then
    as_root rm -f "$guard"
    trap - EXIT INT TERM
  fi
  [ "$status" -eq 0 ] || { tail -n 30 "$log" >&2; die "apt-get failed; all of it is in $log"; }
  disable_new_services "$before"
}

# Keeps the services of packages that were not installed before from starting at the next boot.
disable_new_services() {
  command -v systemctl >/dev/null || return 0
  local package unit
  for package in $(comm -13 <(printf '%s\n' "$1") <(dpkg-query -W -f '${Package}\n' | sort -u)); do
    case $package in
      postfix | redis-server | spamd | spamassassin | rspamd | clamav-daemon | clamav-freshclam) ;;
      *) continue ;;
    esac
    for unit in $(dpkg-query -L "$package" | grep -E '/systemd/system/[^/@]+\.(service|socket|timer)$'); do
      as_root systemctl -q disable "${unit##*/}" 2>/dev/null || true
    done
  done
}

# How many compilers at once: one a core, and 1 GiB for each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  if [ "$memory" -lt "$cores" ]; then echo "$memory"; else echo "$cores"; fi
}

# configure PRESET
configure() {
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_C_COMPILER_LAUNCHER=ccache)
  fi
  (cd "$POSTERN_ROOT" && cmake --preset "$1" "${launcher[@]}" >"$POSTERN_ROOT/build/$1.configure.log" 2>&1) ||
    { cat "$POSTERN_ROOT/build/$1.configure.log" >&2; die "cmake --preset $1 failed"; }
}

# build PRESET [TARGET...]
build() {
  local preset=$1 targets=()
  shift
  [ "$#" -eq 0 ] || targets=(--target "$@")
  mkdir -p "$POSTERN_ROOT/build"
  configure "$preset"
  cmake --build "$POSTERN_ROOT/build/$preset" -j "$(build_jobs)" "${targets[@]}"
}
