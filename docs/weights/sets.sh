#!/usr/bin/env bash
# Makes the sets that the networks of measure.sh are trained on, goes on where it was stopped. About an hour on two cores.
#
#   SHARED=../shared docs/weights/sets.sh strange   # OUT/strange: nothing of nuaa, phone-a and phone-c
#   SHARED=../shared docs/weights/sets.sh all       # OUT/all: that and the three cameras, `attacks23` of the model card
#
# Beside each lies what the teacher says of its faces, OUT/NAME.csv; the cues are drawn by the generator that ships.
# PYTHON has torch, numpy and Pillow.
set -euo pipefail

: "${SHARED:?folder of the shards}"
: "${DESPOOF:=target/release/despoof}"
: "${BUNDLE:=models/web}"
: "${OUT:=runs/data}"
: "${PYTHON:=python3}"
fas="$SHARED/data/fas"
real="$SHARED/data/real"

# aligned FACES SHARD…: prepared faces of shards.
aligned() {
  local faces="$OUT/$1"
  shift
  "$DESPOOF" align --data "$@" --out "$faces" >&2
}

# attacks SET FACES SHARD SHARE SEED OPTION…: a share of a shard's photos and what is simulated from them.
attacks() {
  local set=$1 faces=$2 shard=$3 share=$4 seed=$5
  shift 5
  "$DESPOOF" simulate set --data "$shard" --faces "$OUT/$faces" --share "$share" --seed "$seed" "$@" --out "$OUT/$set" >&2
}

cues() {
  local runs="$OUT/unpacked"
  "$DESPOOF" cues --faces "$OUT/$1" --identity "$runs/identity" --autoencoder "$runs/autoencoder" --dfg "$runs/dfg" --sampler-steps 1 "${@:2}" >&2
}

# Under its name only when it is whole: half a file would pass for all of it.
teacher() {
  local scores="$OUT/$1.csv"
  [ ! -e "$scores" ] || return 0
  "$PYTHON" tests/peers/minifasnet.py --weights "$SHARED/peers/minifasnet" --faces "$OUT/$1" --out "$scores.part" --threads 2 >&2
  mv "$scores.part" "$scores"
}

strange() {
  [ ! -e "$OUT/strange.made" ] || return 0
  mkdir -p "$OUT"
  [ -e "$OUT/unpacked" ] || "$DESPOOF" unpack --bundle "$BUNDLE" --out "$OUT/unpacked" >&2
  aligned real "$real"/real-00{0,1,2}.tar
  aligned phone-b "$fas/phone-b-train.tar"
  attacks strange real "$real/real-000.tar" 0.45 211
  attacks strange phone-b "$fas/phone-b-train.tar" 0.5 214 --as-domain phone
  attacks strange real "$real/real-001.tar" 0.45 219
  attacks strange real "$real/real-002.tar" 0.45 212
  # A core each; whoever ends last joins the parts.
  cues strange --part 1/2 & local other=$!
  cues strange --part 2/2
  wait "$other"
  teacher strange
  touch "$OUT/strange.made"
}

all() {
  strange
  [ -e "$OUT/all.begun" ] || { rm -rf "$OUT/all"; cp -r "$OUT/strange" "$OUT/all"; touch "$OUT/all.begun"; }
  local camera
  for camera in nuaa phone-a phone-c; do aligned "$camera" "$fas/$camera-train.tar"; done
  attacks all nuaa "$fas/nuaa-train.tar" 0.5 213
  attacks all phone-c "$fas/phone-c-train.tar" 0.5 215 --simulated-only --as-domain phone
  attacks all phone-c "$fas/phone-c-train.tar" 0.12 216 --as-domain phone
  attacks all phone-a "$fas/phone-a-train.tar" 0.35 217 --simulated-only --as-domain phone
  attacks all phone-a "$fas/phone-a-train.tar" 0.15 218 --as-domain phone
  # Goes on behind the faces whose cues were copied.
  cues all
  teacher all
}

case "${1:-}" in
  strange | all) "$1" ;;
  *)
    sed -n '2,9p' "$0" >&2
    exit 2
    ;;
esac
