"""Every field of a config is read: as the field of its section, not by name."""

import dataclasses
import typing

from attribute_reads import read_fields
from rooms_test import leaves, modules

from configs import common
from defectseg_jax.runs.settings import RunSettings
from defectseg_jax.search.settings import SearchSettings

CLASSES = {'search': SearchSettings}


def section_class(config_path):
  """The dataclass, and the field of it, that a dotted name stands for."""
  kind = RunSettings
  for name in config_path[:-1]:
    kind = CLASSES.get(name) or typing.get_type_hints(kind)[name]
    kind = next(
      one
      for one in (kind, *typing.get_args(kind))
      if dataclasses.is_dataclass(one)
    )
  return kind, config_path[-1]


def unread_fields(sources):
  reads = read_fields(sources)
  return [
    '.'.join(path)
    for path in leaves(common.get_config())
    # What is drawn are fields that stand elsewhere in the config.
    if path[:2] != ('search', 'space')
    for kind, field in [section_class(path)]
    if (kind.__name__, field) not in reads
  ]


def test_every_config_field_is_read_somewhere():
  assert len(list(leaves(common.get_config()))) > 50
  assert unread_fields(modules()) == []


def test_what_is_drawn_in_a_search_is_a_field():
  fields = set(leaves(common.get_config()))
  drawn = [path[2:] for path in fields if path[:2] == ('search', 'space')]
  assert drawn and set(drawn) <= fields


def test_a_field_that_another_section_has_too_is_found_unread():
  """`name` and `seed` are read of many things."""
  source = """
class ModelSettings:
  name: str
  dropout_rate: float

class Other:
  name: str
  seed: int

class RunSettings:
  model: ModelSettings
  seed: int

def use(run: RunSettings, other: Other) -> None:
  print(other.name, other.seed, run.model.dropout_rate)
"""
  reads = read_fields([source])
  assert ('ModelSettings', 'dropout_rate') in reads
  assert ('Other', 'name') in reads and ('Other', 'seed') in reads
  assert ('ModelSettings', 'name') not in reads
  assert ('RunSettings', 'seed') not in reads


def test_reads_are_followed_through_names_calls_and_copies():
  source = """
import dataclasses

class Section:
  a: int
  b: int
  c: int
  d: int

class Run:
  section: 'Section | None'

class Job:
  def __init__(self, run: Run):
    self._run = run

  @property
  def section(self) -> Section:
    return self._run.section

  def work(self) -> int:
    return self._run.section.a + self.section.b

def made() -> Run: ...

def use(run: Run) -> None:
  other = dataclasses.replace(run.section, d=1)
  print(other.c, [one for one in [made().section.d]])
"""
  reads = read_fields([source])
  assert {field for kind, field in reads if kind == 'Section'} == set('abcd')


def test_reads_are_followed_through_pairs_and_annotated_names():
  source = """
class Section:
  a: int
  b: int
  c: int

class Run:
  section: Section
  other: Section

def work(run: Run, found) -> None:
  first, second = run.section, run.other
  third: Section = found()
  print(first.a, third.b)
"""
  reads = read_fields([source])
  assert {('Section', 'a'), ('Section', 'b')} <= reads
  assert ('Section', 'c') not in reads
