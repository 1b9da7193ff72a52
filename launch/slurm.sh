#!/usr/bin/env bash
# One training run over the nodes of a Slurm cluster (docs/cluster.md).
#
#   launch/slurm.sh --nodes=2 --ntasks-per-node=4 --gres=gpu:4 --time=12:00:00 \
#     -- --config=configs/voids.py --workdir=runs/voids
#
# What stands before -- goes to sbatch, what follows to the program. A task is a
# process, and has one GPU where there are GPUs. Start it on a login node, which
# makes .venv: the others may be without a network.
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
require_program sbatch "on a login node of a Slurm cluster"
[ -n "$dry_run" ] ||
  ensure_environment requirements.txt requirements-microscopy.txt
run_or_show sbatch --job-name=defectseg ${options[@]+"${options[@]}"} \
  "$root/launch/slurm_job.sh" "$root" --mode=train --distributed \
  "${arguments[@]}"
