"""The table of docs/benchmarks.md is that of what was measured."""

import json
import sys

import numpy as np
import onnx
import pytest

from benchmarks import all as benchmarks
from benchmarks import roofline, rows

FACTS = {
  **{'cpu': 'a CPU', 'cores': 2, 'load_average': 0.5, 'python': '3.13.0'},
  **{'date': '2026-11-28', 'command': 'python -m benchmarks.all'},
}


def test_the_page_has_what_was_kept():
  kept = benchmarks.read_kept(benchmarks.KEPT)
  page = benchmarks.PAGE.read_text()
  assert benchmarks.with_table(page, kept) == page
  assert list(kept) == [part for part in benchmarks.PARTS if part in kept]


def test_a_row_says_medians_spread_and_ratio():
  row = rows.Row('read', 'ms', [3, 9, 4], 'tifffile', [2, 8, 5], roofline=0.5)
  assert row.cells() == [
    *('read, ms', '4.00', '3.00 to 9.00', 'tifffile', '5.00', '0.80', '0.50')
  ]


def test_a_peer_that_is_not_there_is_a_dash_with_the_reason():
  row = rows.Row('a step', 's', [123.4], 'PyTorch', why_no_peer='not installed')
  assert row.cells() == [
    *('a step, s', '123', '123 to 123', 'PyTorch (not installed)'),
    *('–', '–', '–'),
  ]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
  """A page and a file of its own, and parts that cost nothing."""
  page = tmp_path / 'benchmarks.md'
  page.write_text(f'# Timings\n{benchmarks._BEGIN}old\n{benchmarks._END}More\n')
  monkeypatch.setattr(benchmarks, 'PAGE', page)
  monkeypatch.setattr(benchmarks, 'KEPT', page.with_suffix('.json'))
  measured = []

  def measure(part):
    measured.append(part)
    if part == 'page':
      raise OSError('no chromium')
    return FACTS | {'rows': [{'what': part, 'unit': 's', 'turns': [1.0]}]}

  monkeypatch.setattr(benchmarks, 'measure', measure)
  return page, measured


def run(monkeypatch, *words):
  monkeypatch.setattr(sys, 'argv', ['all', *words])
  return benchmarks.main()


def test_the_same_command_measures_what_is_missing(elsewhere, monkeypatch):
  page, measured = elsewhere
  assert run(monkeypatch, '--parts=reading,compile') == 0
  assert measured == ['reading', 'compile']
  text = page.read_text()
  assert text.startswith('# Timings\n') and text.endswith('More\n')
  assert 'old' not in text
  # In the order of the parts, whatever was asked for first.
  assert text.index('compile: compile, s') < text.index('reading: reading, s')
  # One part that cannot be measured costs the others nothing.
  measured.clear()
  assert run(monkeypatch) == 1
  assert set(measured) == {*benchmarks.PARTS} - {'reading', 'compile'}
  kept = json.loads(page.with_suffix('.json').read_text())
  assert set(kept) == {*benchmarks.PARTS} - {'page'}


def test_a_part_that_is_not_known_is_refused(elsewhere, monkeypatch, capsys):
  with pytest.raises(SystemExit):
    run(monkeypatch, '--parts=speed')
  assert '--parts=speed: choose of start-up, ' in capsys.readouterr().err
  assert elsewhere[1] == []


def test_operations_of_convolutions_are_those_counted_by_hand():
  """Two and three maps of 3 x 3 and 2 x 2; the second twice as large."""
  weights = {'w': (2, 1, 3, 3), 'u': (2, 3, 2, 2)}
  float32 = onnx.TensorProto.FLOAT
  graph = onnx.helper.make_graph(
    [
      onnx.helper.make_node('Conv', ['x', 'w'], ['a'], pads=[1] * 4),
      onnx.helper.make_node('ConvTranspose', ['a', 'u'], ['y'], strides=[2, 2]),
    ],
    'two',
    [onnx.helper.make_tensor_value_info('x', float32, ['n', 1, 'h', 'w'])],
    [onnx.helper.make_tensor_value_info('y', float32, ['n', 3, 'h', 'w'])],
    [
      onnx.numpy_helper.from_array(np.zeros(shape, np.float32), name)
      for name, shape in weights.items()
    ],
  )
  model = onnx.helper.make_model(graph)
  # Of each of 8 x 8 pixels: 9 products for each of 2 maps, then of these two
  # 4 products for each of 3 maps; a sum for each product.
  by_hand = 2 * 64 * (9 * 2 + 2 * 4 * 3)
  assert roofline.convolution_operations(model, 8) == by_hand


@pytest.mark.parametrize('part', benchmarks.PARTS)
def test_each_part_names_a_function(part):
  module, name = benchmarks.PARTS[part]
  path = benchmarks.workers.REPOSITORY / 'benchmarks' / f'{module}.py'
  assert f'\ndef {name}(' in path.read_text()
