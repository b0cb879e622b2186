#!/usr/bin/env bash
# Planted mistakes: is each of them found by the simulator?
#
#   tests/sim/mutants.sh BUILD_FOLDER [--all | --some SEED | --only NAME] [--worlds N]
#
# A mutant is a patch in tests/sim/mutants: a line that says what is broken, then a unified diff (-p1, from the root of
# the repository) of exactly one .cpp file below src/. To add one, put a file there; nothing else is to be done. The
# mutated copy of the file is compiled with the command that the build has for it, linked before the library, and runs
# over one seed after the other until a violation is found, at most N of them (10000). A mutant of src/store/sqlite runs
# on SQLite, all others on memory.
#
# The build folder is one of the CMake presets, with `railbook_sim` built in it. --some takes three, chosen by SEED, a
# number or `today`.
# A patch that does not apply, a mutant that does not compile and one that is not found fail the run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

usage() {
    sed -n 's/^#   //p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

[[ $# -ge 1 ]] || usage
build=$(cd "$1" && pwd)
shift
mode=all
argument=
worlds=10000
while [[ $# -gt 0 ]]; do
    case "$1" in
        --all) mode=all ;;
        --some | --only)
            [[ $# -ge 2 ]] || usage
            mode=${1#--}
            argument=$2
            shift
            ;;
        --worlds)
            [[ $# -ge 2 ]] || usage
            worlds=$2
            shift
            ;;
        *) usage ;;
    esac
    shift
done

work=$(mktemp -d "${TMPDIR:-/tmp}/railbook-mutants-XXXXXX")
trap 'rm -rf "$work"' EXIT

# compile_command FILE: the build's own; CMake writes one entry of four lines a file.
compile_command() {
    grep --before-context=1 --fixed-strings "\"file\": \"$1\"" "$build/compile_commands.json" |
        sed -n 's/^ *"command": "\(.*\)",$/\1/p' | sed 's/\\"/"/g; s/\\\\/\\/g' | head -n 1
}

# The command that links the simulator, from its objects on.
link_command=$(ninja -C "$build" -t commands railbook_sim | tail -n 1)

failed=0
fail() {
    printf 'FAILED     %-40s %s\n' "$1" "$2"
    failed=$((failed + 1))
}

try() {
    local patch=$1 name file copy command object program store status=0 log
    name=$(basename "$patch" .patch)
    file=$(sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$patch")
    if [[ "$(wc -l <<< "$file")" -ne 1 || "$file" != src/*.cpp || ! -f "$root/$file" ]]; then
        fail "$name" "the patch is not one of a single .cpp file below src/"
        return
    fi
    copy=$work/$name/$file
    mkdir -p "$(dirname "$copy")"
    cp "$root/$file" "$copy"
    if ! patch --quiet --strip=1 --no-backup-if-mismatch --directory="$work/$name" < "$patch" > "$work/$name.log" 2>&1; then
        fail "$name" "the patch does not apply any more"
        return
    fi
    command=$(compile_command "$root/$file")
    object=$work/$name.o
    program=$work/$name.sim
    log=$work/$name.log
    # A mistake may leave a parameter unused; that is not how it is to be found.
    command="${command% -o *} -w -o $object -c $copy"
    if ! (cd "$build" && eval "$command") > "$log" 2>&1; then
        fail "$name" "it does not compile: $(grep --max-count=1 error "$log" || true)"
        return
    fi
    # What the object defines is not taken from the library again.
    command=${link_command/ -o tests\/railbook_sim / $object -o $program }
    if ! (cd "$build" && eval "$command") > "$log" 2>&1; then
        fail "$name" "it does not link: $(tail -n 1 "$log")"
        return
    fi
    store=memory
    [[ "$file" == src/store/sqlite/* ]] && store=sqlite
    # A shell of its own, since it is a shell that says when a program was aborted.
    bash -c '"$@"; exit "$?"' bash "$program" --seed 1 --worlds "$worlds" --operations 1000000000 --store "$store" \
        > "$log" 2>&1 || status=$?
    rm -f "$program" "$object"
    case "$status" in
        0) fail "$name" "not found in $worlds worlds" ;;
        1) printf 'found      %-40s %s\n' "$name" "$(sed -n '/^violations:/{n;s/^  //;p;}' "$log" | cut -c 1-180)" ;;
        134) printf 'found      %-40s it aborted: %s\n' "$name" \
            "$(grep -E --max-count=1 'broken promise|terminate called' "$log" | sed 's|at .*/src/|at src/|')" ;;
        *) fail "$name" "the simulator ended with $status: $(tail -n 1 "$log")" ;;
    esac
}

mapfile -t patches < <(find "$root/tests/sim/mutants" -name '*.patch' | sort)
case "$mode" in
    some)
        [[ "$argument" != today ]] || argument=$(($(date +%s) / 86400))
        echo "mutants: three of ${#patches[@]}, chosen by seed $argument"
        mapfile -t patches < <(for i in 0 1 2; do
            echo "${patches[$(((argument + i * ${#patches[@]} / 3) % ${#patches[@]}))]}"
        done)
        ;;
    only) patches=("$root/tests/sim/mutants/$argument.patch") ;;
esac
for patch in "${patches[@]}"; do try "$patch"; done
echo "mutants: $((${#patches[@]} - failed)) of ${#patches[@]} found"
[[ "$failed" -eq 0 ]]
