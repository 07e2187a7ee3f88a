#!/usr/bin/env bash
# Checks the tools that a task needs, and installs those that are missing. Run again, it changes nothing.
#
#   scripts/setup.sh build    what compiles the program: WebAssembly target, the style sheet's npm packages
#   scripts/setup.sh watch    that, and what follows saved changes: cargo-leptos
#   scripts/setup.sh dist     what makes a release small: npm packages
#   scripts/setup.sh test     what tests the program: cargo-nextest, Postgres, Chromium, Playwright, schemathesis, moto
#   scripts/setup.sh bench    what measures a release: Postgres, Chromium, nginx
#   scripts/setup.sh cluster  what a cluster on this machine is made of: Postgres, Patroni, etcd, HAProxy
source "$(dirname "$0")/env.sh"

# 0.3.11 is locked to crates that want a newer compiler than 1.95.
cargo_leptos=0.3.10
nextest=0.9.143
schemathesis=4.32.5
moto=5.2.5
wasm=wasm32-unknown-unknown

# The first word that looks like a version in what a command prints, or nothing.
version_of() { { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1 || true; }

# Installs a cargo command into the project's own tool folder: as its authors built it where `cargo binstall` is there and
# reaches them, else compiled, unoptimised, in half the time.
cargo_tool() { # crate version [cargo install's options]
  local crate=$1 version=$2
  shift 2
  if [ -n "$(version_of cargo binstall -V)" ]; then
    say "installing $crate $version with cargo binstall"
    within 300 cargo binstall --no-confirm --root "$cache/tools" --disable-strategies compile "$crate@$version" && return
  fi
  say "installing $crate $version (some minutes, once)"
  CARGO_PROFILE_DEV_DEBUG=0 RUSTFLAGS='' CARGO_TARGET_DIR=$cache/tools/target \
    cargo install "$crate" --version "=$version" --root "$cache/tools" --force "$@"
  rm -rf "$cache/tools/target"
}

have() { command -v "$1" >/dev/null; }

debian() { # package...
  local as_root=()
  have apt-get || die "missing: $* (install them with your system's package manager)"
  if [ "$(id -u)" != 0 ]; then
    have sudo || die "missing: as root, apt-get install $*"
    as_root=(sudo)
  fi
  say "installing $* with apt-get"
  ${as_root[@]+"${as_root[@]}"} apt-get update -qq
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

npm_packages() { # folder
  local want
  have npm || debian nodejs npm
  want=$(sha256 <"$1/package-lock.json")
  [ "$(cat "$1/node_modules/.installed" 2>/dev/null)" = "$want" ] && return
  say "installing the npm packages of $1/"
  # No package here needs its install script: binaries come inside packages, and the browser is the system's.
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  printf '%s\n' "$want" >"$1/node_modules/.installed"
}

# Installs a Python package into a virtual environment of its own.
python_tool() { # name requirement
  python3 -c 'import ensurepip' 2>/dev/null || debian python3 python3-venv
  say "installing $2"
  python3 -m venv --clear "$cache/$1"
  "$cache/$1/bin/pip" install --quiet --disable-pip-version-check "$2"
}

can_build_wasm() { # toolchain (empty: the default one)
  local dir status=0
  dir=$(mktemp -d)
  printf 'fn main() { println!("hello"); }\n' >"$dir/main.rs"
  (
    if [ -n "$1" ]; then export RUSTUP_TOOLCHAIN=$1; fi
    rustc --target $wasm --crate-type bin -o "$dir/out.wasm" "$dir/main.rs"
  ) >/dev/null 2>&1 || status=$?
  rm -rf "$dir"
  return $status
}

# rustup adds the target on most machines. Where rustup's server is out of reach but Debian's packages
# are not, Debian's compiler comes with the source of its library: that is built for WebAssembly once, and the
# toolchain linked as "debian". Its name then stays in the cache folder for env.sh.
wasm_target() {
  local libdir
  libdir=$(rustc --print target-libdir --target $wasm 2>/dev/null) || libdir=
  [ -n "$libdir" ] && compgen -G "$libdir/libstd-*.rlib" >/dev/null && return
  [ -n "$libdir" ] && can_build_wasm "${RUSTUP_TOOLCHAIN:-}" && return
  say "adding the compile target $wasm"
  have rustup || die "this Rust has no $wasm library and there is no rustup to add it"
  if within 300 rustup target add $wasm && can_build_wasm ''; then return; fi
  say "rustup cannot fetch it; building it from Debian's Rust"
  [ "$(id -u)" = 0 ] || die "$wasm is missing: run 'rustup target add $wasm', or this script as root on Debian"
  if ! can_build_wasm debian; then build_wasm_library; fi
  can_build_wasm debian || die "Debian's Rust still cannot build for $wasm"
  mkdir -p "$cache"
  echo debian >"$cache/toolchain"
  export RUSTUP_TOOLCHAIN=debian
}

build_wasm_library() {
  local dir linker
  debian rustc-web cargo-web rust-web-src rustfmt-web rust-web-clippy lld-22
  rustup toolchain link debian /usr
  linker=$(compgen -G '/usr/lib/llvm-*/bin/lld' | sort -V | tail -n 1) || die 'no lld found'
  mkdir -p /usr/lib/rustlib/x86_64-unknown-linux-gnu/bin
  ln -sf "$linker" /usr/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld
  dir=$(mktemp -d)
  mkdir "$dir/src"
  printf '[package]\nname = "library"\nversion = "0.0.0"\nedition = "2024"\n' >"$dir/Cargo.toml"
  printf '#![no_std]\n' >"$dir/src/lib.rs"
  (cd "$dir" && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$dir/target cargo +debian build --quiet --release \
    -Zbuild-std=std,panic_abort,panic_unwind --target $wasm)
  mkdir -p "/usr/lib/rustlib/$wasm/lib"
  find "$dir/target/$wasm/release/deps" -name 'lib*.rlib' ! -name 'liblibrary*' \
    -exec cp {} "/usr/lib/rustlib/$wasm/lib/" \;
  rm -rf "$dir"
}

for_build() {
  have cargo || die 'Rust is missing: install it with rustup (https://rustup.rs)'
  have cc || debian build-essential
  wasm_target
  npm_packages style
}

# cargo-leptos calls wasm-bindgen by name, and gets our builder's: scripts/bin/wasm-bindgen.
for_watch() {
  for_build
  [ "$(version_of cargo leptos --version)" = $cargo_leptos ] || cargo_tool cargo-leptos $cargo_leptos --profile dev --locked
}

for_dist() {
  for_build
  npm_packages builder
}

for_postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb || debian postgresql postgresql-client
}

# Is there a browser that the tests know how to start?
has_browser() {
  node --input-type=module -e 'import { launchOptions } from "./end2end/browser.mjs"; process.exit(launchOptions.executablePath ? 0 : 1)'
}

for_test() {
  for_build
  [ -n "$(version_of cargo nextest --version)" ] || cargo_tool cargo-nextest $nextest --profile dev --locked
  for_postgres
  has_browser || debian chromium
  npm_packages end2end
  [ "$(version_of "$cache/schemathesis/bin/schemathesis" --version)" = $schemathesis ] ||
    python_tool schemathesis "schemathesis==$schemathesis"
  # It has no command that tells its version.
  [ "$(version_of "$cache/moto/bin/python" -c 'import importlib.metadata as m; print(m.version("moto"))')" = $moto ] ||
    python_tool moto "moto[server]==$moto"
}

for_bench() {
  for_dist
  for_postgres
  npm_packages end2end
  has_browser || debian chromium
  npm_packages bench
  have nginx || [ -x /usr/sbin/nginx ] || debian nginx-light
}

for_cluster() {
  local missing=()
  for_postgres
  have patroni || missing+=(patroni)
  have etcd || missing+=(etcd-server)
  have haproxy || [ -x /usr/sbin/haproxy ] || missing+=(haproxy)
  have curl || missing+=(curl)
  [ ${#missing[@]} = 0 ] || debian "${missing[@]}"
}

case ${1:-build} in
build | watch | dist | test | bench | cluster) stage tools "for_${1:-build}" ;;
*) die "setup.sh knows build, watch, dist, test, bench and cluster, not '$1'" ;;
esac
