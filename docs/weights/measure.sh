#!/usr/bin/env bash
# Measures what the model card says, goes on where it was stopped.
#
#   SHARED=../shared docs/weights/measure.sh decide AGNET_RUN         # development scores, OUT/decision.json
#   SHARED=../shared docs/weights/measure.sh measure BUNDLE           # every protocol of the card
#   SHARED=../shared docs/weights/measure.sh strange BUNDLE CAMERA AGNET_RUN   # nuaa, phone-a or phone-c, which the run never saw; it knows the two others
#   SHARED=../shared docs/weights/measure.sh crossed BUNDLE AGNET_RUN          # a run that never saw any of the three
#   SHARED=../shared docs/weights/measure.sh portrait BUNDLE          # seven simulated attacks of the public portrait, six seeds each
#   python docs/weights/tables.py OUT                                 # their tables
#
# SHARED holds `data/fas` and `data/real` (DATA.md). Two protocols at a time, a core each.
set -euo pipefail

: "${SHARED:?folder of the shards}"
: "${DESPOOF:=target/release/despoof}"
: "${BUNDLE:=models/web}"
: "${OUT:=runs/weights}"
: "${RESAMPLES:=1000}"
: "${PHOTO:=tests/photos/astronaut.png}"
# The rule of docs/adr/0026: in no development set more live faces are refused, in percent.
: "${BPCER:=4}"
DESPOOF=$(realpath "$DESPOOF")
export SHARED DESPOOF OUT RESAMPLES RAYON_NUM_THREADS="${RAYON_NUM_THREADS:-1}"

# Photos of a protocol, by its name.
photos() {
  local fas="$SHARED/data/fas" real="$SHARED/data/real"
  case "$1" in
    nuaa-train) echo "--data $fas/nuaa-train.tar --held-out" ;;
    nuaa-train-close-up) echo "--data $fas/nuaa-train.tar --held-out --close-up 1.25" ;;
    phone-a) echo "--data $fas/phone-a-train.tar --held-out" ;;
    phone-b) echo "--data $fas/phone-b-train.tar --held-out --share 0.4" ;;
    phone-c) echo "--data $fas/phone-c-train.tar --share 0.12" ;;
    real-003) echo "--data $real/real-003.tar" ;;
    nuaa-test) echo "--data $fas/nuaa-test.tar --share 0.4" ;;
    nuaa-test-close-up) echo "--data $fas/nuaa-test.tar --share 0.4 --close-up 1.25" ;;
    real) echo "--data $real/real-000.tar $real/real-001.tar $real/real-002.tar --held-out --share 0.4" ;;
    strange-nuaa) photos nuaa-test ;;
    strange-nuaa-close-up) photos nuaa-test-close-up ;;
    strange-phone-a) echo "--data $fas/phone-a-train.tar --share 0.15" ;;
    strange-phone-c) echo "--data $fas/phone-c-train.tar --share 0.3" ;;
    *) echo "unknown protocol $1" >&2; return 1 ;;
  esac
}

# One protocol: NAME and the network's options. A report that is there is kept.
protocol() {
  local name=$1 folder=$2 chosen
  shift 2
  [ ! -e "$folder/$name.json" ] || return 0
  chosen=$(photos "$name")
  # shellcheck disable=SC2086 # options are words
  "$DESPOOF" eval "$@" $chosen --resamples "$RESAMPLES" --json --scores-out "$folder/$name.csv" \
    > "$folder/$name.part" 2> "$folder/$name.log"
  mv "$folder/$name.part" "$folder/$name.json"
}
export -f photos protocol

# NAMES of protocols on standard input, two at a time.
protocols() {
  local folder=$1
  shift
  mkdir -p "$folder"
  xargs -P 2 -I NAME bash -euc 'protocol "$@"' - NAME "$folder" "$@"
}

# A run whose scores no decision's temperature bends.
unbent() {
  [ ! -e "$1/decision.json" ] || { echo "$1/decision.json must not be there" >&2; return 1; }
}

# The DECISION that FILES of scores fix.
fixed_on() {
  local decision=$1
  shift
  "$DESPOOF" eval --scores "$@" --bpcer "$BPCER" --resamples 0 --fix-decision "$decision" > "$decision.fixed"
}

# NAME's scores at a DECISION.
answered() {
  "$DESPOOF" eval --scores "$1.csv" --decision "$2" --resamples 0 --json > "$1.crossed"
}

strangers="strange-nuaa strange-phone-a strange-phone-c"
development="nuaa-train nuaa-train-close-up phone-a phone-b phone-c real-003"

case "${1:-}" in
  decide)
    printf '%s\n' $development | RESAMPLES=0 protocols "$OUT/development" --bundle "$BUNDLE" --run "$2"
    # In the folder: the decision names its files as they are given.
    # shellcheck disable=SC2046 # one word a file
    (cd "$OUT/development" && "$DESPOOF" eval --scores $(printf '%s.csv ' $development) --bpcer "$BPCER" \
      --resamples "$RESAMPLES" --fix-decision ../decision.json --json > ../development.json)
    ;;
  measure)
    printf '%s\n' $development nuaa-test nuaa-test-close-up real | protocols "$OUT/known" --bundle "$2"
    ;;
  strange)
    # At the threshold that the cameras that it knows fix, as they fix that of what ships.
    unbent "$4"
    folder="$OUT/strange/$(basename "$4")"
    known=$(printf '%s\n' $development | grep -v "^$3")
    names="strange-$3"
    [ "$3" != nuaa ] || names="$names strange-nuaa-close-up"
    printf '%s\n' $known $names | RESAMPLES=0 protocols "$folder" --bundle "$2" --run "$4"
    cd "$folder"
    # shellcheck disable=SC2046 # one word a file
    fixed_on decision.json $(printf '%s.csv ' $known)
    for name in $names; do answered "$name" decision.json; done
    ;;
  crossed)
    # Each camera at the threshold that the two others and real-003 fix: nothing is chosen on it.
    unbent "$3"
    folder="$OUT/crossed/$(basename "$3")"
    printf '%s\n' $strangers real-003 | RESAMPLES=0 protocols "$folder" --bundle "$2" --run "$3"
    cd "$folder"
    for camera in $strangers; do
      # shellcheck disable=SC2046 # one word a file
      fixed_on "$camera.decision" $(printf '%s.csv\n' $strangers real-003 | grep -v "^$camera.csv$")
      answered "$camera" "$camera.decision"
    done
    ;;
  portrait)
    mkdir -p "$OUT/portrait"
    for species in print-flat print-bent print-cut screen-phone screen-tablet screen-laptop screen-monitor; do
      for seed in 1 2 3 4 5 6; do
        "$DESPOOF" simulate photo "$PHOTO" --species "$species" --seed "$seed" --out "$OUT/portrait/$species-$seed.png" > "$OUT/portrait.log"
        # A picture without a face is an answer, too.
        "$DESPOOF" check --bundle "$2" "$OUT/portrait/$species-$seed.png" 2>&1 || true
      done
    done | tee "$OUT/portrait.txt"
    ;;
  *)
    sed -n '2,12p' "$0" >&2
    exit 2
    ;;
esac
