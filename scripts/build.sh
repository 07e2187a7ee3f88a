#!/usr/bin/env bash
# Builds the release: the site (WebAssembly, style sheet, files; hashed, split, compressed) and
# the program that carries it inside, as one file, whose path is printed. A build whose sources did not change is not repeated.
#
# cargo-leptos builds the site before the server, so the server's `embed` feature
# finds the finished site in TINDAHAN_SITE_DIR in the same run: what the
# tests drive, what `make serve` runs and what `make dist` hands out is one and the same binary.
source "$(dirname "$0")/env.sh"

# cargo alone is not enough to tell: every cargo-leptos run empties the site and repeats wasm-bindgen,
# wasm-opt and the compression, a minute's work.
fingerprint() {
  {
    rustc --version
    cat scripts/build.sh style/package-lock.json
    find Cargo.toml Cargo.lock .cargo domain backend app frontend server style public demo \
      \( -name node_modules -o -name target -o -name tests -o -name __pycache__ \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum
}

site=$CARGO_TARGET_DIR/site
stamp=$CARGO_TARGET_DIR/finished/sources
now=$(fingerprint)
if [ -x "$binary" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
  echo "$binary"
  exit
fi

say 'building the release (about ten minutes on two cores the first time, one or two after a change)'
# The splitter trips over what an earlier run left (cargo-leptos#557).
rm -rf "$site" "$stamp"
# The variable is for the compiler alone: a running server would read it as its own `site-dir`.
TINDAHAN_SITE_DIR=$site cargo leptos build --release --split --precompress --bin-features embed >&2

# Kept apart from cargo's own output, which any other release build would replace.
mkdir -p "${binary%/*}"
cp "$CARGO_TARGET_DIR/release/tindahan" "$binary.new"
mv "$binary.new" "$binary"
printf '%s\n' "$now" >"$stamp"
echo "$binary"
