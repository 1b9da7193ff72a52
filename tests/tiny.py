"""Small labelled micrographs, and ways to run the program on them."""

import os
import pathlib
import socket
import subprocess

import numpy as np
from PIL import Image
from programs import PROGRAM, Program

ROOT = pathlib.Path(__file__).parents[1]
SHARED = ROOT.parent / 'shared'

# No test waits for so long: it ends those that hang.
HANGS_S = 600

# A whole run in seconds: three steps an epoch.
TINY = {
  'data.source': 'folder',
  'data.patch_px': 64,
  'data.patches': 'random',
  'training.batch_size': 4,
  'training.epochs': 3,
  'training.learning_rate': 0.01,
  'training.positive_weight_decay': 0.5,
  'model.name': 'tiny',
  'model.dropout_rate': 0.1,
  'evaluation.tile_px': 128,
}


def foil(seed: int, side: int = 256) -> tuple[np.ndarray, np.ndarray]:
  """Bright discs on noise: uint8 micrograph and 0/255 mask, [side, side]."""
  rng = np.random.default_rng(seed)
  rows, columns = np.mgrid[:side, :side]
  mask = np.zeros((side, side), bool)
  for row, column in rng.uniform(0, side, (side // 16, 2)):
    radius = rng.uniform(5, 12)
    mask |= (rows - row) ** 2 + (columns - column) ** 2 < radius**2
  pixels = 90 + 60 * mask + rng.normal(0, 20, mask.shape)
  return np.clip(pixels, 0, 255).astype(np.uint8), mask.astype(np.uint8) * 255


def write_foil(folder: pathlib.Path, name: str, seed: int, side: int = 256):
  for kind, pixels in zip(('images', 'masks'), foil(seed, side), strict=True):
    (folder / kind).mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / kind / f'{name}.png')


def write_squares(folder: pathlib.Path, **counts: int) -> pathlib.Path:
  """Masks of 100 x 200 pixels with so many squares of 10 pixels, by name."""
  folder.mkdir()
  for name, count in counts.items():
    mask = np.zeros((100, 200), np.uint8)
    for place in range(count):
      mask[40:50, 10 + 20 * place : 20 + 20 * place] = 255
    Image.fromarray(mask).save(folder / f'{name}.png')
  return folder


def write_folder(folder: pathlib.Path) -> pathlib.Path:
  """Three micrographs, one for each split."""
  for seed, name in enumerate('abc'):
    write_foil(folder, name, seed)
  folder.joinpath('splits.csv').write_text(
    'file,split\na.png,train\nb.png,dev\nc.png,test\n'
  )
  return folder


def command_line(
  workdir: pathlib.Path, *flags: str, fields: dict, config='configs/voids.py'
) -> list[str]:
  """The command of a run with fields of its config."""
  return [
    *PROGRAM,
    *(f'--config={config}', f'--workdir={workdir}'),
    *(f'--config.{name}={value}' for name, value in fields.items()),
    *flags,
  ]


def environment(devices: int = 1) -> dict[str, str]:
  """The environment of a program that sees so many (virtual) devices."""
  flag = '--xla_force_host_platform_device_count'
  others = [
    given
    for given in os.environ.get('XLA_FLAGS', '').split()
    if not given.startswith(flag)
  ]
  return {
    **os.environ,
    'XLA_FLAGS': ' '.join([*others, f'{flag}={devices}']),
    'JAX_PLATFORMS': 'cpu',
    'PYTHONPATH': str(ROOT),
    'COLUMNS': '200',
  }


def start_processes(
  commands, *, devices: int = 2
) -> list[Program | subprocess.Popen]:
  """Starts a program for each command, as the processes of one run."""
  with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    address = f'127.0.0.1:{free.getsockname()[1]}'
  # JAX warns of proxies, which may be in the way of other machines.
  variables = {
    name: value
    for name, value in environment(devices).items()
    if not name.lower().endswith('_proxy')
  }
  return [
    _start(
      command,
      {
        **variables,
        'JAX_COORDINATOR_ADDRESS': address,
        'JAX_COORDINATOR_BIND_ADDRESS': address,
        'JAX_NUM_PROCESSES': str(len(commands)),
        'JAX_PROCESS_ID': str(index),
      },
    )
    for index, command in enumerate(commands)
  ]


def _start(command, variables) -> Program | subprocess.Popen:
  """The program by its server; anything else as it is."""
  if list(command[:3]) == PROGRAM:
    return Program(command, cwd=ROOT, env=variables)
  return subprocess.Popen(
    command,
    cwd=ROOT,
    env=variables,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  )


def run(command, *, devices: int = 1) -> subprocess.CompletedProcess:
  """Runs the program to its end, with its output as text."""
  started = _start(command, environment(devices))
  try:
    output, errors = started.communicate(timeout=HANGS_S)
  finally:
    started.kill()
  return subprocess.CompletedProcess(
    started.args, started.returncode, output, errors
  )
