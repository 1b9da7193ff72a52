"""One image of a session, on disk."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

from defectseg_jax.applicability.verdict import Verdict
from defectseg_jax.quantification import QualityWarning
from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.index import MASKS, VALID


@dataclasses.dataclass(frozen=True)
class SessionImage:
  """One image of a session, on disk.

  Attributes:
    name: of the image.
    source: the file it was read from.
    scale: of it.
    correction: the file that a person corrected its mask in, below the
      session's folder; None where nobody did.
    outdated: whether the corrected mask was made by another network, or from
      other pixels.
    zooms: scales that its probabilities are taken from, in pixels of the
      network for each of the image.
    warnings: what was found in the micrograph beside the specimen, and what of
      the correction cannot be in a mask.
    signs: of whether the network applies; None where it has no references.
    verdict: whether it applies; None where nobody can tell.
    included: whether its numbers count where the network does not apply, or
      they cannot be right.
    partial: whether a part of the image is no specimen.
    replaced_pixels: how many outliers were replaced.
    drawn: `VALID`, `IGNORE`: which files of regions a person drew.
    has_network: whether a network looked at it.
    edits: what a person did to its objects, as `Done` has it; empty where
      nobody did, or the mask was changed by another program since.
  """

  name: str
  source: pathlib.Path
  scale: Scale
  correction: str | None = None
  outdated: bool = False
  zooms: tuple[float, ...] = (1.0,)
  warnings: tuple[QualityWarning, ...] = ()
  signs: Mapping[str, float] | None = None
  verdict: Verdict | None = None
  included: bool = False
  partial: bool = False
  replaced_pixels: int = 0
  drawn: tuple[str, ...] = ()
  has_network: bool = True
  edits: Mapping[str, Any] = dataclasses.field(default_factory=dict)

  @property
  def corrected(self) -> bool:
    """Whether its mask is what a person made of the network's."""
    return self.correction is not None

  def files(self) -> dict[str, str]:
    """Paths of its arrays below the session's folder, by what they hold."""
    return {
      kind: f'{kind}/{self.name}.tif'
      for kind in ('images', MASKS, 'probabilities', VALID)
      if {VALID: self.partial, 'probabilities': self.has_network}.get(
        kind, True
      )
    }

  def region_files(self) -> dict[str, str]:
    """Paths of what says where it counts, by kind; only what there is."""
    kinds = {*self.drawn, *([VALID] if self.partial else [])}
    return {kind: f'{kind}/{self.name}.tif' for kind in sorted(kinds)}
