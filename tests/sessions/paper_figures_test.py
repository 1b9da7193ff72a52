"""Figures for print: what they show, read from their files."""

import base64
import dataclasses
import io
import pathlib
import re

import drawn_once
import numpy as np
import pytest
import unprinted
from matplotlib.figure import Figure
from PIL import Image
from two_masks import mask_of, numbers_of

from defectseg_jax.quantification import MeasurementSettings
from defectseg_jax.reporting import colours
from defectseg_jax.reporting.figures.printing import journal_style
from defectseg_jax.reporting.overlays import grey_levels
from defectseg_jax.sessions import paper_figures, sample_files
from defectseg_jax.sessions.paper_figures import (
  FIGURES,
  MOST_MICROGRAPHS,
  write_micrograph_figure,
  write_paper_figures,
)
from defectseg_jax.sessions.sample_files import condition_figures
from defectseg_jax.sessions.samples import Samples

PIXELS = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)


@pytest.fixture(scope='module', autouse=True)
def drawn():
  """The figures are drawn, which other tests leave out."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(paper_figures, 'write_figure', unprinted.write_figure)
    drawn_once.draw_each_time(patch)
    yield


@pytest.fixture(scope='module')
def micrographs(tmp_path_factory):
  """The figures of more images than there are figures of."""
  made = tmp_path_factory.mktemp('made')
  found = MeasurementSettings('voids').measure(
    mask_of(5), pixel_size_nm=1.5, thickness_nm=100.0
  )
  # One of them is not counted.
  found = dataclasses.replace(found, counted=np.arange(5) > 0)
  for number in range(MOST_MICROGRAPHS + 1):
    write_micrograph_figure(made, f'foil_{number}', found, PIXELS, 1.5)
  write_micrograph_figure(made, 'no_micrograph', found, None, 1.5)
  return made / FIGURES / 'micrographs'


def test_the_first_images_have_each_kind(micrographs):
  assert sorted(path.name for path in micrographs.iterdir()) == [
    f'foil_{number}.{kind}'
    for number in range(MOST_MICROGRAPHS)
    for kind in ('pdf', 'png', 'svg')
  ]
  for kind in ('pdf', 'png', 'svg'):
    files = micrographs.glob(f'*.{kind}')
    assert len({path.read_bytes() for path in files}) == 1


def test_a_drawing_holds_the_greys_and_a_path_for_each_object(micrographs):
  text = (micrographs / 'foil_0.svg').read_text()
  [content] = re.findall(r'base64,([^"]*)"', text)
  shown = Image.open(io.BytesIO(base64.b64decode(content)))
  np.testing.assert_array_equal(np.asarray(shown), grey_levels(PIXELS))
  assert text.count(f'stroke: {colours.SKY_BLUE}') == 4
  assert text.count(f'stroke: {colours.ORANGE}') == 1


def test_a_picture_is_a_column_wide_at_300_dots(micrographs):
  with Image.open(micrographs / 'foil_0.png') as shown:
    assert shown.width == pytest.approx(88 / 25.4 * 300, abs=1)
    assert shown.info['dpi'] == pytest.approx((300, 300), abs=0.1)


def test_a_pdf_holds_its_fonts_and_no_date(micrographs, sizes):
  content = (sizes[0] / 'histogram.pdf').read_bytes()
  assert b'/FontFile2' in content and b'/Type3' not in content
  content = (micrographs / 'foil_0.pdf').read_bytes()
  assert b'Date' not in content
  # 88 mm in points.
  [width] = re.findall(rb'/MediaBox \[ 0 0 ([\d.]+)', content)
  assert float(width) == pytest.approx(88 / 25.4 * 72, abs=0.1)


@pytest.fixture(scope='module')
def numbers(tmp_path_factory):
  """Two images, one of which has a warning."""
  found = numbers_of(tmp_path_factory.mktemp('numbers'))
  first, second = found.images
  first = dataclasses.replace(first, row={**first.row, 'warnings': 'blurred'})
  return dataclasses.replace(found, images=[first, second])


@pytest.fixture(scope='module')
def sizes(numbers, tmp_path_factory):
  made = tmp_path_factory.mktemp('sizes')
  write_paper_figures(made, numbers)
  return made / FIGURES, numbers


def test_sizes_say_whose_they_are(sizes):
  folder, numbers = sizes
  # A drawing says the text of each group of letters.
  text = (folder / 'histogram.svg').read_text()
  letters = re.findall(r'<!-- (.*?) -->', text)
  assert 'diameter of the circle of the same area (nm)' in letters
  assert 'number of voids' in letters
  every = np.concatenate([one.sizes_nm for one in numbers.images])
  assert f'mean {every.mean():.4g} nm' in letters
  assert f'{len(every)} in 2 images, 1 with warnings' in letters
  assert len(list(folder.iterdir())) == 3


def test_each_number_against_each_condition(numbers):
  samples = Samples(
    {'foil_0': 'low', 'foil_1': 'high'},
    {'low': {'dose_dpa': 1.0}, 'high': {'dose_dpa': 5.0}},
  )
  numbers = dataclasses.replace(
    numbers, images=samples.label(numbers.images), samples=samples
  )
  with journal_style():
    found = dict(condition_figures(numbers))
  shown = numbers.by_sample.names
  assert list(found) == [
    f'{name}_against_dose_dpa'
    for name in shown
    if f'{name}_against_dose_dpa' in found
  ]
  figure = found['number_density_per_m3_against_dose_dpa']
  [axes] = figure.axes
  assert axes.get_xlabel() == 'dose (dpa)'
  assert axes.get_ylabel() == 'number density (10²¹ m⁻³)'
  assert axes.xaxis.label.get_fontsize() == 7
  assert figure.get_figwidth() == pytest.approx(88 / 25.4)
  points = [
    one.numbers['number_density_per_m3'] for one in numbers.by_sample.samples
  ]
  [drawn] = [line for line in axes.lines if line.get_label() == 'samples']
  assert list(drawn.get_xdata()) == [1.0, 5.0]
  assert sorted(drawn.get_ydata()) == pytest.approx(
    sorted(one.estimate.value * 1e-21 for one in points)
  )


def test_nothing_is_drawn_of_nothing(numbers, tmp_path):
  write_paper_figures(tmp_path, dataclasses.replace(numbers, images=[]))
  assert not (tmp_path / FIGURES).exists()


@pytest.mark.parametrize(('samples', 'columns'), [(2, 1), (5, 2)])
def test_sheets_of_sizes_are_numbered(numbers, monkeypatch, samples, columns):
  asked = []

  def sizes_figures(rows, *, columns, **_):
    asked.append(columns)
    return [Figure(), Figure(), Figure()]

  monkeypatch.setattr(sample_files, 'sizes_figures', sizes_figures)
  monkeypatch.setattr(paper_figures, 'condition_figures', lambda _: [])
  written = []
  monkeypatch.setattr(
    paper_figures, 'write_figure', lambda _, name, __: written.append(name)
  )
  image = numbers.images[0]
  names = [f'foil_{number}' for number in range(samples)]
  images = [
    dataclasses.replace(image, row={**image.row, 'image': name})
    for name in names
  ]
  known = Samples({name: name for name in names}, {name: {} for name in names})
  many = dataclasses.replace(numbers, images=known.label(images), samples=known)
  write_paper_figures(pathlib.Path(), many)
  assert asked == [columns]
  sheets = [f'sizes_of_samples{end}' for end in ('', '_2', '_3')]
  assert written == [*sheets, 'histogram']
