#!/usr/bin/env bash
# Tries the one file that is handed out: chosen journeys (those tagged @dist) and the sizes of what browsers download. The
# ordinary tests run on a quicker build. Which commit was tried is written into .ci/dist-checked, which .ci/run looks at.
source "$(dirname "$0")/env.sh"

commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain --untracked-files=no)" ] || die 'commit first: what is written down is the commit'

scripts/setup.sh test
scripts/setup.sh dist
source scripts/env.sh
scripts/build.sh >/dev/null
TINDAHAN_BINARY=$(scripts/build.sh dist)
export TINDAHAN_BINARY TINDAHAN_SIMULATORS=$quick/simulators

say 'what browsers download, compressed with brotli'
node scripts/sizes.mjs "$site-dist"
say 'journeys on the one file'
(cd end2end && npx --no-install playwright test --grep @dist "$@")

# Words may have left some out.
[ $# -eq 0 ] || exit 0
printf '%s\n' "$commit" >.ci/dist-checked
say ".ci/dist-checked names $commit: commit it"
