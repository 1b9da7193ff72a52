"""The text of a paper: every sentence has its condition, and its numbers."""

import csv
import dataclasses
import io
import math
import pathlib
import re
import zipfile

import pytest
from two_masks import PROVENANCE, numbers_of

from defectseg_jax.applicability.widening import expected_f1_convention
from defectseg_jax.quantification import (
  QualityWarning,
)
from defectseg_jax.quantification.properties.settings import PropertySettings
from defectseg_jax.quantification.samples.comparison import TEST
from defectseg_jax.quantification.samples.random_effects import ESTIMATOR
from defectseg_jax.quantification.series.parameters import series_parameters
from defectseg_jax.reporting.paper.methods import methods
from defectseg_jax.reporting.paper.record import CLAIMED_TWICE, RIMS
from defectseg_jax.reporting.paper.references import bibtex, keys_of
from defectseg_jax.reporting.paper.rendering import (
  methods_latex,
  methods_markdown,
)
from defectseg_jax.reporting.paper.tables import (
  paper_table,
  rounded,
  table_csv,
  table_latex,
  table_markdown,
)
from defectseg_jax.reporting.paper.workbook import write_workbook
from defectseg_jax.sessions.paper_files import record_of

HOW_MADE = {**PROVENANCE.rows(), 'versions': 'numpy 9.9'}
NETWORK = {
  'network': 'defectsegnet, epoch 7, no test-time augmentation',
  'run': 'voids, a network that comes with the program (SHA-256 0a1b...)',
  'engine': 'JAX 9.9',
  'trained on': 'simulated foils',
  'test score': 'IU 76.7 ± 8.5 % over 4 test images',
  'preprocessing': 'invert False',
  'threshold': '0.500, chosen on the development set',
}


def sentences(record):
  return [one for paragraph in methods(record) for one in paragraph]


@pytest.fixture(scope='module')
def bare(tmp_path_factory):
  """Two masks of voids, of exact scale, without a network."""
  return record_of(numbers_of(tmp_path_factory.mktemp('bare')), HOW_MADE)


def with_rows(record, **fields):
  first, *others = record.images
  images = [{**first, **fields}, *others]
  return dataclasses.replace(
    record, summary={**record.summary, 'images': images}
  )


def with_settings(record, **fields):
  settings = {**record.settings, **fields}
  return dataclasses.replace(
    record, summary={**record.summary, 'settings': settings}
  )


def test_the_least_that_was_done_is_all_that_is_said(bare):
  said = ' '.join(sentences(bare))
  assert 'Masks of voids were measured with defectseg_jax' in said
  assert '2 images were measured.' in said
  assert 'The side of a pixel was 1.5 nm, taken as exact.' in said
  assert 'The thickness of the foil was 100 nm, taken as exact.' in said
  assert 'N / (A t)' in said and 'numpy 9.9' in said
  for never in (
    *('network', 'probability', 'preprocess', 'by hand', 'ample', 'Left out'),
    *('Not measured', 'seed 1', 'surface', 'true masks', 'alloy', 'Outliers'),
    *('area below', 'cut apart', 'encloses', 'uncertain', 'projection factor'),
    *('specimen', 'modulus', 'skeleton', 'not known'),
  ):
    assert never not in said, never
  assert keys_of(sentences(bare)) == ['gundersen1977', 'garwood1936']


SERIES = {
  'frames': 9,
  'how': {
    **series_parameters(links=True),
    **{'drift_by': 'skimage 1', 'links_by': 'scipy 1'},
  },
  'drift_by_masks': False,
  'drift_not_known': ['f_6'],
  'tracks': 7,
  'lifetimes_in': 's',
  'survival': [],
}
NOT_IN_MEAN = QualityWarning('not_in_mean', 'it cannot be right (x)')._asdict()
# What is done besides, and the words of the only sentences that this adds.
FEATURES = {
  'corrected': (
    lambda r: dataclasses.replace(r, corrected={'foil_0': '2 of 5 objects'}),
    ['by hand: foil_0 (2 of 5 objects)'],
  ),
  'failure': (
    lambda r: dataclasses.replace(
      r, summary={**r.summary, 'failures': {'x': 'x.tif: is empty'}}
    ),
    ['Not measured: x (x.tif: is empty)'],
  ),
  'partial': (
    lambda r: with_rows(r, valid_fraction=0.5),
    ['In 1 image only the part'],
  ),
  'verdict': (
    lambda r: with_rows(r, applies='check'),
    ['To be checked, as the network may fail: foil_0.'],
  ),
  'included': (
    lambda r: with_rows(r, applies='does not apply'),
    ['Not left out, though the network does not apply to it: foil_0.'],
  ),
  'outliers': (lambda r: with_rows(r, replaced_pixels=17), ['17 pixels in']),
  'outlier': (lambda r: with_rows(r, replaced_pixels=1), ['1 pixel in']),
  'scores': (
    lambda r: with_rows(r, iu=0.8),
    ['The mask of 1 image was compared with its true mask.'],
  ),
  'minimum': (
    lambda r: with_settings(r, minimum_area_px=12),
    ['area below 12 px were'],
  ),
  'holes': (lambda r: with_settings(r, fill_holes=True), ['encloses']),
  'separate': (lambda r: with_settings(r, separate=True), ['cut apart']),
  'samples': (
    lambda r: dataclasses.replace(
      r, samples={'cold': {'images': 2}}, estimator=ESTIMATOR
    ),
    ['Sample: cold (2 images)', '[@paule1982; @hartung2001]'],
  ),
  'differences': (
    lambda r: dataclasses.replace(
      r,
      samples={name: {'images': 1} for name in ('cold', 'hot')},
      **{'estimator': ESTIMATOR, 'test': TEST},
    ),
    [
      'These means are over 2 samples, which may differ.',
      *('cold (1 image); hot (1 image)', '[@paule1982; @hartung2001]'),
      "Samples were compared by Welch's t test of the logarithms",
    ],
  ),
  'series': (
    lambda r: dataclasses.replace(r, series=SERIES),
    [
      'The 9 images were taken for frames of one experiment',
      'correlation of micrographs in Fourier space (phase_cross_correlation of '
      'skimage 1, without normalization by amplitudes [@vanderwalt2014]), '
      'refined to 1/50 pixel by an upsampled Fourier transform [@guizar2008]',
      'waves longer than 0.0833 of the longest side',
      'alike to 95 % of the best',
      'Not laid over the others, and in no link: f_6 (',
      'by the assignment of least cost [@jaqaman2008] (linear_sum_assignment '
      'of scipy 1 [@virtanen2020])',
      'missed in up to 2 frames was taken for the same one; 7 objects',
      'the intervals of these means are too narrow',
    ],
  ),
  'lifetimes': (
    lambda r: dataclasses.replace(
      FEATURES['series'][0](r), series={**SERIES, 'survival': [{}]}
    ),
    [*[''] * 7, 'Kaplan and Meier [@kaplan1958]', 'too narrow'],
  ),
  'frames of lines': (
    lambda r: dataclasses.replace(
      r,
      series={
        **SERIES,
        'how': series_parameters(links=False),
        **{'tracks': None, 'drift_not_known': [], 'drift_by_masks': True},
      },
    ),
    [
      *('9 images', 'correlation of masks', '0.0833', '75 %'),
      *('not linked', 'too narrow'),
    ],
  ),
  'claims': (
    lambda r: dataclasses.replace(
      r, how_made={**r.how_made, CLAIMED_TWICE: 'so many, by this rule'}
    ),
    ['Pixels that two networks claimed: so many, by this rule.'],
  ),
  'references': (
    lambda r: with_rows(r, number_density_per_m3_counting_high=1.0),
    ['expected to miss and invent'],
  ),
  'network': (
    lambda r: dataclasses.replace(r, how_made={**r.how_made, **NETWORK}),
    [
      'network defectsegnet, epoch 7, no test-time augmentation [@roberts2019]',
      'computed by JAX 9.9.',
      'trained on: simulated foils',
      '76.7 ± 8.5 %',
      'invert False',
      'from the probability 0.500',
    ],
  ),
}


@pytest.mark.parametrize('feature', FEATURES)
def test_what_was_done_besides_is_said_and_nothing_else(bare, feature):
  change, words = FEATURES[feature]
  before, after = sentences(bare), sentences(change(bare))
  new = [one for one in after if one not in before]
  assert len(new) == len(words)
  for one, word in zip(new, words, strict=True):
    assert word in one
  gone = [one for one in before if one not in after]
  # Masks are a network's, or given.
  assert len(gone) == (feature == 'network')


def _of(record, count):
  """The same with so many images, the same ones again where there are few."""
  images = [*record.images, *record.images][:count]
  return dataclasses.replace(
    record, summary={**record.summary, 'images': images}
  )


ONE_OR_SEVERAL = {
  'masks': (
    lambda r: r,
    'The mask of voids was measured with',
    'Masks of voids were measured with',
  ),
  'images': (
    lambda r: r,
    '1 image was measured.',
    '2 images were measured.',
  ),
  'micrographs': (
    FEATURES['network'][0],
    'The micrograph was segmented for voids',
    'Micrographs were segmented for voids',
  ),
  'preprocessing': (
    FEATURES['network'][0],
    'The image was preprocessed with: invert False.',
    'Images were preprocessed with: invert False.',
  ),
  'scales': (
    lambda r: dataclasses.replace(
      r, how_made={**r.how_made, **NETWORK, 'scales': 'two'}
    ),
    'the network saw the image: two.',
    'the network saw images: two.',
  ),
  'corrected': (
    lambda r: dataclasses.replace(
      r, corrected={f'foil_{at}': '' for at in range(len(r.images))}
    ),
    'Mask corrected by hand: foil_0.',
    'Masks corrected by hand: foil_0; foil_1.',
  ),
  'included': (
    lambda r: _with_each(r, applies='does not apply'),
    'the network does not apply to it: foil_0.',
    'the network does not apply to them: foil_0 and foil_1.',
  ),
  'scores': (
    lambda r: _with_each(r, iu=0.8),
    'The mask of 1 image was compared with its true mask.',
    'Masks of 2 images were compared with true masks.',
  ),
  'surface': (
    lambda r: dataclasses.replace(r, summary={**r.summary, 'surface': True}),
    'The image shows a surface',
    'The images show a surface',
  ),
  'tracks': (
    lambda r: dataclasses.replace(
      r, series={**SERIES, 'tracks': len(r.images)}
    ),
    '; 1 object was followed.',
    '; 2 objects were followed.',
  ),
}


def _with_each(record, **fields):
  images = [{**one, **fields} for one in record.images]
  return dataclasses.replace(
    record, summary={**record.summary, 'images': images}
  )


@pytest.mark.parametrize('what', ONE_OR_SEVERAL)
def test_one_image_is_one_and_several_are_several(bare, what):
  change, *words = ONE_OR_SEVERAL[what]
  for count, here in zip((1, 2), words, strict=True):
    said = ' '.join(sentences(change(_of(bare, count))))
    assert here in said
    for other in words:
      assert other == here or other not in said


def test_several_counts_are_several(bare):
  names = 'number_density_per_m3', 'number_per_area_per_m2'
  density = {
    f'{names[1]}{end}': bare.images[0][f'{names[0]}{end}']
    for end in ('', '_low', '_high')
  }
  both = dataclasses.replace(with_rows(bare, **density), headlines=names)
  said = ' '.join(sentences(both))
  assert 'those of number density and number' in said
  assert 'are the exact ones of Poisson counts [@garwood1936]' in said
  assert 'is the exact one of a Poisson count' in ' '.join(sentences(bare))


def test_a_particle_of_one_pixel_is_the_least_there_is(bare):
  """Nothing is left out that has less."""
  assert sentences(with_settings(bare, minimum_area_px=1)) == sentences(bare)


def test_the_expected_f1_is_that_of_the_objects_at_hand():
  particles, lines = (
    expected_f1_convention(lines=lines) for lines in (False, True)
  )
  assert 'union' in particles and 'line' not in particles
  assert 'lines' in lines and 'union' not in lines


def test_an_interval_of_counting_is_not_said_to_know_the_network(bare):
  """As of a mask that a person corrected: both of its ends are the same."""
  name = 'number_density_per_m3'
  first, second = bare.images
  corrected = {f'{name}_counting_high': first[f'{name}_high']}
  assert sentences(with_rows(bare, **corrected)) == sentences(bare)
  images = [
    {**first, **corrected},
    {**second, f'{name}_counting_high': second[f'{name}_high'] / 2},
  ]
  record = dataclasses.replace(bare, summary={**bare.summary, 'images': images})
  said = ' '.join(sentences(record))
  assert 'expected to miss and invent, from references' in said
  assert 'Those of foil_0 are not, and hold counting alone.' in said


def test_an_interval_that_begins_at_0_for_the_network_is_said_to(bare):
  name = 'number_density_per_m3'
  first, second = bare.images
  counted = {
    f'{name}_counting_{end}': first[f'{name}_{end}'] / 2
    for end in ('low', 'high')
  }
  assert counted[f'{name}_counting_low'] > 0
  images = [{**first, **counted, f'{name}_low': 0.0}, {**second, **counted}]
  record = dataclasses.replace(bare, summary={**bare.summary, 'images': images})
  said = ' '.join(sentences(record))
  assert 'In foil_0 what was found may be of another kind' in said
  # Of a count of none, counting begins there.
  images[0][f'{name}_counting_low'] = 0.0
  assert 'of another kind' not in ' '.join(sentences(record))


def test_excluded_images_have_their_reason(bare):
  record = with_rows(bare, in_mean=False)
  said = [one for one in sentences(record) if 'Left out' in one]
  assert said == [
    'Left out of means: foil_0 (the network does not apply to it).'
  ]
  # Of one image there is no mean.
  assert not any('Means over' in one for one in sentences(record))
  warned = {**record.summary, 'warnings': [{'image': 'foil_0', **NOT_IN_MEAN}]}
  record = dataclasses.replace(record, summary=warned)
  assert any('(it cannot be right (x))' in one for one in sentences(record))


def test_uncertainties_and_what_is_not_known(tmp_path):
  numbers = numbers_of(
    tmp_path, thickness_uncertainty=0.1, pixel_size_uncertainty=0.02
  )
  said = ' '.join(sentences(record_of(numbers, HOW_MADE)))
  assert 'was 100 nm, with a relative standard uncertainty of 10 %' in said
  assert 'was 1.5 nm, with a relative standard uncertainty of 2 %' in said
  assert 'widened by what is said above' in said
  unknown = {'pixel_size_nm': None, 'thickness_nm': None}
  numbers = numbers_of(tmp_path, lengths=unknown)
  said = ' '.join(sentences(record_of(numbers, HOW_MADE)))
  assert 'The side of a pixel was not known for 2 images.' in said
  assert 'Number density' not in said and 'Poisson' not in said
  assert 'the seed 0' in said and 'Mean diameter' in said
  numbers = numbers_of(tmp_path, 'dislocations', lengths=unknown)
  said = ' '.join(sentences(record_of(numbers, HOW_MADE)))
  # Of a length in pixels there is no interval, and nothing was drawn for one.
  assert 'Line length' in said and 'seed' not in said


def test_lines_and_their_alloy(tmp_path):
  alloy = PropertySettings('X1', 80.0, 0.25)
  numbers = numbers_of(
    tmp_path, 'dislocations', properties=alloy, unseen_fraction=0.25
  )
  said = ' '.join(sentences(record_of(numbers, HOW_MADE)))
  assert 'shear modulus 80 GPa, Burgers vector 0.25 nm' in said
  assert 'The projection factor was 1.273.' in said
  assert 'The part 0.25 of the length' in said and 'below 5 pixels' in said
  assert '[@taylor1934]' in said and ', bias Z 1;' in said
  assert 'core radius' not in said
  assert 'article is what' not in said and 'gundersen' not in said
  voids = record_of(numbers_of(tmp_path, properties=alloy), HOW_MADE)
  said = ' '.join(sentences(voids))
  assert 'ln(D / r0)' in said and ', core radius r0 1 b;' in said
  assert 'bias Z' not in said


def test_references_are_those_that_are_cited(bare):
  record = FEATURES['network'][0](bare)
  text = bibtex(keys_of(sentences(record)))
  assert re.findall(r'@article\{(\w+),', text) == [
    *('roberts2019', 'gundersen1977', 'garwood1936')
  ]
  markdown, latex = (
    render(methods(record)) for render in (methods_markdown, methods_latex)
  )
  assert '[@garwood1936]' in markdown and '\\cite{garwood1936}' in latex
  assert r'76.7 $\pm$ 8.5 \%' in latex and '%' not in latex.replace('\\%', '')
  odd = dataclasses.replace(bare, corrected={'[@x]_=a': ''})
  assert r'\[@x\]\_=a' in methods_markdown(methods(odd))
  assert keys_of(sentences(odd)) == keys_of(sentences(bare))


def test_digits_are_those_of_the_interval():
  # Half widths 2.6, 0.0998 (two digits: 0.10) and 26.
  assert rounded(12.345, (10.0, 15.2)).interval == '10.0 to 15.2'
  assert rounded(1.2345, (1.13, 1.3296)).value == '1.23'
  assert rounded(345.6, (320, 372)).value == '346'
  assert rounded(3456e20, (3000e20, 3520e20), 23).value == '3.46'
  assert rounded(float('nan'), None).value == '–'


@pytest.mark.parametrize(
  ('value', 'ends', 'power', 'texts'),
  [
    # By hand: half of 37000 has its second digit at 1000.
    (214.0, (0.0, 37_000.0), 0, ('200', '0', '37000')),
    (499.0, (0.0, 37_000.0), 0, ('500', '0', '37000')),
    (501.0, (0.0, 37_000.0), 0, ('1000', '0', '37000')),
    (2.14e23, (0.0, 37e24), 21, ('200', '0', '37000')),
    (0.0123, (0.0, 4.4), 0, ('0.01', '0.0', '4.4')),
    (-0.0123, (-4.4, 4.4), 0, ('-0.01', '-4.4', '4.4')),
    # Of nothing that was found.
    (0.0, (0.0, 37_000.0), 0, ('0', '0', '37000')),
  ],
)
def test_little_is_not_nothing(value, ends, power, texts):
  assert rounded(value, ends, power).texts == texts


def test_the_tables_are_one(bare):
  table = paper_table(bare)
  rows = list(csv.reader(io.StringIO(table_csv(table))))
  assert [row[0] for row in rows] == ['image', 'foil_0', 'foil_1', 'mean of 2']
  # N / (A t): what the record has, to the place of its interval.
  column = rows[0].index('number density (10²¹ m⁻³)')
  for row, one in zip(rows[1:], bare.images, strict=False):
    low, high = (one[f'number_density_per_m3_{e}'] for e in ('low', 'high'))
    told = float(row[column]) * 1e21
    assert abs(told - one['number_density_per_m3']) < (high - low) / 2 / 20
    assert row[column] in table_markdown(table)
    assert row[column] in table_latex(table)
  over = bare.summary['over_images']['number_density_per_m3']
  assert float(rows[3][column]) * 1e21 == pytest.approx(over['mean'], rel=0.05)
  lines = table_markdown(table).splitlines()
  assert len({line.count('|') for line in lines}) == 1
  latex = table_latex(table)
  assert latex.count('\\midrule') == 2 and 'm$^{-3}$' in latex
  assert (
    len({line.count('&') for line in latex.splitlines() if '&' in line}) == 1
  )


def test_samples_stand_between_their_images_and_the_mean(bare):
  row = {**bare.images[0], 'images': 1}
  samples = {'hot': row, 'cold': {**row, 'diameter_mean_nm': None}}
  table = paper_table(dataclasses.replace(bare, samples=samples))
  assert [label for label, _ in table.rows] == [
    *('foil_0', 'foil_1', 'sample hot (1 image)', 'sample cold (1 image)'),
    'mean of 2, of 2 samples',
  ]
  # As numbers of an image are, by their own interval.
  assert list(table.rows[2][1]) == list(table.rows[0][1])
  latex = table_latex(table).splitlines()
  rules = [at for at, line in enumerate(latex) if line == '\\midrule']
  images, own = (latex[at + 1].split()[0] for at in rules)
  assert (images, own) == ('foil\\_0', 'sample')


def test_a_table_says_which_numbers_are_doubted(bare):
  for fields, label in (
    ({'applies': 'applies'}, 'foil_0'),
    ({'applies': 'check'}, 'foil_0 (check)'),
    (
      {'applies': 'does not apply', 'in_mean': False},
      'foil_0 (does not apply, not in the mean)',
    ),
  ):
    table = paper_table(with_rows(bare, **fields))
    assert [row[0] for row in table.rows][:2] == [label, 'foil_1']


def test_lines_that_may_be_rims_are_doubted_where_they_are_read(bare):
  record = with_rows(bare, warnings=f'blurred; {RIMS}')
  assert paper_table(record).rows[0][0] == (
    'foil_0 (lines may be rims of particles)'
  )
  warning = {'image': 'foil_0', 'name': RIMS, 'message': 'look'}
  summary = {**record.summary, 'warnings': [warning]}
  said = sentences(dataclasses.replace(record, summary=summary))
  assert 'To be checked: foil_0, look.' in said


def test_an_interval_without_an_upper_end_says_so(bare, tmp_path):
  """As of a spacing, where there may be no object."""
  name = 'diameter_mean_nm'
  ends = {name: 96.23, f'{name}_low': 59.18, f'{name}_high': math.inf}
  table = paper_table(with_rows(bare, **ends))
  assert '| 96 | 59 to ∞ |' in table_markdown(table)
  assert '59 to $\\infty$' in table_latex(table)
  assert ',96,59,∞,' in table_csv(table)
  write_workbook(tmp_path / 'x.xlsx', table)
  with zipfile.ZipFile(tmp_path / 'x.xlsx') as book:
    assert '∞' in book.read('xl/sharedStrings.xml').decode()


def test_a_name_that_is_a_formula_stays_a_text(bare, tmp_path):
  table = paper_table(with_rows(bare, image='=1+1'))
  assert "\n'=1+1," in table_csv(table)
  for name in 'ab':
    write_workbook(tmp_path / f'{name}.xlsx', table)
  written = (tmp_path / 'a.xlsx').read_bytes()
  assert written == (tmp_path / 'b.xlsx').read_bytes()
  with zipfile.ZipFile(tmp_path / 'a.xlsx') as book:
    texts = book.read('xl/sharedStrings.xml').decode()
    sheet = book.read('xl/worksheets/sheet1.xml').decode()
  assert '<t>=1+1</t>' in texts and '<f>' not in sheet
  # Its numbers are those of the other tables.
  rows = list(csv.reader(io.StringIO(table_csv(table))))[1:]
  numbers = [float(text) for row in rows for text in row[1:] if text]
  shown = re.findall(r'<c r="\w+" s="\d+"><v>([^<]*)</v>', sheet)
  assert [float(one) for one in shown] == numbers


def test_the_document_shows_what_is_written(tmp_path):
  root = pathlib.Path(__file__).parents[2]
  document = (root / 'docs' / 'paper.md').read_text()
  [shown] = re.findall(r'```markdown\n(.*?)```', document, re.S)
  record = record_of(numbers_of(tmp_path, thickness_uncertainty=0.1), HOW_MADE)
  names = ['number_density_per_m3', 'diameter_mean_nm']
  record = dataclasses.replace(record, headlines=names)
  assert shown == table_markdown(paper_table(record))
