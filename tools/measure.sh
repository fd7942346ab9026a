#!/bin/sh
# Measure the default model on held-out items and write docs/results.md: tools/measure.sh PAIRS.jsonl.gz [FOLDER].
# Stopped and called again, it goes on where it was. Two cores draw some four samples a second: ITEMS=200 items a set in
# the main setting; for the variants VARIANT_ITEMS=100 items of each set and VARIANT_K=32 samples an item.
set -eu
cd "$(dirname "$0")/.."
pairs=$1 folder=${2:-build/measure}
app=".venv/bin/python app.py"
items=${ITEMS:-200} fewer=${VARIANT_ITEMS:-100} k=${VARIANT_K:-32}
mkdir -p "$folder/items"
score() { # variant count option...
    variant=$1 count=$2
    shift 2
    [ -f "$folder/$variant.jsonl" ] && return
    for set_ in dev seen unseen; do head -n "$count" "$folder/items/$set_.jsonl"; done >"$folder/items/$variant.jsonl"
    echo "measure: $variant" >&2
    $app score "$folder/items/$variant.jsonl" --max-tokens 400 --resume --out "$folder/$variant.part" "$@" &&
        mv "$folder/$variant.part" "$folder/$variant.jsonl"
}
for set_ in dev seen unseen; do
    [ -f "$folder/items/$set_.jsonl" ] ||
        $app measure items "$set_" --count 200 --pairs "$pairs" --out "$folder/items/$set_.jsonl"
done
[ -f "$folder/rivals.json" ] || $app measure rivals "$folder/items/dev.jsonl" --pairs "$pairs" --out "$folder/rivals.json"
score main "$items" --k 32
score greedy "$items" --k 1 --temperature 0 --meta none
score T1.0 "$fewer" --k "$k" --temperature 1.0 --meta none
score balanced "$fewer" --k "$k" --order balanced --meta none
# General principles in place of the GRM's own, and the base without our training (held to the format by structured output).
printf '%s\n' 'Correct: what it says is true' 'Does what the query asks' 'Clear and complete' >"$folder/general.txt"
score given-principles "$fewer" --k "$k" --meta none --principles "$folder/general.txt"
base=$(.venv/bin/python -c 'from grm_core.models import base_model; print(base_model().folder)')
score untrained "$fewer" --k "$k" --meta none --model "$base"
for part in ${VARIANTS:-}; do # name=folder of another merged model, such as rft-only=build/training/rft/merged-checkpoint
    score "${part%%=*}" "$fewer" --k "$k" --meta none --model "${part#*=}"
done
$app measure report "$folder" --out docs/results.md --curves assets/demo/accuracy.json
