"""From a run's folder to a network that can be passed on."""

import dataclasses
import json
import math
import os
import pathlib
import shutil
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
from jaxtyping import PyTree

from defectseg_jax.disk import read_regular
from defectseg_jax.errors import InputError
from defectseg_jax.models import create_model
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.runs import detection_file
from defectseg_jax.runs.network_card import Card, references_path
from defectseg_jax.runs.network_card_text import write_card_text
from defectseg_jax.runs.network_file import write_network
from defectseg_jax.runs.seen_sizes import read_seen_sizes, sizes_json
from defectseg_jax.runs.settings import RunSettings, run_settings
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, state
from defectseg_jax.training.progress import Progress

# What a file in the repository may have.
MOST_BYTES = 3_000_000
# By eye: far below what moves an outline by a pixel.
_MOST_DIFFERENCE = 0.01


def write_network_of_run(
  config: ml_collections.ConfigDict, workdir: Workdir, path: pathlib.Path
) -> Card:
  """Writes NAME.safetensors, NAME.json and NAME.md of a run's best epoch.

  Weights are float32, as the run has them; float16 where float32 would pass
  3 MB. Paths of the machine are left out of the cards.

  Args:
    config: of the run.
    workdir: of the run.
    path: of NAME.safetensors.

  Returns:
    The card. References of the run are copied, but for rounded weights.

  Raises:
    InputError: the run is not trained to its end, or float16 is too coarse for
      its network.
  """
  workdir.require_config(config)
  settings = run_settings(config)
  progress = detection_file.read_detection(
    workdir.dev_detection, settings.defect, settings.quantification
  ).judge(checkpoints.read_progress(workdir.path))
  detection = json.loads(read_regular(workdir.dev_detection))
  variables = checkpoints.restore_model(
    workdir.path, **state.variable_shapes(create_model(settings.model))
  )
  seen = read_seen_sizes(workdir.seen_sizes, settings)
  count = sum(leaf.size for leaf in jax.tree.leaves(variables))
  precision = 'float32' if 4 * count <= MOST_BYTES else 'float16'
  if precision == 'float16':
    _require_same(settings, variables, workdir.path)
  fields, provenance = _without_places(config, workdir)
  kept = dataclasses.asdict(progress)
  card = Card(
    defect=settings.defect,
    threshold=progress.best().threshold,
    parameters=count,
    precision=precision,
    holds_for=trained_ranges(settings, seen),
    seen_sizes=sizes_json(seen),
    scores=_scores(progress, detection, _test_metrics(workdir)),
    progress={
      name: kept[name]
      for name in (
        *('fingerprint', 'epochs', 'decays'),
        *('best_step', 'best_epoch', 'best_iu'),
      )
    },
    detection=detection,
    provenance=provenance,
    config=fields,
  )
  card = write_network(path, variables, card)
  if workdir.references.exists() and precision == 'float32':
    shutil.copyfile(workdir.references, references_path(path))
  write_card_text(path, card)
  return card


def trained_ranges(
  settings: RunSettings, seen: SeenSizes
) -> dict[str, tuple[float, float]]:
  """The sizes that a network holds for; none where a folder does not say.

  Args:
    settings: of its run.
    seen: in training.

  Returns:
    Of `diameter_px` and `pixel_size_nm` the smallest and the largest, as far as
    they are known.
  """
  ranges = {k: v for k, v in dataclasses.asdict(seen).items() if v is not None}
  if settings.domain is not None:
    (small_px, large_px) = settings.domain.objects.diameter_px
    (small_nm, large_nm) = settings.domain.objects.diameter_nm
    ranges['pixel_size_nm'] = (small_nm / large_px, large_nm / small_px)
  return ranges


def _scores(
  progress: Progress,
  detection: Mapping[str, Any],
  metrics: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
  """The run's own scores; those of other sets are added by hand."""
  found, missed, invented = (
    # Of lines a list: lengths in parts of the regions.
    float(np.sum(detection.get(f'{name}_px', detection.get(name))))
    for name in ('found', 'missed', 'invented')
  )
  rows: list[dict[str, Any]] = [
    {
      'set': 'development set of the run',
      'iu': progress.best().iu,
      'object_precision': _ratio(found, found + invented),
      'object_recall': _ratio(found, found + missed),
      'object_f1': _ratio(2 * found, 2 * found + missed + invented),
    }
  ]
  if metrics is not None:
    mean = metrics['mean']
    rows.append(
      {
        'set': 'test set of the run',
        'images': len(metrics['per_image']),
        **{name: mean[name] for name in ('iu', 'precision', 'recall')},
      }
    )
  return rows


def _ratio(part: float, whole: float) -> float | None:
  return part / whole if whole else None


def _test_metrics(workdir: Workdir) -> dict[str, Any] | None:
  try:
    return json.loads(read_regular(workdir.test_metrics))
  except FileNotFoundError:
    return None


def _without_places(
  config: ml_collections.ConfigDict, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
  """Config and provenance that say nothing of where things lay.

  Absolute paths become those from the folder in which the command was given;
  of one that lies elsewhere, only its last name is told.
  """
  fields = config.to_dict()
  made = workdir.read_provenance()
  provenance = made.to_json() if made else {}
  begun_in = provenance.get('folder') or os.getcwd()
  names = {str(workdir.path.absolute()): f'runs/{workdir.path.name}'}
  for holder, field in (
    (fields, 'init_from'),
    (fields['data'], 'dir'),
    (fields['data'], 'cache_dir'),
    (fields['simulation'], 'background'),
  ):
    place = holder[field]
    if os.path.isabs(place):
      names[place] = holder[field] = _name_from(begun_in, place)
  for key in ('command', 'training_data'):
    # The longest first: one may lie in another.
    for place in sorted(names, key=len, reverse=True):
      if provenance.get(key):
        provenance[key] = provenance[key].replace(place, names[place])
  return fields, {**provenance, 'folder': ''}


def _name_from(folder: str, place: str) -> str:
  """A path from a folder, if that does not lead over the root."""
  if os.path.commonpath([folder, place]) == os.path.sep:
    return os.path.basename(place)
  return os.path.relpath(place, folder)


def _require_same(
  settings: RunSettings, variables: tuple[PyTree, PyTree], run: pathlib.Path
) -> None:
  """Refuses float16 where probabilities of noise are not as by float32."""
  model = create_model(settings.model)
  side = math.ceil(128 / model.size_multiple) * model.size_multiple
  rng = np.random.default_rng(0)
  image = rng.normal(size=(1, side, side, 1)).astype(np.float32)

  @jax.jit
  def probabilities(params: PyTree, batch_stats: PyTree) -> jax.Array:
    logits: Any = model.apply(
      {'params': params, 'batch_stats': batch_stats}, image
    )
    return jax.nn.sigmoid(logits)

  rounded = jax.tree.map(
    lambda leaf: np.asarray(leaf, np.float16).astype(np.float32), variables
  )
  difference = jnp.abs(probabilities(*variables) - probabilities(*rounded))
  worst = float(difference.max())
  # NaN is not the same, either.
  if not worst <= _MOST_DIFFERENCE:
    raise InputError(
      f'{run}: its network passes 3 MB in float32, and in float16 its '
      f'probabilities differ by up to {worst:.3f}; choose a smaller '
      '--config.model.name'
    )
