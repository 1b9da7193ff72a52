"""Numbers that stand in a file, wherever they begin and however it ends."""

import numpy as np
import pytest

from defectseg_jax.micrographs.reader import plain


def _file(tmp_path, kind, before=b'header:', after=b''):
  path = tmp_path / 'A.TIF'
  values = np.arange(24).reshape(4, 6).astype(kind)
  path.write_bytes(before + values.tobytes() + after)
  return path, values, len(before)


@pytest.mark.parametrize('is_ahead', [False, True])
@pytest.mark.parametrize('kind', ['u1', '<u2', '>u2', '<f4', '>f8'])
@pytest.mark.parametrize('before', [b'', b'header:', b'heading:'])
def test_they_are_the_file_s_own(tmp_path, kind, before, is_ahead):
  path, values, offset = _file(tmp_path, kind, before, b'tail')
  ahead = plain.read_ahead(path) if is_ahead else None
  assert (ahead is not None) == is_ahead
  found = plain.numbers_at(path, offset, values.dtype, (4, 6), ahead)
  np.testing.assert_array_equal(found, values)
  assert found.dtype.isnative and found.flags.writeable


@pytest.mark.parametrize('is_ahead', [False, True])
@pytest.mark.parametrize('offset', [-1, 8, 10**6, 10**30])
def test_none_are_made_up(tmp_path, offset, is_ahead):
  path, values, _ = _file(tmp_path, '<u2')
  ahead = plain.read_ahead(path) if is_ahead else None
  with pytest.raises((ValueError, OverflowError, OSError)):
    plain.numbers_at(path, offset, values.dtype, (4, 6), ahead)


def test_a_small_image_does_not_keep_a_large_file(tmp_path):
  path, values, offset = _file(tmp_path, '<u2', after=bytes(1000))
  ahead = plain.read_ahead(path)
  found = plain.numbers_at(path, offset, values.dtype, (4, 6), ahead)
  np.testing.assert_array_equal(found, values)
  assert not np.shares_memory(found, ahead)


def test_what_is_large_or_away_or_a_folder_is_not_read_ahead(
  tmp_path, monkeypatch
):
  path, _, _ = _file(tmp_path, '<u2')
  assert plain.read_ahead(tmp_path / 'missing.tif') is None
  assert plain.read_ahead(tmp_path) is None
  monkeypatch.setattr(plain, '_MOST_BYTES', 54)
  assert plain.read_ahead(path) is None
