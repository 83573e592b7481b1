#!/usr/bin/env bash
# Makes fuzz/corpus/ anew: inputs from the recordings and the quirk cases, and whatever further folders of inputs are
# named (`corpora.sh FOLDER`, with a folder per target in it: what a long run found), minimised to a set that reaches each
# edge which any of them reaches. Inputs over 1 KiB are left out.
set -euo pipefail
cd "$(dirname "$0")/.."

inputs=$(mktemp -d)
trap 'rm -rf "$inputs"' EXIT
cargo run --quiet --manifest-path fuzz/Cargo.toml --example corpora -- "$inputs"

for target in $(cargo +nightly fuzz list); do
    rm -rf "fuzz/corpus/$target"
    mkdir -p "fuzz/corpus/$target" "$inputs/$target"
    for folder in "$@"; do
        [ -d "$folder/$target" ] && find "$folder/$target" -type f -size -1025c -exec cp -n {} "$inputs/$target" \;
    done
    cargo +nightly fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "$inputs/$target" -- \
        -set_cover_merge=1 -use_counters=0 -max_len=1024 -verbosity=0
done
du -sh fuzz/corpus/*
