# Everything that must hold before a change lands. Sourced by ./dev; `cmd_test` is its only entry.

PEERS_AIOSMTPD=1.4.6
SERVER_PID=

setup_peers() {
  have python3 || apt_install python3
  local root="$CACHE/peers-python-$PEERS_AIOSMTPD"
  if [ ! -x "$root/bin/python" ] || ! "$root/bin/python" -c 'import aiosmtpd' 2>/dev/null; then
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    say "installing the independent mail server for tests"
    rm -rf "$root"
    quiet peers-venv python3 -m venv "$root"
    quiet peers-pip "$root/bin/pip" install --disable-pip-version-check "aiosmtpd==$PEERS_AIOSMTPD"
  fi
  export AUDIENCEOS_PEER_PYTHON="$root/bin/python"
}

# start_server NAME PORT DATABASE_URL [command before]: the built server with a data folder of its own.
start_server() {
  SERVER_DATA=$(mktemp -d "/tmp/audienceos-$1-data.XXXXXX")
  DATABASE_URL=$3 AUDIENCEOS_DATA=$SERVER_DATA AUDIENCEOS_ADDRESS=127.0.0.1:$2 \
    AUDIENCEOS_LIMIT_SIGN_IN=10000 AUDIENCEOS_LIMIT_API=1000000 \
    "${SERVER_BIN:-target/debug/audienceos}" serve >"$SERVER_DATA/server.log" 2>&1 &
  SERVER_PID=$!
  for _ in $(seq 300); do
    curl -sf -o /dev/null "http://127.0.0.1:$2/readyz" && return
    kill -0 "$SERVER_PID" 2>/dev/null || break
    sleep 0.1
  done
  cat "$SERVER_DATA/server.log" >&2
  fail "the server did not start"
}

stop_server() {
  [ -n "$SERVER_PID" ] || return 0
  kill "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  rm -rf "$SERVER_DATA"
  SERVER_PID=
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

check_sqlx() {
  say "queries against the migrations"
  write_sqlx "$ROOT/target/sqlx-fresh"
  diff -rq "$ROOT/target/sqlx-fresh" src/store/.sqlx >&2 ||
    fail "src/store/.sqlx is not fresh: run ./dev prepare and commit what it writes"
}

check_migrations() {
  say "migrations: up, down and up again"
  pg_database migrations
  local url; url=$(pg_url migrations)
  dump() { "$PG_BIN/pg_dump" --schema-only --no-owner "$url" | grep -vE '^\\(un)?restrict|^--' >"target/schema-$1.sql"; }
  DATABASE_URL=$url target/debug/audienceos migrate; dump first
  DATABASE_URL=$url target/debug/audienceos migrate --undo
  local left; left=$("$PG_BIN/psql" -qAt "$url" -c "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'S') and c.relname <> '_sqlx_migrations'")
  [ "$left" = 0 ] || fail "the down migrations leave $left tables behind"
  DATABASE_URL=$url target/debug/audienceos migrate; dump second
  diff target/schema-first.sql target/schema-second.sql >&2 || fail "the schema differs after down and up"
}

# Every command that README and docs name is there, and the harmless ones run.
check_docs() {
  say "commands in the docs"
  local word
  for word in $(grep -ohE '\./dev [a-z]+' README.md docs/*.md docs/adr/*.md | cut -d' ' -f2 | sort -u); do
    cmd_help | grep -q "^\./dev $word" || fail "the docs name ./dev $word, which is not there"
  done
  for word in $(grep -ohE '`audienceos [a-z]+' README.md docs/*.md docs/adr/*.md | cut -d' ' -f2 | sort -u); do
    target/debug/audienceos help "$word" >/dev/null || fail "the docs name audienceos $word, which is not there"
  done
  target/debug/audienceos version >/dev/null
  DATABASE_URL=$(pg_url migrations) AUDIENCEOS_DATA=$(mktemp -d /tmp/audienceos-doctor.XXXXXX) target/debug/audienceos doctor >&2
}

check_browser() {
  say "browser tests"
  pg_database end2end
  local port; port=$(free_port)
  start_server end2end "$port" "$(pg_url end2end)"
  E2E_URL="http://localhost:$port" E2E_DATA=$SERVER_DATA env -C end2end \
    node_modules/.bin/playwright test "$@" || { tail -n 30 "$SERVER_DATA/server.log" >&2; fail "browser tests failed"; }
  if grep -q "panicked" "$SERVER_DATA/server.log"; then
    grep -A 12 "panicked" "$SERVER_DATA/server.log" | head -n 60 >&2
    fail "the server panicked during the browser tests"
  fi
  stop_server
}

cmd_test() {
  trap 'stop_server; pg_stop' EXIT
  setup_test; setup_peers
  export AUDIENCEOS_SHARED=${AUDIENCEOS_SHARED:-$ROOT/../shared}
  say "format"
  cargo fmt --check || fail "run cargo fmt"
  pg_start test
  check_sqlx
  say "clippy"
  cargo clippy --quiet --workspace --exclude frontend --all-targets -- -D warnings
  cargo clippy --quiet -p frontend --target wasm32-unknown-unknown --profile wasm-dev -- -D warnings
  build
  check_migrations
  check_docs
  say "tests against Postgres"
  DATABASE_URL=$PG_URL CI=${CI:-} cargo nextest run --workspace --exclude frontend
  check_browser
  # The runner of the tests keeps what passing ones print to itself.
  if [ ! -d "$AUDIENCEOS_SHARED" ]; then
    grep -ohE 'shared\("[a-z_ ]+"' -r server/tests | cut -d'"' -f2 | sort -u | sed 's/^/not run: /'
  fi
  say "everything holds"
}
