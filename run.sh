#!/bin/sh
# Runs the pinned Node 24 on what package-lock.json says, installing first when node_modules does not match it.
# Concurrent first starts are safe: the install happens once, under a lock, into a tree the others then see as done.
set -eu
cd "$(dirname "$0")"

installed() { cmp -s package-lock.json node_modules/.installed; }

if ! installed; then
  exec 9>.install.lock
  flock 9
  if ! installed; then
    echo 'tandem: installing packages by package-lock.json (once) ...' >&2
    npm ci --ignore-scripts --loglevel=error >&2
    cp package-lock.json node_modules/.installed
  fi
  exec 9>&-
fi

PATH="$PWD/node_modules/.bin:$PATH"
export PATH
exec node "$@"
