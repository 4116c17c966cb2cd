#!/usr/bin/env bash
# Installs the programs that some tests drive, those of them that are missing (Debian and its kin, as root): browsers,
# ffmpeg for video, PostgreSQL. What is still missing afterwards is named, and its tests are skipped; nothing else needs it.
set -euo pipefail

declare -A programs=(
  [chromium]=/usr/bin/chromium
  [firefox-esr]=/usr/bin/firefox-esr
  [ffmpeg]=/usr/bin/ffprobe
  [postgresql]='/usr/lib/postgresql/*/bin/initdb'
)

# The packages whose program is not there.
missing() {
  local package
  for package in "${!programs[@]}"; do
    compgen -G "${programs[$package]}" >/dev/null || printf '%s\n' "$package"
  done
}

give_up() {
  printf '\n*** not installed: %s (%s)\n*** The tests that need it will be skipped: NOT TESTED.\n\n' \
    "$(missing | paste -sd ' ')" "$1" >&2
  exit 1
}

[[ -n "$(missing)" ]] || exit 0
command -v apt-get >/dev/null || give_up 'this system has no apt-get; install it by hand'
[[ "$(id -u)" == 0 ]] || give_up "run 'sudo scripts/install-test-tools.sh'"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || give_up 'apt-get update failed'
# One by one, so that what one system lacks does not keep the others away.
for package in $(missing); do
  apt-get install -y -qq --no-install-recommends "$package" >/dev/null || true
done
[[ -z "$(missing)" ]] || give_up 'apt-get install failed'
