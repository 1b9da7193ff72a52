#!/usr/bin/env bash
# A search by several workers of a Slurm cluster (docs/cluster.md): an array of
# jobs that run the same command on one folder, and share the work.
#
#   launch/slurm_search.sh --array=1-8 --gres=gpu:1 --time=4:00:00 \
#     -- --config=configs/voids.py --workdir=studies/voids
#
# What stands before -- goes to sbatch, what follows to the program. More
# workers may join: submit the same again.
#
# --dry_run  shows what would be submitted, and submits nothing
set -u
here=$(dirname -- "${BASH_SOURCE[0]}")
# shellcheck source=launch/environment.sh
source "$here/environment.sh"
# shellcheck source=launch/submission.sh
source "$here/submission.sh"

split_arguments "$@"
require_training
submit_workers search
