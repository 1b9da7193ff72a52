"""Outlines of LabelMe, COCO, VIA and QuPath -> masks."""

import base64
import io
import json
import math
import os

import numpy as np
import pytest
import tiny
from PIL import Image

from defectseg_jax.errors import InputError
from defectseg_jax.micrographs.annotations import reading
from defectseg_jax.micrographs.mask_files import mask_files
from defectseg_jax.micrographs.mask_values import MaskValues
from defectseg_jax.micrographs.masks import read_mask, read_masks
from defectseg_jax.micrographs.reader.pool import read_shapes

CASES = tiny.SHARED / 'data' / 'cases' / 'masks'
SIZE = 40, 60
SQUARE = [[10, 5], [20, 5], [20, 15], [10, 15]]
BESIDE = [[20, 5], [30, 5], [30, 15], [20, 15]]


def pixels(*boxes):
  mask = np.zeros(SIZE, bool)
  for rows, columns in boxes:
    mask[slice(*rows), slice(*columns)] = True
  return mask


ONE, TWO = ((5, 15), (10, 20)), ((5, 15), (20, 30))


def labelme(*shapes, size=SIZE):
  return {
    'version': '5.4.1',
    'flags': {},
    'shapes': [{'group_id': None, 'flags': {}, **one} for one in shapes],
    'imagePath': 'a.png',
    'imageData': None,
    'imageHeight': size[0],
    'imageWidth': size[1],
  }


def square(points=SQUARE, label='void', kind='polygon', **more):
  return {'label': label, 'shape_type': kind, 'points': points, **more}


def coco(*annotations, images=('a.png',), categories=('void', 'dirt')):
  return {
    'images': [
      {'id': n, 'file_name': name, 'height': SIZE[0], 'width': SIZE[1]}
      for n, name in enumerate(images, start=7)
    ],
    'annotations': [
      {'id': n, 'image_id': 7, 'category_id': 1, 'iscrowd': 0, **one}
      for n, one in enumerate(annotations, start=1)
    ],
    'categories': [
      {'id': n, 'name': name} for n, name in enumerate(categories, start=1)
    ],
  }


def flat(points=SQUARE):
  return [value for point in points for value in point]


def via(*shapes, project=True, label='void', name='a.png'):
  regions = [
    {'shape_attributes': one, 'region_attributes': {'type': label}}
    for one in shapes
  ]
  images = {f'{name}123': {'filename': name, 'size': 123, 'regions': regions}}
  if not project:
    return images
  return {
    '_via_settings': {},
    '_via_img_metadata': images,
    '_via_attributes': {},
  }


def qupath(*geometries, label='Void', collection=True):
  features = [
    {
      'type': 'Feature',
      'id': 'a7',
      'geometry': one,
      'properties': {
        'objectType': 'annotation',
        **({'classification': {'name': label, 'color': [1, 2, 3]}}),
      },
    }
    for one in geometries
  ]
  if not collection:
    return features
  return {'type': 'FeatureCollection', 'features': features}


def ring(points=SQUARE):
  return [*points, points[0]]


@pytest.fixture
def read(tmp_path):
  def go(content, shape=SIZE, suffix='json', **how):
    path = tmp_path / f'a.{suffix}'
    path.write_text(json.dumps(content))
    (file,) = mask_files([path], where='--input').values()
    (found,) = read_masks(file, shape=shape, how=MaskValues(**how))
    return found

  return go


def run_lengths(mask):
  """Down the columns, background first."""
  runs, before = [0], False
  for pixel in mask.T.ravel():
    if pixel != before:
      runs.append(0)
    runs[-1] += 1
    before = pixel
  return {'size': list(mask.shape), 'counts': runs}


def packed(runs):
  """rleToString in maskApi.c of cocoapi, line by line."""
  text = ''
  for i, x in enumerate(runs):
    x -= runs[i - 2] if i > 2 else 0
    more = True
    while more:
      c = x & 0x1F
      x >>= 5
      more = x != -1 if c & 0x10 else x != 0
      text += chr(c + 48 + (0x20 if more else 0))
  return text


def polygon_of_via(points=SQUARE):
  x, y = zip(*points, strict=True)
  return {'name': 'polygon', 'all_points_x': x, 'all_points_y': y}


@pytest.mark.parametrize(
  'content',
  [
    labelme(square()),
    labelme(square([[20, 15], [10, 5]], kind='rectangle')),
    labelme(square(SQUARE, kind='rectangle')),
    coco({'segmentation': [flat()]}),
    coco({'segmentation': run_lengths(pixels(ONE)), 'iscrowd': 1}),
    coco(
      {
        'segmentation': {
          'size': SIZE,
          'counts': packed(run_lengths(pixels(ONE))['counts']),
        }
      }
    ),
    via(polygon_of_via()),
    via(polygon_of_via(), project=False),
    via({'name': 'rect', 'x': 10, 'y': 5, 'width': 10, 'height': 10}),
    qupath({'type': 'Polygon', 'coordinates': [ring()]}),
    qupath({'type': 'Polygon', 'coordinates': [ring()]}, collection=False),
    qupath({'type': 'Polygon', 'coordinates': [ring()]})['features'][0],
    qupath({'type': 'MultiPolygon', 'coordinates': [[ring()]]}),
  ],
)
def test_a_square_is_its_pixels(read, content):
  found = read(content)
  np.testing.assert_array_equal(found.mask, pixels(ONE))
  assert (found.ids, found.labelled, found.remarks) == (None, None, ())


@pytest.mark.parametrize(
  'content',
  [
    labelme(square(), square(BESIDE)),
    coco({'segmentation': [flat()]}, {'segmentation': [flat(BESIDE)]}),
    via(polygon_of_via(), polygon_of_via(BESIDE)),
    qupath(
      {'type': 'Polygon', 'coordinates': [ring()]},
      {'type': 'Polygon', 'coordinates': [ring(BESIDE)]},
    ),
  ],
)
def test_shapes_that_touch_are_two_objects(read, content):
  found = read(content)
  np.testing.assert_array_equal(found.mask, pixels(ONE, TWO))
  assert found.ids.max() == 2


def test_shapes_of_a_group_are_one_object(read):
  both = square(group_id=4), square(BESIDE, group_id=4)
  assert read(labelme(*both)).ids is None
  apart = square(group_id=4), square(BESIDE, group_id=5)
  assert read(labelme(*apart)).ids.max() == 2


@pytest.mark.parametrize(
  ('content', 'area'),
  [
    (labelme(square([[30, 20], [30, 29]], kind='circle')), math.pi * 81),
    (via({'name': 'circle', 'cx': 30, 'cy': 20, 'r': 9}), math.pi * 81),
    (
      via({'name': 'ellipse', 'cx': 30, 'cy': 20, 'rx': 16, 'ry': 8}),
      math.pi * 128,
    ),
  ],
)
def test_round_shapes_have_their_area(read, content, area):
  mask = read(content).mask
  assert mask.sum() == pytest.approx(area, rel=0.02)
  y, x = np.nonzero(mask)
  assert (x.mean() + 0.5, y.mean() + 0.5) == pytest.approx((30, 20), abs=0.01)


def test_an_ellipse_of_via_is_turned(read):
  long = {'name': 'ellipse', 'cx': 30, 'cy': 20, 'rx': 16, 'ry': 4}
  upright = read(via({**long, 'theta': math.pi / 2})).mask
  assert upright[6:34, 30].all() and not upright[20, 36:].any()
  # To the right and down, as y grows downwards.
  slanting = read(via({**long, 'theta': math.pi / 4})).mask
  assert slanting[28, 38] and not slanting[12, 38]


def test_holes_of_qupath_are_holes_and_parts_of_coco_are_parts(read):
  hole = [[12, 7], [18, 7], [18, 13], [12, 13]]
  mask = read(
    qupath({'type': 'Polygon', 'coordinates': [ring(), ring(hole)]})
  ).mask
  expected = pixels(ONE)
  expected[7:13, 12:18] = False
  np.testing.assert_array_equal(mask, expected)
  mask = read(coco({'segmentation': [flat(), flat(hole)]})).mask
  np.testing.assert_array_equal(mask, pixels(ONE))


def test_the_mask_of_labelme_s_ai_is_read(read):
  png = io.BytesIO()
  Image.fromarray(np.full((10, 10), 255, np.uint8)).save(png, 'PNG')
  text = base64.b64encode(png.getvalue()).decode()
  shape = square([[10, 5], [19, 14]], kind='mask', mask=text)
  np.testing.assert_array_equal(read(labelme(shape)).mask, pixels(ONE))


def test_what_is_outside_of_the_image_is_cut(read):
  around = [[-5, -5], [70, -5], [70, 50], [-5, 50]]
  assert read(labelme(square(around))).mask.all()


@pytest.mark.parametrize(
  'content',
  [
    labelme(square(), square(BESIDE, label='dirt')),
    coco(
      {'segmentation': [flat()]},
      {'segmentation': [flat(BESIDE)], 'category_id': 2},
    ),
  ],
)
def test_a_label_is_chosen(read, content):
  with pytest.raises(InputError, match=r"'void', 'dirt'; say which is defect"):
    read(content)
  np.testing.assert_array_equal(
    read(content, mask_class='void').mask, pixels(ONE)
  )
  np.testing.assert_array_equal(
    read(content, mask_class='dirt').mask, pixels(TWO)
  )
  assert read(content, mask_class='all').mask.sum() == 200
  part = read(content, mask_ignore='dirt')
  np.testing.assert_array_equal(part.mask, pixels(ONE))
  np.testing.assert_array_equal(part.labelled, ~pixels(TWO))
  nothing = read(content, mask_class='crack')
  assert [one.name for one in nothing.remarks] == ['class_absent']


def test_a_category_of_coco_has_a_number(read):
  content = coco(
    {'segmentation': [flat()]},
    {'segmentation': [flat(BESIDE)], 'category_id': 2},
  )
  np.testing.assert_array_equal(read(content, mask_class='2').mask, pixels(TWO))


@pytest.mark.parametrize(
  ('roi', 'ignore'), [('roi', 'ignore'), ('Region*', 'Ignore*')]
)
def test_a_region_of_interest_is_what_is_labelled(read, roi, ignore):
  around = [[0, 0], [25, 0], [25, 40], [0, 40]]
  found = read(labelme(square(around, roi), square(), square(BESIDE)))
  expected = pixels(((0, 40), (0, 25)))
  np.testing.assert_array_equal(found.labelled, expected)
  np.testing.assert_array_equal(found.mask, pixels(ONE, TWO) & expected)
  (remark,) = found.remarks
  assert remark.name == 'not_labelled' and '58% of the image' in remark.message
  found = read(labelme(square(), square(BESIDE, ignore)))
  np.testing.assert_array_equal(found.labelled, ~pixels(TWO))
  np.testing.assert_array_equal(found.mask, pixels(ONE))


def test_regions_alone_are_asked_about(read):
  """A person may have called defects so."""
  content = labelme(square(label='ROI'))
  with pytest.raises(InputError, match=r'called ROI.*--mask_class=ROI'):
    read(content)
  np.testing.assert_array_equal(
    read(content, mask_class='ROI').mask, pixels(ONE)
  )
  found = read(content, mask_class='void')
  np.testing.assert_array_equal(found.labelled, pixels(ONE))
  assert not found.mask.any()
  np.testing.assert_array_equal(
    read(content, mask_class='all').mask, pixels(ONE)
  )


def test_an_image_without_shapes_is_one_without_defects(read):
  for content in (labelme(), coco(), via(), qupath()):
    found = read(content)
    assert found.mask.shape == SIZE and not found.mask.any()
    assert [one.name for one in found.remarks] == ['nothing_drawn']


def test_overlaps_are_said(read):
  found = read(labelme(square(), square([[p[0] - 5, p[1]] for p in BESIDE])))
  assert [one.name for one in found.remarks] == ['regions_overlap']
  assert '50 pixels are in several regions' in found.remarks[0].message


def test_a_file_of_many_images_has_a_mask_for_each(tmp_path):
  content = coco({'segmentation': [flat()]}, images=('x/a.png', 'b.tif'))
  (tmp_path / 'all.json').write_text(json.dumps(content))
  found = mask_files([tmp_path / 'all.json'], where='--input')
  assert list(found) == ['a', 'b']
  assert read_masks(found['a'])[0].mask.sum() == 100
  assert read_masks(found['b'])[0].mask.sum() == 0


def test_the_size_is_needed_and_must_be_right(read, tmp_path):
  with pytest.raises(InputError, match=r'how large their image is; give the'):
    read(via(polygon_of_via()), shape=None)
  with pytest.raises(InputError, match=r'40 x 60 pixels, but its image has 9'):
    read(labelme(square()), shape=(9, 9))
  (tmp_path / 'b.json').write_text(json.dumps(labelme(square())))
  np.testing.assert_array_equal(read_mask(tmp_path / 'b.json'), pixels(ONE))


@pytest.mark.parametrize(
  ('content', 'said'),
  [
    (labelme(square(kind='line')), 'of the kind line, which has no area'),
    (labelme(square(SQUARE[:2])), 'no 3 or more corners'),
    (labelme(square([[0, 0], [9, 'x'], [9, 9]])), 'no 3 or more corners'),
    (labelme(square([[0, 0], [1e30, 0], [9, 9]])), 'no 3 or more corners'),
    (labelme(square([[50, 90], [52, 90], [52, 99]])), 'has no pixel of the im'),
    (labelme(square(kind='mask', mask='no')), 'is damaged'),
    (labelme(size=(0, 5)), 'the image is 0 x 5 pixels'),
    (labelme(size=(10**9, 10**9)), 'give 1 to'),
    (coco({'bbox': [1, 2, 3, 4]}), 'only a box'),
    (coco({'segmentation': [[1, 2, 3]]}), 'no 3 or more corners'),
    (coco({'segmentation': {'size': SIZE, 'counts': [5]}}), 'do not fill'),
    (coco({'segmentation': {'size': SIZE, 'counts': '~'}}), 'do not fill'),
    (coco({'segmentation': {'size': [1, 1], 'counts': [1]}}), 'do not fill'),
    (coco({'segmentation': [flat()], 'image_id': 99}), 'which it has not'),
    (via({'name': 'point', 'cx': 1, 'cy': 2}), 'of the kind point'),
    (via({'name': 'rect', 'x': 1, 'y': None, 'width': 3, 'height': 4}), 'corn'),
    (via({'name': 'polygon'}), 'no 3 or more corners'),
    (qupath({'type': 'LineString', 'coordinates': []}), 'kind LineString'),
    (qupath({'type': 'Polygon', 'coordinates': []}), 'no 3 or more corners'),
    (qupath({'type': 'MultiPolygon', 'coordinates': None}), 'corners'),
    ({'foo': 1}, 'not of LabelMe, COCO, VIA or QuPath'),
    ([], 'not of LabelMe'),
    (7, 'not of LabelMe'),
    ({'shapes': [3], 'imageHeight': 5, 'imageWidth': 5}, 'it is damaged'),
    ({'images': [3], 'annotations': []}, 'it is damaged'),
  ],
)
def test_what_is_wrong_is_said(read, tmp_path, content, said):
  with pytest.raises(InputError) as caught:
    read(content)
  assert said in str(caught.value) and '\n' not in str(caught.value)
  assert str(tmp_path / 'a.json') in str(caught.value)


@pytest.mark.parametrize(
  'text', ['', '{', '[' * 100_000, '\x00', '{"a": \xff}']
)
def test_what_is_no_json_is_said(tmp_path, text):
  path = tmp_path / 'a.json'
  path.write_bytes(text.encode('latin-1'))
  with pytest.raises(InputError, match='it is no JSON'):
    mask_files([path], where='--input')


@pytest.mark.skipif(not CASES.is_dir(), reason=f'{CASES} is not here')
def test_the_cases_are_nearly_the_base():
  """They are polygons of 24 corners around middles of pixels."""
  base = np.array(Image.open(CASES / 'base.png')) > 0
  for name in ('labelme.json', 'RoiSet.zip'):
    (file,) = mask_files([CASES / name], where='--input').values()
    (found,) = read_masks(file, shape=base.shape)
    assert found.mask.sum() == pytest.approx(base.sum(), rel=0.02)
    assert (found.mask & base).sum() / (found.mask | base).sum() > 0.9
    assert found.labelled is None and found.remarks == ()


def test_a_file_of_many_images_is_parsed_once(tmp_path, monkeypatch):
  path = tmp_path / 'all.json'
  names = [f'{n}.png' for n in range(30)]
  path.write_text(json.dumps(coco({'segmentation': [flat()]}, images=names)))
  parsed = []
  monkeypatch.setattr(
    reading, 'read_shapes', lambda path: parsed.append(1) or read_shapes(path)
  )
  for file in mask_files([path], where='--input').values():
    read_masks(file)
  assert len(parsed) == 1
  # One that was changed is read again.
  path.write_text(json.dumps(coco(images=names[:29])))
  assert len(mask_files([path], where='--input')) == 29


def test_what_is_no_file_or_too_large_is_not_opened(tmp_path):
  os.mkfifo(tmp_path / 'pipe.json')
  with (tmp_path / 'large.json').open('wb') as file:
    file.truncate(2**28 + 1)
  for name, words in (('pipe', 'a pipe or a socket'), ('large', 'has 26843')):
    path = tmp_path / f'{name}.json'
    with pytest.raises(InputError, match=rf'{name}\.json: .*{words}'):
      mask_files([path], where='--input')
