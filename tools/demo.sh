#!/usr/bin/env bash
# Builds Railbook and shows it: on a fresh store and a real timetable, one journey is found, priced, held, paid and
# ticketed. Arguments go to `railbook demo`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/demo

# stdout belongs to the demo.
{
    "$root/tools/setup.sh" build
    cmake -S "$root" -B "$build" --preset release -DRAILBOOK_BUILD_TESTS=OFF -DRAILBOOK_BUILD_BENCH=OFF
    cmake --build "$build" --target railbook-cli
} >&2

exec "$build/tools/cli/railbook" demo "$@"
