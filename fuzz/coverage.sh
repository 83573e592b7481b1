#!/usr/bin/env bash
# Which lines of src/ the fuzz targets reach with their corpora: a table of files, and each line that none reaches.
# `coverage.sh [FOLDER]`: also the inputs in FOLDER/<target>, as a long run leaves them.
#
# Needs llvm-profdata and llvm-cov that read what this rustc writes: rustup's llvm-tools, or a distribution's (LLVM 19
# reads the profiles of rustc 1.95's LLVM 22). Others than those in the path: PROFDATA=… COV=….
set -euo pipefail
cd "$(dirname "$0")/.."

newest() { compgen -c "$1" | grep -E "^$1(-[0-9]+)?$" | sort -V | tail -n 1; }
tools=$(rustc --print target-libdir)/../bin
if [ -x "$tools/llvm-cov" ]; then
    profdata=$tools/llvm-profdata cov=$tools/llvm-cov
else
    profdata=${PROFDATA:-$(newest llvm-profdata)} cov=${COV:-$(newest llvm-cov)}
fi
[ -n "$profdata" ] && [ -n "$cov" ] || { echo "coverage.sh: no llvm-profdata and llvm-cov found" >&2; exit 1; }

out=fuzz/target/coverage
export CARGO_TARGET_DIR=$PWD/$out RUSTFLAGS="-C instrument-coverage --cfg fuzzing"
# Build scripts write profiles too.
LLVM_PROFILE_FILE=$PWD/$out/build.profraw cargo build --quiet --release --manifest-path fuzz/Cargo.toml --example replay
rm -f "$out"/*.profraw
for target in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$target" .rs)
    LLVM_PROFILE_FILE=$out/$target.profraw "$out/release/examples/replay" "$target" "fuzz/corpus/$target" \
        "tests/regression/$target" ${1:+"$1/$target"}
done
"$profdata" merge -sparse "$out"/*.profraw -o "$out/all.profdata"
"$cov" export -format=lcov -instr-profile="$out/all.profdata" "$out/release/examples/replay" -sources src > "$out/all.lcov"

# lcov: SF names a file, DA:line,count; a line of several instances (generics) is reached if one is.
awk -v root="$PWD/" '
    /^SF:/ { file = substr($0, 4); sub(root, "", file) }
    /^DA:/ { split(substr($0, 4), part, ","); key = file SUBSEP part[1]; seen[key] = 1; if (part[2] > 0) hit[key] = 1 }
    END {
        for (key in seen) {
            split(key, part, SUBSEP)
            lines[part[1]]++
            if (key in hit) reached[part[1]]++; else missed[part[1]] = missed[part[1]] " " part[2]
        }
        for (file in lines) {
            count = split(missed[file], numbers, " ")
            # In order.
            for (i = 2; i <= count; i++)
                for (j = i; j > 1 && numbers[j] + 0 < numbers[j - 1] + 0; j--) { swap = numbers[j]; numbers[j] = numbers[j - 1]; numbers[j - 1] = swap }
            text = ""
            for (i = 1; i <= count; i++) {
                from = numbers[i]
                while (i < count && numbers[i + 1] == numbers[i] + 1) i++
                text = text (text == "" ? "" : ", ") (from == numbers[i] ? from : from "-" numbers[i])
            }
            printf "%-36s %5d of %5d  %5.1f %%  %s\n", file, reached[file], lines[file], 100 * reached[file] / lines[file], text
            all += lines[file]; some += reached[file]
        }
        printf "%-36s %5d of %5d  %5.1f %%\n", "~ all", some, all, 100 * some / all
    }' "$out/all.lcov" | sort
