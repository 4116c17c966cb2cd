#!/usr/bin/env bash
# Installs the browser that the browser tests drive, where it is missing (Debian and its kin, as root).
# Without it those tests are skipped, and the run says so; nothing else needs it.
set -euo pipefail

if [[ -x /usr/bin/chromium ]]; then
  exit 0
fi
give_up() {
  printf '\n*** chromium is not installed: %s\n*** The browser tests will be skipped: NOT TESTED.\n\n' "$1" >&2
  exit 1
}
command -v apt-get >/dev/null || give_up 'this system has no apt-get; install chromium by hand'
[[ "$(id -u)" == 0 ]] || give_up "run 'sudo scripts/install-browser.sh'"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || give_up 'apt-get update failed'
apt-get install -y -qq --no-install-recommends chromium >/dev/null || give_up 'apt-get install failed'
[[ -x /usr/bin/chromium ]] || give_up 'the package has no /usr/bin/chromium'
