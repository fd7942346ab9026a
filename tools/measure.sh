#!/bin/sh
# Measure the default model on held-out items and write docs/results.md: tools/measure.sh PAIRS.jsonl.gz [FOLDER].
# LLMBAR=FOLDER and RMB=FOLDER (official data) add these two sets. Stopped and called again, it goes on where it was; with
# larger numbers it draws what is missing. Two cores draw some 30 samples a minute of pairs: ITEMS=100 items of each of
# everyday, dev and llmbar and half as many lists of rmb with K=8 samples take three hours; VARIANTS are drawn on the first
# VARIANT_ITEMS=30 of each. T1.0: temperature 1; joint: all responses in one prompt; general: principles that fit
# everything; small: the GRM of 135M; untrained: the base without our training, held to the format token by token.
set -eu
cd "$(dirname "$0")/.."
pairs=$1 folder=${2:-build/measured}
app=".venv/bin/python app.py"
items=${ITEMS:-100} fewer=${VARIANT_ITEMS:-30} k=${K:-8} meta=${META:-expected}
sets="everyday dev ${LLMBAR:+llmbar} ${RMB:+rmb-bon}"
mkdir -p "$folder/items"
for set_ in $sets; do
    case $set_ in llmbar) data=$LLMBAR ;; rmb-bon) data=$RMB ;; *) data= ;; esac
    [ -f "$folder/items/$set_.jsonl" ] ||
        $app measure items "$set_" --count 400 --pairs "$pairs" ${data:+--data "$data"} --out "$folder/items/$set_.jsonl"
done
score() { # variant count k meta option...
    variant=$1 count=$2 samples=$3 reader=$4
    shift 4
    [ "$(cat "$folder/items/$variant.done" 2>&-)" = "$count $samples" ] && return
    for set_ in $sets; do
        lists=$count
        [ "$set_" = rmb-bon ] && lists=$((count / 2))
        head -n "$lists" "$folder/items/$set_.jsonl"
    done >"$folder/items/$variant.jsonl"
    echo "measure: $variant, $count items of each set, k = $samples" >&2
    $app score "$folder/items/$variant.jsonl" --k "$samples" --max-tokens 400 --meta "$reader" --resume \
        --out "$folder/$variant.jsonl" "$@"
    echo "$count $samples" >"$folder/items/$variant.done"
}
score main "$items" "$k" "$meta"
[ -f "$folder/rivals.json" ] || {
    $app measure rivals "$folder/items/main.jsonl" --pairs "$pairs" --out "$folder/rivals.json"
}
for variant in ${VARIANTS-greedy T1.0 joint general small untrained}; do
    case $variant in
    greedy) score greedy "$fewer" 1 none --temperature 0 ;;
    T1.0) score T1.0 "$fewer" "$k" none --temperature 1.0 ;;
    joint) score joint "$fewer" "$k" none --context joint ;;
    general)
        printf '%s\n' 'Correct: what it says is true' 'Does what the query asks' 'Clear and complete' >"$folder/general.txt"
        score general "$fewer" "$k" none --principles "$folder/general.txt"
        ;;
    small) score small "$fewer" "$k" none --model small ;;
    untrained)
        base=$(.venv/bin/python -c 'from grm_core.models import judge_base; print(judge_base().folder)')
        score untrained "$fewer" "$k" none --model "$base"
        ;;
    *=*) score "${variant%%=*}" "$fewer" "$k" none --model "${variant#*=}" ;; # name=folder of a merged model
    esac
done
$app measure report "$folder" --out docs/results.md --curves assets/demo/accuracy.json
