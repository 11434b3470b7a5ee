#!/usr/bin/env bash
# Trains AG-Net as the model card says, goes on where it was stopped; two trainings at a time, ONE_AT_A_TIME=1: one.
#
#   FACES=runs/data/strange docs/weights/train.sh first RUN SEED SEED SEED               # from EfficientNet-Lite0
#   FACES=runs/data/strange docs/weights/train.sh companion RUN SEED SEED SEED FIRST     # beside FIRST, a run or a bundle
#
# 300 steps, from there two trainings of 300; RUN is the mean of their weights, RUN-start, RUN-a and RUN-b the parts.
# FACES is a set of sets.sh, FACES.csv what the teacher says of it. LEAVE_OUT=phone-c: as if the set held nothing of this camera.
set -euo pipefail

: "${DESPOOF:=target/release/despoof}"
: "${FACES:?a set of sets.sh}"

# trained RUN STEPS RATE TEACHER STREAMED RECORDED SEED OPTION…
trained() {
  local run=$1 steps=$2 rate=$3 teacher=$4 streamed=$5 recorded=$6 seed=$7
  shift 7
  "$DESPOOF" train agnet --faces "$FACES" --sampler-steps 1 --run "$run" --steps "$steps" --batch 24 --learning-rate "$rate" --warm-up 40 \
    --ema 0.99 --augment --streamed-share "$streamed" --shrink 2 --layers 2 --teacher "$FACES.csv" --teacher-share "$teacher" \
    --contrast 1.8 --unguided-answer --recorded-share "$recorded" --seed "$seed" --checkpoint-every 300 --resume "${every[@]}" "$@" >> "$run.log" 2>&1
}

# Options of the first of the three alone, and of all three.
begin=()
every=()
[ -z "${LEAVE_OUT:-}" ] || every=(--leave-out "$LEAVE_OUT")

# network RUN SEED SEED SEED OPTION…
network() {
  local run=$1 seeds=("${@:2:3}")
  shift 4
  [ ! -e "$run" ] || return 0
  trained "$run-start" 300 6e-4 0.5 0.3 0.15 "${seeds[0]}" "$@" "${begin[@]}"
  trained "$run-a" 300 5e-4 0.5 0.3 0.15 "${seeds[1]}" "$@" --start-from "$run-start" & local other=$!
  [ -z "${ONE_AT_A_TIME:-}" ] || wait "$other"
  trained "$run-b" 300 3e-4 0.7 0.15 0.05 "${seeds[2]}" "$@" --start-from "$run-start"
  wait "$other"
  # What an interrupted mean left is in its way.
  rm -rf "$run.part"
  "$DESPOOF" average --agnet "$run-a" "$run-b" --out "$run.part" >> "$run.log"
  mv "$run.part" "$run"
}

case "${1:-}" in
  first) network "$2" "${@:3:3}" ;;
  companion)
    begin=(--start-from "$6")
    network "$2" "${@:3:3}" --companion --hidden-share 0.5
    ;;
  *)
    sed -n '2,8p' "$0" >&2
    exit 2
    ;;
esac
