#!/usr/bin/env bash
# Trains once without interruption and once killed (SIGKILL) a few steps after its first checkpoint and resumed, and
# compares what both logged, to the last digit. `trainer/tests/kill_and_resume.rs` compares the weights, bit by bit, kills at several points and
# in mid-checkpoint, and fills the disk. (Files of weights differ in the random names that burn gives parameters.)
#
#   FACES=runs/verbs/faces docs/kill-and-resume.sh
set -euo pipefail

: "${FACES:?a folder of prepared faces}"
: "${DESPOOF:=target/release/despoof}"
: "${OUT:=runs/kill-and-resume}"

export RAYON_NUM_THREADS=1
rm -rf "$OUT"
mkdir -p "$OUT"

training=("$DESPOOF" train autoencoder --faces "$FACES" --crop 32 --batch 2 --steps 40 --warm-up 1 --ema 0.9
  --checkpoint-every 10 --resume)

# Everything but the seconds a step took.
logged() { sed -e 's/"seconds":[0-9.e-]*,//' "$OUT/$1/metrics.jsonl"; }
last() { logged "$1" | grep '"loss"' | tail -n 1; }

echo '$ despoof train autoencoder … --steps 40 --run whole'
"${training[@]}" --run "$OUT/whole" > "$OUT/whole.log" 2>&1
last whole

echo '$ despoof train autoencoder … --steps 40 --run killed &'
"${training[@]}" --run "$OUT/killed" > "$OUT/killed.log" 2>&1 &
process=$!
until grep -qs '"step":13}' "$OUT/killed/metrics.jsonl"; do sleep 0.01; done
echo '$ kill -9'
kill -9 "$process"
wait "$process" 2> "$OUT/killed.wait" || true
echo "last step logged $(tail -n 1 "$OUT/killed/metrics.jsonl" | grep -o '"step":[0-9]*'), checkpoints: $(cd "$OUT/killed" && echo checkpoint-*)"

echo '$ despoof train autoencoder … --steps 40 --run killed --resume'
"${training[@]}" --run "$OUT/killed" > "$OUT/resumed.log" 2>&1
last killed

diff <(logged whole) <(logged killed) && echo "equal: all $(logged whole | wc -l) lines of metrics.jsonl"
