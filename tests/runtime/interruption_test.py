"""Signals to a process that has something to save, or nothing left to do."""

import signal
import subprocess
import sys
import time

import pytest
from tiny import HANGS_S, ROOT

_PROGRAM = """
import sys, time
from defectseg_jax.runtime.interruption import Interruption
interruption = Interruption()
interruption.defer_exit()
if not {speaks}:
  interruption.silence()
print('ready', flush=True)
while not interruption.should_stop():
  time.sleep(0.01)
print('asked', flush=True)
sys.stdin.read()
interruption.leave()
"""
_CODES = {'SIGTERM': 143, 'SIGINT': 130, 'SIGUSR1': 138}


def start(program=_PROGRAM, *, speaks=True):
  process = subprocess.Popen(
    [sys.executable, '-c', program.format(speaks=speaks)],
    cwd=ROOT,
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  )
  assert process.stdout.readline() == 'ready\n'
  return process


def end(process):
  """What it said after it was ready; it need save no longer."""
  output, errors = process.communicate(timeout=HANGS_S)
  assert errors == ''
  return output


@pytest.mark.parametrize('name', ['SIGTERM', 'SIGINT', 'SIGUSR1'])
@pytest.mark.parametrize('speaks', [True, False])
def test_a_signal_is_waited_for_and_one_process_says_so(name, speaks):
  process = start(speaks=speaks)
  process.send_signal(signal.Signals[name])
  said = end(process)
  assert process.returncode == _CODES[name]
  line = f'Stopped by {name}. The same command goes on from here.'
  assert (line in said) == speaks


@pytest.mark.parametrize(
  ('names', 'code'),
  [
    (('SIGTERM', 'SIGUSR1'), 143),
    (('SIGUSR1', 'SIGUSR1', 'SIGTERM'), 138),
  ],
)
def test_slurms_notice_never_counts_as_the_second_signal(names, code):
  process = start()
  process.send_signal(signal.Signals[names[0]])
  assert process.stdout.readline() == 'asked\n'
  for name in names[1:]:
    process.send_signal(signal.Signals[name])
    time.sleep(0.1)
  assert 'Stopped' in end(process)
  assert process.returncode == code


def test_a_second_sigterm_kills():
  process = start()
  process.send_signal(signal.SIGTERM)
  assert process.stdout.readline() == 'asked\n'
  process.send_signal(signal.SIGTERM)
  # What it has to save takes for ever.
  assert process.wait(timeout=HANGS_S) == 143
  assert 'Stopped' not in end(process)


@pytest.mark.parametrize('name', ['SIGTERM', 'SIGINT', 'SIGUSR1'])
def test_with_nothing_to_save_it_ends_at_once(name):
  process = start("""
import time
from defectseg_jax.runtime.interruption import Interruption
interruption = Interruption()
interruption.defer_exit()
interruption.allow_exit()
print('ready', flush=True)
time.sleep(60)
""")
  process.send_signal(signal.Signals[name])
  assert f'Stopped by {name}' in end(process)
  assert process.returncode == _CODES[name]


def test_a_signal_that_came_while_exit_was_deferred_ends_it_later():
  process = start("""
import time
from defectseg_jax.runtime.interruption import Interruption
interruption = Interruption()
interruption.defer_exit()
print('ready', flush=True)
while not interruption.should_stop():
  time.sleep(0.01)
print('saved', flush=True)
interruption.allow_exit()
print('went on', flush=True)
""")
  process.send_signal(signal.SIGINT)
  said = end(process)
  assert process.returncode == 130
  assert 'saved' in said and 'went on' not in said


def test_check_raises_what_main_ends_with():
  process = start("""
import sys, time
from defectseg_jax.runtime.interruption import Interruption, Stopped
interruption = Interruption()
interruption.defer_exit()
interruption.check()
print('ready', flush=True)
try:
  while True:
    interruption.check()
    time.sleep(0.01)
except Stopped as stopped:
  print(stopped)
  sys.exit(stopped.exit_code)
""")
  process.send_signal(signal.SIGINT)
  assert end(process) == 'stopped by SIGINT\n'
  assert process.returncode == 130


def test_what_has_finished_ends_with_0():
  process = start("""
import sys
from defectseg_jax.runtime.interruption import Interruption
interruption = Interruption()
interruption.finish()
print('ready', flush=True)
sys.stdin.read()
""")
  process.send_signal(signal.SIGTERM)
  time.sleep(0.1)
  assert end(process) == ''
  assert process.returncode == 0


def test_it_ends_although_nobody_reads_what_it_says():
  """As `train | tee`, whose tee the same Ctrl-C has ended before."""
  process = start("""
import time
from defectseg_jax.runtime.interruption import Interruption
interruption = Interruption()
print('ready', flush=True)
time.sleep(60)
""")
  process.stdout.close()
  process.send_signal(signal.SIGINT)
  assert process.wait(timeout=HANGS_S) == 130
  process.stderr.close()
