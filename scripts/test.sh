#!/usr/bin/env bash
# Runs the tests and ends with the names of those that failed and one line, "N passed, N failed", over all of them.
# A skipped test counts as failed. One that failed is run once more: when it passes then, it counts as passed and is named as
# unsteady; more than three of these fail the run, because chance does not explain so many.
#
#   scripts/test.sh            all of it: what `make test` and .ci/run call
#   scripts/test.sh rust       unit, property, database, HTTP and documentation tests
#   scripts/test.sh browser    journeys and accessibility in Chromium
#   scripts/test.sh contract   schemathesis against the API's own description
#
# With TINDAHAN_LONG=1 in its long mode: more crash rounds, longer simulations, a rehearsal of a cluster's failures, more examples, other
# seeds; every journey on phone and desktop, and on the release.
# Words after the part go to its runner:  scripts/test.sh rust -E 'test(last_unit)'  ·  scripts/test.sh browser --project=phone home
source "$(dirname "$0")/env.sh"

part=${1:-all}
[ $# -eq 0 ] || shift
[ "$part" != all ] || [ $# -eq 0 ] || die 'words for a runner need its part: rust, browser or contract'
case $part in all | rust | browser | contract) ;; *) die "test.sh knows rust, browser and contract, not '$part'" ;; esac

passed=0
failed=0
scratch=$(mktemp -d)
: >"$scratch/failures"
: >"$scratch/unsteady"
summed=
# What does not even compile ends this script before the closing line.
finish() {
  local status=$?
  if [ -z "$summed" ]; then
    echo
    echo 'failed  before all tests were run: see above'
    echo "$passed passed, $((failed + 1)) failed"
  fi
  rm -rf "$scratch"
  exit $status
}
trap finish EXIT

count() { # passed failed
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# Adds what a runner reported. One that fails with nothing counted as failed, or that ran nothing, is itself a failure.
report() { # name status passed failed
  count "$3" "$4"
  if [ "$2" != 0 ] && [ "$4" = 0 ]; then
    say "$1 ended with status $2"
    echo "$1, by its status $2" >>"$scratch/failures"
    count 0 1
  elif [ "$3" = 0 ] && [ "$4" = 0 ]; then
    say "$1 ran no test"
    echo "$1, which ran none" >>"$scratch/failures"
    count 0 1
  fi
}

# The number in front of a word in a runner's closing line, or 0.
number_before() { grep -oE "[0-9]+ $1" | grep -oE '^[0-9]+' || echo 0; }

rust() {
  local status=0 line profile=default
  if [ -n "${TINDAHAN_LONG:-}" ]; then profile=long; fi
  say 'Rust tests, on SQLite and Postgres'
  scripts/postgres.sh cargo nextest run "${quick_tests[@]}" --profile "$profile" "$@" 2>&1 | tee "$scratch/nextest" || status=$?
  sed $'s/\x1b\\[[0-9;]*m//g' "$scratch/nextest" >"$scratch/plain"
  line=$(grep -E '^ *Summary ' "$scratch/plain" | tail -n 1 || true)
  # Each is named as it fails, and again after the summary; the first of two runs does not count.
  sed -nE 's/^ *(TRY [2-9] )?(FAIL|TIMEOUT|SIGABRT|SIGSEGV|SIGKILL|LEAK-FAIL) \[[^]]*\] (\([^)]*\) )?/nextest: /p' "$scratch/plain" | sort -u >>"$scratch/failures"
  sed -nE 's/^ *FLAKY [0-9]+\/[0-9]+ \[[^]]*\] (\([^)]*\) )?/nextest: /p' "$scratch/plain" | sort -u >>"$scratch/unsteady"
  report nextest $status "$(number_before passed <<<"$line")" \
    $(($(number_before failed <<<"$line") + $(number_before 'timed out' <<<"$line") + $(number_before 'exec failed' <<<"$line") + $(skipped_tests "$line" "$@")))

  [ $# -eq 0 ] || return 0
  say 'examples in the documentation'
  status=0
  cargo test --doc --profile quick --target "$host" "${packages[@]}" --no-fail-fast 2>&1 | tee "$scratch/doc" || status=$?
  local ok bad
  ok=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$scratch/doc")
  bad=$(awk '/^test result:/ { n += $6 + $8 } END { print n + 0 }' "$scratch/doc")
  report 'documentation tests' $status "$ok" "$bad"
}

# Tests that a filter on the command line leaves out are not run.
skipped_tests() { # summary-line [filters]
  if [ $# -eq 1 ]; then number_before skipped <<<"$1"; else echo 0; fi
}

# As the program is built, so that they share what is compiled.
quick_tests=(--cargo-profile quick --target "$host" "${packages[@]}")

# Compiled before they are run, so that their time is known.
compile_tests() { cargo nextest run --no-run "${quick_tests[@]}"; }

browser() {
  local status=0 counts
  say 'journeys in Chromium'
  # The report names its file relative to the configuration, hence the absolute path.
  (cd end2end && TINDAHAN_REPORT=$scratch/playwright.json npx --no-install playwright test "$@") || status=$?
  counts=$(node -e '
    const [, report, failures, unsteady] = process.argv, fs = require("fs");
    const { stats, suites } = JSON.parse(fs.readFileSync(report, "utf8"));
    const line = (text) => text.replace(/\x1b\[[0-9;]*m/g, "").replace(/\s+/g, " ").slice(0, 500);
    const why = ({ results }) => {
      const { error, annotations = [] } = results.findLast(({ error }) => error) ?? {};
      return [error?.message ?? "", ...annotations.map(({ description }) => `Shown: ${description}`)].map(line).join(" ");
    };
    const specs = (suite) => [...suite.specs, ...(suite.suites ?? []).flatMap(specs)];
    for (const spec of suites.flatMap(specs))
      for (const test of spec.tests.filter(({ status }) => status !== "expected"))
        fs.appendFileSync(test.status === "flaky" ? unsteady : failures, `playwright, ${test.projectName}: ${spec.file}:${spec.line} ${spec.title} (${test.status}): ${why(test)}\n`);
    console.log(stats.expected + stats.flaky, stats.unexpected + stats.skipped);
  ' "$scratch/playwright.json" "$scratch/failures" "$scratch/unsteady" 2>/dev/null) || counts='0 0'
  # shellcheck disable=SC2086 # two numbers
  report playwright $status $counts
}

contract() {
  local status=0 counts seed=(--seed 1) examples=50
  if [ -n "${TINDAHAN_LONG:-}" ]; then seed=() examples=500; fi
  say 'the API against its own description'
  # It leaves notes where it runs.
  (cd "$scratch" && node "$root/end2end/harness.mjs" \
    "$cache/schemathesis/bin/schemathesis" --config-file "$root/end2end/schemathesis.toml" run '{url}/api/openapi.json' -H 'Authorization: Bearer {key}' \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
    --max-examples $examples ${seed[@]+"${seed[@]}"} --continue-on-failure --suppress-health-check all \
    --report json --report-json-path "$scratch/contract.json" "$@") || status=$?
  counts=$(node -e '
    const [, report, list] = process.argv, fs = require("fs");
    const { operations, failures, errors } = JSON.parse(fs.readFileSync(report, "utf8"));
    const named = new Set(failures.flatMap((failure) => failure.operations));
    for (const operation of named) fs.appendFileSync(list, `schemathesis: ${operation}\n`);
    const broken = named.size + errors.length + operations.skipped;
    console.log(Math.max(operations.tested - broken, 0), broken);
  ' "$scratch/contract.json" "$scratch/failures" 2>/dev/null) || counts='0 0'
  # shellcheck disable=SC2086 # two numbers
  report schemathesis $status $counts
}

case $part in all) export TINDAHAN_LAST_STAGE=contract ;; esac
scripts/setup.sh test
if [ -n "${TINDAHAN_LONG:-}" ]; then scripts/setup.sh cluster; fi
# It may have chosen a toolchain.
source scripts/env.sh
[ "$part" = rust ] || {
  scripts/build.sh >/dev/null
  export TINDAHAN_BINARY=$binary TINDAHAN_SITE=$site TINDAHAN_SIMULATORS=$quick/simulators
  if [ -n "${TINDAHAN_LONG:-}" ]; then
    scripts/setup.sh dist
    TINDAHAN_BINARY=$(scripts/build.sh dist)
    unset TINDAHAN_SITE
  fi
}
case $part in
all)
  stage 'compiling tests' compile_tests
  stage 'Rust tests' rust
  stage journeys browser
  stage contract contract
  ;;
*) "$part" "$@" ;;
esac

summed=yes
unsteady=$(wc -l <"$scratch/unsteady")
if [ "$unsteady" -gt 3 ]; then
  echo "$((unsteady)) tests that passed only when they were run again, of which three are allowed" >>"$scratch/failures"
  count 0 1
fi
echo
sed 's/^/unsteady  /' "$scratch/unsteady"
sed 's/^/failed  /' "$scratch/failures"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
