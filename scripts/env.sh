# shellcheck shell=bash
# Sourced by the other scripts: where build products live and which tools come first.
#
# Build products stay outside the checkout, so that a fresh clone on the same machine builds in
# minutes and not in half an hour. All of it is under one folder that may be deleted at any time.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tindahan

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
# cargo-leptos takes `tailwindcss`, `wasm-opt` and `wasm-bindgen` from PATH, whichever comes first.
export PATH=$root/scripts/bin:$root/style/node_modules/.bin:$cache/tools/bin:$PATH
# Written by setup.sh where rustup's own toolchain cannot have the WebAssembly target.
if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -s "$cache/toolchain" ]; then
  RUSTUP_TOOLCHAIN=$(cat "$cache/toolchain")
  export RUSTUP_TOOLCHAIN
fi

# The program that `make serve`, the browser tests and `make dist` share: pages' assets inside.
# Read by the scripts that source this file.
# shellcheck disable=SC2034
binary=$CARGO_TARGET_DIR/finished/tindahan

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# What macOS lacks or names otherwise.
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
within() { # seconds command...
  if command -v timeout >/dev/null; then timeout "$@"; else "${@:2}"; fi
}

cd "$root"
