# What others wrote is compiled once for each Cargo.lock, whatever checkout asks: beside the tools, outside the checkout.
# Sourced by ./dev. Cargo judges each piece by itself, and compiles anew what does not fit.

# Under target/: what this machine runs, what browsers load, and what clippy looks at of that.
DEPENDENCIES=(debug front/wasm-dev front/wasm32-unknown-unknown/wasm-dev wasm32-unknown-unknown/wasm-dev)

dependencies_folder() {
  printf '%s/dependencies-%s' "$CACHE" \
    "$( (cat Cargo.lock .cargo/config.toml; sed -n '/^\[profile/,$p' Cargo.toml; rustc -vV) | sha256sum | cut -c1-12)"
}

# Gives a checkout that has compiled nothing yet what was kept.
dependencies_take() {
  local folder; folder=$(dependencies_folder)
  [ ! -e target/debug ] && [ -d "$folder" ] || return 0
  say "taking compiled dependencies from $folder"
  mkdir -p target
  cp -a "$folder/." target/
}

# Keeps what is compiled by now, but for the crates of this workspace; one set, of which older ones go.
dependencies_keep() {
  local folder work part own names; folder=$(dependencies_folder)
  [ ! -d "$folder" ] || return 0
  # Of those who were stopped half-way, too.
  find "$CACHE" -maxdepth 1 \( -name 'dependencies-*' -o -name 'dependencies.*' -mmin +60 \) -exec rm -rf {} +
  work=$(mktemp -d "$CACHE/dependencies.XXXXXX")
  names=$(cargo metadata --format-version 1 --no-deps | node -e '
    const { packages } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    const all = packages.flatMap(({ name, targets }) => [name, ...targets.map((target) => target.name)]);
    console.log([...new Set(all.flatMap((name) => [name, name.replaceAll("-", "_")]))].join("\n"));')
  for part in "${DEPENDENCIES[@]}"; do
    [ -d "target/$part" ] || continue
    mkdir -p "$work/$part"
    for own in deps build .fingerprint; do
      [ ! -d "target/$part/$own" ] || cp -a "target/$part/$own" "$work/$part/"
    done
    while read -r own; do
      rm -rf "$work/$part"/{deps,build,.fingerprint}/{,lib}"$own"-*
    done <<<"$names"
  done
  mv -T "$work" "$folder" || rm -rf "$work"
}
