"""Where a scale comes from."""

import pathlib

import pytest

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


@pytest.fixture
def scales(tmp_path):
  def read(*lines, files=(), **flags):
    path = tmp_path / 'scales.csv'
    path.write_text(
      '\n'.join(['file,thickness_nm,thickness_uncertainty', *lines])
    )
    return Scales(table=path, files=[*map(pathlib.Path, files)], **flags)

  return read


def test_each_image_of_a_file_may_have_its_row(scales):
  read = scales('z[1].tif,80,0.2', 'z,100,0.1', thickness_nm=None)
  path = pathlib.Path('z.tif')
  first, second = (read.scale_of(path, {}, f'z[{n}]') for n in (0, 1))
  assert (first.thickness_nm, first.thickness_uncertainty) == (100, 0.1)
  assert (second.thickness_nm, second.thickness_uncertainty) == (80, 0.2)
  assert read.unused_rows([(path, 'z[0]'), (path, 'z[1]')]) == ''
  assert 'z[1].tif' in read.unused_rows([(path, 'z[0]')])


def test_a_thickness_is_not_given_to_another_image(scales):
  """foil_1.5um is no name of foil_1."""
  paths = [pathlib.Path(f'{name}.tif') for name in ('foil_1', 'foil_2.5um')]
  read = scales('foil_1.5um,150,', 'foil_2.5um,250,', files=paths)
  one, two = (read.scale_of(path, {}) for path in paths)
  assert (one.thickness_nm, two.thickness_nm) == (None, 250)
  assert [warning.name for warning in one.warnings] == ['not_in_calibration']
  assert 'scales.csv has no row of this image' in one.warnings[0].message
  assert two.warnings == ()
  assert read.unused_rows((path, path.stem) for path in paths).endswith(
    'scales.csv: 1 row is of no image of --input and was not used: foil_1.5um'
  )


def test_a_table_of_another_session_is_said_in_one_line(scales):
  read = scales(*(f'other_{n:02}.tif,100,' for n in range(40)))
  line = read.unused_rows([(pathlib.Path('a.tif'), 'a')])
  assert '40 rows are of no image of --input and were not used' in line
  assert line.endswith(
    ': ' + ', '.join(f'other_{n:02}.tif' for n in range(10)) + ' and 30 more'
  )
