"""A micrograph through a network by JAX, by OpenVINO and by onnxruntime.

  python -m benchmarks.engines
  python -m benchmarks.engines --turns=3 --starts=1

from the root of the repository. One process takes a micrograph from its file to
its mask by each engine in turns, at one scale and in the tiles of
--mode=predict; onnxruntime, which the program does not use, runs the graph that
OpenVINO runs. Then --mode=predict is started anew by each engine in turns, from
the command to the page.
"""

import dataclasses
import importlib
import importlib.util
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import defectseg_jax as ds
from benchmarks import report, roofline, rows
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.micrographs.writing import write_mask, write_tiff
from defectseg_jax.models.onnx_drawing import draw_model
from defectseg_jax.models.plan_catalogue import plan_of
from defectseg_jax.prediction.forward import Forward, probabilities_of
from defectseg_jax.prediction.sure_regions import Hysteresis, sure_mask
from defectseg_jax.runs.network_card import read_card
from defectseg_jax.runs.network_file import read_arrays

NETWORK = 'voids'
EXAMPLE = 'examples/foil_2.tif'
SIDE_PX = 2048
_NOT_OURS = 'onnxruntime'

# From pixels as they are in the file to probabilities.
Network = Callable[[np.ndarray], np.ndarray]


def main() -> None:
  """Runs in turns, and prints two tables."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--turns', type=int, default=5)
  parser.add_argument('--starts', type=int, default=3)
  given = parser.parse_args()
  packages = report.versions('jax', 'openvino', 'onnxruntime')
  print(report.line(report.machine() | packages))
  with tempfile.TemporaryDirectory() as folder:
    path = _write_micrograph(pathlib.Path(folder))
    _compare_networks(path, given.turns)
    _compare_starts(path, given.starts)


def measure_rows() -> list[rows.Row]:
  """The engine that is taken on a CPU beside the others, network alone."""
  run = ds.load_network(NETWORK, engine='onnx')
  networks = _networks(run)
  with tempfile.TemporaryDirectory() as folder:
    path = _write_micrograph(pathlib.Path(folder))
    pixels = ds.read_micrograph(path).pixels
    for network in networks.values():
      network(pixels)
    spent = _take_turns(path, networks, run.limits, turns=3)
  least_s = (
    roofline.convolution_operations(_graph(run), SIDE_PX)
    / roofline.matrix_rate()
  )
  seconds = {name: [one[0] for one in found] for name, found in spent.items()}
  others = [name for name in seconds if name != 'OpenVINO']
  found = [
    rows.Row(
      *(f'network, {SIDE_PX} x {SIDE_PX} px, OpenVINO', 's'),
      seconds['OpenVINO'],
      peer=other,
      peer_turns=seconds[other],
      roofline=least_s / statistics.median(seconds['OpenVINO']),
    )
    for other in others
  ]
  if _NOT_OURS not in others:
    found.append(
      dataclasses.replace(
        found[0], peer=_NOT_OURS, peer_turns=(), why_no_peer='not installed'
      )
    )
  return found


def _write_micrograph(folder: pathlib.Path) -> pathlib.Path:
  path = folder / 'micrograph.tif'
  pixels = ds.read_micrograph(EXAMPLE).pixels
  more = [(0, SIDE_PX - length) for length in pixels.shape]
  pixels = np.pad(pixels, more, mode='symmetric')
  write_tiff(path, pixels.astype(np.uint8), pixel_size_nm=0.12)
  return path


def _networks(run: ds.Run) -> dict[str, Network]:
  """By name; one that the program does not use only where it is installed."""
  networks: dict[str, Network] = {
    'JAX': ds.load_network(NETWORK, engine='jax').probabilities,
    'OpenVINO': run.probabilities,
  }
  if importlib.util.find_spec(_NOT_OURS):
    networks[_NOT_OURS] = _by_onnxruntime(run)
  return networks


def _take_turns(
  path: pathlib.Path,
  networks: Mapping[str, Network],
  limits: Hysteresis,
  *,
  turns: int,
) -> dict[str, list[tuple[float, ...]]]:
  """What `_file_to_mask` says of each turn."""
  spent: dict[str, list[tuple[float, ...]]] = {name: [] for name in networks}
  for _ in range(turns):
    for name, network in networks.items():
      spent[name].append(_file_to_mask(path, network, limits))
  return spent


def _compare_networks(path: pathlib.Path, turns: int) -> None:
  run = ds.load_network(NETWORK, engine='onnx')
  networks = _networks(run)
  pixels = ds.read_micrograph(path).pixels
  first, found = {}, {}
  for name, network in networks.items():
    begun = time.perf_counter()
    found[name] = network(pixels)
    first[name] = time.perf_counter() - begun
  spent = _take_turns(path, networks, run.limits, turns=turns)
  slow = [statistics.median(column) for column in zip(*spent['JAX'])]
  lines = []
  for name, turns_of in spent.items():
    columns = [*zip(*turns_of)]
    (network_s, _, all_s) = medians = [*map(statistics.median, columns)]
    lines.append(
      [
        name,
        *(f'{network_s:.2f}', f'{min(columns[0]):.2f}'),
        f'{slow[0] / network_s:.2f}',
        f'{medians[1]:.2f}',
        *(f'{all_s:.2f}', f'{slow[2] / all_s:.2f}', f'{first[name]:.1f}'),
        f'{np.abs(found[name] - found["JAX"]).max():.0e}',
      ]
    )
  header = ['', 'network s', 'min s', 'relative speed', 'processor s']
  header += ['file to mask s', 'relative speed', 'first pass s', 'difference']
  print(report.table(header, lines))


def _file_to_mask(
  path: pathlib.Path, network: Network, limits: Hysteresis
) -> tuple[float, ...]:
  """Seconds of the network, of the processor in it, and of everything."""
  begun = time.perf_counter()
  pixels = ds.read_micrograph(path).pixels
  before, used = time.perf_counter(), time.process_time()
  found = network(pixels)
  after, used = time.perf_counter(), time.process_time() - used
  mask = sure_mask(found, limits)
  write_mask(path.with_name('mask.tif'), mask, pixel_size_nm=0.12)
  return after - before, used, time.perf_counter() - begun


def _graph(run: ds.Run) -> Any:
  arrays = read_arrays(run.path, read_card(run.path))
  return draw_model(plan_of(run.settings.model), arrays, {})


def _by_onnxruntime(run: ds.Run) -> Network:
  onnxruntime: Any = importlib.import_module(_NOT_OURS)
  plan = plan_of(run.settings.model)
  session = onnxruntime.InferenceSession(
    _graph(run).SerializeToString(), providers=['CPUExecutionProvider']
  )

  def of_tiles(tiles: np.ndarray) -> np.ndarray:
    (found,) = session.run(None, {'micrograph': tiles[:, None, ..., 0]})
    return np.asarray(found)[:, 0, ..., None]

  forward = Forward(of_tiles, batch_size=1)
  return lambda pixels: probabilities_of(
    preprocess(pixels, run.settings.preprocessing), forward, plan
  )


def _compare_starts(path: pathlib.Path, starts: int) -> None:
  """The program from its command to its page."""
  spent: Mapping[str, list[tuple[float, float]]] = {'jax': [], 'onnx': []}
  for number in range(starts):
    for engine, found in spent.items():
      output = path.with_name(f'{engine}_{number}')
      found.append(_start(path, engine, output))
  slow = statistics.median(seconds for seconds, _ in spent['jax'])
  lines = []
  for engine, found in spent.items():
    seconds, processor = map(statistics.median, zip(*found))
    least = min(found)[0]
    lines.append(
      [
        f'--engine={engine}',
        *(f'{seconds:.1f}', f'{least:.1f}', f'{slow / seconds:.2f}'),
        f'{processor:.1f}',
      ]
    )
  header = ['', 'command to page s', 'min s', 'relative speed', 'processor s']
  print(report.table(header, lines))


def _start(
  path: pathlib.Path, engine: str, output: pathlib.Path
) -> tuple[float, float]:
  words = ['predict', f'--network={NETWORK}', f'--input={path}']
  words += [f'--engine={engine}', '--thickness_nm=100', f'--output={output}']
  begun, used = time.perf_counter(), _of_children()
  subprocess.run(
    [sys.executable, '-m', 'defectseg_jax.main', *words],
    check=True,
    stdout=subprocess.DEVNULL,
  )
  return time.perf_counter() - begun, _of_children() - used


def _of_children() -> float:
  """Seconds of processors, of processes that have ended."""
  used = resource.getrusage(resource.RUSAGE_CHILDREN)
  return used.ru_utime + used.ru_stime


if __name__ == '__main__':
  main()
