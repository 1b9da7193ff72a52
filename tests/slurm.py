"""A Slurm cluster of this machine alone, for as long as a test needs it."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

from tiny import HANGS_S

PROGRAMS = ('munged', 'slurmctld', 'slurmd', 'sbatch')

# One node that claims more processors than it may have; no cgroups, no
# accounting. A requeued job may start again once its credential has expired,
# which takes two minutes where nothing is said.
_CONF = """
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdParameters=config_overrides
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
KillWait=30
NodeName=localhost NodeAddr=127.0.0.1 NodeHostname={host} CPUs=8 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class CannotStart(Exception):
  """Why there is no Slurm here."""


class Cluster:
  """Jobs of a running cluster.

  Attributes:
    variables: what a command needs in its environment to find the cluster.
  """

  def __init__(self, conf: pathlib.Path):
    self.variables = {'SLURM_CONF': str(conf)}

  def run(self, *command, environment=None) -> subprocess.CompletedProcess:
    """Runs a command of Slurm's, or a script that submits a job."""
    return subprocess.run(
      [str(part) for part in command],
      env={**(environment or os.environ), **self.variables},
      capture_output=True,
      text=True,
      timeout=HANGS_S,
      check=False,
    )

  def submit(self, *command, environment=None) -> str:
    """The number of the job that a script submits."""
    done = self.run(*command, environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]

  def field(self, job: str, name: str) -> str:
    """A field of `scontrol show job`."""
    shown = self.run('scontrol', 'show', 'job', job).stdout.split()
    return next(f for f in shown if f.startswith(f'{name}=')).split('=')[1]

  def wait_for(self, condition, what: str, *, timeout_s: int = HANGS_S) -> None:
    """Waits; fails, with what the log of the job says, if it takes too long."""
    give_up = time.monotonic() + timeout_s
    while not condition():
      assert time.monotonic() < give_up, f'in vain for {what}'
      time.sleep(0.05)

  def wait_until_over(self, job: str) -> str:
    """The state in which the job has ended."""
    over = ('COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'NODE_FAIL')
    self.wait_for(
      lambda: self.field(job, 'JobState') in over, f'the end of job {job}'
    )
    return self.field(job, 'JobState')


@contextlib.contextmanager
def running_cluster(folder: pathlib.Path) -> Iterator[Cluster]:
  """Starts munge and Slurm, on loopback only, and stops them afterwards.

  Raises:
    CannotStart: a program is missing, we are not root, or it did not come up.
  """
  missing = [name for name in PROGRAMS if shutil.which(name) is None]
  if missing:
    raise CannotStart(f'{", ".join(missing)}: not installed (apt: slurm-wlm)')
  if os.getuid() != 0:
    raise CannotStart('Slurm is started by root only')
  conf = _written_conf(folder)
  cluster = Cluster(conf)
  environment = {**os.environ, **cluster.variables}
  with contextlib.ExitStack() as started:
    for command in (_munged(folder), ['slurmctld', '-D'], ['slurmd', '-D']):
      if command[0] == 'slurmd':
        command = [*command, '-N', 'localhost']
      process = started.enter_context(_daemon(command, environment, folder))
      if command[0] == 'munged':
        _wait_up(lambda: (folder / 'munge/socket').exists(), process, folder)
    _wait_up(
      lambda: 'idle' in cluster.run('sinfo', '-h', '-o', '%T').stdout,
      process,
      folder,
    )
    try:
      yield cluster
    finally:
      cluster.run('scancel', '--full', '--user=root')
      cluster.run('scancel', '--full', '--signal=KILL', '--user=root')


def _written_conf(folder):
  for name in ('munge', 'state', 'spool'):
    (folder / name).mkdir()
  key = folder / 'munge.key'
  key.write_bytes(os.urandom(128))
  key.chmod(0o400)
  ports = []
  for _ in range(2):
    with socket.socket() as free:
      free.bind(('127.0.0.1', 0))
      ports.append(free.getsockname()[1])
  conf = folder / 'slurm.conf'
  conf.write_text(
    _CONF.format(
      folder=folder,
      controller_port=ports[0],
      node_port=ports[1],
      host=socket.gethostname().split('.')[0],
    )
  )
  return conf


def _munged(folder):
  # --force: it would mind who may write where tests do.
  return [
    *('munged', '--foreground', '--force'),
    f'--key-file={folder}/munge.key',
    f'--socket={folder}/munge/socket',
    f'--pid-file={folder}/munge/pid',
    f'--log-file={folder}/munge/log',
    f'--seed-file={folder}/munge/seed',
  ]


@contextlib.contextmanager
def _daemon(command, environment, folder):
  with (folder / f'{command[0]}.log').open('w') as log:
    process = subprocess.Popen(
      command, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    try:
      yield process
    finally:
      process.terminate()
      try:
        process.wait(timeout=20)
      except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_up(is_up, process, folder):
  give_up = time.monotonic() + 30
  while not is_up():
    if process.poll() is not None or time.monotonic() > give_up:
      logs = [path.read_text()[-300:] for path in folder.glob('*.log')]
      raise CannotStart(f'{process.args[0]} did not come up: {logs}')
    time.sleep(0.1)
