"""TFDS to tf.data to batches of patches, the same from any step on.

Which patch stands at place p of the stream follows from the seed and p alone:
pass p // n over the n patches goes through them in an order of its own. So a
run that starts again at step s asks for the stream from p = s * batch_size,
and every process of a cluster takes its share of each batch without asking the
others.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from defectseg_jax.datasets.augmentation import ORIENTATIONS, orient
from defectseg_jax.datasets.flattening import even_starts, flatten_regions
from defectseg_jax.datasets.host_tensorflow import tf, tfds
from defectseg_jax.datasets.regions import NOT_LABELLED
from defectseg_jax.errors import InputError

# No branch or loop here depends on a tensor; to look for some, and to write the
# functions anew, takes TensorFlow 0.4 s at each start.
_as_written = tf.autograph.experimental.do_not_convert


@dataclasses.dataclass(frozen=True)
class Region:
  """A labelled region of a micrograph.

  Attributes:
    image: float32 [H, W], preprocessed.
    mask: uint8 [H, W], 0 or 1.
    name: of the micrograph, with the region's first pixel if it was divided.
    pixel_size_nm: None if unknown.
    thickness_nm: None if unknown.
    labelled: bool [H, W], True where the mask says something; None for all.
  """

  image: np.ndarray
  mask: np.ndarray
  name: str
  pixel_size_nm: float | None = None
  thickness_nm: float | None = None
  labelled: np.ndarray | None = None


def read_regions(builder: tfds.core.DatasetBuilder, split: str) -> list[Region]:
  """The regions of a split, ordered by micrograph and place.

  Args:
    builder: from `create_builder`.
    split: train, dev or test.

  Returns:
    All regions of the split; a test region of a divided micrograph is named
    like `foil_1@1024,1536`.
  """
  # A decorator of TFDS hides the parameters.
  dataset = builder.as_dataset(split=split, shuffle_files=False)  # pyright: ignore
  examples = sorted(
    dataset.as_numpy_iterator(),
    key=lambda e: (e['name'], e['top'], e['left']),
  )
  names = [e['name'].decode() for e in examples]
  masks = [_mask_and_labelled(e['mask']) for e in examples]
  return [
    Region(
      image=e['image'],
      mask=mask,
      labelled=labelled,
      name=f'{name}@{e["top"]},{e["left"]}' if e['top'] or e['left'] else name,
      pixel_size_nm=_length_nm(e['pixel_size_nm']),
      thickness_nm=_length_nm(e['thickness_nm']),
    )
    for name, e, (mask, labelled) in zip(names, examples, masks, strict=True)
  ]


class Patches:
  """The training patches of a set of regions, and the stream of batches.

  `tiled`: an epoch has every tile of every region in each orientation, as in
  the paper. `random`: an epoch has as many patches as there are tiles, so that
  it sees about as many pixels as the regions have; the regions take turns, so
  that a small one is seen as often as a large one, and each patch has a random
  place and orientation.

  Attributes:
    count: patches in an epoch.
    images: regions times orientations, 48 in the paper; only if tiled.

  Examples:
    >>> region = Region(
    ...   image=np.zeros((8, 8), np.float32),
    ...   mask=np.eye(8, dtype=np.uint8),
    ...   name='foil',
    ... )
    >>> patches = Patches([region], patch_px=4, order='tiled', seed=0)
    >>> patches.count  # 4 tiles in 8 orientations.
    32
    >>> batch = next(patches.batches(batch_size=2, first_step=0))
    >>> batch['image'].shape
    (2, 4, 4, 1)
  """

  def __init__(
    self,
    regions: Sequence[Region],
    *,
    patch_px: int,
    order: str,
    seed: int,
    orientations: int = 8,
  ) -> None:
    """Lays the patches out.

    Args:
      regions: of the training split.
      patch_px: side of a patch.
      order: tiled or random.
      seed: of the order, the places and the orientations.
      orientations: how many are drawn from: 1, 2 or 8, as in ORIENTATIONS.

    Raises:
      InputError: no region has a defect pixel.
    """
    if not any(region.mask.any() for region in regions):
      names = ', '.join(region.name for region in regions)
      raise InputError(
        f'training masks ({names}): no pixel is marked as a defect; label '
        'some, or check that masks are white on black'
      )
    self._patch_px = patch_px
    self._random = order == 'random'
    self._seed = seed
    self._orientations = np.array(ORIENTATIONS[orientations], np.int64)
    self._pixels, self._rows = flatten_regions(regions, patch_px)
    tiles = [
      (number, top, left)
      for number, (_, height, width) in enumerate(self._rows)
      for top in even_starts(height, patch_px)
      for left in even_starts(width, patch_px)
    ]
    if not self._random:
      tiles = [(*tile, o) for tile in tiles for o in self._orientations]
      self.images = orientations * len(regions)
    self._tiles = np.array(tiles, np.int64)
    self.count = len(tiles)

  def batches(
    self,
    *,
    batch_size: int,
    first_step: int,
    process_index: int = 0,
    process_count: int = 1,
  ) -> Iterator[dict[str, np.ndarray]]:
    """The endless stream of batches, from a step on.

    Args:
      batch_size: over all processes; a multiple of their number.
      first_step: steps that were already done.
      process_index: which share of each batch to give.
      process_count: how many shares there are.

    Returns:
      An iterator of `image` float32, `mask` and `weight` uint8, each
      [batch_size / process_count, S, S, 1]. `weight` is 0 where nothing is
      labelled, and where a region was mirrored up to the size of a patch.
    """
    share = batch_size // process_count
    steps = tf.data.Dataset.range(first_step, np.iinfo(np.int64).max)
    places = steps.flat_map(
      _as_written(
        lambda step: tf.data.Dataset.range(share).map(
          _as_written(lambda i: step * batch_size + process_index * share + i)
        )
      )
    )
    batches = (
      places.map(_as_written(self._patch), num_parallel_calls=share)
      .batch(share, drop_remainder=True)
      .prefetch(2)
      .with_options(untuned_options())
    )
    return cast(Iterator[dict[str, np.ndarray]], batches.as_numpy_iterator())

  def _patch(self, place: tf.Tensor) -> dict[str, tf.Tensor]:
    """The patch at a place of the stream."""
    epoch = tf.math.floordiv(place, self.count)
    # TensorFlow's annotations do not know of the module.
    index = tf.random.experimental.index_shuffle(  # pyright: ignore
      tf.math.floormod(place, self.count),
      tf.stack([tf.constant(self._seed, tf.int64), epoch]),
      max_index=self.count - 1,
    )
    tile = tf.gather(self._tiles, index)
    number = (
      tf.math.floormod(index, len(self._rows)) if self._random else tile[0]
    )
    region = tf.gather(self._rows, number)
    start, height, width = region[0], region[1], region[2]
    seed = tf.stack([tf.constant(self._seed, tf.int64), place])
    if self._random:
      drawn = tf.random.stateless_uniform(
        [3], seed, maxval=np.iinfo(np.int64).max, dtype=tf.int64
      )
      top = drawn[0] % (height - self._patch_px + 1)
      left = drawn[1] % (width - self._patch_px + 1)
      orientation = tf.gather(
        self._orientations,
        tf.math.floormod(drawn[2], len(self._orientations)),
      )
    else:
      top, left, orientation = tile[1], tile[2], tile[3]
    side = tf.range(self._patch_px, dtype=tf.int64)
    index = start + (top + side[:, None]) * width + (left + side[None, :])
    patch = {
      name: orient(tf.gather(values, index)[..., None], orientation)
      for name, values in self._pixels.items()
    }
    for values in patch.values():
      values.set_shape([self._patch_px, self._patch_px, 1])
    return patch


def untuned_options() -> tf.data.Options:
  """Options of a stream that ends when it is deleted.

  tf.data's own tuning has a thread that sleeps for up to a minute. Whoever
  deletes the stream waits for it: too long when asked to stop.
  """
  options = tf.data.Options()
  options.autotune.enabled = False
  return options


def _length_nm(text: bytes) -> float | None:
  return float(text) if text else None


def _mask_and_labelled(
  stored: np.ndarray,
) -> tuple[np.ndarray, np.ndarray | None]:
  labelled = stored != NOT_LABELLED
  if labelled.all():
    return stored, None
  return np.where(labelled, stored, np.uint8(0)), labelled
