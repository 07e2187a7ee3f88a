#!/usr/bin/env bash
# Prints how long each stage takes, from a fresh clone of this commit to the open shop.
#
#   scripts/times.sh           cold: nothing downloaded, nothing compiled, in a folder that goes afterwards
#   scripts/times.sh test      that, and all tests after it
#   scripts/times.sh --warm    this checkout, with what is downloaded and compiled
path=$PATH
source "$(dirname "$0")/env.sh"

warm='' tests=''
for word in "$@"; do
  case $word in
  --warm) warm=yes ;;
  test) tests=yes ;;
  *) die "times.sh knows test and --warm, not '$word'" ;;
  esac
done

scratch=$(mktemp -d)
shop=
finish() {
  if [ -n "$shop" ]; then
    kill -- "$shop" 2>/dev/null || true
    wait 2>/dev/null || true
  fi
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export TINDAHAN_TIMES=$scratch/times
: >"$TINDAHAN_TIMES"
if [ -z "$warm" ]; then
  git clone --quiet . "$scratch/clone"
  cd "$scratch/clone"
  unset CARGO_TARGET_DIR
  # Without this checkout's own tools.
  export PATH=$path XDG_CACHE_HOME=$scratch/cache CARGO_HOME=$scratch/cargo npm_config_cache=$scratch/npm PIP_CACHE_DIR=$scratch/pip
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
begun=$SECONDS
# A process group of its own, so that the server ends with it.
set -m
make serve LISTEN=127.0.0.1:"$port" ARGS="--database sqlite:$scratch/shop.db" >"$scratch/log" 2>&1 &
shop=-$!
set +m
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/"; do
  kill -0 "$shop" 2>/dev/null || { cat "$scratch/log" >&2; die 'the shop did not open'; }
  sleep 0.2
done
open=$((SECONDS - begun))
kill -- "$shop"
shop=
if [ -n "$tests" ]; then
  begun=$SECONDS
  make test >"$scratch/tests" 2>&1 || say 'not every test passed'
  grep -E '^failed|^[0-9]+ passed' "$scratch/tests" >&2 || tail -n 20 "$scratch/tests" >&2
  tested=$((SECONDS - begun))
fi

printf '%-18s %8s\n' stage seconds
awk -F '\t' '{ if (!($1 in sum)) order[++n] = $1; sum[$1] += $2 } END { for (i = 1; i <= n; i++) printf "%-18s %8d\n", order[i], sum[order[i]] }' "$TINDAHAN_TIMES"
printf '%-18s %8d\n' 'to the open shop' "$open"
if [ -n "$tests" ]; then printf '%-18s %8d\n' 'all tests, then' "$tested"; fi
