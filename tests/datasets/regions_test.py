import numpy as np
import pytest

from defectseg_jax.datasets import regions
from defectseg_jax.errors import InputError


def test_the_papers_division():
  boxes = regions.divide_micrograph(2048, 2048)
  assert [(b.split, b.height, b.width) for b in boxes] == [
    ('train', 1024, 1024),
    ('train', 1024, 1024),
    ('train', 1024, 1024),
    ('dev', 1024, 512),
    ('test', 1024, 512),
  ]


@pytest.mark.parametrize(
  'shape', [(256, 256), (257, 256), (301, 403), (1025, 2047)]
)
def test_each_pixel_is_in_one_box(shape):
  count = np.zeros(shape, int)
  for box in regions.divide_micrograph(*shape):
    assert box.height > 0 and box.width > 0
    count[box.top : box.top + box.height, box.left : box.left + box.width] += 1
  assert (count == 1).all()


def test_too_small_a_micrograph_is_named():
  regions.require_size(256, 256, 'a.png')
  with pytest.raises(InputError, match=r'a\.png: 256 x 255 pixels'):
    regions.require_size(256, 255, 'a.png')
