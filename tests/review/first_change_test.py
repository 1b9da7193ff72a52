"""What the first change writes is the same whether it was packed ahead."""

import hashlib
import json

import numpy as np
import pytest
import reviews
from reviews import apply

from defectseg_jax.review import beginning, history
from defectseg_jax.review.review import Review


def take_out(document):
  apply(document, 'toggle', row=14, column=140)


def files_of(folder):
  return {
    str(one.relative_to(folder)): one.read_bytes()
    for one in folder.rglob('*')
    if one.is_file()
  }


def begin_of(folder):
  """The first line of the journal, but for when it was written."""
  line = (folder / 'review/x.jsonl').read_bytes().splitlines()[0]
  return {**json.loads(line), 'at': ''}


def checksum_of(path):
  return hashlib.sha256(path.read_bytes()).hexdigest()


def test_packed_ahead_it_writes_the_same_bytes(session, tmp_path, monkeypatch):
  other, found = reviews.copy_of(session, tmp_path / 'other'), {}
  for folder, ahead in ((session, False), (other, True)):
    with Review.open(folder) as review:
      document = review.document('x')
      before = document.ids.copy()
      if ahead:
        looked_at = files_of(folder)
        document.prepare()
        assert files_of(folder) == looked_at
        # What was made is taken, not made once more.
        monkeypatch.setattr(beginning, 'pack', lambda layers: b'')
      take_out(document)
      found[folder] = begin_of(folder)
    with np.load(folder / 'review/x.npz') as stored:
      np.testing.assert_array_equal(stored['ids'], before)
  assert (session / 'review/x.npz').read_bytes() == (
    other / 'review/x.npz'
  ).read_bytes()
  assert found[session] == found[other]
  assert found[other]['base'] == checksum_of(other / 'review/x.npz')
  assert found[other]['pixels'] == checksum_of(other / 'images/x.tif')


def test_it_notes_the_mask_that_is_there_then(session):
  """Another program may write it between what is made ahead and the change."""
  mask = session / 'masks/x.tif'
  with Review.open(session) as review:
    document = review.document('x')
    document.prepare()
    mask.unlink()
    there = reviews.discs([(30, 30)])
    reviews.write_mask(mask, there, pixel_size_nm=reviews.PIXEL_SIZE_NM)
    expected = checksum_of(mask)
    take_out(document)
    assert begin_of(session)['files']['masks/x.tif'] == expected


def test_a_change_while_it_is_packed_is_not_taken_for_the_beginning(
  session, monkeypatch
):
  with Review.open(session) as review:
    document = review.document('x')
    before, pack = document.ids.copy(), beginning.pack

    def pack_while_one_clicks(layers):
      monkeypatch.undo()
      take_out(document)
      return pack(layers)

    monkeypatch.setattr(beginning, 'pack', pack_while_one_clicks)
    document.prepare()
    assert document.version == 1
    assert begin_of(session)['base'] == checksum_of(session / 'review/x.npz')
    document.undo()
  with Review.open(session) as review:
    np.testing.assert_array_equal(review.document('x').ids, before)


@pytest.mark.parametrize('gone', [False, True])
def test_nothing_is_packed_of_a_large_image_or_without_its_file(
  session, monkeypatch, gone
):
  if not gone:
    monkeypatch.setattr(history, 'MOST_AHEAD_PX', 120 * 160 - 1)
  with Review.open(session) as review:
    document = review.document('x')
    image = session / 'images/x.tif'
    content = image.read_bytes()
    if gone:
      image.unlink()
    document.prepare()
    image.write_bytes(content)
    take_out(document)
    assert begin_of(session)['pixels'] == checksum_of(image)
