"""What the scripts for clusters would submit, and what they refuse."""

import os
import shlex
import shutil
import subprocess

import pytest
import yaml
from tiny import ROOT

LAUNCH = ROOT / 'launch'
ARGUMENTS = ['--config=configs/voids.py', '--workdir=/data/it\'s "a" \\run @x&']
GKE = ('--name=voids', '--image=repo/i:1', '--claim=disk', '--pods=2')


def start(script, *args, path=None):
  return subprocess.run(
    [LAUNCH / script, *args],
    env={**os.environ, **({'PATH': path} if path else {})},
    capture_output=True,
    text=True,
    check=False,
  )


def shown(script, *options):
  """What --dry_run shows."""
  done = start(script, *options, '--', *ARGUMENTS, '--dry_run')
  assert done.returncode == 0, done.stderr
  assert done.stderr == ''
  return done.stdout


@pytest.fixture
def bare_path(tmp_path):
  """A PATH with no cluster's programs on it."""
  for name in ('bash', 'dirname', 'basename', 'cat'):
    (tmp_path / name).symlink_to(shutil.which(name))
  return str(tmp_path)


def test_a_run_is_a_job_with_the_users_options():
  words = shlex.split(shown('slurm.sh', '--nodes=2', '--gres=gpu:4'))
  assert words == [
    *('sbatch', '--job-name=defectseg', '--nodes=2', '--gres=gpu:4'),
    *(str(LAUNCH / 'slurm_job.sh'), str(ROOT)),
    *('--mode=train', '--distributed', *ARGUMENTS),
  ]


def test_a_search_is_an_array():
  words = shlex.split(shown('slurm_search.sh', '--array=1-8'))
  assert words[:4] == [
    *('sbatch', '--job-name=defectseg_search', '--ntasks=1', '--array=1-8')
  ]
  assert words[-3:] == ['--mode=search', *ARGUMENTS]


def test_shared_micrographs_are_an_array_without_a_config():
  given = ['--network=voids', '--input=a b', '--output=/data/c']
  done = start('slurm_predict.sh', '--array=1-8', '--dry_run', '--', *given)
  words = shlex.split(done.stdout)
  assert words[:4] == [
    *('sbatch', '--job-name=defectseg_predict', '--ntasks=1', '--array=1-8')
  ]
  assert words[-5:] == ['--mode=predict', '--share', *given]


def test_a_tpu_vm_runs_it_on_all_workers():
  words = shlex.split(shown('tpu_vm.sh', 'my-tpu', '--zone=z'))
  assert words[:8] == [
    *('gcloud', 'compute', 'tpus', 'tpu-vm', 'ssh', 'my-tpu', '--zone=z'),
    '--worker=all',
  ]
  # A second shell reads it, on the worker.
  option, _, command = words[8].partition('=')
  assert option == '--command'
  assert shlex.split(command)[-4:] == [
    *('--mode=train', '--distributed', *ARGUMENTS)
  ]


def test_a_jobset_with_gpus_tells_each_pod_its_place():
  text = shown('gke_jobset.sh', *GKE, '--gpus=8', '--accelerator=nvidia-l4')
  manifest = yaml.safe_load(text)
  assert manifest['kind'] == 'JobSet'
  assert manifest['metadata']['name'] == 'voids'
  (job,) = manifest['spec']['replicatedJobs']
  spec = job['template']['spec']
  assert spec['parallelism'] == spec['completions'] == 2
  pod = spec['template']['spec']
  assert pod['nodeSelector'] == {
    'cloud.google.com/gke-accelerator': 'nvidia-l4'
  }
  (container,) = pod['containers']
  assert container['image'] == 'repo/i:1'
  # Whose exit code tells a pod that was stopped from one that has finished.
  assert container['command'][0] == 'launch/local.sh'
  assert container['args'] == ARGUMENTS
  assert container['resources']['limits'] == {'nvidia.com/gpu': 8}
  variables = {v['name']: v.get('value') for v in container['env']}
  assert variables == {
    'JAX_COORDINATOR_ADDRESS': 'voids-run-0-0.voids:12355',
    'JAX_NUM_PROCESSES': '2',
    'JAX_PROCESS_ID': None,
  }
  (volume,) = pod['volumes']
  assert volume['persistentVolumeClaim'] == {'claimName': 'disk'}


def test_a_jobset_on_tpu_leaves_it_to_jax():
  manifest = yaml.safe_load(
    shown(
      'gke_jobset.sh',
      *GKE,
      *('--tpus=4', '--accelerator=tpu-v5-lite-podslice', '--topology=4x4'),
    )
  )
  (job,) = manifest['spec']['replicatedJobs']
  pod = job['template']['spec']['template']['spec']
  assert pod['nodeSelector']['cloud.google.com/gke-tpu-topology'] == '4x4'
  (container,) = pod['containers']
  assert container['resources']['limits'] == {'google.com/tpu': 4}
  assert 'env' not in container
  assert '@' not in str({**container, 'args': None})


@pytest.mark.parametrize(
  ('command', 'said'),
  [
    (['slurm.sh', '--nodes=2'], 'say what to run after --'),
    (['slurm.sh', '--', '--workdir=w'], '--config: is missing after --'),
    (['slurm.sh', '--', '--config=c'], '--workdir: is missing after --'),
    (['slurm.sh', '--', *ARGUMENTS], 'there is no sbatch here'),
    (['slurm_search.sh', '--', *ARGUMENTS], '--array: is missing'),
    (['slurm_search.sh', '--array=1', '--', *ARGUMENTS], 'there is no sbatch'),
    (['slurm_predict.sh', '--', '--output=o'], '--input: is missing after --'),
    (['slurm_predict.sh', '--', '--input=i'], '--output: is missing after --'),
    (['slurm_predict.sh', '--', '--input=i', '--output=o'], '--array: is'),
    (['tpu_vm.sh', '--zone=z', '--', *ARGUMENTS], 'name of the TPU VM'),
    (['tpu_vm.sh', 'tpu', '--', *ARGUMENTS], 'there is no gcloud here'),
    (['gke_jobset.sh', '--', *ARGUMENTS], '--name: is missing'),
    (['gke_jobset.sh', '--gpu=2', '--', *ARGUMENTS], '--gpu=2: is no option'),
    (
      ['gke_jobset.sh', *GKE, '--accelerator=a', '--', *ARGUMENTS],
      'give --gpus or --tpus',
    ),
    (
      [
        *('gke_jobset.sh', *GKE, '--accelerator=a', '--gpus=1', '--'),
        *ARGUMENTS,
      ],
      'there is no kubectl here',
    ),
  ],
)
def test_what_is_missing_is_said_in_a_line(command, said, bare_path):
  done = start(*command, path=bare_path)
  assert done.returncode == 1
  assert done.stdout == ''
  (line,) = done.stderr.splitlines()
  assert line.startswith('launch: ') and said in line
