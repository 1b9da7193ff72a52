#!/usr/bin/env bash
# One training run over the pods of a JobSet on GKE (docs/cluster.md).
#
#   launch/gke_jobset.sh --name=voids --image=IMAGE --claim=CLAIM --pods=2 \
#     --gpus=8 --accelerator=nvidia-h100-80gb \
#     -- --config=configs/voids.py --workdir=/data/voids
#   launch/gke_jobset.sh ... --pods=4 --tpus=4 \
#     --accelerator=tpu-v5-lite-podslice --topology=4x4 -- ...
#
# --name         of the JobSet
# --image        a container image with the checkout as its working directory
# --claim        a volume that all pods may write to; it is mounted at /data
# --pods         how many; on TPU, the hosts of the slice
# --gpus, --tpus  in each pod
# --accelerator, --topology  as GKE's nodes are labelled
# --dry_run      shows the manifest, and applies nothing
set -u
here=$(dirname -- "${BASH_SOURCE[0]}")
# shellcheck source=launch/environment.sh
source "$here/environment.sh"
# shellcheck source=launch/submission.sh
source "$here/submission.sh"

# json_list STRING...: which is YAML too.
json_list() {
  local text separator='[' newline=$'\n'
  for text in "$@"; do
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    printf '%s"%s"' "$separator" "${text//$newline/\\n}"
    separator=', '
  done
  printf ']\n'
}

split_arguments "$@"
require_training
name='' image='' claim='' pods='' gpus='' tpus='' accelerator='' topology=''
for option in ${options[@]+"${options[@]}"}; do
  case $option in
    --name=* | --image=* | --claim=* | --pods=* | --gpus=* | --tpus=* | \
      --accelerator=* | --topology=*)
      key=${option%%=*}
      printf -v "${key#--}" '%s' "${option#*=}"
      ;;
    *) fail "$option: is no option of this script; its first lines name them" ;;
  esac
done
for key in name image claim pods accelerator; do
  [ -n "${!key}" ] || fail "--$key: is missing; this script's first lines say" \
    'what it is'
done
case ${gpus:+gpus}${tpus:+tpus} in
  gpus | tpus) ;;
  *) fail 'give --gpus or --tpus, the number in each pod' ;;
esac
[ -z "$tpus" ] || [ -n "$topology" ] ||
  fail '--topology: is missing; give that of the TPU slice, as 4x4'
require_program kubectl "where it may reach the cluster"

indent='              '
environment='' annotations='{}'
if [ -n "$gpus" ]; then
  resource=nvidia.com/gpu devices=$gpus
  selector="${indent}cloud.google.com/gke-accelerator: $accelerator"
  # On TPU JAX finds these by itself.
  environment="${indent}env:
$indent- {name: JAX_COORDINATOR_ADDRESS, value: '$name-run-0-0.$name:12355'}
$indent- {name: JAX_NUM_PROCESSES, value: '$pods'}
$indent- name: JAX_PROCESS_ID
$indent  valueFrom:
$indent    fieldRef:
$indent      fieldPath: metadata.annotations['batch.kubernetes.io/job-completion-index']"
else
  resource=google.com/tpu devices=$tpus
  # All pods on one slice.
  annotations="
    alpha.jobset.sigs.k8s.io/exclusive-topology: cloud.google.com/gke-nodepool"
  selector="${indent}cloud.google.com/gke-tpu-accelerator: $accelerator
${indent}cloud.google.com/gke-tpu-topology: $topology"
fi

manifest=$(cat "$root/launch/gke_jobset.yaml") || exit 1
fill() { manifest=${manifest//"@$1@"/"$2"}; }
fill NAME "$name"
fill ANNOTATIONS "$annotations"
fill PODS "$pods"
fill SELECTOR "$selector"
fill IMAGE "$image"
fill ENVIRONMENT "$environment"
fill RESOURCE "$resource"
fill DEVICES "$devices"
fill CLAIM "$claim"
# Last: what stands in an argument is not looked through again.
fill ARGUMENTS "$(json_list "${arguments[@]}")"

if [ -n "$dry_run" ]; then
  printf '%s\n' "$manifest"
else
  printf '%s\n' "$manifest" | kubectl apply -f -
fi
