"""Masks that cannot be used, among others that can."""

import json
import os
import pathlib

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from sessions import Never, rows_of

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs import quantify as job
from defectseg_jax.sessions.requests import QuantifyRequest


@pytest.fixture
def masks(tmp_path):
  folder = tmp_path / 'masks'
  folder.mkdir()
  for name, side in (('a', 10), ('c', 20)):
    mask = np.zeros((64, 64), np.uint8)
    mask[8 : 8 + side, 8 : 8 + side] = 255
    Image.fromarray(mask).save(folder / f'{name}.png')
  return folder


def measure(tmp_path, *given, name='out', **more):
  request = {
    **{'output': str(tmp_path / name), 'masks': [*map(str, given)]},
    **{'pixel_size_nm': 0.5, 'thickness_nm': 100.0},
    **more,
  }
  console = Console(quiet=True)
  request = QuantifyRequest(**request)
  return job.quantify(voids.get_config(), request, console, Never())


def spoil(folder):
  """A mask that is cut off, outlines that are none, and names."""
  whole = (folder / 'a.png').read_bytes()
  (folder / 'b.png').write_bytes(whole[: len(whole) // 2])
  (folder / 'd.json').write_text('{"shapes": 7')
  grey = np.arange(4096, dtype=np.uint16).reshape(64, 64)
  Image.fromarray(grey).save(folder / 'e.png')
  for name in (b'f\xff.png', b'x' * 247 + b'.png'):
    path = os.fsdecode(bytes(folder) + b'/' + name)
    pathlib.Path(path).write_bytes(whole)


def test_masks_that_cannot_be_used_cost_the_others_nothing(masks, tmp_path):
  assert measure(tmp_path, masks, name='whole')
  spoil(masks)
  assert not measure(tmp_path, masks)
  names = ['b', 'd', 'e', 'f\\udcff.png', 'x' * 247 + '.png']
  rows = {row['image']: row for row in rows_of(tmp_path / 'out/summary.csv')}
  assert sorted(rows) == sorted(['a', 'c', *names])
  for row in rows_of(tmp_path / 'whole/summary.csv'):
    assert rows[row['image']] == {**row, 'failure': ''}
  told = json.loads((tmp_path / 'out/summary.json').read_text())['failures']
  assert sorted(told) == sorted(names)
  for name, file in zip(names, ('b.png', 'd.json', 'e.png')):
    assert f'masks/{file}' in told[name]
    assert told[name] == rows[name]['failure']
  assert 'is no text in UTF-8' in told[names[3]]
  assert '247 bytes before the suffix' in told[names[4]]
  objects = [
    (tmp_path / f'{n}/objects.csv').read_text() for n in ('whole', 'out')
  ]
  assert objects[0] == objects[1] and len(objects[0].splitlines()) == 3


def refused(tmp_path, *given, **more):
  with pytest.raises(InputError) as caught:
    measure(tmp_path, *given, **more)
  assert [path.name for path in tmp_path.iterdir()] == ['masks']
  return str(caught.value)


def test_where_no_mask_can_be_used_nothing_is_written(masks, tmp_path):
  spoil(masks)
  said = refused(tmp_path, masks / 'b.png', masks / 'e.png')
  assert 'masks/b.png: ' in said and 'and 1 more masks cannot be used' in said
  assert 'masks/d.json: ' in refused(tmp_path, masks / 'd.json')


def test_a_file_that_is_named_must_have_a_usable_name(masks, tmp_path):
  spoil(masks)
  (path,) = masks.glob('xxx*')
  said = refused(tmp_path, masks / 'a.png', path)
  assert '247 bytes before the suffix' in said


def test_a_panel_needs_every_mask(masks, tmp_path):
  people = masks / 'people'
  people.mkdir()
  for path in [*masks.glob('*.png')]:
    for person in ('one', 'two'):
      (people / person).mkdir(exist_ok=True)
      (people / person / path.name).write_bytes(path.read_bytes())
  spoil(masks)
  assert 'masks/' in refused(tmp_path, masks, reference=str(people))
