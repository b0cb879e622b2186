#!/usr/bin/env bash
# A program that takes Railbook in as a part of its own CMake project gets the library, and none of our tests.
set -euo pipefail
: "${RAILBOOK_BUILD:?}" "${RAILBOOK_SOURCE:?}" "${CXX:?}"
folder=$RAILBOOK_BUILD/tests/use/subproject
rm -rf "$folder"
mkdir -p "$folder"

cat > "$folder/CMakeLists.txt" << LISTS
cmake_minimum_required(VERSION 3.25)
project(outer LANGUAGES CXX)
add_subdirectory($RAILBOOK_SOURCE railbook)
add_executable(outer $RAILBOOK_SOURCE/examples/embed/main.cpp)
target_link_libraries(outer PRIVATE railbook::railbook)
LISTS
cmake -S "$folder" -B "$folder/build" -G Ninja -DCMAKE_CXX_COMPILER="$CXX" > "$folder/log"

# Building it would be building the library once more: it is enough that the targets are right, and a file compiles.
targets=$(cmake --build "$folder/build" --target help)
grep -q 'librailbook.a' <<< "$targets"
if grep -E '\b(test|bench|fuzz)_' <<< "$targets"; then
    echo "our own tests are a part of the other project"
    exit 1
fi
cmake --build "$folder/build" --target CMakeFiles/outer.dir"$RAILBOOK_SOURCE"/examples/embed/main.cpp.o
