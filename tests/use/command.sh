#!/usr/bin/env bash
# The installed command runs from any folder, and its demo finds the sample timetable that was installed beside it.
set -euo pipefail
: "${RAILBOOK_BUILD:?}"
prefix=$RAILBOOK_BUILD/tests/use/installed/prefix
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT

"$prefix/bin/railbook" version
"$prefix/bin/railbook" demo --once > demo.txt
cat demo.txt
[[ "$(ls)" == demo.txt ]] || { echo "the demo left files behind:"; ls; exit 1; }

# Without the timetable beside it, a copy of the command still knows what it is.
cp "$prefix/bin/railbook" alone
./alone version > /dev/null
