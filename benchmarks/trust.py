"""Does a network know how well it does, and do its intervals hold the truth?

  python -m benchmarks.trust --networks=voids,precipitates --images=40
  python -m benchmarks.trust --networks=voids --images=40 --side_px=1024

from the root of the repository. Unseen micrographs of the network's own domain
and labelled ones of ../shared/data are predicted as a user does it. F1 is that
of `applicability`: objects of an IU of 0.3, or length of lines within 2 pixels.
An interval holds the truth if the number that is measured in the true mask lies
in it. Then images that hold nothing that the network knows.

--set=voids_on_tem adds that test set: score it as seldom as a paper would.
"""

import argparse
import pathlib
from collections.abc import Iterator

import numpy as np

import defectseg_jax
from benchmarks import report
from benchmarks.real_sets import SHARED, Example, sets_of
from defectseg_jax.applicability.verdict import Applies, Verdict
from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.quantification import kind_of
from defectseg_jax.runs.run import Run
from defectseg_jax.simulation.domain.patches import simulate_patch

# The first number of the seeds; training, test sets and references have others.
_SEED = 7
_THICKNESS_NM = 100.0
# By whether they are of lines.
_NUMBERS = {
  False: (
    *('number_density_per_m3', 'diameter_mean_nm', 'area_fraction'),
    *('volume_fraction', 'swelling', 'number_density_corrected_per_m3'),
  ),
  True: ('density_length_per_m2', 'density_grid_per_m2'),
}
_NOTHING = (
  *('raw_files/16_STOimage_1.ser', 'raw_files/HAADFscan.mrc'),
  *('raw_files/test_diffraction_pattern.dm3',),
)


def main() -> None:
  """Prints tables for each network."""
  parser = report.create_parser(__doc__)
  parser.add_argument('--networks', default='voids')
  parser.add_argument('--images', type=int, default=40)
  parser.add_argument(
    '--side_px', type=int, default=512, help='of those images'
  )
  parser.add_argument('--set', action='append', default=[], dest='sets')
  flags = parser.parse_args()
  print(report.line(report.machine() | report.versions('jax')))
  for name in flags.networks.split(','):
    run = defectseg_jax.load_network(name)
    print(f'\n{name}: {run}')
    if flags.images:
      _tell('unseen micrographs', run, _unseen(run, flags))
    for one in flags.sets:
      _tell(one, run, iter(sets_of(run.settings.defect)[one]()))
    print(f'\n{name}: images without {run.settings.defect}\n')
    print(report.table(('image', 'verdict', 'why'), list(_nothing(run))))


def _unseen(run: Run, flags: argparse.Namespace) -> Iterator[Example]:
  settings = run.settings
  assert settings.domain is not None and settings.foil is not None
  for index in range(flags.images):
    patch = simulate_patch(
      settings.domain,
      settings.foil,
      defect=settings.defect,
      side_px=flags.side_px,
      seed=(_SEED, index),
      to_judge_by=True,
    )
    yield Example(
      Micrograph(
        patch.pixels,
        name=f'unseen_{index}',
        pixel_size_nm=patch.pixel_size_nm,
      ),
      patch.mask,
    )


def _tell(title: str, run: Run, examples: Iterator[Example]) -> None:
  """F1 expected and true; which intervals hold the truth, and how wide."""
  numbers = _NUMBERS[kind_of(run.settings.defect).has_test_lines]
  expected, true, words = [], [], []
  held: dict[str, list[bool]] = {name: [] for name in numbers}
  wider: dict[str, list[float]] = {name: [] for name in numbers}
  for example in examples:
    prediction = run.predict(example.micrograph, thickness_nm=_THICKNESS_NM)
    verdict = prediction.verdict
    assert verdict is not None, 'the network has no references'
    settings = prediction.settings
    kind = kind_of(run.settings.defect)
    expected.append(verdict.f1.value)
    true.append(kind.f1(prediction.mask, example.mask, settings.quantification))
    words.append(verdict.applies)
    if verdict.applies == Applies.NO:
      continue
    found = prediction.measure().summary
    truth = prediction.measure(example.mask).summary
    for name in numbers:
      low, high = found[f'{name}_low'], found[f'{name}_high']
      if np.isnan(low) or np.isnan(truth[name]):
        continue
      held[name].append(low <= truth[name] <= high)
      by_counting = [found[f'{name}_counting_{end}'] for end in ('low', 'high')]
      width = by_counting[1] - by_counting[0]
      if verdict.applies == Applies.YES and 0 < width < np.inf:
        wider[name].append((high - low) / width)
  _print_f1(title, np.array(expected), np.array(true), words)
  rows = [
    [
      name,
      f'{sum(held[name])} of {len(held[name])}',
      f'{np.median(wider[name]):.2f}' if wider[name] else '-',
    ]
    for name in numbers
  ]
  print()
  print(report.table(('95% interval', 'holds', 'width over counting'), rows))


def _print_f1(
  title: str, expected: np.ndarray, true: np.ndarray, words: list[Applies]
) -> None:
  first, second = (np.argsort(np.argsort(one)) for one in (expected, true))
  print(
    f'\n{title}: {len(true)} images, F1 {true.mean():.2f}, expected '
    f'{expected.mean():.2f}; mean absolute error '
    f'{np.abs(expected - true).mean():.3f}, rank correlation '
    f'{np.corrcoef(first, second)[0, 1]:.2f}\n'
  )
  rows = []
  for word in Applies:
    of_word = true[[one == word for one in words]]
    mean = f'{of_word.mean():.2f}' if len(of_word) else '-'
    least = f'{of_word.min():.2f}' if len(of_word) else '-'
    rows.append([str(word), str(len(of_word)), mean, least])
  kept = np.argsort(-expected)[: max(1, round(0.75 * len(true)))]
  rows.append(
    [
      'without the least certain quarter',
      str(len(kept)),
      f'{true[kept].mean():.2f}',
      f'{true[kept].min():.2f}',
    ]
  )
  print(report.table(('verdict', 'images', 'mean F1', 'least'), rows))


def _nothing(run: Run) -> Iterator[list[str]]:
  """Verdicts on images that hold no such defect."""
  rng = np.random.default_rng(0)
  noise = 100 + 10 * rng.standard_normal((512, 512), np.float32)
  yield _verdict_row(run, 'noise', Micrograph(noise, name='noise'))
  even = np.full((512, 512), 100, np.float32)
  yield _verdict_row(run, 'blank', Micrograph(even, name='blank'))
  for file in _NOTHING:
    path = SHARED / 'data' / file
    try:
      micrograph = defectseg_jax.read_micrograph(path)
    except InputError as error:
      yield [path.name, 'refused', str(error).split(':')[-1].strip()]
      continue
    yield _verdict_row(run, path.name, micrograph)
  for name, defect in _others(run.settings.defect):
    folder = SHARED / 'data' / name / 'images'
    for path in sorted(pathlib.Path(folder).iterdir())[:8]:
      micrograph = defectseg_jax.read_micrograph(path)
      yield _verdict_row(run, f'{path.stem} ({defect})', micrograph)


def _others(defect: str) -> list[tuple[str, str]]:
  if defect == 'voids':
    return [('superalloy_precipitates', 'precipitates')]
  return [('voids_on_tem', 'voids')]


def _verdict_row(run: Run, name: str, micrograph: Micrograph) -> list[str]:
  verdict: Verdict | None = run.predict(micrograph).verdict
  assert verdict is not None
  return [name, str(verdict.applies), verdict.reason]


if __name__ == '__main__':
  main()
