# shellcheck shell=bash
# Sourced, after environment.sh, by the scripts that hand a run to a cluster:
# what they were given, and --dry_run.

# split_arguments "$@": what stands before -- into options, what follows into
# arguments. --dry_run may stand anywhere.
split_arguments() {
  local seen=''
  dry_run='' options=() arguments=()
  while [ $# -gt 0 ]; do
    case $1 in
      --dry_run) dry_run=yes ;;
      --) [ -z "$seen" ] && seen=yes || arguments+=("$1") ;;
      *) [ -z "$seen" ] && options+=("$1") || arguments+=("$1") ;;
    esac
    shift
  done
  [ -n "$seen" ] || fail 'say what to run after --;' \
    "$(basename -- "$0") shows how in its first lines"
}

# require_training: what is to be trained, and where.
require_training() {
  require_argument --config 'the config, as --config=configs/voids.py'
  require_argument --workdir 'a folder that all nodes see, as --workdir=DIR'
}

# require_argument NAME WHAT: the program must be given it, or many processes
# would each say that it is missing.
require_argument() {
  case " ${arguments[*]-} " in
    *" $1="*) ;;
    *) fail "$1: is missing after --; give $2" ;;
  esac
}

# require_program NAME WHERE: it must be there, unless nothing is submitted.
require_program() {
  [ -n "$dry_run" ] || command -v -- "$1" >/dev/null ||
    fail "there is no $1 here; start it $2"
}

# submit_workers MODE FLAG...: an array of jobs that share a mode's work.
submit_workers() {
  case " ${options[*]-} " in
    *' --array='*) ;;
    *) fail '--array: is missing; say how many workers, as --array=1-8' ;;
  esac
  require_program sbatch "on a login node of a Slurm cluster"
  [ -n "$dry_run" ] ||
    ensure_environment requirements.txt requirements-microscopy.txt
  # shellcheck disable=SC2154 # environment.sh says where the root is.
  run_or_show sbatch --job-name="defectseg_$1" --ntasks=1 "${options[@]}" \
    "$root/launch/slurm_job.sh" "$root" --mode="$1" "${@:2}" "${arguments[@]}"
}

# run_or_show COMMAND...
run_or_show() {
  if [ -n "$dry_run" ]; then
    printf '%q ' "$@"
    printf '\n'
  else
    exec "$@"
  fi
}
