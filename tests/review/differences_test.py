"""What the journal says of pixels that change, of this version and before."""

import base64
import json
import zlib

import numpy as np
import pytest
from reviews import apply, layers

from defectseg_jax.review import differences
from defectseg_jax.review.layers import Layers
from defectseg_jax.review.review import Review


def as_before(difference):
  """The text of version 0.2: each pixel of the box, packed."""
  little = difference.astype(difference.dtype.newbyteorder('<'))
  return base64.b64encode(zlib.compress(little.tobytes(), 1)).decode('ascii')


def decoded(text, shape, kind):
  """The difference of each pixel of the box."""
  found = np.zeros(shape, kind)
  for row, column, values in differences.decode(text, shape, np.dtype(kind)):
    assert values.dtype == kind
    found[row, column] += values
  return found


def random_layer(rng, kind):
  """Blocks of equal numbers; the largest and the smallest among them."""
  limits = np.iinfo(kind)
  values = np.array([0, 0, 7, limits.min, limits.max], kind)
  return np.repeat(rng.choice(values, (40, 9)), 7, axis=1)


@pytest.mark.parametrize('kind', [np.int32, np.uint8])
def test_a_change_comes_back_from_the_text(monkeypatch, kind):
  """Also some pixels at a time, of many runs and of few."""
  rng = np.random.default_rng(0)
  old, new = random_layer(rng, kind), random_layer(rng, kind)
  new[:3], new[:, 60:] = old[:3], old[:, 60:]
  ids, box = np.zeros((50, 70), kind), (4, 5, 44, 68)
  ids[4:44, 5:68] = old
  before = Layers(ids, ids, ids)
  inner, found = before.delta(box, {'ids': new, 'removed': old})
  changed = np.argwhere(new != old)
  assert inner[:2] == (4 + changed[0, 0], 5 + changed[:, 1].min())
  assert inner[2:] == (5 + changed[-1, 0], 6 + changed[:, 1].max())
  assert set(found) == {'ids'}
  for at_once in (1, 100, 1 << 21):
    monkeypatch.setattr(differences, '_AT_ONCE_PX', at_once)
    after = ids.copy()
    for step in before.steps(inner, found):
      after.put(step.places, after.take(step.places) + step.values)
    np.testing.assert_array_equal(after[4:44, 5:68], new)
    after[4:44, 5:68] = old
    np.testing.assert_array_equal(after, ids)
    difference = np.subtract(new, old)
    np.testing.assert_array_equal(
      decoded(as_before(difference), (40, 63), kind), difference
    )
  assert before.delta(box, {'ids': old}) == ((0, 0, 0, 0), {})


@pytest.mark.parametrize(
  ('runs', 'said'),
  [
    ([[0], [8], [3], [1]], 'beside its box'),
    ([[9], [0], [1], [1]], 'beside its box'),
    ([[0], [-1], [2], [1]], 'beside its box'),
    ([[0], [0], [0], [1]], 'beside its box'),
    ([[0], [0], [1]], 'another length'),
  ],
)
def test_runs_that_cannot_be_are_refused(runs, said):
  packed = zlib.compress(np.array(runs, '<i4').tobytes())
  text = 'runs:' + base64.b64encode(packed).decode()
  with pytest.raises(ValueError, match=said):
    decoded(text, (9, 10), np.int32)


def test_a_text_that_is_cut_off_is_refused():
  places = np.array([1, 2, 5])
  for text in (
    differences.encode(places, np.array([1, 1, 2]), 3),
    as_before(np.arange(9, dtype=np.int32).reshape(3, 3)),
  ):
    with pytest.raises(ValueError, match=r'length|few bytes'):
      decoded(text[:-16], (3, 3), np.int32)
    with pytest.raises(ValueError, match='unpacked'):
      head, packed = text[:9], text[9:]
      decoded(head + packed.swapcase(), (3, 3), np.int32)


def test_a_journal_of_before_gives_the_same_layers(session):
  with Review.open(session) as review:
    document = review.document('x')
    apply(document, 'toggle', row=14, column=140)
    apply(document, 'polygon', points=[[20, 70], [20, 92], [43, 92], [40, 70]])
    apply(document, 'region', points=[[60, 0], [60, 40], [99, 0]], value=1)
    apply(document, 'threshold', value=0.3)
    apply(document, 'paint', points=[[30, 30], [30, 44]], radius_px=2)
    document.undo()
    kept = layers(document)
    expected = [one for one in document.objects()], document.numbers()
  path, lines = session / 'review/x.jsonl', []
  for line in path.read_bytes().splitlines():
    content = json.loads(line)
    top, left, bottom, right = content.get('box', (0, 0, 0, 0))
    for name, text in content.get('delta', {}).items():
      assert text.startswith('runs:')
      kind = np.uint8 if name == 'regions' else np.int32
      each = decoded(text, (bottom - top, right - left), kind)
      content['delta'][name] = as_before(each)
    lines.append(json.dumps(content))
  path.write_text('\n'.join([*lines, '']))
  with Review.open(session) as review:
    document = review.document('x')
    for one, two in zip(kept, layers(document)):
      np.testing.assert_array_equal(one, two)
    assert ([*document.objects()], document.numbers()) == expected
    while document.can_undo:
      document.undo()
    assert not document.by_hand and not document.removed.any()
