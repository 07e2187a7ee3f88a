# shellcheck shell=bash
# Sourced by the other scripts: where build products live and which tools come first.
#
# Build products stay outside the checkout, so that a fresh clone on the same machine builds in
# seconds and not in minutes. All of it is under one folder that may be deleted at any time.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tindahan

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
# Builds take `tailwindcss`, `wasm-opt` and `esbuild` from PATH, whichever comes first; cargo-leptos `wasm-bindgen` too.
export PATH=$root/scripts/bin:$root/style/node_modules/.bin:$root/builder/node_modules/.bin:$cache/tools/bin:$PATH
# The Python that has moto, which stands in for a service of buckets in tests: installed by `setup.sh test`.
export TINDAHAN_TEST_MOTO=${TINDAHAN_TEST_MOTO:-$cache/moto/bin/python}
# Written by setup.sh where rustup's own toolchain cannot have the WebAssembly target.
if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -s "$cache/toolchain" ]; then
  RUSTUP_TOOLCHAIN=$(cat "$cache/toolchain")
  export RUSTUP_TOOLCHAIN
fi

# The scripts that source this file read what follows.
# shellcheck disable=SC2034
{
  # With the machine's own target named, compiler plugins and build scripts are compiled without its flags, as they are for
  # WebAssembly: once for both.
  host=$({ rustc -vV 2>/dev/null || true; } | sed -n 's/^host: //p')
  # Where cargo puts what is compiled in the profile `quick`.
  quick=$CARGO_TARGET_DIR/$host/quick
  # What is served and tested: the program, its pages' files beside it.
  binary=$quick/tindahan
  site=$CARGO_TARGET_DIR/site
  # What is handed out: one file.
  dist=$CARGO_TARGET_DIR/dist/tindahan
  # The packages for the server's side. `frontend` is compiled for the browser only: beside the others its features would join
  # theirs, and the pages would be built for both sides at once.
  packages=(--workspace --exclude frontend --features app/ssr,server/testing)
}

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# What macOS lacks or names otherwise.
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
within() { # seconds command...
  if command -v timeout >/dev/null; then timeout "$@"; else "${@:2}"; fi
}

# Runs a stage of a build or of the tests. Says what begins and how long it and the rest take where nothing is built yet, as
# scripts/budgets.txt has it; the seconds that it took also go to the file $TINDAHAN_TIMES, a line a stage.
stage() { # name command...
  local name=$1 begun=$SECONDS words
  shift
  words=$(awk -F '\t' -v name="$name" -v last="${TINDAHAN_LAST_STAGE:-program}" '
    function minutes(seconds) { return seconds < 100 ? seconds " s" : int((seconds + 59) / 60) " min" }
    /^#/ || done { next }
    found { rest += $2 }
    $1 == name { found = 1; own = $2; words = $3 }
    $1 == last { done = 1 }
    END { if (found) printf "%s: at most %s%s", words, minutes(own), rest ? ", then at most " minutes(rest) : "" }
  ' "$root/scripts/budgets.txt")
  [ -z "$words" ] || say "$words"
  # Not in a condition, where bash would go on after a failure.
  "$@"
  if [ -n "${TINDAHAN_TIMES:-}" ]; then printf '%s\t%s\n' "$name" $((SECONDS - begun)) >>"$TINDAHAN_TIMES"; fi
}

cd "$root"
