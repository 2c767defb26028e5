# Set-up: everything that building, running and testing needs, installed once and cached by version
# outside the checkout. Sourced by ./dev; every step first looks whether its work is already done.
#
#   setup_build   compiler with a WASM target, cargo-leptos, wasm-bindgen, Tailwind, Postgres binaries
#   setup_test    the above, nextest, cargo-deny, Chromium, Playwright

RUST_VERSION=1.96.0
CARGO_LEPTOS_VERSION=0.3.11
WASM_BINDGEN_VERSION=0.2.130
NEXTEST_VERSION=0.9.143
CARGO_DENY_VERSION=0.20.2
NODE_VERSION=24

CACHE=${AUDIENCEOS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/audienceos}
STARTED=$SECONDS

say() { printf '\033[1m[%4ds]\033[0m %s\n' $((SECONDS - STARTED)) "$*" >&2; }
fail() { printf '\033[1m[%4ds] stopped:\033[0m %s\n' $((SECONDS - STARTED)) "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# quiet NAME COMMAND...: runs it with its output in a log; prints the log's end only when it fails.
quiet() {
  local name=$1; shift
  mkdir -p "$CACHE/log"
  if ! "$@" >"$CACHE/log/$name.log" 2>&1; then
    tail -n 40 "$CACHE/log/$name.log" >&2
    fail "$name did not work; the whole output is in $CACHE/log/$name.log"
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else fail "'$*' needs root: run ./dev as root or install sudo"; fi
}

apt_updated=
apt_install() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  have apt-get || fail "please install these packages yourself (no apt-get here): ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  if [ -z "$apt_updated" ]; then quiet apt-update as_root apt-get update; apt_updated=1; fi
  quiet apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# The compiler: rustup's where it can download the WASM target, else Debian's with a library built from its sources.
setup_rust() {
  apt_install build-essential pkg-config ca-certificates curl git
  local choice="$CACHE/rust-$RUST_VERSION.choice"
  mkdir -p "$CACHE"
  if [ ! -s "$choice" ]; then
    if have rustup && say "asking rustup for Rust $RUST_VERSION with the WASM target" &&
      timeout 900 rustup toolchain install "$RUST_VERSION" --profile minimal -c clippy -c rustfmt \
        -t wasm32-unknown-unknown >"$CACHE/rustup.log" 2>&1; then
      echo rustup >"$choice"
    fi
  fi
  # Only a success is remembered: a download that failed once may work the next time.
  case $(cat "$choice" 2>/dev/null || echo debian) in
    rustup) export RUSTUP_TOOLCHAIN=$RUST_VERSION ;;
    debian) setup_rust_debian ;;
  esac
}

setup_rust_debian() {
  apt_install rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy rustfmt-web lld-22
  local bin="$CACHE/rust-debian-bin" lib=/usr/lib/rustlib/wasm32-unknown-unknown/lib version
  version=$(/usr/bin/rustc --version)
  if [ ! -d "$bin" ]; then
    mkdir -p "$bin"
    for tool in cargo rustc rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do ln -sf "/usr/bin/$tool" "$bin/$tool"; done
  fi
  export PATH="$bin:$PATH"
  unset RUSTUP_TOOLCHAIN
  if [ "$(cat $lib/built-by 2>/dev/null)" != "$version" ]; then
    say "building the WASM standard library for $version (about a minute)"
    local work; work=$(mktemp -d)
    mkdir -p "$work/src"; : >"$work/src/lib.rs"
    printf '[package]\nname = "emptycrate"\nversion = "0.0.0"\nedition = "2021"\n[profile.release]\npanic = "abort"\n' >"$work/Cargo.toml"
    quiet wasm-std env -C "$work" -u RUSTFLAGS RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_DIR="$work/target" \
      /usr/bin/cargo build --release -Zbuild-std=std,panic_abort --target wasm32-unknown-unknown
    rm -f "$work"/target/wasm32-unknown-unknown/release/deps/libemptycrate*
    as_root mkdir -p $lib
    as_root rm -f $lib/*.rlib
    as_root cp "$work"/target/wasm32-unknown-unknown/release/deps/*.rlib $lib/
    echo "$version" | as_root tee $lib/built-by >/dev/null
    rm -rf "$work"
  fi
}

# cargo_tool NAME VERSION MINUTES [cargo install options]: a command built from crates.io, unless it is there already.
cargo_tool() {
  local name=$1 version=$2 minutes=$3; shift 3
  local root="$CACHE/$name-$version" bin=$name
  [ "$name" = wasm-bindgen-cli ] && bin=wasm-bindgen
  if [ ! -x "$root/bin/$bin" ]; then
    say "building $name $version (about $minutes minutes, once)"
    quiet "$name" env -C "$CACHE" -u RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$CACHE/target-$name" \
      cargo install "$name" --version "$version" --debug --root "$root" "$@"
    rm -rf "$CACHE/target-$name"
  fi
  export PATH="$root/bin:$PATH"
}

# Debian 12 ships Node 18; what we use wants 20, so an older one only serves to fetch a newer one.
setup_node() {
  have node || apt_install nodejs
  have npm || apt_install npm
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    local root="$CACHE/node-$NODE_VERSION"
    if [ ! -x "$root/node_modules/.bin/node" ]; then
      say "installing Node $NODE_VERSION"
      mkdir -p "$root"
      quiet node npm install --prefix "$root" --no-audit --no-fund "node@$NODE_VERSION"
    fi
    export PATH="$root/node_modules/.bin:$PATH"
  fi
}

# npm_folder DIR: `npm ci`, only when the lock file changed since.
npm_folder() {
  local stamp; stamp=$(sha256sum "$1/package-lock.json" | cut -d' ' -f1)
  if [ "$(cat "$1/node_modules/.stamp" 2>/dev/null)" != "$stamp" ]; then
    say "installing npm packages of ${1#"$ROOT"/}"
    quiet "npm-$(basename "$1")" env -C "$1" PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
    echo "$stamp" >"$1/node_modules/.stamp"
  fi
}

setup_postgres() {
  apt_install postgresql
  PG_BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -x "$PG_BIN/postgres" ] || fail "no Postgres server binaries under /usr/lib/postgresql"
}

setup_build() {
  setup_rust
  setup_node
  npm_folder "$ROOT/style"
  export PATH="$ROOT/style/node_modules/.bin:$PATH"
  cargo_tool wasm-bindgen-cli "$WASM_BINDGEN_VERSION" 2
  cargo_tool cargo-leptos "$CARGO_LEPTOS_VERSION" 7 --locked --features no_downloads
  setup_postgres
}

setup_test() {
  setup_build
  have cargo-nextest || cargo_tool cargo-nextest "$NEXTEST_VERSION" 5 --locked
  cargo_tool cargo-deny "$CARGO_DENY_VERSION" 1 --locked
  # poppler-utils reads the PDFs that tests make; fonts-dejavu-core has letters that our typeface has not.
  apt_install chromium fonts-liberation fonts-dejavu-core poppler-utils
  npm_folder "$ROOT/end2end"
}
