# What ./dev does. Sourced by ./dev.

cmd_help() {
  cat <<'TEXT'
./dev run [--release]        build, start a private Postgres under data/ (or use DATABASE_URL), serve http://localhost:3000
./dev test                   everything that must hold before a change lands
./dev soak [NAME]            long proofs; without a name, lists them
./dev bench [NAME] [--json]  figures; without a name, all of them
./dev watch                  as run, and rebuild on every change
./dev prepare                write src/store/.sqlx anew after a change to a query or a migration
./dev help                   this list
All set-up happens by itself, once; tools are kept in ~/.cache/audienceos.
TEXT
}

# write_sqlx DIR COMMAND...: has the command, which compiles `store`, check every query against a fresh, migrated database
# and write what it learned into DIR.
write_sqlx() {
  local folder=$1; shift
  rm -rf "$folder"; mkdir -p "$folder"
  pg_database prepare
  for up in migrations/*.up.sql; do
    "$PG_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction "$(pg_url prepare)" -f "$up" >/dev/null
  done
  "$PG_BIN/psql" -qX "$(pg_url prepare)" -c 'create table _sqlx_migrations (version bigint primary key, description text not null, installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null, execution_time bigint not null)'
  touch src/store/lib.rs
  SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$folder" DATABASE_URL=$(pg_url prepare) "$@"
  touch src/store/lib.rs
}

# Cuts the typeface of npm's package into the files that the pages load.
fonts() { node style/fonts.mjs; }

# Bundles the browser's code for charts into the one file that pages with a chart load.
charts() { node style/charts.mjs; }

# build [--release]: server, WASM and style sheet, in target/debug or target/release, and target/site.
build() {
  fonts
  charts
  say "building the application${1:+ ($1)}: up to 17 minutes from nothing, seconds after an edit"
  [ "${1:-}" = --release ] || dependencies_take
  local precompress=()
  [ "${1:-}" = --release ] && precompress=(--precompress)
  cargo leptos build --split "$@" "${precompress[@]}"
  node .dev/pack.mjs target/site/pkg "target/$([ "${1:-}" = --release ] && echo release || echo debug)/hash.txt" "${precompress[@]}"
}

cmd_run() {
  setup_build
  build "$@"
  local kind=debug
  [ "${1:-}" = --release ] && kind=release
  say "starting; Ctrl-C stops everything"
  export AUDIENCEOS_REHEARSAL=${AUDIENCEOS_REHEARSAL-127.0.0.1:3999}
  exec "target/$kind/audienceos" serve
}

cmd_watch() {
  setup_build
  fonts
  charts
  exec cargo leptos watch --split
}

cmd_prepare() {
  setup_rust; setup_postgres
  trap pg_stop EXIT
  pg_start prepare
  write_sqlx "$ROOT/target/sqlx-new" cargo check --quiet -p store
  rm -rf src/store/.sqlx
  mv target/sqlx-new src/store/.sqlx
  say "src/store/.sqlx holds $(ls src/store/.sqlx | wc -l) queries"
}
