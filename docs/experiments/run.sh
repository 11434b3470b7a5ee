#!/usr/bin/env bash
# Runs the paper's experiments one after the other and goes on where it was stopped: an experiment whose
# result is there is passed over, an interrupted one continues from its last checkpoint.
#
#   DOMAINS=nuaa=FACES,phone-a=FACES,sim=FACES REAL=FACES docs/experiments/run.sh           # everything
#   … docs/experiments/run.sh table3-only-image table4-memae                                # some of it
#   … docs/experiments/run.sh --list                                                        # what is there
#
# Results: $OUT/results/NAME.json (as `--json` prints them), NAME.txt (command, git revision, seconds, table), NAME.log (the
# first three of these).
set -u

: "${DESPOOF:=target/debug/despoof}" # the command
: "${BUNDLE:=models/web}"            # its generator draws the cues
: "${OUT:=runs/experiments}"
: "${DOMAINS:?name=SOURCE,name=SOURCE,… as \`despoof protocol\` takes them}"
: "${REAL:?folder of prepared real faces, for the other sources of cues and for table 5}"
: "${SOURCES:=${DOMAINS%%=*}}" # domains of tables 2 and 6; here the first one
: "${STEPS:=400}"
: "${BATCH:=16}"
: "${RATE:=4e-4}" # the highest learning rate
: "${SHARE:=1}" # of the photos
: "${SEEDS:=0,1,2}"
: "${NETWORK:=}"         # further options of all networks, for example \`--shrink 2\`
: "${CHECKPOINTS:=5}"    # of each training; each is scored for the oracle
: "${CUE_STEPS:=2000}"   # of the trainings of other sources
: "${ANODDPM_STEPS:=20}" # calls; the paper has 200
: "${FIGURE_FACES:=${REAL}}"

results="$OUT/results"
mkdir -p "$results"
failed=()
only=("$@")

wanted() {
  [ ${#only[@]} -eq 0 ] && return 0
  local name
  for name in "${only[@]}"; do [ "$name" = "$1" ] && return 0; done
  return 1
}

# once NAME COMMAND…: runs a command whose success is remembered.
once() {
  local name=$1
  shift
  if [ "${only[0]:-}" = --list ]; then echo "$name"; return; fi
  wanted "$name" || return 0
  if [ -e "$results/$name.log" ]; then echo "$name: there"; return; fi
  echo "$name: $*"
  local begun=$SECONDS
  if "$@" > "$results/$name.out" 2> "$results/$name.err"; then
    { echo "$*"; git rev-parse HEAD; echo "$((SECONDS - begun)) s"; } > "$results/$name.log"
  else
    tail -n 3 "$results/$name.err"
    failed+=("$name")
  fi
}

# protocol NAME KIND OPTION…: numbers and table; the second call finds everything done.
protocol() {
  local name=$1 kind=$2
  shift 2
  local network
  read -r -a network <<< "$NETWORK"
  local line=("$DESPOOF" protocol "$kind" --domains "$DOMAINS" --bundle "$BUNDLE" --out "$OUT/runs"
    --steps "$STEPS" --checkpoint-every $((STEPS / CHECKPOINTS)) --batch "$BATCH" --learning-rate "$RATE"
    --warm-up $((STEPS / 8)) --share "$SHARE" --seed "$SEEDS" ${network[@]+"${network[@]}"} "$@")
  once "$name" "${line[@]}" --json --report "$results/$name"
  if [ -s "$results/$name.out" ] && [ -e "$results/$name.log" ] && [ ! -e "$results/$name.txt" ]; then
    mv "$results/$name.out" "$results/$name.json"
    {
      echo "\$ despoof ${line[*]:1}"
      grep -o '"revision":"[^"]*"' "$results/$name.json" | tr -d '"'
      tail -n 1 "$results/$name.log"
      "${line[@]}"
    } > "$results/$name.txt"
  fi
}

for source in memae deep-svdd anoddpm; do
  once "train-$source" "$DESPOOF" train cue --source "$source" --faces "$REAL" --run "$OUT/$source" \
    --steps "$CUE_STEPS" --batch 8 --resume
done
others=(--memae "$OUT/memae" --deep-svdd "$OUT/deep-svdd" --anoddpm "$OUT/anoddpm")

# Tables 1 and 2: the method.
protocol table1 leave-one-out --strategy ssdg
protocol table2 limited-source --sources "$SOURCES" --strategy ssdg

# Table 3: how face and cue come together.
for variant in only-image only-residual dual-branch; do
  protocol "table3-$variant" leave-one-out --strategy ssdg --variant "$variant"
done

# Table 4: where the cue comes from, both starts of the generator among them.
for cue in dfg-noise dfg-noised-input memae deep-svdd; do
  protocol "table4-$cue" leave-one-out --strategy ssdg --cue "$cue" "${others[@]}"
done
protocol table4-anoddpm leave-one-out --strategy ssdg --cue anoddpm "${others[@]}" \
  --sampler-steps "$ANODDPM_STEPS"

# Table 5: strategies without a cue (ssdg is table 3's only-image), and with additional real faces.
for strategy in cross-entropy ssan sa-fas; do
  protocol "table5-$strategy" leave-one-out --variant only-image --strategy "$strategy"
done
for strategy in ssdg ssan sa-fas; do
  protocol "table5-$strategy-extra-real" leave-one-out --variant only-image --strategy "$strategy" \
    --extra-real "$REAL"
done

# Table 6: many targets, unseen attack types listed.
protocol table6 many-targets --sources "$SOURCES" --strategy ssdg

# What the paper leaves open.
for steps in 1 2 4 10 50; do
  for start in noise noised-input; do
    protocol "steps-$start-$steps" leave-one-out --strategy ssdg --cue "dfg-$start" --sampler-steps "$steps"
  done
done
# How much the residual says alone, by how far the input was noised: from the autoencoder's own loss on.
for step in 1 201 401 601 801; do
  protocol "residual-noised-to-$step" leave-one-out --strategy ssdg --variant only-residual \
    --cue dfg-noised-input --noised-to "$step" --sampler-steps 1
done
# The same with the face beside it, beside table 1.
for step in 201 401; do
  protocol "noised-to-$step" leave-one-out --strategy ssdg --cue dfg-noised-input --noised-to "$step" --sampler-steps 1
done
protocol residual-noise leave-one-out --strategy ssdg --variant only-residual --cue dfg-noise --sampler-steps 4
protocol standardised leave-one-out --strategy ssdg --standardised-cue
protocol averaged-noise leave-one-out --strategy ssdg --cue dfg-noise --noise-samples 4
once noise "$DESPOOF" report noise --faces "$REAL" --bundle "$BUNDLE" --json
families=(--families print,screen,print-cut)
protocol families leave-one-family-out --strategy ssdg "${families[@]}"
protocol families-only-image leave-one-family-out --strategy ssdg --variant only-image "${families[@]}"

protocol face-only leave-one-out --strategy ssdg --face-only

# Accuracy against cost, beside table 1: AG-Net's resolution instead of NETWORK's, its depth, its width.
for shrink in 1 2 3; do
  NETWORK="--shrink $shrink" protocol "sizes-shrink-$shrink" leave-one-out --strategy ssdg
done
# The same where training faces are disturbed (docs/adr/0007), as in the shipped recipe.
for shrink in 1 2 3; do
  NETWORK="--shrink $shrink" protocol "augmented-shrink-$shrink" leave-one-out --strategy ssdg --augment
done
for sizes in "--layers 0" "--layers 2" "--width 96"; do
  NETWORK="$NETWORK $sizes" protocol "sizes${sizes// /-}" leave-one-out --strategy ssdg
done

# Figure 3; it shows people.
read -r -a figure_faces <<< "$FIGURE_FACES"
once figure3 "$DESPOOF" report figure3 --faces "${figure_faces[@]}" --bundle "$BUNDLE" "${others[@]}" \
  --cues "dfg-noise,dfg-noised-input,memae,deep-svdd,anoddpm@$ANODDPM_STEPS" --out "$OUT/figure3"

if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}"
  exit 1
fi
