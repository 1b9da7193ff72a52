"""Signals to a process that has something to save."""

import signal
import subprocess
import sys
import time

import pytest
from tiny import ROOT

_PROGRAM = """
import time
from defectseg_jax.jobs.interruption import Interruption
interruption = Interruption()
interruption.shared(speaks={speaks})
print('ready', flush=True)
while not interruption.requested():
  time.sleep(0.01)
print('asked', flush=True)
time.sleep({saving_s})
interruption.leave()
"""


def start(*, speaks=True, saving_s=0.0):
  process = subprocess.Popen(
    [sys.executable, '-c', _PROGRAM.format(speaks=speaks, saving_s=saving_s)],
    cwd=ROOT,
    stdout=subprocess.PIPE,
    text=True,
  )
  assert process.stdout.readline() == 'ready\n'
  return process


@pytest.mark.parametrize('name', ['SIGTERM', 'SIGINT', 'SIGUSR1'])
@pytest.mark.parametrize('speaks', [True, False])
def test_a_signal_is_waited_for_and_one_process_says_so(name, speaks):
  process = start(speaks=speaks)
  process.send_signal(signal.Signals[name])
  output, _ = process.communicate(timeout=30)
  assert process.returncode == 0
  assert ('The same command goes on from here' in output) == speaks


@pytest.mark.parametrize(
  'names', [('SIGTERM', 'SIGUSR1'), ('SIGUSR1', 'SIGUSR1', 'SIGTERM')]
)
def test_slurms_notice_is_no_impatience(names):
  process = start(saving_s=1.0)
  for name in names:
    process.send_signal(signal.Signals[name])
    time.sleep(0.1)
  assert 'Stopped' in process.communicate(timeout=30)[0]
  assert process.returncode == 0


def test_a_second_sigterm_kills():
  process = start(saving_s=60.0)
  process.send_signal(signal.SIGTERM)
  assert process.stdout.readline() == 'asked\n'
  process.send_signal(signal.SIGTERM)
  process.communicate(timeout=30)
  assert process.returncode == 1
