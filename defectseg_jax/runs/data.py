"""The regions and patches of a run.

Rooms other than datasets/ import without TensorFlow, and so do the jobs: it is
imported here, when data are first asked for.
"""

import collections
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.image_names import place_of, without_place
from defectseg_jax.runs.settings import RunSettings
from defectseg_jax.simulation.domain.real_backgrounds import select_backgrounds

if TYPE_CHECKING:
  from defectseg_jax.datasets.pipeline import Patches, Region
  from defectseg_jax.datasets.stream import FreshPatches


_SPLIT_NAMES = {'train': 'training', 'dev': 'development', 'test': 'test'}


@dataclasses.dataclass(frozen=True)
class Data:
  """What a run learns from and is judged by.

  Attributes:
    fingerprint: changes with the source files and their preprocessing.
    source: where they are, for messages.
    regions: of each split that was asked for.
    remarks: what of its files was not taken, and which images had to stay
      together, a line for each reason.
  """

  fingerprint: str
  source: str
  regions: dict[str, list['Region']]
  remarks: Sequence[str] = ()

  def in_words(self, settings: RunSettings) -> str:
    """What the network learnt from, for those who read its numbers."""
    counts = ', '.join(
      f'{len(found)} {_SPLIT_NAMES[split]}'
      for split, found in self.regions.items()
      # Of a domain they are samples to look at: nothing is learnt from them.
      if not (split == 'train' and settings.data.source == 'domain')
    )
    if settings.data.source == 'simulated':
      origin = (
        f'{settings.simulation.micrographs} simulated micrographs (seed '
        f'{settings.simulation.seed})'
      )
    elif settings.data.source == 'domain':
      origin = (
        f'fresh simulated patches of a domain (seed {settings.seed}), judged '
        f'by simulated micrographs (seed {settings.simulation.seed})'
      )
    else:
      origin = f'micrographs of {self.source}'
    words = f'{origin}, regions: {counts}; data set {self.fingerprint}'
    return '. '.join([words, *(one.rstrip('.') for one in self.remarks)])

  def require_same(self, fingerprint: str, workdir: Any) -> None:
    """Raises InputError if the source files changed since the run began."""
    if fingerprint != self.fingerprint:
      raise InputError(
        f'{workdir}: its run began with other files than {self.source} holds '
        f'now ({fingerprint}, now {self.fingerprint}); give another --workdir, '
        'or the files as they were'
      )


def require_source(settings: RunSettings) -> None:
  """Checks the folder of labelled micrographs, if there is one.

  It needs no TensorFlow, and opens no image.

  Raises:
    InputError: the folder is missing, or its files do not belong together.
  """
  if settings.data.source == 'folder' and settings.data.dir:
    from defectseg_jax.datasets.folder import labelled_files

    labelled_files(settings.data.dir)


def read_data(settings: RunSettings, *, splits: Sequence[str]) -> Data:
  """Prepares the dataset, if that was not done before, and reads it.

  Args:
    settings: of the run.
    splits: of train, dev and test those that are needed.

  Returns:
    The regions.

  Raises:
    InputError: anything is wrong with the source.
  """
  from defectseg_jax.datasets import builder, folder, pipeline

  made = builder.create_builder(
    settings.defect,
    settings.data,
    settings.preprocessing,
    simulation=settings.simulation,
    foil=settings.foil,
    domain=settings.domain,
  )
  found = {split: pipeline.read_regions(made, split) for split in splits}
  remarks = []
  if settings.data.dir:
    remarks = [*folder.passed_over(settings.data.dir), *_stacks(found)]
  elif settings.data.source == 'domain' and settings.simulation.background:
    remarks = select_backgrounds(settings.simulation.background).remarks
  return Data(
    fingerprint=made.builder_config.name,
    source=made.builder_config.folder,
    regions=found,
    remarks=remarks,
  )


def _stacks(regions: Mapping[str, Sequence['Region']]) -> Iterator[str]:
  """Says of stacks that are whole in one split that they are."""
  for split, found in regions.items():
    names = [one.name for one in found]
    places = [name for name in names if place_of(name) is not None]
    # Of an image that is divided, other parts have a name with their place.
    divided = {name.split('@')[0] for name in names if '@' in name}
    whole = collections.Counter(
      without_place(name) for name in places if name not in divided
    )
    for stem, count in whole.items():
      yield (
        f'All {count} images of {stem} are in the {_SPLIT_NAMES[split]} set: '
        'those of a stack mostly show the same place.'
      )


def training_patches(
  settings: RunSettings, regions: Sequence['Region']
) -> 'Patches | FreshPatches':
  """The patches that the settings ask for: of regions, or ever fresh ones.

  Raises:
    InputError: no defect pixel, or an option out of range.
  """
  from defectseg_jax.datasets import pipeline, stream
  from defectseg_jax.simulation.domain.workers import Recipe

  if settings.domain is not None and settings.foil is not None:
    return stream.FreshPatches(
      Recipe(
        domain=settings.domain,
        foil=settings.foil,
        defect=settings.defect,
        background=settings.simulation.background,
        preprocessing=settings.preprocessing,
        patch_px=settings.data.patch_px,
        seed=settings.seed,
      )
    )
  return pipeline.Patches(
    regions,
    patch_px=settings.data.patch_px,
    order=settings.data.patches,
    seed=settings.seed,
    orientations=settings.data.orientations,
  )
