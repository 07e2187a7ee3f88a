#!/usr/bin/env bash
# A whole cluster on this machine, from the templates in deploy/: three etcd, three Postgres under Patroni, HAProxy, three tindahan with
# the demonstration shop, on free ports of 127.0.0.1. Ctrl C stops it, and all it kept goes.
#
#   scripts/cluster.sh                           starts it, and says where everything is
#   scripts/cluster.sh start FOLDER PROCESS      starts one of its processes again, such as patroni-one
#   scripts/cluster.sh add FOLDER NAME           one more tindahan: a row in the table of machines, render.sh, a reload of HAProxy
#   scripts/cluster.sh remove FOLDER NAME        stops a tindahan as a service manager does, and takes it out of the table
#
# FOLDER is what the first says: run/ has a script and a file with the process's id for each process, log/ what it wrote.
# With TINDAHAN_BINARY set nothing is built: that program is run, with TINDAHAN_SIMULATORS and the pages of TINDAHAN_SITE.
source "$(dirname "$0")/env.sh"

names=(one two three)
# Postgres and Patroni refuse to run as root.
as=()
if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=postgres --regid=postgres --init-groups); fi

free_ports() { # how many
  python3 -c '
import socket, sys
taken = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in taken: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in taken))' "$1"
}

get() { curl --silent --fail --max-time 3 --noproxy '*' "$@"; }

# A script that starts a process, and what is to be known of it.
process() { # name command
  printf '#!/usr/bin/env bash\necho $$ >%q\nexec >>%q 2>&1\ncd %q\n%s\n' "$folder/run/$1.pid" "$folder/log/$1" "$folder" "$2" >"$folder/run/$1"
  chmod +x "$folder/run/$1"
}

# In a session of its own, which Ctrl C does not reach.
start() { setsid "$folder/run/$1" </dev/null & }

id_of() { cat "$folder/run/$1.pid"; }

# Is there a process with this id, and is it one of ours? All of them run in the folder.
is_ours() { [[ -n $1 && $(readlink "/proc/$1/cwd" 2>/dev/null) = "$folder"* ]]; }

signal() { # signal id
  if is_ours "$2"; then kill "-$1" "$2" 2>/dev/null || true; fi
}

# Runs a check until it succeeds.
until_true() { # seconds what command...
  local ends=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ $SECONDS -lt $ends ] || die "$what: not in time, see $folder/log"
    sleep 0.2
  done
}

render() {
  deploy/render.sh "$folder/machines" "$folder/settings" "$folder/etc"
  local name
  for name in "${names[@]}"; do
    # On one machine it runs as whoever calls this, with as many files as that one may open, and says nothing to the system's log.
    sed -i -E '/^ +(log \/dev|chroot|user|group|maxconn) /d' "$folder/etc/$name/haproxy/haproxy.cfg"
    [ ${#as[@]} = 0 ] || chown -R postgres "$folder/etc/$name/patroni" "$folder/$name"
  done
}

reload_haproxy() {
  haproxy -c -q -f "$folder/etc/one/haproxy/haproxy.cfg"
  signal USR2 "$(id_of haproxy)"
}

# The folder of a tindahan, and its script.
tindahan() { # name
  mkdir -p "$folder/tindahan-$1"
  process "tindahan-$1" "TINDAHAN_CONFIG=$folder/etc/$1/tindahan/tindahan.toml exec $folder/tindahan serve --demo"
}

# The program with the configuration of a machine, the first by default.
program() {
  printf '#!/usr/bin/env bash\nsource %q\nexport TINDAHAN_CONFIG=${TINDAHAN_CONFIG:-%q}\nexec %q "$@"\n' \
    "$folder/environment" "$folder/etc/one/tindahan/tindahan.toml" "$TINDAHAN_BINARY" >"$folder/tindahan"
  chmod +x "$folder/tindahan"
}

# Five ports for each.
machines() {
  local n
  for n in "${!names[@]}"; do printf '%-8s 127.0.0.1  %s %s %s %s %s\n' "${names[n]}" "${ports[@]:n*5:5}"; done
}

settings() {
  local shop=${ports[15]} plain=${ports[16]} database=${ports[17]}
  sed -E '/^(FILES|PUBLIC_URL|SHOP_BIND|PLAIN_BIND|DATABASE_PORT)=/d; s/_PASSWORD=$/_PASSWORD=rehearsal/' deploy/settings.example
  cat <<EOF
PUBLIC_URL=http://127.0.0.1:$shop
SHOP_BIND=127.0.0.1:$shop
PLAIN_BIND=127.0.0.1:$plain
DATABASE_PORT=$database
FILES=folder:$folder/files
ETCD_DATA=$folder/@NAME@/etcd
POSTGRES_BIN=$bin
POSTGRES_DATA=$folder/@NAME@/postgres
POSTGRES_SOCKETS=$folder/@NAME@
PGPASS=$folder/@NAME@/pgpass
FIRST_DATABASE=$folder/etc/@NAME@/patroni/first-database
HAPROXY_SOCKET=$folder/haproxy.sock
TINDAHAN_DATA=$folder/tindahan-@NAME@
KEY_FILE=$folder/key
EOF
}

# What all tindahan have beside the file: the gateway and the mail server, which they share.
environment() {
  local gateway=${ports[18]} smtp=${ports[19]}
  process simulators "exec $(printf %q "$TINDAHAN_SIMULATORS") --gateway 127.0.0.1:$gateway --smtp 127.0.0.1:$smtp \
--webhook-url $PUBLIC_URL/webhooks/stripe --webhook-secret whsec_rehearsal"
  {
    echo "export TINDAHAN_GATEWAY_URL=http://127.0.0.1:$gateway TINDAHAN_GATEWAY_SECRET=sk_test_rehearsal"
    echo "export TINDAHAN_GATEWAY_WEBHOOK_SECRET=whsec_rehearsal TINDAHAN_SMTP=smtp://127.0.0.1:$smtp TINDAHAN_LOG_FORMAT=text"
    if [ -n "${TINDAHAN_SITE:-}" ]; then printf 'export TINDAHAN_SITE_DIR=%q\n' "$TINDAHAN_SITE"; fi
    # Limits by client, all of which come from one address here.
    { compgen -v TINDAHAN_LIMIT_ || true; } | while read -r limit; do printf 'export %s=%q\n' "$limit" "${!limit}"; done
  } >"$folder/environment"
}

make_all() {
  local name
  mkdir "$folder/run" "$folder/log" "$folder/files"
  mkdir "${names[@]/#/$folder/}"
  chmod 755 "$folder"
  read -ra ports <<<"$(free_ports 20)"
  (umask 077 && head -c 32 /dev/urandom >"$folder/key")
  machines >"$folder/machines"
  settings >"$folder/settings"
  source "$folder/settings"
  render
  environment
  program
  process haproxy "exec haproxy -W -f $folder/etc/one/haproxy/haproxy.cfg"
  for name in "${names[@]}"; do
    process "etcd-$name" "set -a; source $folder/etc/$name/default/etcd; exec ${as[*]} etcd"
    # Its own folder: the checkout may be unreadable for that user.
    process "patroni-$name" "cd $folder/$name; exec ${as[*]} patroni $folder/etc/$name/patroni/config.yml"
    tindahan "$name"
  done
  # Written by whoever runs the process.
  touch "$folder"/log/{haproxy,simulators} "${names[@]/#/$folder/log/etcd-}" "${names[@]/#/$folder/log/patroni-}"
}

database_answers() {
  PGCONNECT_TIMEOUT=2 "$bin/psql" --quiet --no-psqlrc --command 'select 1' "postgres://tindahan:$SHOP_PASSWORD@127.0.0.1:$DATABASE_PORT/shop" >/dev/null 2>&1
}

all_ready() {
  [ "$(echo 'show stat' | talk | awk -F, '$1 == "ready" && $2 != "BACKEND" && $18 == "UP"' | wc -l)" -ge ${#names[@]} ]
}

# Every Postgres runs, as the primary or a replica.
all_members_run() {
  local patroni
  for patroni in "${ports[3]}" "${ports[8]}" "${ports[13]}"; do get --output /dev/null "http://127.0.0.1:$patroni/health" || return 1; done
}

# Asks HAProxy.
talk() { python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read())
while piece := s.recv(65536): sys.stdout.buffer.write(piece)' "$folder/haproxy.sock"; }

# Ends all processes, the shop's first: at once, as nothing is kept.
stop_all() {
  local status=$? one
  trap - EXIT
  trap '' INT TERM
  say 'stopping'
  for one in "$folder"/run/{tindahan-*,patroni-*,haproxy,simulators,etcd-*}.pid; do
    [ -s "$one" ] || continue
    signal TERM "$(cat "$one")"
    # A second signal ends a tindahan without the drain.
    case $one in */tindahan-*) signal INT "$(cat "$one")" ;; esac
  done
  for one in "$folder"/*/postgres/postmaster.pid; do
    if [ -s "$one" ]; then signal QUIT "$(head -n 1 "$one")"; fi
  done
  for one in "$folder"/run/*.pid; do
    [ -s "$one" ] || continue
    for _ in $(seq 50); do
      is_ours "$(cat "$one")" || break
      sleep 0.2
    done
    signal KILL "$(cat "$one")"
  done
  if [ "$status" = 0 ] || [ "$status" = 130 ] || [ "$status" = 143 ]; then rm -rf "$folder"; else say "what it wrote is in $folder"; fi
  exit "$status"
}

run_all() {
  local name password
  for name in "${names[@]}"; do start "etcd-$name"; done
  start simulators
  start haproxy
  for name in "${names[@]}"; do start "patroni-$name"; done
  say 'the database is made: half a minute'
  until_true 120 'no primary' database_answers
  say 'the shop is filled'
  for name in "${names[@]}"; do start "tindahan-$name"; done
  until_true 180 'not all tindahan are ready' all_ready
  until_true 120 'not every Postgres runs' all_members_run
  password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(12))')
  "$folder/tindahan" admin create --email you@shop.example --name Owner <<<"$password" >"$folder/log/admin" 2>&1 ||
    die "no account was made: $(cat "$folder/log/admin")"
  say "the cluster runs; Ctrl C stops it"
  echo "shop       $PUBLIC_URL"
  echo "admin      $PUBLIC_URL/admin (you@shop.example / $password)"
  echo "primary    postgres://tindahan:$SHOP_PASSWORD@127.0.0.1:$DATABASE_PORT/shop"
  echo "folder     $folder"
  echo "program    $folder/tindahan audit"
  echo "members    patronictl -c $folder/etc/one/patroni/config.yml list"
}

bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) || bin=$(dirname "$(command -v initdb || echo /missing/initdb)")
# Debian keeps it where only root looks.
PATH=$PATH:/usr/sbin

case ${1:-} in
'')
  scripts/setup.sh cluster
  if [ -z "${TINDAHAN_BINARY:-}" ]; then
    scripts/setup.sh build
    source scripts/env.sh
    TINDAHAN_BINARY=$(scripts/build.sh)
    TINDAHAN_SITE=$site TINDAHAN_SIMULATORS=$quick/simulators
  fi
  bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) || die 'Postgres is missing'
  folder=$(mktemp -d "${TMPDIR:-/tmp}/tindahan-cluster.XXXXXX")
  trap stop_all EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  make_all
  run_all
  # A trap runs once what is waited for has ended.
  while :; do sleep 1 & wait $!; done
  ;;
start)
  folder=$2
  start "$3"
  ;;
add)
  folder=$2
  source "$folder/settings"
  printf '%-8s 127.0.0.1  - - - - %s\n' "$3" "$(free_ports 1)" >>"$folder/machines"
  render
  tindahan "$3"
  start "tindahan-$3"
  address=$(awk -v name="$3" '$1 == name { print $2 ":" $NF }' "$folder/machines")
  until_true 60 "$3 is not ready" get --output /dev/null "http://$address/health/ready"
  reload_haproxy
  ;;
remove)
  folder=$2
  source "$folder/settings"
  signal TERM "$(id_of "tindahan-$3")"
  while is_ours "$(id_of "tindahan-$3")"; do sleep 0.2; done
  awk -v name="$3" '$1 == name { $NF = "-" } { print }' "$folder/machines" >"$folder/machines.new"
  mv "$folder/machines.new" "$folder/machines"
  render
  reload_haproxy
  ;;
*) die "cluster.sh knows start, add and remove, not '$1'" ;;
esac
