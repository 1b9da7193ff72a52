"""--mode=predict --reference=DIR: masks beside true ones."""

import io
import json
import shutil

import pytest
import tifffile
import tiny
from PIL import Image
from rich.console import Console
from sessions import by_image, contents, wrong

# The run is trained once; its tests share a process.
pytestmark = [pytest.mark.xdist_group('predict'), pytest.mark.slow]


@pytest.fixture
def truth(tmp_path):
  """Masks of x and of the first image of z, named as these are."""
  folder = tmp_path / 'truth'
  folder.mkdir()
  for name, seed, side in (('x', 10, 200), ('z[0]', 20, 96)):
    Image.fromarray(tiny.foil(seed, side)[1]).save(folder / f'{name}.png')
  return folder


def test_a_truth_is_compared_with(predict, truth, tmp_path):
  console = Console(file=io.StringIO(), width=200)
  assert predict(reference=str(truth), console=console)
  out = tmp_path / 'out'
  rows = by_image(out)
  for name, seed, side in (('x', 10, 200), ('z[0]', 20, 96)):
    found = tifffile.imread(out / 'masks' / f'{name}.tif') > 0
    true = tiny.foil(seed, side)[1] > 0
    both = (found & true).sum()
    for score, of in (
      ('iu', found | true),
      ('precision', found),
      ('recall', true),
    ):
      assert float(rows[name][score]) == pytest.approx(
        both / of.sum(), rel=1e-5
      )
  for name in ('y', 'z[1]'):
    assert {rows[name][n] for n in ('iu', 'precision', 'recall')} == {''}
    assert rows[name]['warnings'] == ''
  content = json.loads((out / 'summary.json').read_text())
  assert content['over_images']['iu']['images'] == 2
  # No ratio is above 1, however wide its interval.
  assert content['over_images']['recall']['high'] <= 1
  assert content['conventions']['iu'].startswith('TP / (TP + FP + FN)')
  said = console.file.getvalue()
  assert said.count(' iu ') == 3  # Of two images, and their mean.
  assert 'mean of 4' in said and 'mean of 2 ' in said
  assert '\nof 2<' in (out / 'report.html').read_text()
  # A panel with a truth means the same.
  panel = tmp_path / 'panel'
  shutil.copytree(truth, panel / 'truth')
  (panel / 'Ann').mkdir()
  before = contents(out)
  assert predict(reference=str(panel))
  assert contents(out) == before
  assert predict()
  assert 'iu' not in by_image(out)['x']


def test_the_corrected_mask_is_what_is_compared(
  predict, session, truth, tmp_path
):
  one = session / 'x.tif'
  assert predict(one)
  with Image.open(truth / 'x.png') as true:
    true.save(tmp_path / 'out' / 'masks' / 'x.tif')
  assert predict(one, reference=str(truth))
  row = by_image(tmp_path / 'out')['x']
  assert (row['iu'], row['precision'], row['recall']) == ('1', '1', '1')


def test_a_truth_that_does_not_fit_is_one_line(predict, truth, tmp_path):
  (truth / 'z[0].png').unlink()
  Image.fromarray(tiny.foil(0, 64)[1]).save(truth / 'y.png')
  (truth / 'z[1].png').write_bytes(b'nothing')
  Image.fromarray(tiny.foil(0, 64)[1]).save(truth / 'q.png')
  console = Console(file=io.StringIO(), width=400)
  assert not predict(reference=str(truth), console=console)
  rows = by_image(tmp_path / 'out')
  assert [row['warnings'] for row in rows.values()] == [
    '',
    'no_comparison',
    '',
    'no_comparison',
  ]
  assert rows['x']['iu'] != '' and rows['y']['iu'] == ''
  assert rows['y']['count'] != ''
  said = [line.strip() for line in console.file.getvalue().splitlines()]
  page = (tmp_path / 'out' / 'report.html').read_text()
  for text in (
    'y.png: has 64 x 64 pixels, but the micrograph 131 x 131; give the mask',
    'z[1].png: ',
    '1 of its masks name no image of --input, the first q',
  ):
    assert len([line for line in said if text in line]) == 1, text
    assert text in page


def test_a_reference_of_no_use_is_refused(predict, session, truth, tmp_path):
  one = session / 'y.tif'
  said = wrong(predict, tmp_path, one, reference=str(truth))
  assert 'none of its masks has the name of a micrograph; the first is' in said
  said = wrong(predict, tmp_path, reference=str(truth / 'x.png'))
  assert 'x.png: is not a folder; --mode=predict compares masks' in said
  said = wrong(predict, tmp_path, reference=str(tmp_path / 'none'))
  assert 'none: there is no such file or folder; see that' in said
  (truth / 'empty').mkdir()
  said = wrong(predict, tmp_path, reference=str(truth / 'empty'))
  assert 'empty: has no masks; give a folder of true masks' in said


def test_the_comparison_is_seen(predict, truth, tmp_path, browser):
  assert predict(reference=str(truth))
  page = browser.new_page()
  page.set_default_timeout(1000 * tiny.HANGS_S)
  page.goto((tmp_path / 'out' / 'report.html').as_uri())
  switch = page.get_by_role('radio', name='comparison')

  def seen():
    return page.locator('.image.current .layer').evaluate_all(
      'all => all.filter(one => one.getBoundingClientRect().width)'
      '.map(one => one.dataset.layer)'
    )

  assert seen() == ['micrograph']
  page.get_by_text('comparison', exact=True).click()
  assert seen() == ['comparison']
  page.get_by_label('outlines').uncheck()
  picture = page.locator('.image.current .picture').screenshot()
  with Image.open(io.BytesIO(picture)) as shot:
    colours = {colour for _, colour in shot.convert('RGB').getcolors(1 << 24)}
  assert {(64, 224, 208), (0, 0, 0)} < colours
  assert {(255, 0, 0), (255, 255, 0)} & colours
  facts = page.locator('.image.current .facts').inner_text()
  iu = 100 * float(by_image(tmp_path / 'out')['x']['iu'])
  assert f'IU\t{iu:.1f} %' in facts
  page.get_by_label('Next image').click()  # y, which has no truth.
  assert switch.is_disabled() and seen() == ['micrograph']
  assert 'IU' not in page.locator('.image.current .facts').inner_text()
  # The scores' columns fit on a sheet of A4 with its margins.
  page.set_viewport_size({'width': 688, 'height': 900})
  page.emulate_media(media='print')
  assert page.evaluate('document.documentElement.scrollWidth') <= 688
  page.close()
