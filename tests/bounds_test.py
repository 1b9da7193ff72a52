"""A wrong value of any field is refused in one line, and no right one is."""

import dataclasses
import math
from typing import Annotated

import pytest

from configs import common, dislocations, precipitates, voids
from defectseg_jax.bounds import one_of, read_fields, require_fields, within
from defectseg_jax.errors import InputError
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.search.settings import search_settings


@dataclasses.dataclass(frozen=True)
class Inner:
  rate: Annotated[float, within(0, 1, 'it is a rate', below=True)] = 0.5


@dataclasses.dataclass(frozen=True)
class Section:
  count: Annotated[int, within(1, 10, 'fingers')] = 1
  border: Annotated[str, one_of('frame', 'all')] = 'all'
  folder: str = ''
  fast: bool = False
  size: Annotated[tuple[float, float], within(0.5, 9)] = (1.0, 2.0)
  length: Annotated[float | None, within(0.5, 2)] = None
  inner: Inner = Inner()


def test_what_is_right_is_read():
  given = {'count': 10, 'size': [1, 9], 'length': 2, 'inner': {'rate': 0}}
  found = read_fields(Section, given, 'config')
  assert found == Section(count=10, size=[1, 9], length=2, inner=Inner(0))


@pytest.mark.parametrize(
  'name, value, said',
  [
    ('count', 0, 'must be a whole number from 1 to 10: fingers'),
    ('count', 2**40, 'must be a whole number from 1 to 10: fingers'),
    ('count', 2.0, 'must be a whole number'),
    ('count', True, 'must be a whole number'),
    ('count', None, 'must be a whole number'),
    pytest.param('count', 10**5000, 'must be a whole number', id='long'),
    ('border', 'fram', 'choose one of frame, all; did you mean frame?'),
    ('border', ['all'], 'choose one of'),
    ('folder', 3, 'must be text'),
    ('folder', 'a\0b', 'must be text'),
    ('fast', 1, 'must be True or False'),
    ('size', (2.0, 1.0), 'give two numbers, the smaller first'),
    ('size', (1.0,), 'give two numbers, the smaller first'),
    ('size', (0.0, 1.0), 'each must be from 0.5 to 9'),
    ('size', (math.nan, 1.0), 'must be from 0.5 to 9'),
    ('size', ('a', 1.0), 'must be from 0.5 to 9'),
    ('size', 3.0, 'must be from 0.5 to 9'),
    ('length', math.inf, 'must be from 0.5 to 2'),
    ('length', '1.0', 'must be from 0.5 to 2'),
  ],
)
def test_what_is_wrong_is_said_in_one_line(name, value, said):
  with pytest.raises(InputError) as caught:
    read_fields(Section, {name: value}, 'config')
  assert str(caught.value).startswith(f'config.{name}=')
  assert said in str(caught.value)
  assert len(str(caught.value).splitlines()) == 1
  assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
  'given, said',
  [
    ({'inner': {'rate': 1}}, 'config.inner.rate=1: must be from 0 to below 1'),
    ({'inner': {'rates': 1}}, 'config.inner.rates: is not known; the fields'),
    ({'inner': 3}, 'config.inner=3: must be a section of fields'),
    ({'counts': 3}, 'config.counts: is not known'),
    ({'border': 'a\nb'}, r'config.border=a\nb: choose one of'),
  ],
)
def test_sections_and_names_are_looked_at(given, said):
  with pytest.raises(InputError) as caught:
    read_fields(Section, given, 'config')
  assert str(caught.value).startswith(said)


def test_a_missing_field_has_its_default_or_is_named():
  assert read_fields(Section, {}, 'config') == Section()
  with pytest.raises(InputError, match=r'config\.border: is missing'):
    read_fields(Section, {}, 'config', complete=True)


def test_flags_are_named_as_flags():
  with pytest.raises(InputError, match='--length=3: must be from'):
    require_fields(Section, {'length': 3}, '--')


WRONG = (
  *(math.nan, math.inf, -math.inf, -1, -0.5, 2**40, 1e300, 10**400),
  *('', 'no', 'a\0', None, True, (), (1.0,), (3.0, 1.0), {}, [None]),
)


def leaves(tree, prefix=''):
  for name, value in tree.items():
    if hasattr(value, 'items'):
      yield from leaves(value, f'{prefix}{name}.')
    else:
      yield f'{prefix}{name}'


def with_value(tree, name, value):
  first, _, rest = name.partition('.')
  inner = with_value(tree[first], rest, value) if rest else value
  return {**tree, first: inner}


@pytest.mark.parametrize('defect', [voids, precipitates, dislocations])
def test_a_wrong_value_of_any_field_is_one_line_or_has_a_meaning(defect):
  """Each field takes few of them: none that is not what its default is."""
  fields = defect.get_config().to_dict()
  for name in leaves(fields):
    if name.startswith('search.space.'):
      continue
    default = fields
    for part in name.split('.'):
      default = default[part]
    for value in WRONG:
      changed = with_value(fields, name, value)
      try:
        run_settings(changed)
        search_settings(changed['search'])
      except InputError as error:
        assert str(error).startswith('config.'), error
        assert name.split('.')[-1] in str(error)
        assert len(str(error).splitlines()) == 1
      else:
        kinds = (int, float) if isinstance(default, float) else type(default)
        assert isinstance(value, kinds), f'{name}={value}'
        assert not isinstance(value, float) or math.isfinite(value), name


def test_a_typo_of_a_defect_names_both():
  config = common.get_config()
  config.defect = 'dislocation'
  with pytest.raises(InputError) as caught:
    run_settings(config)
  assert str(caught.value) == (
    'config.defect=dislocation: choose one of voids, precipitates, '
    'dislocations; did you mean dislocations?'
  )


def test_what_is_no_field_at_the_top_is_refused():
  config = voids.get_config()
  config.sead = 3
  with pytest.raises(InputError, match=r'config\.sead: is not known'):
    run_settings(config)
