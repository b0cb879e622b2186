#!/usr/bin/env bash
# tools/setup.sh installs what is missing, and does not call apt where nothing is. dpkg, apt and sudo are played here.
set -euo pipefail
: "${RAILBOOK_SOURCE:?}"
setup=$RAILBOOK_SOURCE/tools/setup.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin"

play() { # a command, and the body of its stand-in
    printf '#!/bin/sh\n%s\n' "$2" > "$folder/bin/$1"
    chmod +x "$folder/bin/$1"
}
play sudo 'exec "$@"'
play apt-get "echo \"\$*\" >> '$folder/apt-calls'"
export PATH=$folder/bin:$PATH

expect() { # what is promised, then a command that shows it
    local promise=$1
    shift
    "$@" || { echo "broken: $promise"; exit 1; }
    echo "kept: $promise"
}

play dpkg-query 'echo installed'
"$setup" test
expect "apt is not called when everything is installed" test ! -e "$folder/apt-calls"

play dpkg-query 'case "$*" in *libzip-dev) exit 1 ;; *cmake) echo config-files ;; *) echo installed ;; esac'
"$setup" build
expect "the package lists are fetched first" test "$(head -n 1 "$folder/apt-calls")" = update
expect "exactly what is missing is installed" grep -qx 'install .* cmake libzip-dev' "$folder/apt-calls"

play dpkg-query 'exit 1'
rm "$folder/apt-calls"
"$setup" build
expect "building needs no test packages" test -z "$(grep -w libgtest-dev "$folder/apt-calls")"
"$setup" test
expect "the tests need them" grep -qw libgtest-dev "$folder/apt-calls"

play apt-get 'exit 100'
status=0
"$setup" build > /dev/null || status=$?
expect "a failure of apt is not hidden" test "$status" -eq 100

status=0
"$setup" 2> "$folder/usage" || status=$?
expect "without a word of what to install it tells its usage" test "$status" -eq 2 -a -s "$folder/usage"
