#!/usr/bin/env bash
# The embed example compiles with one line against the installed Railbook that pkg-config describes, and books a seat.
set -euo pipefail
: "${RAILBOOK_BUILD:?}" "${RAILBOOK_SOURCE:?}" "${CXX:?}"
prefix=$RAILBOOK_BUILD/tests/use/installed/prefix
build=$RAILBOOK_BUILD/tests/use/with_pkg_config
rm -rf "$build"
mkdir -p "$build"

package_file=$(find "$prefix" -name railbook.pc)
PKG_CONFIG_PATH=$(dirname "$package_file")
export PKG_CONFIG_PATH
# The library is static, so both ways of asking must give a program that links.
for static in "" --static; do
    read -ra flags <<< "$(pkg-config $static --cflags --libs railbook)"
    "$CXX" -std=c++20 "$RAILBOOK_SOURCE/examples/embed/main.cpp" "${flags[@]}" -o "$build/embed$static"
    "$build/embed$static" "$prefix/share/railbook/timetable/db-fv-2019.zip" "sqlite:$build/seats$static.db" | tee "$build/out"
    grep -q 'for Anna Schmidt' "$build/out"
done

version=$(sed -n 's/^#define RAILBOOK_VERSION "\(.*\)"$/\1/p' "$prefix/include/railbook/version.hpp")
[[ "$(pkg-config --modversion railbook)" == "$version" ]]
