#!/usr/bin/env bash
# The embed example, as a project of its own, finds the installed Railbook as a CMake package and books a seat.
set -euo pipefail
: "${RAILBOOK_BUILD:?}" "${RAILBOOK_SOURCE:?}"
prefix=$RAILBOOK_BUILD/tests/use/installed/prefix
build=$RAILBOOK_BUILD/tests/use/with_cmake
rm -rf "$build"

cmake -S "$RAILBOOK_SOURCE/examples/embed" -B "$build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
cmake --build "$build"
"$build/embed" "$prefix/share/railbook/timetable/db-fv-2019.zip" | tee "$build/out"
grep -q 'for Anna Schmidt' "$build/out"
grep -q "railbook_DIR:PATH=$prefix/" "$build/CMakeCache.txt"

# Another 0.x may change the interface, so a program that asks for a later one must not get this one.
mkdir "$build/later"
cat > "$build/later/CMakeLists.txt" << 'LISTS'
cmake_minimum_required(VERSION 3.25)
project(later LANGUAGES CXX)
find_package(railbook 0.99 QUIET)
if(railbook_FOUND)
    message(FATAL_ERROR "railbook ${railbook_VERSION} was taken for 0.99")
endif()
LISTS
cmake -S "$build/later" -B "$build/later/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
