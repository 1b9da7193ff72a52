"""One image through all networks, with pixels that two claim given to one."""

import hashlib
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from defectseg_jax.applicability.verdict import Applies
from defectseg_jax.files import json_text, write_text
from defectseg_jax.prediction.settling import Claim, settle
from defectseg_jax.quantification import kind_of
from defectseg_jax.runs.run import Run
from defectseg_jax.sessions.image_update import (
  Found,
  OnTiles,
  Task,
  is_current,
  look_at,
  update_files,
)
from defectseg_jax.sessions.index import Done
from defectseg_jax.sessions.session_image import SessionImage
from defectseg_jax.sessions.together.folder import TogetherFolder

# Changes with the rule: masks that another rule settled are made again.
_RULE = 'regions by mean margin, of networks that apply first'


class Settling:
  """Brings images up to date; notes what was settled in the folder of all."""

  def __init__(self, folder: TogetherFolder) -> None:
    """Args: folder: of all defects, which this process holds."""
    self._folder = folder

  def update(
    self, tasks: Sequence[Task], on_tiles: OnTiles
  ) -> list[SessionImage]:
    """As `Update`: all networks look again where one of them must.

    Who is killed between two networks' files finds no note of the image, and
    begins it again: with the same masks, since these follow from its pixels.
    """
    keys = [one.key for one in tasks]
    pairs = list(zip(tasks, keys, strict=True))
    image, folder = tasks[0].image, self._folder
    before, file = folder.record_of(image.name), claims_file(image.name)
    if (
      before is not None
      and before.key == _key(tasks, keys, map(_signs_before, tasks))
      and folder.is_whole(before)
      and all(is_current(*pair) for pair in pairs)
    ):
      # The networks are not asked.
      return [update_files(*pair, _no_look) for pair in pairs]
    folder.claim([file])
    found = [
      look_at(one, _part_of(on_tiles, place, len(tasks)))
      for place, one in enumerate(tasks)
    ]
    key = _key(tasks, keys, [one.signs for one in found])
    found, settled = _settled(tasks, found)
    done = [
      update_files(*pair, lambda one=one: one, anew=True)
      for pair, one in zip(pairs, found, strict=True)
    ]
    folder.put({file: lambda to: write_text(to, json_text(settled))})
    folder.note_done(
      image.name, Done(image.source.stem, key, key, None, [file])
    )
    return done


def claims_file(name: str) -> str:
  """Where it stands who lost what of an image, below the folder."""
  return f'claims/{name}.json'


def read_claims(folder: pathlib.Path, name: str) -> list[dict[str, Any]]:
  """Who lost what of an image: `winner`, `loser`, `pixels`, ..."""
  return json.loads((folder / claims_file(name)).read_text(encoding='utf-8'))


def _settled(
  tasks: Sequence[Task], found: Sequence[Found]
) -> tuple[list[Found], list[Mapping[str, Any]]]:
  """What is found, no pixel twice; lines, which may cross all, as they are."""
  defects = [one.network.run.settings.defect for one in tasks]
  places = [n for n, d in enumerate(defects) if not kind_of(d).has_test_lines]
  masks, settled = settle(
    [_claim(tasks[one].network.run, found[one]) for one in places]
  )
  lost = {one.loser for one in settled}
  kept = list(found)
  for place, (one, mask) in enumerate(zip(places, masks, strict=True)):
    if place in lost:
      settings = tasks[one].network.run.measurement_settings
      trusted = settings.at_zooms(found[one].zooms).trusted(
        mask, valid=tasks[one].inspection.valid
      )
      # A hole that another defect is in stays one.
      kept[one] = found[one]._replace(mask=trusted & mask)
  return kept, [
    {
      **one._asdict(),
      'winner': defects[places[one.winner]],
      'loser': defects[places[one.loser]],
    }
    for one in settled
  ]


def _key(
  tasks: Sequence[Task],
  keys: Sequence[str],
  signs: Iterable[Mapping[str, float] | None],
) -> str:
  """A checksum of all that settled masks follow from.

  Which networks apply follows from their references, too, and changes where
  these do: of lines it does not matter, since they take part in no claim.
  """
  runs = [one.network.run for one in tasks]
  refused = [
    run.settings.defect
    for run, own in zip(runs, signs, strict=True)
    if not kind_of(run.settings.defect).has_test_lines
    and not _applies(run, own)
  ]
  return hashlib.sha256(' '.join([_RULE, *keys, *refused]).encode()).hexdigest()


def _signs_before(task: Task) -> Mapping[str, float] | None:
  before = task.network.folder.record_of(task.image.name)
  return before.signs if before else None


def _applies(run: Run, signs: Mapping[str, float] | None) -> bool:
  """Whether a network applies, or nobody can tell."""
  if run.judge is None or signs is None:
    return True
  return run.judge.judge(signs).applies != Applies.NO


def _claim(run: Run, found: Found) -> Claim:
  applies = _applies(run, found.signs)
  return Claim(found.mask, found.probabilities, run.threshold, applies)


def _part_of(on_tiles: OnTiles, place: int, count: int) -> OnTiles:
  """Counts the tiles of one of several networks."""
  return lambda done, of: on_tiles(place * of + done, count * of)


def _no_look() -> Found:
  raise AssertionError('what is up to date is looked at again')
