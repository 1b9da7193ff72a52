"""Where a scale comes from."""

import io
import pathlib

import pytest
from rich.console import Console

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.calibration_table import Calibration
from defectseg_jax.sessions.calibration import Scales
from defectseg_jax.sessions.masks import mask_images


def test_an_empty_path_of_a_table_is_named():
  with pytest.raises(InputError, match='--calibration: is empty; give'):
    Scales(pixel_size_nm=1.0, thickness_nm=100.0, table='')


def test_an_empty_path_is_named_where_masks_are_measured(tmp_path):
  (tmp_path / 'a.png').write_bytes(b'')
  with pytest.raises(InputError, match='--calibration: is empty; give'):
    mask_images(
      [str(tmp_path / 'a.png')],
      [],
      pixel_size_nm=1.0,
      thickness_nm=100.0,
      calibration='',
      console=Console(file=io.StringIO()),
    )


def test_a_file_that_states_another_scale_is_a_warning():
  path = pathlib.Path('foil.dm4')
  scales = Scales(pixel_size_nm=0.5, thickness_nm=100.0)
  same = scales.scale_of(path, {'foil.dm4': Calibration(0.501)})
  other = scales.scale_of(path, {'foil.dm4': Calibration(0.6)})
  assert (same.pixel_size_nm, same.pixel_size_from) == (0.5, '--pixel_size_nm')
  assert same.warnings == ()
  (warning,) = other.warnings
  assert warning.name == 'calibration_differs'
  assert 'foil.dm4 says pixel_size_nm=0.6' in warning.message


def test_a_length_that_nobody_states_is_not_known():
  scales = Scales(thickness_nm=100.0)
  found = scales.scale_of(pathlib.Path('foil.dm4'), {'foil.dm4': Calibration()})
  assert (found.pixel_size_nm, found.pixel_size_from) == (None, '')
  assert found.thickness_nm == 100.0
  nothing = Scales().scale_of(pathlib.Path('foil.dm4'), {})
  assert (nothing.pixel_size_nm, nothing.thickness_nm) == (None, None)
  assert nothing.warnings == ()
