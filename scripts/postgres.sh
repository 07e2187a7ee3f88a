#!/usr/bin/env bash
# Runs a command beside a private Postgres that lives only as long: its own folder, its own free port.
#
#   scripts/postgres.sh [--durable] command...
#
# The command finds it in TINDAHAN_TEST_POSTGRES (a role that may create databases). It does not wait for the disk,
# which makes tests several times faster; --durable makes it, for measurements.
source "$(dirname "$0")/env.sh"

durable=
if [ "${1:-}" = --durable ]; then
  durable=yes
  shift
fi
[ $# -gt 0 ] || die 'postgres.sh: which command?'

bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) ||
  bin=$(dirname "$(command -v initdb)") || die 'Postgres is missing: run scripts/setup.sh test'

# Postgres refuses to run as root.
as=()
folder=$(mktemp -d "${TMPDIR:-/tmp}/tindahan-postgres.XXXXXX")
if [ "$(id -u)" = 0 ]; then
  user=postgres
  id -u $user >/dev/null 2>&1 || user=nobody
  chown $user "$folder"
  as=(runuser -u "$user" --)
fi
# Run from its own folder: the checkout may be unreadable for that user.
postgres() { (cd "$folder" && ${as[@]+"${as[@]}"} "$bin/$1" "${@:2}"); }

server=
stop() {
  local status=$?
  trap - EXIT
  if [ -n "$server" ]; then postgres pg_ctl --pgdata=data --mode=immediate --silent stop || true; fi
  rm -rf "$folder"
  exit $status
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

postgres initdb --pgdata=data --username=tindahan --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
{
  echo "listen_addresses = '127.0.0.1'"
  echo "unix_socket_directories = '$folder'"
  echo 'max_connections = 300'
  echo 'shared_buffers = 256MB'
  echo 'max_wal_size = 2GB'
  [ -n "$durable" ] || printf '%s = off\n' fsync synchronous_commit full_page_writes
} >>"$folder/data/postgresql.conf"

for _ in 1 2 3 4 5; do
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  if postgres pg_ctl --pgdata=data --log=log --wait --silent --options="-p $port" start; then
    server=$port
    break
  fi
done
[ -n "$server" ] || { cat "$folder/log" >&2; die 'Postgres did not start'; }

export TINDAHAN_TEST_POSTGRES=postgres://tindahan@127.0.0.1:$server/postgres
"$@"
