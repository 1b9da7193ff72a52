"""Corrections in each form that labelling programs save, of one image."""

import json

import numpy as np
import pytest
import roifile
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.mask_values import AS_STORED, MaskValues
from defectseg_jax.micrographs.masks import read_object_mask
from defectseg_jax.micrographs.writing import write_mask, write_object_mask
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.sessions.correction_files import CorrectionFiles
from defectseg_jax.sessions.corrections import Corrections
from defectseg_jax.sessions.folder import SessionFolder
from defectseg_jax.sessions.index import Done

SHAPE = 60, 90
SQUARES = [(10, 10), (10, 30), (40, 70)]  # row and column; the first two touch
SIDE = 20


def corners(row, column, side=SIDE):
  right, bottom = column + side, row + side
  return [[column, row], [right, row], [right, bottom], [column, bottom]]


def drawn(squares=SQUARES):
  ids = np.zeros(SHAPE, np.uint8)
  for number, (row, column) in enumerate(squares, start=1):
    ids[row : row + SIDE, column : column + SIDE] = number
  return ids


@pytest.fixture
def session(tmp_path):
  """A session of x and x_mask, whose masks the program wrote."""
  folder = SessionFolder(tmp_path / 'out', overwrite=False)
  folder.begin(current_provenance())
  for kind in ('masks', 'images', 'rois'):
    (folder.path / kind).mkdir()
  blank = np.zeros(SHAPE, bool)
  folder.put(
    {
      f'masks/{name}.tif': lambda to: write_mask(to, blank, pixel_size_nm=None)
      for name in ('x', 'x_mask')
    }
  )
  return folder


def find(session, name='x', how=AS_STORED):
  return Corrections(session, ['x', 'x_mask'], how).find(name, SHAPE)


def labelme(squares=SQUARES):
  return {
    'version': '5.4.1',
    'shapes': [
      {'label': 'void', 'shape_type': 'polygon', 'points': corners(*one)}
      for one in squares
    ],
    'imageHeight': SHAPE[0],
    'imageWidth': SHAPE[1],
  }


def coco():
  return {
    'images': [
      {'id': 1, 'file_name': 'images/x.tif', 'height': 60, 'width': 90},
      {'id': 2, 'file_name': 'another.tif', 'height': 8, 'width': 8},
    ],
    'annotations': [
      {
        'id': number,
        'image_id': 1,
        'category_id': 1,
        'segmentation': [np.ravel(corners(*one)).tolist()],
      }
      for number, one in enumerate(SQUARES)
    ],
    'categories': [{'id': 1, 'name': 'void'}],
  }


def via():
  regions = [
    {
      'shape_attributes': {
        **{'name': 'rect', 'x': column, 'y': row},
        **{'width': SIDE, 'height': SIDE},
      },
      'region_attributes': {},
    }
    for row, column in SQUARES
  ]
  return {'x.tif123': {'filename': 'x.tif', 'size': 123, 'regions': regions}}


def geojson():
  return {
    'type': 'FeatureCollection',
    'features': [
      {
        'type': 'Feature',
        'geometry': {
          'type': 'Polygon',
          'coordinates': [[*corners(*one), corners(*one)[0]]],
        },
        'properties': {'objectType': 'annotation'},
      }
      for one in SQUARES
    ],
  }


@pytest.mark.parametrize(
  ('name', 'content'),
  [
    ('masks/x.json', labelme),
    ('images/x.json', labelme),  # where LabelMe saves of itself
    ('masks/x.tif.json', labelme),
    ('masks/annotations.json', coco),
    ('masks/via_project.json', via),
    ('masks/x.geojson', geojson),
    ('masks/x_annotations.JSON', geojson),
  ],
)
def test_outlines_in_json_are_a_correction(session, name, content):
  path = session.path / name
  path.write_text(json.dumps(content()))
  found = find(session)
  assert found.file == name and set(found.noted) == {name}
  np.testing.assert_array_equal(found.objects.ids, drawn())
  assert find(session, 'x_mask') is None
  assert CorrectionFiles(session).of_none(['x', 'x_mask']) == []


@pytest.mark.parametrize(
  'name',
  [
    *('masks/x.png', 'masks/x_cp_masks.png', 'masks/x-labels.TIF'),
    *('images/x_cp_masks.png', 'masks/x_Simple Segmentation.png'),
  ],
)
def test_masks_are_found_by_the_names_that_programs_give(session, name):
  Image.fromarray(drawn()).save(session.path / name)
  assert find(session).file == name
  assert find(session, 'x_mask') is None


def test_the_full_name_comes_first(session):
  Image.fromarray(drawn()).save(session.path / 'masks' / 'x_mask.png')
  assert find(session) is None
  assert find(session, 'x_mask').file == 'masks/x_mask.png'


def test_another_picture_of_the_image_is_no_correction(session):
  Image.fromarray(drawn()).save(session.path / 'images' / 'x.png')
  assert find(session) is None


def test_a_class_is_chosen(session):
  classes = np.where(drawn() > 2, 2, np.where(drawn() > 0, 1, 0))
  classes[0, 0] = 2
  path = session.path / 'masks' / 'x.png'
  Image.fromarray(classes.astype(np.uint8)).save(path)
  with pytest.raises(InputError, match=r'x\.png: a mask with 3 different val'):
    find(session)
  found = find(session, how=MaskValues('1'))
  np.testing.assert_array_equal(
    found.objects.mask, (drawn() > 0) & (drawn() < 3)
  )
  path.unlink()
  shapes = labelme()
  shapes['shapes'][0]['label'] = 'dirt'
  path.with_suffix('.json').write_text(json.dumps(shapes))
  assert find(session, how=MaskValues('dirt')).objects.mask.sum() == SIDE**2


def test_a_class_is_no_value_of_the_programs_own_mask(session):
  """Which is of 0 and 255, whatever the flag says of other files."""
  own = session.path / 'masks' / 'x.tif'
  write_mask(own, drawn() > 2, pixel_size_nm=None)
  assert find(session, how=MaskValues('1')).objects.mask.sum() == SIDE**2
  classes = drawn() % 2 + 1
  Image.fromarray(classes).save(own)
  with pytest.raises(InputError, match=r'save it as masks/x\.png then, beside'):
    find(session, how=MaskValues('1'))


def test_what_may_be_wrong_with_a_correction_is_said(session):
  """It was lost between the mask of the person and the numbers."""
  path = session.path / 'masks' / 'x.png'
  Image.fromarray(np.full(SHAPE, 1, np.uint8)).save(path)
  (warning,) = find(session).warnings
  assert warning.name == 'mask_of_one_value'
  Image.fromarray(drawn()).save(path)
  assert [one.name for one in find(session).warnings] == ['taken_for_objects']


def test_a_part_of_an_image_is_no_correction(session):
  part = np.where(drawn() > 0, 255, 0).astype(np.uint8)
  part[:, 80:] = 128
  Image.fromarray(part).save(session.path / 'masks' / 'x.png')
  with pytest.raises(InputError, match='give a mask of the whole image here'):
    find(session)


def test_files_of_cellpose_itself_are_refused(session):
  own = session.path / 'images' / 'x_seg.npy'
  np.save(own, {'masks': drawn()})
  with pytest.raises(InputError, match='export PNG or TIFF from Cellpose'):
    find(session)
  Image.fromarray(drawn()).save(session.path / 'images' / 'x_cp_masks.png')
  assert find(session).file == 'images/x_cp_masks.png'


@pytest.mark.parametrize('other', ['masks/x.json', 'rois/x.roi'])
def test_two_that_contradict_each_other_are_named(session, other):
  Image.fromarray(drawn()).save(session.path / 'masks' / 'x_cp_masks.png')
  if other.endswith('json'):
    text = json.dumps(labelme(SQUARES[:2]))
    (session.path / other).write_text(text)
  else:
    region = roifile.ImagejRoi.frompoints(corners(*SQUARES[0]))
    region.tofile(session.path / other)
  with pytest.raises(InputError, match='show different objects') as caught:
    find(session)
  for name in ('masks/x_cp_masks.png', other):
    assert str(session.path / name) in str(caught.value)
  (session.path / 'masks' / 'x_cp_masks.png').unlink()
  assert find(session).file == other


def test_two_that_say_the_same_are_one(session):
  (session.path / 'masks' / 'x.json').write_text(json.dumps(labelme()))
  Image.fromarray(drawn()).save(session.path / 'masks' / 'x.png')
  assert find(session).file == 'masks/x.json'
  # The session's own needs no copy.
  write_object_mask(
    session.path / 'masks' / 'x.tif', find(session).objects, pixel_size_nm=None
  )
  found = find(session)
  assert (found.file, found.noted) == ('masks/x.tif', {})


def test_damaged_json_is_of_the_image_of_its_name(session):
  (session.path / 'masks' / 'x.json').write_text('{')
  (session.path / 'masks' / 'other.json').write_text('{')
  with pytest.raises(InputError, match=r'x\.json: it is no JSON'):
    find(session)
  assert find(session, 'x_mask') is None
  unread = CorrectionFiles(session).of_none(['x', 'x_mask'])
  assert unread == ['masks/other.json']


def test_a_correction_is_read_as_it_stays(session):
  """What is written into masks/ holds the same objects."""
  (session.path / 'masks' / 'x.json').write_text(json.dumps(labelme()))
  found = find(session)
  kept = session.path / 'kept.tif'
  write_object_mask(kept, found.objects, pixel_size_nm=0.5)
  assert read_object_mask(kept).same_as(found.objects)


def test_a_mask_that_was_changed_after_it_took_a_correction_over(session):
  """As a review does: the older correction need not be moved away."""
  mine = session.path / 'masks/x.png'
  Image.fromarray(np.where(drawn([SQUARES[0]]), 255, 0).astype(np.uint8)).save(
    mine
  )
  taken = find(session)
  session.put(
    {
      'masks/x.tif': lambda to: write_object_mask(
        to, taken.objects, pixel_size_nm=None
      )
    }
  )
  files = ['masks/x.tif']
  done = Done('x', 'key', 'key', None, files, correction=taken.noted)
  session.note_done('x', done)
  assert find(session).file == 'masks/x.png'
  mask = session.path / 'masks/x.tif'
  mask.unlink()
  write_mask(mask, drawn([SQUARES[2]]) > 0, pixel_size_nm=None)
  found = find(session)
  assert found.file == 'masks/x.tif' and found.noted == taken.noted
  # Changed again, the other one is news, and contradicts.
  Image.fromarray(np.where(drawn([SQUARES[1]]), 255, 0).astype(np.uint8)).save(
    mine
  )
  with pytest.raises(InputError, match='both changed by hand'):
    find(session)
