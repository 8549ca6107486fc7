#!/bin/sh
# From an untouched Debian 12 to a first result: installs the packages, builds, completes the table that the project
# ships, and says where the report is. Run it from anywhere; it works in the project's folder.
set -eu
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*" >&2; }

# Packages of the list that are not installed yet.
missing_packages() {
  while read -r package; do
    case $package in '' | '#'*) continue ;; esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
  done <packages/core.txt
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
  missing=$(missing_packages)
  if [ -n "$missing" ]; then
    say "installing $missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086  # one word per package
    as_root apt-get install -y -qq --no-install-recommends $missing >&2
  else
    say "all packages of packages/core.txt are installed"
  fi
else
  say "this system has no apt-get: install what packages/core.txt lists (names of Debian 12) yourself"
fi

if [ "${1:-}" = --packages-only ]; then exit 0; fi

say "building"
cmake --preset release >&2
cmake --build --preset release --target rankflow_cli >&2

say "completing data/covid19_serology.csv"
mkdir -p out
build/release/rankflow complete data/covid19_serology.csv -o out/completed.csv --report out --quiet
printf '\nThe report: %s\n' out/report.html
