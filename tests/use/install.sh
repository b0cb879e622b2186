#!/usr/bin/env bash
# Installs the build, as a packager does (DESTDIR), and into a prefix that is then moved; the other tests use it there.
set -euo pipefail
: "${RAILBOOK_BUILD:?}"
folder=$RAILBOOK_BUILD/tests/use/installed
rm -rf "$folder"
mkdir -p "$folder"

DESTDIR=$folder/stage cmake --install "$RAILBOOK_BUILD" --prefix /usr > /dev/null
for file in bin/railbook include/railbook/engine.hpp share/railbook/timetable/db-fv-2019.zip \
    share/railbook/timetable/NOTICE.md; do
    [[ -f "$folder/stage/usr/$file" ]] || { echo "not installed: $file"; exit 1; }
done
[[ "$(ls "$folder/stage")" == usr ]] || { echo "installed outside the prefix:"; ls "$folder/stage"; exit 1; }

cmake --install "$RAILBOOK_BUILD" --prefix "$folder/first" > /dev/null
mv "$folder/first" "$folder/prefix"
package_files=$(find "$folder/prefix" "$folder/stage" '(' -name '*.cmake' -o -name '*.pc' ')')
[[ -n "$package_files" ]] || { echo "no package files are installed"; exit 1; }
# shellcheck disable=SC2086  # the build's own paths, a word each
if grep -nE "$RAILBOOK_BUILD|railbook_flags" $package_files; then
    echo "the package files name the build"
    exit 1
fi
