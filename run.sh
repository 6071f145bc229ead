#!/bin/sh
# Runs the pinned Node 24 on what package-lock.json says, installing first when node_modules does not match it.
# Concurrent first starts are safe: the install happens once, under a lock, and npm removes node_modules/.installed
# before it begins, so that an install that was killed is seen as none.
set -eu
cd "$(dirname "$0")"

installed() { cmp -s package-lock.json node_modules/.installed; }

# Locks descriptor 9 until this process ends, however it ends. macOS has no flock, but perl.
lock() { flock 9 2>/dev/null || perl -e 'open(L, ">&=9") && flock(L, 2) or exit 1' 2>/dev/null || true; }

if ! installed; then
  if ! command -v npm >/dev/null; then
    echo 'tandem: npm is not here: install Node 20 or newer, with npm [NPM_MISSING]' >&2
    exit 2
  fi
  exec 9>.install.lock
  lock
  if ! installed; then
    echo 'tandem: installing packages by package-lock.json (once) ...' >&2
    if ! npm ci --ignore-scripts --loglevel=error >&2; then
      echo 'tandem: npm ci failed, see above: put it right and start again, nothing else is needed [INSTALL_FAILED]' >&2
      exit 2
    fi
    cp package-lock.json node_modules/.installed
  fi
  exec 9>&-
fi

PATH="$PWD/node_modules/.bin:$PATH"
export PATH
# Node is pinned for Linux (glibc) on x64 and arm64; elsewhere the host's own must do.
if [ ! -x node_modules/.bin/node ] && ! node -e 'process.exit(parseInt(process.versions.node) < 24 ? 1 : 0)'; then
  echo 'tandem: no Node is pinned for this platform, and its own is older than 24: install Node 24 [NODE_OLD]' >&2
  exit 2
fi
exec node "$@"
