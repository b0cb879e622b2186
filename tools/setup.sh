#!/usr/bin/env bash
# Installs the Debian packages that Railbook needs. This is the only list of them.
#
#   tools/setup.sh build    what the library and the command `railbook` need
#   tools/setup.sh test     the same, and what the tests need
#
# It knows Debian 12 and 13, and calls apt only for packages that are missing.
set -euo pipefail

build_packages=(
    g++ cmake ninja-build pkgconf ccache
    libcli11-dev libfmt-dev libhowardhinnant-date-dev libutf8proc-dev libzip-dev zlib1g-dev
    libhiredis-dev libpq-dev libsqlite3-dev libssl-dev libtomlplusplus-dev tzdata
)
test_packages=(
    libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev redis-server redis-tools postgresql
    clang-19 libclang-rt-19-dev llvm-19 shellcheck patch
)
# What the releases name differently, or have only in part.
debian_12_packages=(libboost1.81-dev libboost-json1.81-dev)
debian_13_packages=(libboost-dev libboost-json-dev tzdata-legacy)  # links such as Canada/Eastern are a package there
debian_12_test_packages=(libboost-context1.81-dev)
debian_13_test_packages=(libboost-context-dev)

fail() {
    printf 'error: %s\n  reason: %s\n  hint: %s\n' "$1" "$2" "$3" >&2
    exit 1
}

case "${1-}" in
    build) packages=("${build_packages[@]}") ;;
    test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
    *)
        echo "usage: tools/setup.sh build|test" >&2
        exit 2
        ;;
esac

system=unknown
if [[ -r /etc/os-release ]]; then
    # shellcheck source=/dev/null
    system=$(. /etc/os-release && echo "${ID-unknown} ${VERSION_ID-}")
fi
case "$system" in
    "debian 12")
        packages+=("${debian_12_packages[@]}")
        [[ "$1" != test ]] || packages+=("${debian_12_test_packages[@]}")
        ;;
    "debian 13")
        packages+=("${debian_13_packages[@]}")
        [[ "$1" != test ]] || packages+=("${debian_13_test_packages[@]}")
        ;;
    *)
        fail "tools/setup.sh cannot install packages here" \
            "this system is '${system% }'; the script knows Debian 12 and 13" \
            "install what the list in tools/setup.sh names, then build with CMake as CONTRIBUTING.md says"
        ;;
esac
for command in dpkg-query apt-get; do
    command -v "$command" > /dev/null ||
        fail "tools/setup.sh cannot install packages here" "the command $command is missing" "install it, or the packages by hand"
done

is_installed() {
    [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2> /dev/null)" == installed ]]
}

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    echo "setup: all ${#packages[@]} packages are installed"
    exit 0
fi

as_root=()
if [[ "$(id -u)" -ne 0 ]]; then
    command -v sudo > /dev/null ||
        fail "packages are missing and this user may not install them" "neither root nor sudo" \
            "as root: apt-get install ${missing[*]}"
    as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
echo "setup: done"
