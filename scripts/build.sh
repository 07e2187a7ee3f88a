#!/usr/bin/env bash
# Builds the release: the site (WebAssembly, style sheet, files; hashed, split, compressed) and
# the program that carries it inside, as one file, whose path is printed. A build whose sources did not change is not repeated.
#
# There are two WebAssemblies, see app/src/admin.rs: cargo-leptos builds the shop's first, then the whole, whose site takes in
# the files of the other. The server's `embed` feature takes that site from TINDAHAN_SITE_DIR: what the tests drive, what
# `make serve` runs and what `make dist` hands out is one and the same binary.
source "$(dirname "$0")/env.sh"

# cargo alone is not enough to tell: every cargo-leptos run empties the site and repeats wasm-bindgen,
# wasm-opt and the compression, a minute's work.
fingerprint() {
  export -f sha256
  {
    rustc --version
    cat scripts/build.sh style/package-lock.json
    find Cargo.toml Cargo.lock .cargo domain backend app frontend server style public demo \
      \( -name node_modules -o -name target -o -name tests -o -name __pycache__ \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 bash -c 'sha256 "$@"' sha256
  } | sha256
}

site=$CARGO_TARGET_DIR/site
stamp=$CARGO_TARGET_DIR/finished/sources
now=$(fingerprint)
if [ -x "$binary" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
  echo "$binary"
  exit
fi

say 'building the release (about ten minutes on two cores the first time, one or two after a change)'
# The splitter trips over what an earlier run left (cargo-leptos#557), and each run takes its own files for the only ones.
rm -rf "$site" "$site-shop" "$stamp"
front() { cargo leptos build --release --split --precompress --frontend-only "$@" >&2; }
front --lib-features shop
mv "$site" "$site-shop"
front
mv "$site-shop/hash.txt" "$site/hash-shop.txt"
cp -n "$site-shop"/pkg/* "$site/pkg/"
# The variable is for the compiler alone: a running server would read it as its own `site-dir`.
TINDAHAN_SITE_DIR=$site cargo build --release --package server --bin tindahan --features embed >&2

# Kept apart from cargo's own output, which any other release build would replace.
mkdir -p "${binary%/*}"
cp "$CARGO_TARGET_DIR/release/tindahan" "$binary.new"
mv "$binary.new" "$binary"
printf '%s\n' "$now" >"$stamp"
echo "$binary"
