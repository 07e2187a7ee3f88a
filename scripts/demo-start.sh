#!/usr/bin/env bash
# Prints how long a program takes to open the demonstration shop with its past, on an empty database: until it is ready, and
# until its home page is there. Three times on SQLite; once on Postgres where TINDAHAN_TEST_POSTGRES names one:
#
#   scripts/demo-start.sh dist/tindahan
#   scripts/postgres.sh --durable scripts/demo-start.sh dist/tindahan
set -euo pipefail
program=$(realpath "${1:?which program?}")

since() { echo $((($(date +%s%N) - $1) / 1000000)); }

measure() { # name database
  local folder port begun child
  folder=$(mktemp -d)
  port=$((20000 + RANDOM % 20000))
  begun=$(date +%s%N)
  (cd "$folder" && exec "$program" serve --demo --database "$2" --listen "127.0.0.1:$port" >log 2>&1) &
  child=$!
  until curl -fs -o /dev/null "http://127.0.0.1:$port/health/ready"; do
    kill -0 $child 2>/dev/null || { tail -n 5 "$folder/log"; exit 1; }
    sleep 0.02
  done
  local ready
  ready=$(since "$begun")
  curl -fs "http://127.0.0.1:$port/" | grep -q '</html>'
  echo "$1: ready after $ready ms, its home page after $(since "$begun") ms"
  kill $child
  wait $child 2>/dev/null || true
  rm -rf "$folder"
}

if [ -n "${TINDAHAN_TEST_POSTGRES:-}" ]; then
  name=demo_$$
  psql -q "$TINDAHAN_TEST_POSTGRES" -c "create database $name"
  measure Postgres "${TINDAHAN_TEST_POSTGRES%/*}/$name"
else
  for _ in 1 2 3; do measure SQLite sqlite:shop.db; done
fi
