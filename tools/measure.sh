#!/bin/sh
# Measure the default model on held-out items and write docs/results.md: tools/measure.sh PAIRS.jsonl.gz [FOLDER].
# Stopped and called again, it goes on where it was. About three hours on two cores.
set -eu
cd "$(dirname "$0")/.."
pairs=$1 folder=${2:-build/measure}
app=".venv/bin/python app.py"
mkdir -p "$folder/items"
score() { # set variant count option...
    set_=$1 variant=$2 count=$3
    shift 3
    [ -f "$folder/$set_.$variant.jsonl" ] && return
    head -n "$count" "$folder/items/$set_.jsonl" >"$folder/items/$set_.$variant.jsonl"
    echo "measure: $set_ $variant" >&2
    $app score "$folder/items/$set_.$variant.jsonl" --max-tokens 400 --resume --out "$folder/$set_.$variant.part" "$@" &&
        mv "$folder/$set_.$variant.part" "$folder/$set_.$variant.jsonl"
}
for set_ in dev seen unseen; do
    [ -f "$folder/items/$set_.jsonl" ] ||
        $app measure items "$set_" --count 200 --pairs "$pairs" --out "$folder/items/$set_.jsonl"
done
[ -f "$folder/rivals.json" ] || $app measure rivals "$folder/items/dev.jsonl" --pairs "$pairs" --out "$folder/rivals.json"
for set_ in dev seen unseen; do score $set_ main 200 --k 32; done
for set_ in dev seen unseen; do
    score $set_ greedy 200 --k 1 --temperature 0 --meta none
    score $set_ T1.0 100 --k 32 --temperature 1.0 --meta none
    score $set_ balanced 100 --k 32 --order balanced --meta none
done
# General principles in place of the GRM's own, and the base without our training (held to the format by structured output).
printf '%s\n' 'Correct: what it says is true' 'Does what the query asks' 'Clear and complete' >"$folder/general.txt"
base=$(.venv/bin/python -c 'from grm_core.models import base_model; print(base_model().folder)')
for set_ in dev seen unseen; do
    score $set_ given-principles 100 --k 32 --meta none --principles "$folder/general.txt"
    score $set_ untrained 100 --k 32 --meta none --model "$base"
done
for part in ${VARIANTS:-}; do # name=folder of another merged model, such as rft-only=build/training/rft/merged-checkpoint
    for set_ in dev seen unseen; do score $set_ "${part%%=*}" 100 --k 32 --meta none --model "${part#*=}"; done
done
$app measure report "$folder" --out docs/results.md --curves assets/demo/accuracy.json
