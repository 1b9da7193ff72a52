#!/usr/bin/env bash
# Micrographs shared by several workers of a Slurm cluster (docs/cluster.md): an
# array of jobs that run the same command on one folder.
#
#   launch/slurm_predict.sh --array=1-8 --time=1:00:00 \
#     -- --network=voids --input=session --thickness_nm=100 --output=results
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
require_argument --input 'the micrographs, as --input=FOLDER'
require_argument --output 'a folder that all nodes see, as --output=DIR'
submit_workers predict --share
