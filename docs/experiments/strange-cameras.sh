#!/usr/bin/env bash
# What a recipe is worth on a camera that training does not know: for every camera and seed one training without its
# photos and all that was simulated from them, then that camera's photos alone. Goes on where it was stopped.
#
#   FACES=runs/data/attacks DATA=../shared/data/fas OUT=runs/strange docs/experiments/strange-cameras.sh \
#     --shrink 2 --layers 2 --augment --recorded-share 0.3          # options of `train agnet`
#
# Prints a line a camera and seed: AUC, EER in percent and the threshold of the EER, of the last checkpoint. OUT/CAMERA-SEED.csv are its
# scores; `despoof eval --scores OUT/*.csv --bpcer 5 --fix-decision FILE` fixes a threshold on all of them.
set -euo pipefail

: "${DESPOOF:=target/release/despoof}"
: "${FACES:?a set of \`simulate set\` with its cues}"
: "${DATA:?folder of the shards CAMERA-train.tar or CAMERA-test.tar}"
: "${OUT:?folder of runs and scores}"
: "${CAMERAS:=nuaa phone-a phone-b phone-c}" # what the keys of their photos begin with
: "${SEEDS:=0 1 2}"
: "${STEPS:=400}"
: "${BATCH:=24}"
: "${RATE:=3e-4}"
: "${SHARE:=0.2}" # of the camera's photos

mkdir -p "$OUT"
echo "camera   seed     AUC    EER  threshold"
for camera in $CAMERAS; do
  shard="$DATA/$camera-test.tar"
  [ -e "$shard" ] || shard="$DATA/$camera-train.tar"
  for seed in $SEEDS; do
    run="$OUT/$camera-$seed"
    if [ ! -e "$run.json" ]; then
      "$DESPOOF" train agnet --faces "$FACES" --leave-out "$camera" --run "$run" --steps "$STEPS" --batch "$BATCH" \
        --learning-rate "$RATE" --warm-up $((STEPS / 8)) --ema 0.99 --checkpoint-every "$STEPS" --seed "$seed" --resume "$@" \
        > "$run.log" 2>&1
      "$DESPOOF" eval --run "$run" --data "$shard" --share "$SHARE" --resamples 0 --json --scores-out "$run.csv" > "$run.part" 2>> "$run.log"
      mv "$run.part" "$run.json"
    fi
    number() { grep -o "\"$1\":[0-9.e-]*" "$run.json" | head -n 1 | cut -d: -f2; }
    printf '%-8s %4s  %6.2f %6.2f  %9.4f\n' "$camera" "$seed" "$(number auc)" "$(number eer)" "$(number threshold)"
  done
done
