#!/usr/bin/env bash
# One training run on all workers of a Cloud TPU VM (docs/cluster.md).
#
#   launch/tpu_vm.sh my-tpu --zone=us-central2-b \
#     -- --config=configs/voids.py --workdir=/mnt/shared/voids
#
# What stands before -- goes to gcloud, what follows to the program, which is
# in ~/defectseg_jax on every worker.
#
# --dry_run  shows what would be run, and runs nothing
set -u
here=$(dirname -- "${BASH_SOURCE[0]}")
# shellcheck source=launch/environment.sh
source "$here/environment.sh"
# shellcheck source=launch/submission.sh
source "$here/submission.sh"

split_arguments "$@"
require_training
case ${options[0]-} in
  '' | -*) fail 'the name of the TPU VM is missing; give it first' ;;
esac
require_program gcloud "where Google Cloud's command line is installed"
printf -v command '%q ' ./launch/local.sh --mode=train --distributed \
  "${arguments[@]}"
run_or_show gcloud compute tpus tpu-vm ssh "${options[@]}" --worker=all \
  --command="cd defectseg_jax && exec $command"
