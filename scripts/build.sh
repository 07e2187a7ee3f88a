#!/usr/bin/env bash
# Builds the program with its pages' files, and prints the program's path. What did not change is not built again.
#
#   scripts/build.sh           what is served and tested: the profile `quick`, one WebAssembly, nothing compressed
#   scripts/build.sh builder   the tool that makes the site's files, alone
#   scripts/build.sh dist      what is handed out: one optimised file with the site inside, a WebAssembly each for shop and admin
source "$(dirname "$0")/env.sh"

what=${1:-quick}
case $what in quick | builder | dist) ;; *) die "build.sh knows quick, builder and dist, not '$what'" ;; esac

# Names and contents of files and of what is in folders, as one word; without what tools leave there, and tests.
digest_of() { # file or folder...
  export -f sha256
  find "$@" \( -name node_modules -o -name target -o -name tests -o -name __pycache__ \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 bash -c 'sha256 "$@"' sha256 | sha256
}

# Everything that a build is made of, as one word.
fingerprint() {
  set -e
  {
    rustc --version
    digest_of Cargo.toml Cargo.lock .cargo scripts/build.sh scripts/env.sh \
      domain platform backend adapters app frontend server simulators bench builder style public demo
  } | sha256
}

# The profile `quick` for this machine. All packages but the browser's are built together, the tests too: any other choice would
# give the dependencies other features, and compile them again.
quick_build() { cargo build --profile quick --target "$host" "${packages[@]}" "$@" >&2; }

style_sheet() { # file
  (cd "$root" && tailwindcss --input style/main.css --output "$1" --minify) 2>&1 | sed '/^$/d; s/^/    /' >&2
}

# The pages for the browser, to be split: the linker leaves in what the splitter reads.
pages() { # profile features
  cargo rustc --profile "$1" --target wasm32-unknown-unknown --package frontend --lib --features "split,$2" -- -Clink-arg=--emit-relocs >&2
}

# The WebAssembly of the profile `quick`, optimised enough for browsers to like it.
browser() { CARGO_PROFILE_QUICK_OPT_LEVEL=1 pages quick admin,shop; }

# The site's files, unless they were made of the same.
pack_site() {
  local css=$CARGO_TARGET_DIR/tindahan.css wasm=$CARGO_TARGET_DIR/wasm32-unknown-unknown/quick/frontend.wasm now
  now=$(digest_of "$css" "$wasm" "$quick/builder" public)
  [ -f "$site/files.json" ] && [ "$(cat "$site.made-of" 2>/dev/null)" = "$now" ] && return
  rm -f "$site.made-of"
  "$quick/builder" site --out "$site" --public public --css "$css" --shop "$wasm"
  printf '%s\n' "$now" >"$site.made-of"
}

build_quick() {
  local sheet packing
  mkdir -p "$CARGO_TARGET_DIR"
  # What goes on in the background ends with this script.
  trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  style_sheet "$CARGO_TARGET_DIR/tindahan.css" &
  sheet=$!
  stage builder quick_build --bin builder
  stage browser browser
  wait $sheet
  stage site pack_site &
  packing=$!
  stage program quick_build --bins
  wait $packing
}

# A WebAssembly of a release, with the pages of one feature.
small() { # feature
  pages wasm-release "$1"
  cp "$CARGO_TARGET_DIR/wasm32-unknown-unknown/wasm-release/frontend.wasm" "$CARGO_TARGET_DIR/$1.wasm"
}

build_dist() {
  local css=$CARGO_TARGET_DIR/tindahan.css
  mkdir -p "${dist%/*}"
  say 'building the release, some fifteen minutes on two cores the first time'
  quick_build --bin builder
  style_sheet "$css"
  stage 'release: shop' small shop
  stage 'release: admin' small admin
  stage 'release: site' "$quick/builder" site --small --out "$site-dist" --public public --css "$css" \
    --shop "$CARGO_TARGET_DIR/shop.wasm" --admin "$CARGO_TARGET_DIR/admin.wasm"
  # The variable is for the compiler alone: a running server would read it as its own `site-dir`.
  TINDAHAN_SITE_DIR=$site-dist stage 'release: program' cargo build --release --target "$host" --package server --bin tindahan --features embed >&2
  # Kept apart from cargo's own output, which any other release build would replace.
  cp "$CARGO_TARGET_DIR/$host/release/tindahan" "$dist.new"
  mv "$dist.new" "$dist"
}

if [ "$what" = builder ]; then
  quick_build --bin builder
  echo "$quick/builder"
  exit
fi
made=$binary files=$site/files.json
[ "$what" = quick ] || made=$dist files=$site-dist/files.json
stamp=$CARGO_TARGET_DIR/$what.made-of
now=$(fingerprint)
# The tests compile the program too, perhaps from other sources.
if [ ! -x "$made" ] || [ ! -f "$files" ] || [ "$made" -nt "$stamp" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$now" ]; then
  rm -f "$stamp"
  "build_$what"
  printf '%s\n' "$now" >"$stamp"
fi
echo "$made"
