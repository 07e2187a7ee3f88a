#!/usr/bin/env bash
# Writes the configuration of every machine into a folder of its own, as the files lie below /etc there.
#
#   deploy/render.sh [machines] [settings] [folder]      by default deploy/machines, deploy/settings and deploy/out
#
# In templates/ a name between two @ is a column of the machine's row, a setting, or one of the lists that are made below.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
machines=${1:-$here/machines}
settings=${2:-$here/settings}
out=${3:-$here/out}

die() { printf 'error: %s\n' "$*" >&2; exit 1; }

[ -r "$machines" ] || die "there is no table of machines $machines"
[ -r "$settings" ] || die "there are no settings $settings: copy settings.example and fill it in"
# shellcheck source=/dev/null
source "$settings"
for password in SUPERUSER REPLICATION REWIND PATRONI SHOP; do
  value=${password}_PASSWORD
  [[ ${!value:-} =~ ^[A-Za-z0-9]+$ ]] || die "$value in $settings is to be letters and digits"
done

# Without these a picture would be found only on the machine that it was uploaded to.
FILES_FOLDER=
case ${FILES:-} in
  folder:*)
    FILES_FOLDER=${FILES#folder:}
    [[ $FILES_FOLDER =~ ^/[^[:space:]@%\"\\]+$ ]] || die "FILES in $settings: write folder:/PATH, without spaces, @, % and quotes"
    ;;
  s3://?*)
    for value in FILES_ACCESS_KEY FILES_SECRET_KEY; do
      [ -n "${!value:-}" ] || die "$value in $settings: the bucket of FILES needs it"
    done
    ;;
  *) die "FILES in $settings: write s3://BUCKET, s3://BUCKET/PREFIX or folder:/PATH, where all machines find the pictures" ;;
esac
for value in FILES FILES_ENDPOINT FILES_REGION FILES_ACCESS_KEY FILES_SECRET_KEY; do
  [[ ${!value:-} =~ ^[^[:space:]@\"\\]*$ ]] || die "$value in $settings is to be without spaces, @ and quotes"
done

rows() { awk 'NF && $1 !~ /^#/' "$machines"; }
columns=(NAME ADDRESS ETCD ETCD_PEERS POSTGRES PATRONI TINDAHAN)
[ -n "$(rows)" ] || die "$machines names no machine"
rows | awk -v n=${#columns[@]} -v file="$machines" 'NF != n { print "error: " file ": " NF " columns where there are " n ": " $0; exit 1 }' >&2

# The text with every name replaced by its value, in which there may be names again.
fill() { # text
  local text=$1 name
  while [[ $text =~ @([A-Z_]+)@ ]]; do
    name=${BASH_REMATCH[1]}
    [ -n "${!name+set}" ] || die "@$name@ has no value: set it in $settings"
    text=${text//"@$name@"/"${!name}"}
  done
  printf '%s\n' "$text"
}

# A text for each machine that has this part.
each() { # column text
  while read -r "${columns[@]}"; do
    if [ "${!1}" != - ]; then fill "$2"; fi
  done < <(rows)
}

with_commas() { # column text
  each "$@" | paste -sd , -
}

# The lists that name all machines.
ETCD_CLUSTER=$(with_commas ETCD '@NAME@=http://@ADDRESS@:@ETCD_PEERS@')
ETCD_HOSTS=$(with_commas ETCD '@ADDRESS@:@ETCD@')
ADDRESSES=$(with_commas NAME '"@ADDRESS@"')
POSTGRES_CLIENTS=$(each NAME '    - host all all @ADDRESS@/32 scram-sha-256')
POSTGRES_REPLICAS=$(each POSTGRES '    - host replication replicator @ADDRESS@/32 scram-sha-256')
# tcp-ut stands on each line, as HAProxy 2.6 does not take it over from default-server. Not for tindahan, which may leave an upload unread for
# longer until it has room for it.
POSTGRES_SERVERS=$(each POSTGRES '    server @NAME@ @ADDRESS@:@POSTGRES@ check port @PATRONI@ tcp-ut 20s')
TINDAHAN_SERVERS=$(each TINDAHAN '    server @NAME@ @ADDRESS@:@TINDAHAN@')

write() { # template file mode
  mkdir -p "$(dirname "$2")"
  local text
  text=$(fill "$(cat "$here/templates/$1")")
  # Most of them hold a password.
  (umask 077 && printf '%s\n' "$text" >"$2")
  chmod "$3" "$2"
}

while read -r "${columns[@]}"; do
  to=$out/$NAME
  [ "$ETCD" = - ] || write etcd "$to/default/etcd" 644
  if [ "$POSTGRES" != - ]; then
    write patroni.yml "$to/patroni/config.yml" 640
    write first-database "$to/patroni/first-database" 750
  fi
  write haproxy.cfg "$to/haproxy/haproxy.cfg" 644
  if [ "$TINDAHAN" != - ]; then
    write tindahan.toml "$to/tindahan/tindahan.toml" 640
    write pictures.conf "$to/systemd/system/tindahan.service.d/pictures.conf" 644
  fi
done < <(rows)
