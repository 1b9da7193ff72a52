"""What is not believed of a file's scale stands beside its numbers."""

import numpy as np
import pytest
import tifffile

from defectseg_jax.sessions.calibration import Scale
from defectseg_jax.sessions.masks import mask_images
from defectseg_jax.sessions.scale_doubts import with_doubts


@pytest.mark.parametrize(
  ('size', 'source', 'remedy'),
  [
    (None, '', 'give --pixel_size_nm'),
    (
      0.5,
      '--pixel_size_nm',
      '--pixel_size_nm says 0.5 nm a pixel, and is used',
    ),
    (0.5, 'a.tif', 'see whether 0.5 nm a pixel is right'),
  ],
)
def test_a_doubt_says_what_to_do(size, source, remedy):
  scale = with_doubts(Scale(size, 90.0, source, ''), {'a.tif': 'it is odd'})
  (warning,) = scale.warnings
  assert warning == ('scale_in_doubt', f'a.tif: it is odd; {remedy}')
  assert scale.pixel_size_nm == size


def test_without_a_doubt_nothing_is_said():
  scale = Scale(0.5, 90.0, 'a.tif', '')
  assert with_doubts(scale, {'a.tif': ''}) == scale


@pytest.mark.parametrize('given', [None, 0.4])
def test_unknown_unit_of_a_mask_is_a_warning(tmp_path, given):
  path = tmp_path / 'a.tif'
  mask = np.eye(9, dtype=np.uint8)
  tifffile.imwrite(path, mask, imagej=True, metadata={'unit': 'degree'})
  ((found,), *_) = mask_images(
    [str(path)],
    [],
    pixel_size_nm=given,
    thickness_nm=None,
    calibration=None,
  )
  assert found.scale.pixel_size_nm == given
  (warning,) = found.scale.warnings
  assert warning.name == 'scale_in_doubt'
  assert "'degree'" in warning.message
