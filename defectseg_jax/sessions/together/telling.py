"""What all networks have to say to each, and to a paper."""

from collections.abc import Mapping, Sequence
from typing import Any

from defectseg_jax.quantification import QualityWarning, kind_of
from defectseg_jax.quantification.association import DRAWS, TRIES
from defectseg_jax.reporting.paper.record import CLAIMED_TWICE, RIMS
from defectseg_jax.reporting.paper.together import TogetherRecord
from defectseg_jax.reporting.provenance import (
  current_provenance,
  versions_text,
)
from defectseg_jax.sessions.predict_session import Part
from defectseg_jax.sessions.together.claims import (
  RULE,
  claim_sentences,
  claims_of,
)
from defectseg_jax.sessions.together.neighbours import Neighbours, near_text
from defectseg_jax.sessions.told import Told


def told_to(
  defect: str,
  defects: Sequence[str],
  found: Sequence[Neighbours],
  claims: Sequence[Mapping[str, Any]],
) -> Told:
  """What the session of one defect must say.

  Args:
    defect: of the session.
    defects: of all networks.
    found: of all images.
    claims: rows of claims.csv.
  """
  if not kind_of(defect).has_test_lines:
    if len(_of_particles(defects)) < 2:
      return Told()
    return Told(how_made={CLAIMED_TWICE: claims_of(defect, claims)})
  warnings: dict[str, list[QualityWarning]] = {}
  for one in found:
    for (_, lines), doubt in one.doubts.items():
      if lines == defect:
        warnings.setdefault(one.image, []).append(QualityWarning(RIMS, doubt))
  return Told(warnings)


def together_record(
  parts: Sequence[Part],
  found: Sequence[Neighbours],
  claims: Sequence[Mapping[str, Any]],
  associations: Sequence[str],
  doubts: Sequence[str],
) -> TogetherRecord:
  """What the Methods of all defects say.

  Args:
    parts: the networks.
    found: of all images.
    claims: rows of claims.csv.
    associations, doubts: sentences on all images.
  """
  defects = [one.settings.defect for one in parts]
  sizes = {one.pixel_size_nm for one in found}
  made = current_provenance().rows()
  return TogetherRecord(
    program=made['program'],
    versions=versions_text(),
    networks=[str(one.run.origin) for one in parts],
    defects=defects,
    images=len(found),
    rule=RULE if len(_of_particles(defects)) > 1 else '',
    claims=claim_sentences(claims),
    associations=associations,
    near=near_text(sizes.pop() if len(sizes) == 1 else None),
    draws=DRAWS,
    tries=TRIES,
    seed=parts[0].settings.seed,
    has_k=any(one.k_rows for one in found),
    doubts=doubts,
  )


def _of_particles(defects: Sequence[str]) -> list[str]:
  return [one for one in defects if not kind_of(one).has_test_lines]
