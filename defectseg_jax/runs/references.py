"""Reference micrographs: how a network does where the truth is known.

Each is simulated, from easy to hopeless, and some show no such defect. Of each
it is kept what can be seen without labels, the F1, and what the truth is for
each number that was found. `defectseg_jax.applicability` compares with them.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from defectseg_jax.applicability.references import Reference
from defectseg_jax.applicability.widening import numbers_with_intervals
from defectseg_jax.errors import InputError
from defectseg_jax.prediction.view import create_view
from defectseg_jax.quantification import MeasurementSettings, kind_of
from defectseg_jax.quantification.particles.components import (
  areas_px,
  label_regions,
)
from defectseg_jax.runs.run import Run
from defectseg_jax.simulation.domain.graded import Graded, simulate_graded

# Of the numbers of the references, in pixels. Ratios do not depend on the
# scale, and hardly on the thickness.
_THICKNESS_PX = 100.0


def make_references(
  run: Run,
  *,
  count: int,
  first: int = 0,
  backgrounds: Sequence[np.ndarray] = (),
  check_interruption: Callable[[], None] = lambda: None,
) -> Iterator[Reference]:
  """Looks at reference micrographs, one after the other.

  Args:
    run: a network of a domain.
    count: of all micrographs.
    first: number of the first that is to be made.
    backgrounds: real ones, from `read_backgrounds`; may be none.
    check_interruption: called before each; may raise Stopped.

  Raises:
    InputError: the network did not learn a domain.
  """
  if run.settings.domain is None or run.settings.foil is None:
    raise InputError(
      f'{run.origin}: reference micrographs are drawn from the domain that a '
      'network learnt, and this one has none; train with :scale=general'
    )
  for index in range(first, count):
    check_interruption()
    yield _reference(
      run,
      simulate_graded(
        run.settings.domain,
        run.settings.foil,
        defect=run.settings.defect,
        seed=run.settings.seed,
        index=index,
        backgrounds=backgrounds,
      ),
    )


def _reference(run: Run, graded: Graded) -> Reference:
  view = create_view(graded.pixels, None, run.seen)
  found = run.look_and_trust(view)
  signs = run.signs(view, found)
  found = run.at_image(view, found, None)
  settings = run.measurement_settings.at_zooms(found.zooms)
  mask = _without_ignored(found.mask, graded)
  kind = kind_of(run.settings.defect)
  return Reference(
    kind=graded.kind,
    signs=signs,
    f1=kind.f1(mask, graded.mask, settings.quantification),
    truths=_truths(mask, graded.mask, settings),
  )


def _without_ignored(mask: np.ndarray, graded: Graded) -> np.ndarray:
  """Without objects that mostly lie where nothing counts."""
  ignored = ~graded.counts & ~graded.mask
  if not ignored.any():
    return mask
  labels, count = label_regions(mask)
  within = np.bincount(labels[ignored], minlength=count + 1)
  left_out = 2 * within > areas_px(labels, count)
  left_out[0] = False
  return mask & ~left_out[labels]


def _truths(
  mask: np.ndarray,
  truth: np.ndarray,
  settings: MeasurementSettings,
) -> dict[str, float]:
  """By name the true number over the one that was found."""
  found, true = (
    how.measure(one, pixel_size_nm=1.0, thickness_nm=_THICKNESS_PX).summary
    for how, one in ((settings, mask), (settings.by_hand(), truth))
  )
  ratios = {}
  for name in numbers_with_intervals(found):
    if found[name] == true[name] == 0:
      ratios[name] = 1.0
    else:
      with np.errstate(divide='ignore'):
        ratios[name] = float(np.float64(true[name]) / found[name])
  return ratios
