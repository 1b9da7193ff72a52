"""The TFDS builder: labelled regions, preprocessed, ready for any pipeline.

Micrographs come from a folder: the user's, or that of simulated foils.

A dataset is named by the fingerprint of all that it is made from: the bytes of
the source files, and how they are preprocessed and divided. Changed files give
another name, and so a new dataset; an old one is never used in its place.
"""

import contextlib
import dataclasses
import io
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from defectseg_jax.datasets import folder, regions
from defectseg_jax.datasets.cache import (
  cache_dir,
  folder_to_build,
  is_whole,
  move_into_place,
)
from defectseg_jax.datasets.fingerprint import fingerprint_of
from defectseg_jax.datasets.host_tensorflow import tfds
from defectseg_jax.datasets.settings import DataSettings
from defectseg_jax.datasets.simulated import (
  simulate_domain_folder,
  simulate_folder,
)
from defectseg_jax.micrographs.mask_values import AS_STORED, MaskValues
from defectseg_jax.micrographs.micrograph import Micrograph
from defectseg_jax.micrographs.object_ids import ObjectMask
from defectseg_jax.micrographs.preprocessing import preprocess
from defectseg_jax.micrographs.settings import PreprocessingSettings
from defectseg_jax.simulation import FoilParameters, SimulationSettings
from defectseg_jax.simulation.domain.settings import DomainSettings

DEFECTS = ('voids', 'precipitates', 'dislocations')

# A split's examples, each with a key of its own.
_Examples = Iterator[tuple[str, dict[str, Any]]]

FEATURES = tfds.features.FeaturesDict(
  {
    'image': tfds.features.Tensor(
      shape=(None, None), dtype=np.float32, encoding='bytes'
    ),
    'mask': tfds.features.Tensor(
      shape=(None, None), dtype=np.uint8, encoding='zlib'
    ),
    'name': tfds.features.Text(),
    'top': np.int64,
    'left': np.int64,
    # As text, because TFDS keeps only 32 bits of a float; '' if unknown.
    'pixel_size_nm': tfds.features.Text(),
    'thickness_nm': tfds.features.Text(),
  }
)


@dataclasses.dataclass
class DefectConfig(tfds.core.BuilderConfig):
  """A defect, and the folder with its micrographs.

  Attributes:
    folder: with images/, masks/ and optionally splits.csv; '' for none.
    rgb: what to do with colour, as in `read_micrographs`.
    mask_values: what the values of masks stand for.
    preprocessing: what is done to each micrograph.
  """

  folder: str = ''
  rgb: str = 'refuse'
  mask_values: MaskValues = AS_STORED
  preprocessing: PreprocessingSettings = dataclasses.field(
    default_factory=PreprocessingSettings
  )


class DefectMicrographs(tfds.core.GeneratorBasedBuilder):
  """Regions of micrographs with their masks, in splits train, dev and test."""

  # Part of the fingerprint. Raise it when the same source files and options
  # give other pixels than before, so that old datasets are not used again.
  VERSION = tfds.core.Version('1.0.0')
  BUILDER_CONFIGS = [DefectConfig(name=defect) for defect in DEFECTS]
  # TFDS's own annotation allows None, which a builder with configs never has.
  builder_config: DefectConfig

  def _info(self) -> tfds.core.DatasetInfo:
    info = self.dataset_info_from_configs(
      features=FEATURES,
      supervised_keys=('image', 'mask'),
    )
    # It looks for other people's datasets, finds none, and leaves an empty
    # folder among the system's temporary ones.
    info.initialize_from_bucket = lambda: None
    return info

  def _split_generators(self, dl_manager: Any) -> dict[str, _Examples]:
    del dl_manager  # Nothing is downloaded.
    return {split: self._generate_examples(split) for split in regions.SPLITS}

  def _generate_examples(self, split: str) -> _Examples:
    config = self.builder_config
    for file in folder.labelled_files(config.folder):
      if file.split not in (None, split):
        continue
      pairs = folder.read_labelled(file, rgb=config.rgb, how=config.mask_values)
      for place, (micrograph, objects) in enumerate(pairs):
        key = (
          f'{file.image.name}[{place}]' if len(pairs) > 1 else (file.image.name)
        )
        yield from self._regions(file, micrograph, objects, split, key=key)

  def _regions(
    self,
    file: folder.LabelledFile,
    micrograph: Micrograph,
    objects: ObjectMask,
    split: str,
    *,
    key: str,
  ) -> _Examples:
    """The regions of one micrograph that are in a split."""
    image = preprocess(micrograph.pixels, self.builder_config.preprocessing)
    mask = objects.apart().astype(np.uint8)
    if objects.labelled is not None:
      mask[~objects.labelled] = regions.NOT_LABELLED
    boxes = regions.boxes_of(
      mask.shape, objects.labelled, split=file.split, path=file.image
    )
    for number, box in enumerate(boxes):
      if box.split != split:
        continue
      rows = slice(box.top, box.top + box.height)
      columns = slice(box.left, box.left + box.width)
      yield (
        f'{key}/{number}',
        {
          'image': image[rows, columns],
          'mask': mask[rows, columns],
          'name': micrograph.name,
          'top': box.top,
          'left': box.left,
          'pixel_size_nm': _as_text(micrograph.pixel_size_nm),
          'thickness_nm': _as_text(micrograph.thickness_nm),
        },
      )


def create_builder(
  defect: str,
  data: DataSettings,
  preprocessing: PreprocessingSettings,
  *,
  simulation: SimulationSettings | None = None,
  foil: FoilParameters | None = None,
  domain: DomainSettings | None = None,
) -> DefectMicrographs:
  """The builder of a dataset whose data are on disk.

  Args:
    defect: voids, precipitates or dislocations.
    data: where micrographs come from, and where what is prepared is kept.
    preprocessing: what is done to each micrograph.
    simulation: of a series of simulated foils; looked at, as `foil` is, only
      where `data.source` is simulated.
    foil: the parameters of the simulated foils.
    domain: what is drawn from; looked at only where `data.source` is domain.

  Returns:
    A builder whose data are prepared: made now, or found in the cache.

  Raises:
    InputError: anything is wrong with the folder or its files. Nothing is left
      in the cache then.
    ValueError: the source is simulated or domain, and what it needs is missing.
  """
  cache = cache_dir(data.cache_dir)
  if data.source == 'folder':
    source = data.dir
  elif simulation is None or foil is None:
    raise ValueError(
      f'simulation={simulation}, foil={foil}: give both for simulated foils'
    )
  elif data.source == 'domain':
    if domain is None:
      raise ValueError('domain=None: give it for micrographs of a domain')
    source = simulate_domain_folder(
      domain, foil, simulation, defect=defect, cache=cache
    )
  else:
    source = simulate_folder(foil, simulation, defect=defect, cache=cache)
  return _prepare(_builder_config(defect, data, preprocessing, source), cache)


def _builder_config(
  defect: str,
  data: DataSettings,
  preprocessing: PreprocessingSettings,
  source: str | pathlib.Path,
) -> DefectConfig:
  """What is made of a folder, under the name that follows from all of it."""
  mask_values = MaskValues(data.mask_class, data.mask_ignore)
  options = {'rgb': data.rgb, **dataclasses.asdict(preprocessing)}
  # Only what is said, so that other datasets keep the names they had.
  options |= {
    name: value
    for name, value in dataclasses.asdict(mask_values).items()
    if value
  }
  fingerprint = fingerprint_of(
    source,
    {
      'version': str(DefectMicrographs.VERSION),
      'features': repr(FEATURES),
      **options,
    },
  )
  return DefectConfig(
    name=f'{defect}_{fingerprint}',
    folder=str(source),
    rgb=data.rgb,
    mask_values=mask_values,
    preprocessing=preprocessing,
  )


def _as_text(length_nm: float | None) -> str:
  return '' if length_nm is None else repr(float(length_nm))


def _prepare(
  builder_config: DefectConfig, cache: pathlib.Path
) -> DefectMicrographs:
  """The builder, its data made in the cache if they are not there."""
  tfds.disable_progress_bar()
  final = cache / DefectMicrographs.name / builder_config.name
  if not is_whole(final):
    with folder_to_build(cache, final) as folder:
      if folder is not None:
        _build(builder_config, folder)
        built = folder / DefectMicrographs.name / builder_config.name
        move_into_place(built, final)
  return DefectMicrographs(data_dir=cache, config=builder_config)


def _build(builder_config: DefectConfig, folder: pathlib.Path) -> None:
  builder = DefectMicrographs(data_dir=folder, config=builder_config)
  with contextlib.redirect_stdout(io.StringIO()):
    # It would print a message about downloads, and there are none.
    builder.download_and_prepare()
