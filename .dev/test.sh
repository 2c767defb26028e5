# Everything that must hold before a change lands. Sourced by ./dev; `cmd_test` is its only entry.

PEERS_AIOSMTPD=1.4.6
PEERS_EMULATE=0.12.2
PEERS_GOOGLE_ADS=34.0.0
PEERS_NODE=("@stoplight/prism-cli@5.14.2" "graphql@16.15.0" "@graphql-tools/mock@9.1.14" "mountebank@2.9.1")
SERVER_PID=
OTHER_PID=
STAND_IN_PID=

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
  # With Python's own tests come the mails that it reads in them: ours reads them, too.
  "$AUDIENCEOS_PEER_PYTHON" -c 'import test.test_email' 2>/dev/null ||
    apt_install "libpython$("$AUDIENCEOS_PEER_PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-testsuite"
  export AUDIENCEOS_PEER_EMULATE="$CACHE/peers-emulate-$PEERS_EMULATE"
  if [ ! -f "$AUDIENCEOS_PEER_EMULATE/node_modules/emulate/dist/index.js" ]; then
    say "installing the independent Google for tests"
    mkdir -p "$AUDIENCEOS_PEER_EMULATE"
    quiet peers-emulate npm install --prefix "$AUDIENCEOS_PEER_EMULATE" --no-audit --no-fund \
      "emulate@$PEERS_EMULATE" "node@$NODE_VERSION"
  fi
  setup_provider_peers
  # Mailboxes and the way out of them: real servers that the tests configure and start themselves, on ports of their own.
  if [ ! -x /usr/sbin/dovecot ]; then
    apt_install dovecot-imapd dovecot-submissiond openssl
    # Debian's package starts a mail server of its own, which nobody asked for here.
    as_root systemctl disable --now dovecot.service dovecot.socket >/dev/null 2>&1 || as_root service dovecot stop >/dev/null 2>&1 || true
  fi
  export AUDIENCEOS_PEER_DOVECOT=/usr/sbin/dovecot
}

# What judges the providers' clients: specifications by Prism, Shopify's schema by a GraphQL mock, Google Ads' own
# package; and mountebank, which answers with faults.
setup_provider_peers() {
  local node; node="$CACHE/peers-node-$(printf '%s\n' "${PEERS_NODE[@]}" | sha256sum | cut -c1-12)"
  if [ ! -f "$node/complete" ]; then
    say "installing the judges of providers' requests for tests"
    mkdir -p "$node"
    quiet peers-node npm install --prefix "$node" --no-audit --no-fund "${PEERS_NODE[@]}"
    touch "$node/complete"
  fi
  export AUDIENCEOS_PEER_NODE=$node
  local ads="$CACHE/peers-google-ads-$PEERS_GOOGLE_ADS"
  if ! "$ads/bin/python" -c 'import google.ads.googleads' 2>/dev/null; then
    say "installing Google Ads' own package for tests"
    rm -rf "$ads"
    quiet peers-google-ads-venv python3 -m venv "$ads"
    quiet peers-google-ads-pip "$ads/bin/pip" install --disable-pip-version-check "google-ads==$PEERS_GOOGLE_ADS"
  fi
  export AUDIENCEOS_PEER_GOOGLE_ADS="$ads/bin/python"
}

# start_server NAME PORT DATABASE_URL [command before]: the built server with a data folder of its own.
start_server() {
  SERVER_DATA=$(mktemp -d "/tmp/audienceos-$1-data.XXXXXX")
  DATABASE_URL=$3 AUDIENCEOS_DATA=$SERVER_DATA AUDIENCEOS_ADDRESS=127.0.0.1:$2 \
    AUDIENCEOS_LIMIT_SIGN_IN=10000 AUDIENCEOS_LIMIT_API=1000000 \
    "${SERVER_BIN:-target/debug/audienceos}" serve >"$SERVER_DATA/server.log" 2>&1 &
  SERVER_PID=$!
  server_ready "$2" "$SERVER_PID" "$SERVER_DATA/server.log"
}

# server_ready PORT PID LOG: waits until it serves.
server_ready() {
  for _ in $(seq 300); do
    curl -sf -o /dev/null "http://127.0.0.1:$1/readyz" && return
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  cat "$3" >&2
  fail "the server did not start"
}

# start_servers NAME PORT OTHER_PORT DATABASE_URL: the same, and beside it another server of the same installation, which leaves
# work to the first.
start_servers() {
  start_server "$1" "$2" "$4"
  DATABASE_URL=$4 AUDIENCEOS_DATA=$SERVER_DATA AUDIENCEOS_ADDRESS=127.0.0.1:$3 \
    AUDIENCEOS_LIMIT_SIGN_IN=10000 AUDIENCEOS_LIMIT_API=1000000 \
    env -u AUDIENCEOS_REHEARSAL "${SERVER_BIN:-target/debug/audienceos}" serve --no-worker >"$SERVER_DATA/other.log" 2>&1 &
  OTHER_PID=$!
  server_ready "$3" "$OTHER_PID" "$SERVER_DATA/other.log"
}

# start_stand_in PORT URL: the provider of the browser tests, with an independent Google behind it for consent.
start_stand_in() {
  node end2end/stand-in.mjs "$1" "$2" >&2 &
  STAND_IN_PID=$!
  for _ in $(seq 300); do
    curl -sf -o /dev/null "http://localhost:$1/_ready" && return
    kill -0 "$STAND_IN_PID" 2>/dev/null || break
    sleep 0.1
  done
  fail "the stand-in for providers did not start"
}

stop_stand_in() {
  [ -n "$STAND_IN_PID" ] || return 0
  kill "$STAND_IN_PID" 2>/dev/null || true
  wait "$STAND_IN_PID" 2>/dev/null || true
  STAND_IN_PID=
}

stop_server() {
  [ -n "$SERVER_PID" ] || return 0
  if [ -n "$OTHER_PID" ]; then
    kill "$OTHER_PID" 2>/dev/null || true
    wait "$OTHER_PID" 2>/dev/null || true
    OTHER_PID=
  fi
  kill "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  rm -rf "$SERVER_DATA"
  SERVER_PID=
}

# Of Node, which every set-up that serves has installed.
free_port() { node -e 'const server = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(server.address().port); server.close(); });'; }

# The first of three ports in a row: a rehearsal agency's mail server is at the two behind it.
free_row() {
  node -e '
    const listen = (port) => new Promise((done, fail) => { const server = require("node:net").createServer().once("error", fail).listen(port, "127.0.0.1", () => done(server)); });
    (async () => {
      for (let from = 20000 + (process.pid % 3000) * 3; from < 32000; from += 3) {
        const servers = (await Promise.allSettled([0, 1, 2].map((by) => listen(from + by)))).filter((one) => one.value).map((one) => one.value);
        servers.forEach((server) => server.close());
        if (servers.length === 3) return console.log(from);
      }
      process.exit(1);
    })();'
}

# Clippy compiles every query as it is: against a fresh, migrated database.
check_sqlx() {
  say "clippy, with the queries against the migrations"
  write_sqlx "$ROOT/target/sqlx-fresh" cargo clippy --quiet --workspace --exclude frontend --all-targets -- -D warnings
  diff -rq "$ROOT/target/sqlx-fresh" src/store/.sqlx >&2 ||
    fail "src/store/.sqlx is not fresh: run ./dev prepare and commit what it writes"
}

# What we depend on: licences, bans and sources always; known faults where their database can be had.
check_dependencies() {
  say "licences, bans and sources of dependencies"
  cargo deny --log-level warn check licenses bans sources >&2 || fail "a dependency breaks a rule of .deny.toml"
  mkdir -p "$CACHE/log"
  if timeout 300 cargo deny fetch db >"$CACHE/log/advisories.log" 2>&1; then
    cargo deny --log-level warn check advisories >&2 || fail "a dependency has a known fault"
  else
    NOT_RUN+=(advisories)
  fi
}

# The server and the tests in one go, so that both share what they are made of; what browsers load beside it.
build_test() {
  fonts
  charts
  say "building the application and its tests: up to 17 minutes from nothing"
  mkdir -p target/debug
  cargo leptos build --split --frontend-only & local browsers=$!
  cargo nextest run --no-run --workspace --exclude frontend || { kill "$browsers"; fail "the tests could not be built"; }
  wait "$browsers" || fail "what browsers load could not be built"
  node .dev/pack.mjs target/site/pkg target/debug/hash.txt
}

check_rustdoc() {
  say "documentation of the code"
  RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace --exclude frontend ||
    fail "the documentation of the code has faults"
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
  local port other stand_in; port=$(free_port); other=$(free_port); stand_in=$(free_port)
  start_stand_in "$stand_in" "http://localhost:$port"
  GOOGLE_ADS_DEVELOPER_TOKEN=test GOOGLE_ADS_CLIENT_ID=client.apps.googleusercontent.com \
    GOOGLE_ADS_CLIENT_SECRET=GOCSPX-test AUDIENCEOS_GOOGLE_ADS_BASE_URL="http://localhost:$stand_in" \
    AUDIENCEOS_META_ADS_BASE_URL="http://localhost:$stand_in" \
    GOOGLE_CLIENT_ID=client.apps.googleusercontent.com GOOGLE_CLIENT_SECRET=GOCSPX-test \
    AUDIENCEOS_GMAIL_BASE_URL="http://localhost:$stand_in" \
    AUDIENCEOS_REHEARSAL="127.0.0.1:$(free_row)" SHOPIFY_API_KEY=test SHOPIFY_API_SECRET=test start_servers end2end "$port" "$other" "$(pg_url end2end)"
  E2E_URL="http://localhost:$port" E2E_OTHER="http://localhost:$other" E2E_STAND_IN="http://localhost:$stand_in" E2E_DATA=$SERVER_DATA \
    E2E_DATABASE=$(pg_url end2end) E2E_PSQL=$PG_BIN/psql env -C end2end \
    node_modules/.bin/playwright test "$@" || { tail -n 30 "$SERVER_DATA/server.log" >&2; fail "browser tests failed"; }
  if grep -q "panicked" "$SERVER_DATA/server.log" "$SERVER_DATA/other.log"; then
    grep -h -A 12 "panicked" "$SERVER_DATA/server.log" "$SERVER_DATA/other.log" | head -n 60 >&2
    fail "the server panicked during the browser tests"
  fi
  stop_server
  stop_stand_in
}

cmd_test() {
  NOT_RUN=()
  trap 'stop_server; stop_stand_in; pg_stop' EXIT
  setup_test; setup_peers
  export AUDIENCEOS_SHARED=${AUDIENCEOS_SHARED:-$ROOT/../shared}
  say "format"
  cargo fmt --check || fail "run cargo fmt"
  check_dependencies
  dependencies_take
  pg_start test "$(pg_in_memory)"
  check_sqlx
  say "clippy of what browsers load"
  cargo clippy --quiet -p frontend --target wasm32-unknown-unknown --profile wasm-dev -- -D warnings
  check_rustdoc
  build_test
  dependencies_keep
  check_migrations
  check_docs
  # Each test gets a database of its own: a copy of one that is migrated already.
  DATABASE_URL=$(pg_url template1) target/debug/audienceos migrate
  say "tests against Postgres"
  # Real processes on a busy machine: one that passes only the second time lands, is named as flaky, and is a defect to mend.
  # They wait for jobs and for processes of theirs for a third of their time: twice as many as there are cores keep these busy.
  DATABASE_URL=$PG_URL CI=${CI:-} cargo nextest run --workspace --exclude frontend --no-fail-fast \
    --test-threads $(($(nproc) * 2)) ${CI:+--retries 1}
  check_browser
  # The runner of the tests keeps what passing ones print to itself.
  if [ ! -d "$AUDIENCEOS_SHARED" ]; then
    while read -r name; do NOT_RUN+=("$name"); done < <(grep -ohE '(shared|prism|folder|present|specification)\("[a-z_ ]+"' -r server/tests src/providers/tests src/providers/file/tests src/rehearsal | cut -d'"' -f2 | sort -u)
  fi
  for name in "${NOT_RUN[@]}"; do echo "not run: $name"; done
  say "everything holds"
}
