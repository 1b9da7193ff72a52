"""What was done, as the Methods and the tables of a paper read it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from defectseg_jax.reporting.page.words import is_number

# What of `how_made` says whose pixels are that two networks claimed.
CLAIMED_TWICE = 'claimed twice'
# The warning of an image whose lines may be rims of particles.
RIMS = 'rims_taken_for_lines'
# Parts of the names of numbers whose intervals take random numbers.
_RANDOM = 'diameter', '_corrected', '_detected', 'grid', 'length'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
  """A session, after its numbers are known.

  Attributes:
    summary: the content of summary.json.
    how_made: label and text, as the page has them.
    headlines: names of the numbers of the table.
    has_lines: whether the objects are lines, and not particles.
    corrected: by image whose mask a person corrected, how many objects of how
      many; empty where that is not known.
    samples: rows of samples.csv by name; empty where no table names samples.
    estimator: how an image's numbers become a sample's.
    test: how samples were compared; '' where they were not.
    properties: constants of the alloy, by name.
    seed: of the random numbers.
    series: the content of series.json; empty where images are no frames.
  """

  summary: Mapping[str, Any]
  how_made: Mapping[str, str]
  headlines: Sequence[str]
  has_lines: bool = False
  corrected: Mapping[str, str] = dataclasses.field(default_factory=dict)
  samples: Mapping[str, Mapping[str, Any]] = dataclasses.field(
    default_factory=dict
  )
  estimator: str = ''
  test: str = ''
  properties: Mapping[str, Any] = dataclasses.field(default_factory=dict)
  seed: int = 0
  series: Mapping[str, Any] = dataclasses.field(default_factory=dict)

  @property
  def images(self) -> Sequence[Mapping[str, Any]]:
    """Rows of summary.csv, of images that were measured."""
    return self.summary['images']

  @property
  def in_mean(self) -> list[Mapping[str, Any]]:
    """Those of images that are in the mean."""
    return [one for one in self.images if one['in_mean']]

  @property
  def doubted(self) -> list[str]:
    """Names of images whose numbers are to be checked."""
    return [
      one['image'] for one in self.images if one.get('applies') == 'check'
    ]

  @property
  def included(self) -> list[str]:
    """Names of images in the mean to which the network does not apply."""
    return [
      one['image']
      for one in self.in_mean
      if one.get('applies') == 'does not apply'
    ]

  @property
  def rims(self) -> list[str]:
    """Of images whose lines may be rims of particles, what was seen."""
    return [
      f'{one["image"]}, {one["message"]}'
      for one in self.summary['warnings']
      if one['name'] == RIMS
    ]

  @property
  def settings(self) -> Mapping[str, Any]:
    """How masks were measured."""
    return self.summary['settings']

  @property
  def level(self) -> str:
    """Of confidence: `95 %`."""
    return f'{100 * self.summary["level"]:g} %'

  @property
  def reported(self) -> list[str]:
    """Names of the numbers that some image has."""
    return [name for name in self.headlines if self.has(name)]

  @property
  def has_random(self) -> bool:
    """Whether an interval is a bootstrap."""
    return any(
      self.has(f'{name}_high')
      for name in self.reported
      if any(part in name for part in _RANDOM)
    )

  def has(self, name: str) -> bool:
    """Whether some image has this number."""
    return any(is_number(one.get(name)) for one in self.images)
