#!/usr/bin/env bash
# local.sh where a cluster starts again what fails and takes exit code 0 for
# done: a run that was asked to stop, and has saved, ends with 75 ("try again").
#
#   launch/preemptible.sh --config=configs/voids.py --workdir=/data/voids
set -u

"$(dirname -- "${BASH_SOURCE[0]}")/local.sh" "$@" &
program=$!
stopped=''
interrupted=''
trap 'stopped=yes interrupted=yes; kill -TERM "$program"' TERM

# A signal ends the waiting, not the program.
while :; do
  interrupted=''
  wait "$program"
  code=$?
  [ -n "$interrupted" ] || break
done
[ -z "$stopped" ] || exit 75
exit "$code"
