"""Outlines arrive as they were sent, and nothing else is believed."""

import io
import json

import numpy as np
import pytest

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.annotations.reading import read_annotations
from defectseg_jax.micrographs.annotations.shapes import Annotation, Shape
from defectseg_jax.micrographs.reader import messages, process, shapes
from defectseg_jax.micrographs.reader.box import BoxError
from defectseg_jax.micrographs.reader.limits import limits_of

_MARKED = np.arange(35).reshape(5, 7) % 3 > 0
_TRIANGLE = np.array([[0, 0], [4.25, 0], [0, 3]])
_ALL = [
  Annotation('a\udcff.png', (5, 7), ()),
  Annotation(
    '',
    None,
    (
      Shape('void', '1 void', ((_TRIANGLE, _TRIANGLE + 1), (_TRIANGLE * 9,))),
      Shape('', '2', pixels=_MARKED, code='7', group='g 1'),
      Shape('', '3', pixels=~_MARKED[:, 1:]),
    ),
  ),
]


def _sent(annotations):
  stream = io.BytesIO()
  shapes.send_shapes(stream, annotations, stream.write)
  stream.seek(0)
  return stream


def _received(stream, most_bytes=2**20, **changed):
  def take(room):
    if stream.readinto(room) < len(room):
      raise BoxError('it ended')

  message = messages.receive(stream) | changed
  return shapes.receive_shapes(message, take, most_bytes=most_bytes)


@pytest.mark.parametrize('sent', [_ALL, _ALL[:1], []])
def test_they_arrive_as_they_were_sent(sent):
  found = _received(_sent(sent))
  assert [one[:2] for one in found] == [one[:2] for one in sent]
  for one, expected in zip(found, sent):
    assert len(one.shapes) == len(expected.shapes)
    for shape, other in zip(one.shapes, expected.shapes):
      for name in ('label', 'name', 'code', 'group'):
        assert getattr(shape, name) == getattr(other, name)
      for size in ((5, 7),) if other.pixels is None else ():
        np.testing.assert_array_equal(
          shape.drawn(size).inside, other.drawn(size).inside
        )
      if other.pixels is not None:
        np.testing.assert_array_equal(shape.pixels, other.pixels)


def test_what_ends_too_early_or_is_too_much_is_refused():
  content = _sent(_ALL).getvalue()
  for length in range(4, len(content), 3):
    with pytest.raises(messages.MessageError):
      _received(io.BytesIO(content[:length]))
  with pytest.raises(MemoryError):
    _received(io.BytesIO(content), 99)


@pytest.mark.parametrize(
  'sizes', [[-1, 0, 0], [1, 1, 1], [2, 8, 0], [2, 0], None, ['x', 0, 0]]
)
def test_what_are_no_sizes_is_refused(sizes):
  with pytest.raises(messages.MessageError):
    _received(_sent(_ALL), bytes=sizes)


@pytest.mark.parametrize(
  'about',
  [
    '[' * 99_999,
    '{}x',
    '[3]',
    '[["", [0, 5], []]]',
    '[["", [1e9, 1e9], []]]',
    '[["", null, [["", "", "", null, [[9]], null]]]]',
    '[["", null, [["", "", "", null, [[-1]], null]]]]',
    '[["", null, [["", "", "", null, [], [99, 99]]]]]',
    '[["", null, [["", ""]]]]',
  ],
)
@pytest.mark.parametrize('x', [0.0, np.nan, 1e30])
def test_what_makes_no_sense_is_refused(about, x):
  corners = np.array([[x, 0.0]]).tobytes()
  contents = about.encode(), corners, b'1'
  stream = io.BytesIO()
  messages.send(stream, {'is': 'shapes', 'bytes': [*map(len, contents)]})
  for content in contents:
    stream.write(content)
  stream.seek(0)
  with pytest.raises(messages.MessageError):
    _received(stream)


@pytest.mark.parametrize(
  ('limits', 'words'),
  [
    ({'processor_s': 0.05}, 'not read after 0 s of computing'),
    ({'memory_bytes': 2**27}, 'more memory than a file of its size may take'),
  ],
)
def test_json_takes_no_more_than_its_due(tmp_path, monkeypatch, limits, words):
  path = tmp_path / 'a.json'
  path.write_text(json.dumps({'shapes': [[]] * 3_000_000}))
  monkeypatch.setattr(
    process, 'limits_of', lambda path: limits_of(path)._replace(**limits)
  )
  with pytest.raises(InputError, match=words):
    read_annotations(path)
