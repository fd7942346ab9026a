#!/bin/sh
# Measure the default model on held-out items and write docs/results.md: tools/measure.sh PAIRS.jsonl.gz [FOLDER].
# Stopped and called again, it goes on where it was; with larger numbers it draws what is missing. Two cores draw four to
# ten samples a second: ITEMS=200 items of each of three sets (no more are made) in the main setting, the variants on the
# first VARIANT_ITEMS=100 of each with VARIANT_K=32 samples an item; the untrained base, held to the format token by
# token, is ten times slower: 100 minutes for UNTRAINED_K=32.
set -eu
cd "$(dirname "$0")/.."
pairs=$1 folder=${2:-build/measure}
app=".venv/bin/python app.py"
items=${ITEMS:-200} fewer=${VARIANT_ITEMS:-100} k=${VARIANT_K:-32} slow=${UNTRAINED_K:-32}
[ "$items" -le 200 ] && [ "$fewer" -le 200 ] || { echo "measure: there are 200 items of each set" >&2; exit 2; }
mkdir -p "$folder/items"
score() { # variant file count k option...
    variant=$1 file=$folder/$2 count=$3 samples=$4
    shift 4
    [ "$(cat "$folder/items/$variant.done" 2>&-)" = "$count $samples" ] && return
    for set_ in dev seen unseen; do head -n "$count" "$folder/items/$set_.jsonl"; done >"$folder/items/$variant.jsonl"
    echo "measure: $variant, $count items of each set, k = $samples" >&2
    # Without the meta RM, which would take the cores from the engine: it reads afterwards.
    $app score "$folder/items/$variant.jsonl" --k "$samples" --max-tokens 400 --meta none --resume --out "$file" "$@"
    echo "$count $samples" >"$folder/items/$variant.done"
}
for set_ in dev seen unseen; do
    [ -f "$folder/items/$set_.jsonl" ] ||
        $app measure items "$set_" --count 200 --pairs "$pairs" --out "$folder/items/$set_.jsonl"
done
[ -f "$folder/rivals.json" ] || $app measure rivals "$folder/items/dev.jsonl" --pairs "$pairs" --out "$folder/rivals.json"
score main main.drawn "$items" 32
$app meta "$folder/main.drawn" --resume --out "$folder/main.jsonl"
score greedy greedy.jsonl "$items" 1 --temperature 0
score T1.0 T1.0.jsonl "$fewer" "$k" --temperature 1.0
score balanced balanced.jsonl "$fewer" "$k" --order balanced
# General principles in place of the GRM's own, and the base without our training (held to the format by structured output).
printf '%s\n' 'Correct: what it says is true' 'Does what the query asks' 'Clear and complete' >"$folder/general.txt"
score given-principles given-principles.jsonl "$fewer" "$k" --principles "$folder/general.txt"
base=$(.venv/bin/python -c 'from grm_core.models import base_model; print(base_model().folder)')
score untrained untrained.jsonl "$fewer" "$slow" --model "$base"
for part in ${VARIANTS:-}; do # name=folder of another merged model, such as rft-only=build/training/rft/merged-checkpoint
    score "${part%%=*}" "${part%%=*}.jsonl" "$fewer" "$k" --model "${part#*=}"
done
$app measure report "$folder" --out docs/results.md --curves assets/demo/accuracy.json
