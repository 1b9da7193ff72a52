#!/usr/bin/env bash
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120
# What slurm.sh and slurm_search.sh have sbatch run: slurm_job.sh ROOT FLAG...
# starts the program in every task, and the job again where its time ran out.
#
# Two minutes before that Slurm sends USR1 to this script alone. It is passed on
# to the tasks; they save and end with 138 (128 and the signal's number), and the
# job goes back into the queue, where the same command goes on. Tasks that had
# just finished end with 0: nothing is left to do. TERM comes from Slurm to the
# tasks as well, when the job is cancelled, preempted or requeued from outside.
# Then all there is to do is to wait while they save, and end with 143: Slurm
# knows whether the job is to come again, and to requeue one that a person has
# cancelled would bring it back.
set -u
root=$1
shift

srun --kill-on-bad-exit=1 --wait=0 "$root/launch/local.sh" "$@" &
step=$!
interrupted=''
trap 'interrupted=yes; kill -USR1 "$step"' USR1
trap 'interrupted=yes' TERM

# An array's number alone would be all its jobs.
job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_}
job=${job:+$job$SLURM_ARRAY_TASK_ID}
job=${job:-$SLURM_JOB_ID}

# A signal ends the waiting, not the step.
while :; do
  interrupted=''
  wait "$step"
  code=$?
  [ -n "$interrupted" ] || break
done

if [ "$code" -eq 138 ]; then
  printf 'launch: the time is up; job %s goes back into the queue\n' "$job"
  scontrol requeue "$job" || printf \
    'launch: it could not be requeued; submit the same command again\n' >&2
fi
exit "$code"
