#!/usr/bin/env bash
# Runs every command of `despoof` once, small, one on what the other made, and prints a table: command, last line that it
# printed, seconds. It shows that the chain works from shards of photos to a bundle, not what long training reaches.
#
#   DATA=nuaa-train.tar TEACHER=mobilefacenet-arcface.safetensors docs/verbs.sh > docs/verbs.md
#
# `report identity` is not here: it takes more persons with several photos than DATA may have.
#
# The pictures that some of the commands write show the people of DATA; they stay in OUT.
set -u

: "${DATA:?a shard of live photos and attacks}"
: "${TEACHER:?weights of the identity encoder\'s teacher}"
: "${DESPOOF:=target/release/despoof}"
: "${PHOTO:=tests/photos/astronaut.png}"
: "${OUT:=runs/verbs}"

rm -rf "$OUT"
mkdir -p "$OUT/photos/live/a"
cp "$PHOTO" "$OUT/photos/live/a/"
failed=0

# Paths as a reader would write them.
shortened() {
  sed -e "s#$OUT/##g" -e "s#$DATA#$(basename "$DATA")#g" -e "s#$TEACHER#$(basename "$TEACHER")#g" -e 's#|#\\|#g'
}

verb() {
  local begun=$SECONDS printed="$OUT/printed" code=0
  "$DESPOOF" "$@" > "$printed" 2> "$OUT/errors" || code=$?
  [ -s "$printed" ] || cp "$OUT/errors" "$printed"
  local last argument before=
  last=$(tr '\r' '\n' < "$printed" | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-150 | shortened)
  # Trainings print nothing; their log does.
  for argument in "$@"; do
    [ "$before" != --run ] || [ -n "$last" ] || last=$(tail -n 1 "$argument/metrics.jsonl" | shortened)
    before=$argument
  done
  if [ "$code" -ne 0 ]; then failed=1 last="**failed ($code)** $last"; fi
  printf '| `despoof %s` | %s | %s |\n' "$(echo "$*" | shortened)" "${last:-–}" "$((SECONDS - begun))"
}

small=(--steps 2 --batch 4 --warm-up 1)
generator=(--identity "$OUT/identity" --autoencoder "$OUT/autoencoder" --dfg "$OUT/few")

echo "# Every command once"
echo
echo "Printed by \`docs/verbs.sh\` at revision $(git rev-parse --short HEAD), two cores, \`$(basename "$DATA")\`. Two steps train nothing: the table"
echo "shows that the commands work on one another's results, and what each prints last. Seconds are of a machine that may"
echo "have been busy."
echo
echo "| command | last line printed | s |"
echo "|---|---|---|"
verb params --preset web
verb params --preset paper
verb check "$PHOTO"
verb data prepare --layout folder --data "$OUT/photos" --domain portrait --out "$OUT/shards"
verb data stats --data "$OUT/shards" --out "$OUT/stats"
verb import --network mobilefacenet --from "$TEACHER" --out "$OUT/teacher.safetensors"
verb align --data "$DATA" --teacher --out "$OUT/faces"
verb simulate photo "$PHOTO" --species print-flat --seed 3 --out "$OUT/print.png"
verb simulate set --data "$DATA" --faces "$OUT/faces" --share 0.06 --out "$OUT/attacks"
verb train identity --faces "$OUT/faces" --teacher "$TEACHER" --run "$OUT/identity" "${small[@]}"
verb train autoencoder --faces "$OUT/faces" --run "$OUT/autoencoder" --crop 64 "${small[@]}"
verb cache latents --faces "$OUT/faces" --autoencoder "$OUT/autoencoder" --identity "$OUT/identity"
verb train dfg --faces "$OUT/faces" --autoencoder "$OUT/autoencoder" --run "$OUT/dfg" "${small[@]}"
verb distill --faces "$OUT/faces" --dfg "$OUT/dfg" --autoencoder "$OUT/autoencoder" --run "$OUT/few" "${small[@]}"
verb cues --faces "$OUT/attacks" "${generator[@]}" --part 1/2
verb cache generated --faces "$OUT/attacks" "${generator[@]}"
verb train cue --source memae --faces "$OUT/faces" --run "$OUT/memae" "${small[@]}"
verb train agnet --faces "$OUT/attacks" --run "$OUT/agnet-1" "${small[@]}" --seed 1 --dry-run
verb train agnet --faces "$OUT/attacks" --run "$OUT/agnet-1" "${small[@]}" --seed 1
verb train agnet --faces "$OUT/attacks" --run "$OUT/agnet-2" "${small[@]}" --seed 2
verb average --agnet "$OUT/agnet-1" "$OUT/agnet-2" --out "$OUT/agnet"
verb eval --run "$OUT/agnet" --data "$DATA" --held-out --share 0.2 --resamples 0 --fix-decision "$OUT/decision.json"
verb export "${generator[@]}" --agnet "$OUT/agnet" --decision "$OUT/decision.json" --float32 --out "$OUT/bundle-float32"
verb quantize --bundle "$OUT/bundle-float32" --out "$OUT/bundle" --data "$DATA" --share 0.01
verb verify --bundle "$OUT/bundle"
verb unpack --bundle "$OUT/bundle" --out "$OUT/unpacked"
verb eval --bundle "$OUT/bundle" --data "$DATA" --share 0.02 --resamples 100 --report "$OUT/report"
verb protocol leave-one-out --domains "first=$DATA,second=$DATA" --bundle "$OUT/bundle" --share 0.02
verb protocol limited-source --domains "first=$DATA,second=$DATA" --sources first --bundle "$OUT/bundle" --share 0.02 \
  --steps 2 --batch 4 --shrink 2 --out "$OUT/protocol" --report "$OUT/limited"
verb protocol leave-one-family-out --domains "sim=$OUT/attacks" --families screen --bundle "$OUT/bundle" \
  --steps 2 --batch 4 --out "$OUT/families"
verb report figure3 --faces "$OUT/attacks" --cues dfg-noise --out "$OUT/figure3" --bundle "$OUT/bundle"
verb report noise --faces "$OUT/attacks" --count 4 --repeats 2 --noise-samples 1 --cues dfg --bundle "$OUT/bundle"
verb report residual --faces "$OUT/attacks"
verb report trade-off --results "half=$OUT/limited/protocol.json" --chart "$OUT/trade-off.svg"
verb report cue-use --faces "$OUT/attacks" --count 16 --bundle "$OUT/bundle"
verb report cost --faces "$OUT/attacks" --count 16 --steps 0,1 --bundle "$OUT/bundle"
verb report quality --data "$DATA" --share 0.02 --bundle "$OUT/bundle"
exit $failed
