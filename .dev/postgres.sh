# A throw-away Postgres for tests, checks and benchmarks, on a Unix socket in a folder of its own. Sourced by ./dev.
#
#   pg_start NAME [PLACE]   starts a cluster, sets PG_URL (superuser, database "postgres") and PG_FOLDER; fast, not durable
#   pg_stop                 stops it and removes the folder; runs by itself when ./dev ends

PG_FOLDER=

# Postgres refuses to run as root, so root runs it as the user that Debian's package made.
as_pg() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups env -C / HOME="$PG_FOLDER" "$@"
  else env -C / "$@"; fi
}

# A folder in memory where there is much of it: file systems are slow at making and removing hundreds of databases.
pg_in_memory() {
  local free; free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
  if [ "${free:-0}" -gt 6000000 ] && [ "$(awk '/MemAvailable/ { print $2 }' /proc/meminfo)" -gt 12000000 ]; then
    echo /dev/shm
  else
    echo /tmp
  fi
}

pg_start() {
  PG_FOLDER=$(mktemp -d "${2:-/tmp}/audienceos-$1.XXXXXX")
  if [ "$(id -u)" = 0 ]; then chown postgres "$PG_FOLDER"; fi
  quiet initdb as_pg "$PG_BIN/initdb" -D "$PG_FOLDER/data" -U audienceos -A trust --no-sync -E UTF8 --locale=C.UTF-8
  cat >>"$PG_FOLDER/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$PG_FOLDER'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 256MB
jit = off
CONF
  quiet postgres as_pg "$PG_BIN/pg_ctl" -D "$PG_FOLDER/data" -l "$PG_FOLDER/log" -w -t 60 start
  PG_URL="postgres:///postgres?host=$PG_FOLDER&user=audienceos"
}

pg_stop() {
  [ -n "$PG_FOLDER" ] || return 0
  as_pg "$PG_BIN/pg_ctl" -D "$PG_FOLDER/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$PG_FOLDER"
  PG_FOLDER=
}

pg_database() { "$PG_BIN/psql" -qAt "$PG_URL" -c "create database $1"; }
pg_url() { echo "postgres:///$1?host=$PG_FOLDER&user=audienceos"; }
