# Figures and long proofs. Sourced by ./dev.

SCHEMATHESIS=4.32.5

# bench_names and soak_names: what there is, with a word on each.
bench_names() {
  echo "web      first-load sizes, requests a second and latencies beside a Next.js page's, cold and warm start"
  echo "dashboard  the dashboard over two years of 500 channels: its HTML, other days on the screen, what a browser loads, Lighthouse"
  echo "sync     rows a second into the store, and the memory of a back-fill of a million rows and of long reports' pages"
  echo "ingest   messages a second kept with their conversations, the HTML of the inbox over 50,000, a conversation of 200 on the screen"
  echo "rehearsal  seconds of the simulated agency's truth and of a whole read of it, its requests a second, its memory"
  echo "rebuild  seconds from an edit of a page, and of a query, to a built application"
  echo "brain    forecasts, anomalies, fatigue, response curves, findings against known truth, and what a cycle costs"
  echo "curiosity  what a division of budgets reaches of what is possible, and whether what came of actions is told"
}
soak_names() {
  echo "jobs  the server is killed again and again; every sign-up gets its mail"
  echo "sync  workers are killed 50 times and the database is stopped while they read; takeover and fairness with default settings"
  echo "hub   5,000 messages in an independent mail server, Python's own test mails among them; workers killed 50 times while they read and send"
  echo "rehearsal  each of the simulated providers' faults and twenty mixes of them while an agency is read: sums, days, history; first a release build's bytes"
  echo "import  files of 200 MB, at the reader and over HTTP: wrong rows told, nothing half imported, no memory"
  echo "curiosity  fifty simulated agencies: what is proposed, and the true effect of a move of budgets against the measured one"
  echo "api   five minutes of generated requests over the API's document: no 5xx, no undeclared status"
}

# What a figure or a long proof leaves behind goes, however it ends.
figures_end() { undo_edit; stop_rival; stop_server; pg_stop; rm -rf "${FIGURES_DATA:-}" "${FIGURES_PARTS:-}"; }

# With --json standard output is one object with all keys as fields, of one benchmark or of several.
cmd_bench() {
  local json='' names=() name
  for word in "$@"; do if [ "$word" = --json ]; then json=--json; else names+=("$word"); fi; done
  [ ${#names[@]} -gt 0 ] || names=(web dashboard sync ingest rehearsal rebuild brain curiosity)
  for name in "${names[@]}"; do
    case $name in
      web | dashboard | sync | ingest | rehearsal | rebuild | brain | curiosity) ;;
      *) bench_names >&2; fail "there is no benchmark $name" ;;
    esac
  done
  trap figures_end EXIT
  # Two benchmarks tell what the app weighs; one of them does where both run.
  case " ${names[*]} " in *" web "*) APP_ELSEWHERE=--app-elsewhere ;; *) APP_ELSEWHERE= ;; esac
  [ -z "$json" ] || FIGURES_PARTS=$(mktemp -d)
  for name in "${names[@]}"; do
    if [ -n "$json" ]; then "bench_$name" --json >"$FIGURES_PARTS/$name"; else "bench_$name"; fi
    # The next one has the machine for itself.
    undo_edit; stop_rival; stop_server; pg_stop
  done
  [ -z "$json" ] || one_object "${names[@]/#/$FIGURES_PARTS/}"
}

# one_object FILE...: the objects of these files as one.
one_object() {
  have python3 || apt_install python3
  python3 - "$@" <<'PYTHON'
import json, sys

whole = {}
for path in sys.argv[1:]:
    with open(path) as file:
        part = json.load(file)
    if twice := sorted(whole.keys() & part.keys()):
        sys.exit(f"two benchmarks give {', '.join(twice)}")
    whole |= part
print(json.dumps(whole))
PYTHON
}

# start_rival PORT DATABASE: the same client list as a Next.js page over the same rows, built as for production.
start_rival() {
  local folder="$ROOT/benches/rivals/next"
  npm_folder "$folder"
  quiet next-build env -C "$folder" NEXT_TELEMETRY_DISABLED=1 node_modules/.bin/next build
  PGHOST=$PG_FOLDER PGUSER=audienceos PGDATABASE=$2 NEXT_TELEMETRY_DISABLED=1 NODE_ENV=production \
    env -C "$folder" node node_modules/next/dist/bin/next start -H 127.0.0.1 -p "$1" >"$CACHE/log/next.log" 2>&1 &
  RIVAL_PID=$!
  for _ in $(seq 300); do
    curl -s -o /dev/null "http://127.0.0.1:$1/" && return
    kill -0 "$RIVAL_PID" 2>/dev/null || break
    sleep 0.1
  done
  cat "$CACHE/log/next.log" >&2
  fail "the Next.js page did not start"
}
stop_rival() {
  [ -n "${RIVAL_PID:-}" ] || return 0
  kill "$RIVAL_PID" 2>/dev/null || true
  wait "$RIVAL_PID" 2>/dev/null || true
  RIVAL_PID=
}

bench_web() {
  setup_test; apt_install wrk
  build --release >&2
  cargo build --quiet -p benches
  pg_start bench
  pg_database bench
  local port rival; port=$(free_port)
  SERVER_BIN=target/release/audienceos start_server bench "$port" "$(pg_url bench)"
  rival=$(free_port)
  start_rival "$rival" bench
  target/debug/bench web --url "http://localhost:$port" --data "$SERVER_DATA" --server target/release/audienceos \
    --rival "http://localhost:$rival/clients" "$@"
  stop_rival
}

# Sets LIGHTHOUSE: the program that judges pages, which nothing but a benchmark needs.
setup_lighthouse() {
  local folder="$ROOT/benches/lighthouse"
  [ -f "$folder/package-lock.json" ] || quiet lighthouse-lock env -C "$folder" npm install --package-lock-only --no-audit --no-fund
  npm_folder "$folder"
  LIGHTHOUSE="$folder/node_modules/.bin/lighthouse"
  export CHROME_PATH=${CHROMIUM:-/usr/bin/chromium}
}

bench_dashboard() {
  setup_test; apt_install wrk; setup_lighthouse
  build --release >&2
  cargo build --quiet --release -p benches
  pg_start bench
  pg_database bench
  local port; port=$(free_port)
  SERVER_BIN=target/release/audienceos start_server bench "$port" "$(pg_url bench)"
  target/release/bench dashboard --url "http://localhost:$port" --data "$SERVER_DATA" --database "$(pg_url bench)" \
    --psql "$PG_BIN/psql" --lighthouse "$LIGHTHOUSE" ${APP_ELSEWHERE:-} "$@"
}

# figures_database NAME: an empty database and an empty data folder, for servers that the bench program starts.
figures_database() {
  pg_start "$1"
  pg_database "$1"
  FIGURES_DATA=$(mktemp -d "/tmp/audienceos-$1-data.XXXXXX")
}

bench_sync() {
  setup_build
  cargo build --quiet --release -p server
  cargo build --quiet --release -p benches
  figures_database bench
  target/release/bench sync --server target/release/audienceos --database "$(pg_url bench)" --data "$FIGURES_DATA" "$@"
  rm -rf "$FIGURES_DATA"
}

bench_ingest() {
  setup_test
  build --release >&2
  cargo build --quiet --release -p benches
  pg_start bench
  pg_database bench
  local port; port=$(free_port)
  SERVER_BIN=target/release/audienceos start_server bench "$port" "$(pg_url bench)"
  target/release/bench ingest --url "http://localhost:$port" --data "$SERVER_DATA" --database "$(pg_url bench)" \
    --psql "$PG_BIN/psql" "$@"
}

bench_rehearsal() {
  setup_rust
  cargo build --quiet --release -p server
  cargo build --quiet --release -p benches
  target/release/bench rehearsal --server target/release/audienceos "$@"
}

# Appends a line to a file, builds as `./dev watch` would, and puts the file back.
# Sets TOOK to the milliseconds.
edit_and_build() {
  cp "$1" "$EDITED_COPY"
  EDITED=$1
  echo "// $SECONDS" >>"$1"
  local begun; begun=$(date +%s%N)
  cargo leptos build --split >/dev/null 2>&1 || fail "the build after an edit of $1 failed"
  TOOK=$((($(date +%s%N) - begun) / 1000000))
  undo_edit
}
undo_edit() { [ -z "${EDITED:-}" ] || { cp "$EDITED_COPY" "$EDITED"; EDITED=; rm -f "$EDITED_COPY"; }; }

bench_rebuild() {
  setup_build
  build >&2
  EDITED_COPY=$(mktemp)
  local page store
  edit_and_build app/src/pages/clients.rs; page=$TOOK
  edit_and_build src/store/client.rs; store=$TOOK
  if [ "${1:-}" = --json ]; then echo "{\"page_edit_ms\":$page,\"store_edit_ms\":$store}"
  else printf '%-28s%12s %-6s%12s%8s\n' key value unit rival ratio page_edit_ms "$page" ms - - store_edit_ms "$store" ms - -; fi
}

# What the brain's forecasts are measured against, in Python: AutoETS and Prophet, never part of the product.
setup_rivals_brain() {
  have python3 || apt_install python3
  local wanted=benches/brain/rivals/requirements.txt
  local root; root="$CACHE/rivals-brain-$(sha256sum "$wanted" | cut -c1-12)"
  if [ ! -f "$root/complete" ]; then
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    say "installing the rivals of the brain's forecasts"
    rm -rf "$root"
    quiet rivals-brain-venv python3 -m venv "$root"
    quiet rivals-brain-pip "$root/bin/pip" install --disable-pip-version-check -r "$wanted"
    touch "$root/complete"
  fi
  export AUDIENCEOS_RIVALS_BRAIN="$root/bin/python"
}

bench_brain() {
  setup_rust
  local data=${AUDIENCEOS_SHARED:-$ROOT/../shared}/data parts=()
  cargo build --quiet --release -p brain-bench
  if [ -d "$data" ]; then
    setup_rivals_brain
  else
    # Generated worlds need no data; with --json standard output is one object.
    parts=(fatigue cycle rehearsal)
    echo "not run: forecast, anomaly, response: $data is not there" >&"$([ "${1:-}" = --json ] && echo 2 || echo 1)"
  fi
  target/release/brain-bench --data "$data" "$@" "${parts[@]}"
}

# Everything is generated: there is no data to read.
bench_curiosity() {
  setup_rust
  cargo build --quiet --release -p brain-bench
  target/release/brain-bench --data "$ROOT" "$@" curiosity
}

soak_curiosity() {
  setup_rust
  cargo build --quiet --release -p brain-bench
  target/release/brain-bench --data "$ROOT" agencies
}

cmd_soak() {
  trap figures_end EXIT
  case ${1:-} in
    jobs) soak_jobs ;;
    sync) soak_sync ;;
    hub) soak_hub ;;
    rehearsal) soak_rehearsal ;;
    import) soak_import ;;
    api) soak_api ;;
    curiosity) soak_curiosity ;;
    '') soak_names ;;
    *) soak_names >&2; fail "there is no long proof $1" ;;
  esac
}

soak_jobs() {
  setup_build
  cargo build --quiet -p server -p benches
  figures_database soak
  target/debug/bench jobs --server target/debug/audienceos --database "$(pg_url soak)" --data "$FIGURES_DATA" --kills "${KILLS:-20}"
}

soak_sync() {
  setup_build
  have cargo-nextest || cargo_tool cargo-nextest "$NEXTEST_VERSION" 5 --locked
  cargo build --quiet -p server -p benches
  figures_database soak
  target/debug/bench sync-soak --server target/debug/audienceos --database "$(pg_url soak)" --data "$FIGURES_DATA"
  AUDIENCEOS_KILLS=${KILLS:-50} DATABASE_URL=$(pg_url soak) cargo nextest run -p server crash::
}

soak_hub() {
  setup_build; setup_peers
  export AUDIENCEOS_SHARED=${AUDIENCEOS_SHARED:-$ROOT/../shared}
  have cargo-nextest || cargo_tool cargo-nextest "$NEXTEST_VERSION" 5 --locked
  pg_start soak
  # Where the peers are absent nothing is proved: that is a failure here.
  CI=true AUDIENCEOS_MESSAGES=${MESSAGES:-5000} AUDIENCEOS_KILLS=${KILLS:-50} DATABASE_URL=$PG_URL \
    cargo nextest run -p server 'hub::dovecot::' 'hub::killed::'
}

soak_rehearsal() {
  setup_build
  have cargo-nextest || cargo_tool cargo-nextest "$NEXTEST_VERSION" 5 --locked
  # Release builds tell the same bytes as debug builds, and serve all 400 days in time.
  cargo nextest run --release -p rehearsal same:: load::
  pg_start soak
  AUDIENCEOS_FAULTS=${FAULTS:-all} DATABASE_URL=$PG_URL cargo nextest run -p server broken::
}

soak_import() {
  setup_build
  have cargo-nextest || cargo_tool cargo-nextest "$NEXTEST_VERSION" 5 --locked
  cargo nextest run -p providers --run-ignored only --no-capture large_files
  cargo build --quiet --release -p server -p benches
  figures_database soak
  target/release/bench import --server target/release/audienceos --database "$(pg_url soak)" --data "$FIGURES_DATA"
}

soak_api() {
  setup_build; setup_peers
  local root="$CACHE/schemathesis-$SCHEMATHESIS"
  if [ ! -x "$root/bin/schemathesis" ]; then
    say "installing schemathesis $SCHEMATHESIS"
    quiet schemathesis-venv python3 -m venv "$root"
    quiet schemathesis-pip "$root/bin/pip" install --disable-pip-version-check "schemathesis==$SCHEMATHESIS"
  fi
  cargo build --quiet -p server -p benches
  pg_start soak
  pg_database soak
  local port; port=$(free_port)
  start_server soak "$port" "$(pg_url soak)"
  local cookie; cookie=$(target/debug/bench owner --url "http://localhost:$port" --data "$SERVER_DATA")
  "$root/bin/schemathesis" run "http://localhost:$port/api/openapi.json" --header "Cookie: $cookie" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-path-regex "/auth/(logout|sessions/|password)" --max-time "${SECONDS_OF_FUZZING:-300}" --continue-on-failure ||
    { grep -E "ERROR" "$SERVER_DATA/server.log" | tail -n 20 >&2; fail "the API gave an answer that it should not"; }
}
