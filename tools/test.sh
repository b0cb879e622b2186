#!/usr/bin/env bash
# Every test of Railbook: with g++ (release), with Clang's sanitizers, the fuzzers and the benchmarks.
#
#   tools/test.sh                   a few minutes' worth of random tests
#   tools/test.sh --long            twenty times as many
#   tools/test.sh --no-power-cut    without cutting the power of a disk, which needs root and loop devices
#
# Where the power cannot be cut the short tests only say so; the long ones fail, unless told to leave it out.
# RAILBOOK_TEST_SCALE multiplies the random tests (1, or 20 with --long). RAILBOOK_EXTRA_FEEDS names a folder with
# further GTFS feeds to be read. Ends with `N passed, N failed` alone on a line, and fails if anything failed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

scale=${RAILBOOK_TEST_SCALE:-1}
is_long=false
cuts_power=true
for option in "$@"; do
    case "$option" in
        --long)
            scale=${RAILBOOK_TEST_SCALE:-20}
            is_long=true
            ;;
        --no-power-cut) cuts_power=false ;;
        *)
            echo "usage: tools/test.sh [--long] [--no-power-cut]" >&2
            exit 2
            ;;
    esac
done
fuzz_runs=$((20000 * scale))
fuzz_seconds=$((30 * scale)) # a slow machine stops here, however many runs that was
bench_seconds=0.05

export RAILBOOK_TEST_SCALE=$scale
# Without --long the same random numbers are taken each time, so that a failure is of the change that is tested; the long
# tests take new ones. A failure prints what repeats it.
seed=""
[[ "$is_long" == true ]] || seed=" seed=20261123"
export RC_PARAMS=${RC_PARAMS:-max_success=$((100 * scale))$seed}
export UBSAN_OPTIONS=print_stacktrace=1
symbolizer=$(command -v llvm-symbolizer-19 || true)
export ASAN_SYMBOLIZER_PATH=$symbolizer TSAN_OPTIONS=external_symbolizer_path=$symbolizer

passed=0
failed=0
summary=()

# note WHAT PASSED FAILED SECONDS
note() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    summary+=("$(printf '%-42s %5d passed %3d failed %5d s' "$1" "$2" "$3" "$4")")
}

heading() { printf '\n== %s\n' "$1"; }

# build PRESET TARGET OPTION...: configures and builds; a failure is counted and ends what depends on it.
build() {
    local preset=$1 target=$2 start=$SECONDS
    shift 2
    heading "build: $preset"
    if cmake -S "$root" --preset "$preset" "$@" && cmake --build "$root/build/$preset" --target "$target" --parallel "$jobs"; then
        note "build: $preset" 1 0 $((SECONDS - start))
    else
        note "build: $preset" 0 1 $((SECONDS - start))
        return 1
    fi
}

# run_ctest PRESET OPTION...: the counts come from ctest's closing line.
run_ctest() {
    local preset=$1 start=$SECONDS log
    shift
    heading "tests: $preset"
    log=$root/build/$preset/ctest.log
    # Lists of tests from an earlier run: other feeds may be at hand now.
    find "$root/build/$preset/tests" -maxdepth 1 -name '*_tests.cmake' -delete
    ctest --test-dir "$root/build/$preset" --output-on-failure --parallel "$jobs" "$@" 2>&1 | tee "$log" || true
    local closing='([0-9]+) tests failed out of ([0-9]+)'
    if [[ "$(grep -E "$closing" "$log" | tail -n 1)" =~ $closing ]]; then
        local bad=${BASH_REMATCH[1]} all=${BASH_REMATCH[2]}
        note "tests: $preset" $((all - bad)) "$bad" $((SECONDS - start))
    else
        note "tests: $preset" 0 1 $((SECONDS - start)) # no test was found, or ctest itself failed
    fi
}

# run_each WHAT PATTERN OPTION...: runs every program that matches, each with these options.
run_each() {
    local what=$1 pattern=$2 start=$SECONDS good=0 bad=0 program
    shift 2
    for program in $pattern; do
        [[ -x "$program" && -f "$program" ]] || continue
        heading "$what: $(basename "$program")"
        if (cd "$(dirname "$program")" && "$program" "$@"); then good=$((good + 1)); else bad=$((bad + 1)); fi
    done
    [[ $((good + bad)) -gt 0 ]] || bad=1 # none was built
    note "$what" "$good" "$bad" $((SECONDS - start))
}

# One command does 200,000 simulated operations in less than a minute, and finds no violation.
simulate() {
    local start=$SECONDS code=0
    heading "simulator: 200,000 operations"
    timeout 60 "$root/build/release/tests/railbook_sim" --operations 200000 || code=$?
    [[ "$code" -ne 124 ]] || echo "they took more than a minute"
    note "simulator: 200,000 operations" $((code == 0)) $((code != 0)) $((SECONDS - start))
}

# Cuts the power under a store that is written; 3 says that this machine does not allow it.
cut_power() {
    local start=$SECONDS code=0
    heading "power cuts"
    (cd "$root/build/release/tests/power" && ./railbook_power --cuts $((5 * scale))) || code=$?
    if [[ "$code" -eq 3 && "$is_long" == false ]]; then
        note "power cuts: not possible here" 0 0 $((SECONDS - start))
    elif [[ "$code" -eq 3 ]]; then
        echo "power cuts are not possible here; --no-power-cut leaves them out"
        note "power cuts: not possible here" 0 1 $((SECONDS - start))
    else
        note "power cuts" $((code == 0)) $((code != 0)) $((SECONDS - start))
    fi
}

"$root/tools/setup.sh" test
echo "sizes: RAILBOOK_TEST_SCALE=$scale, $RC_PARAMS a property, $fuzz_runs runs a fuzzer, $bench_seconds s a benchmark"
[[ "$scale" -gt 1 ]] || echo "sizes: tools/test.sh --long takes larger ones"
echo "feeds: the sample, and ${RAILBOOK_EXTRA_FEEDS:-no others (RAILBOOK_EXTRA_FEEDS names a folder with some)}"

if build release all; then
    run_ctest release
    simulate
    if [[ "$cuts_power" == true ]]; then cut_power; fi
    run_each "benchmarks" "$root/build/release/tests/bench/bench_*" "--benchmark_min_time=$bench_seconds"
fi
# What was seen above and says nothing new here: the texts of the source, the installed packages, the planted mistakes; and
# each fault of each step on PostgreSQL and Redis, whose code is seen here without faults.
asan_leaves='^(tidy|use)\.|^sim\.Mutants'
if [[ "$is_long" == false ]]; then asan_leaves+='|/(postgres|redis)/faults'; fi
if build asan all -DRAILBOOK_BUILD_BENCH=OFF; then
    run_ctest asan --exclude-regex "$asan_leaves"
    run_each "fuzzers" "$root/build/asan/tests/fuzz/fuzz_*" -seed=1 "-runs=$fuzz_runs" "-max_total_time=$fuzz_seconds"
fi
# Only what threads share: the stores, without their faults, which one thread meets, and timetables that are swapped
# while they are searched. The rest would say what it said above, ten times slower.
if build tsan test_store -DRAILBOOK_BUILD_BENCH=OFF -DRAILBOOK_BUILD_CLI=OFF; then
    run_ctest tsan --tests-regex '^store\.' --exclude-regex '/faults'
fi
if build tsan test_search -DRAILBOOK_BUILD_BENCH=OFF -DRAILBOOK_BUILD_CLI=OFF; then
    run_ctest tsan --tests-regex '^search\.(ReimportTest|KeptAnswers)\.'
fi

heading "summary"
printf '%s\n' "${summary[@]}"
echo
echo "$passed passed, $failed failed"
[[ "$failed" -eq 0 ]]
