"""A network's file and its cards: written, read, and refused."""

import dataclasses
import hashlib
import json

import jax
import numpy as np
import pytest
import safetensors.numpy
from random_networks import MODEL, SEEN, card_of, random_variables

import defectseg_jax as ds
from configs import precipitates, voids
from defectseg_jax.errors import InputError
from defectseg_jax.models import ModelSettings
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.runs import network_card, network_file
from defectseg_jax.runs.network_card_text import card_text
from defectseg_jax.runs.network_writing import trained_ranges
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.runs.workdir import with_tuples


@pytest.fixture
def variables():
  return random_variables()


@pytest.fixture
def net(tmp_path, variables):
  """The path of a network whose weights are random."""
  path = tmp_path / 'net.safetensors'
  network_file.write_network(path, variables, card_of())
  return path


def change_card(path, **fields):
  card = path.with_suffix('.json')
  content = json.loads(card.read_text()) | fields
  card.write_text(json.dumps(content))


def refused(path, **more):
  with pytest.raises(InputError) as caught:
    ds.load_network(path, **more)
  (line,) = str(caught.value).splitlines()
  return line


def test_what_was_written_is_what_is_read(net, variables):
  card = network_card.read_card(net)
  written = dataclasses.asdict(card_of(sha256=card.sha256))
  assert dataclasses.asdict(card) == with_tuples(written)
  read = network_file.read_variables(net, card, MODEL)
  jax.tree.map(np.testing.assert_array_equal, read, variables)
  # Any program with safetensors reads it.
  arrays = safetensors.numpy.load_file(net)
  assert sum(array.size for array in arrays.values()) == sum(
    leaf.size for leaf in jax.tree.leaves(variables)
  )
  assert net.stat().st_size < 3e6


def test_the_same_weights_are_the_same_file(tmp_path, net, variables):
  again = tmp_path / 'again.safetensors'
  network_file.write_network(again, variables, card_of())
  assert again.read_bytes() == net.read_bytes()
  digest = hashlib.sha256(net.read_bytes()).hexdigest()
  assert network_card.read_card(net).sha256 == digest


def test_half_precision_is_read_as_float32(tmp_path, variables):
  path = tmp_path / 'half.safetensors'
  network_file.write_network(path, variables, card_of(precision='float16'))
  read = network_file.read_variables(path, network_card.read_card(path), MODEL)
  for found, given in zip(
    jax.tree.leaves(read), jax.tree.leaves(variables), strict=True
  ):
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, given, rtol=2**-11)
  assert path.stat().st_size < 1e6


def test_a_network_is_a_run(net):
  run = ds.load_network(net)
  assert run.threshold == 0.375
  assert run.settings.domain.objects.diameter_px == (5.0, 80.0)
  assert run.settings.quantification.minimum_area_px == 12
  assert run.detection == (30, 4, 6)
  assert run.provenance.training_data == '24 drawings | foils'
  assert run.seen == SEEN
  assert run.progress.best() == (7, 0.75, 0.375)
  assert run.path == net and f'{net}, a network (SHA-256 ' in run.origin
  assert 'unet_350k, epoch 7' in repr(run)
  # How to measure may be changed, and nothing else of a config is read.
  config = voids.get_config()
  config.quantification.border = 'all'
  config.seed = 3
  run = ds.load_network(str(net), config=config)
  assert run.settings.quantification.border == 'all'
  assert run.settings.seed == 3
  assert run.settings.model.name == 'unet_350k'
  assert run.settings.preprocessing.background == 'none'


def test_a_name_that_comes_with_the_program(net, monkeypatch):
  monkeypatch.setattr(network_card, 'FOLDER', net.parent)
  monkeypatch.setattr(network_file, 'FOLDER', net.parent)
  assert network_card.network_names() == ['net']
  assert network_card.names_network('net')
  assert not network_card.names_network('./net')
  run = ds.load_network('net')
  assert run.origin.startswith('net, a network that comes with the program (')
  assert 'nte: is not the name of a network (net); choose' in refused('nte')
  monkeypatch.setattr(network_card, 'FOLDER', net.parent / 'none')
  assert '(none comes with this version)' in refused('nte')
  assert '(empty): is not the name' in refused('')


def test_a_file_that_is_not_there(tmp_path):
  assert 'x.safetensors: there is no such file; give' in refused(
    tmp_path / 'x.safetensors'
  )


def test_a_file_that_was_changed(net):
  data = bytearray(net.read_bytes())
  data[-1] ^= 1
  net.write_bytes(data)
  assert 'the checksums differ; copy net.safetensors and net.json' in refused(
    net
  )


@pytest.mark.parametrize(
  'fields, said',
  [
    ({'format': 2}, 'has format 2, and this program reads 1; install a newer'),
    ({'threshold': 0.5}, 'its card says threshold=0.5, and the file 0.375'),
    ({'threshold': 5}, 'is no card of a network (threshold 5)'),
    ({'threshold': 'much'}, 'is no card of a network ('),
    ({'defect': 'loops'}, 'is no card of a network (of loops and of voids)'),
    ({'colour': 'red'}, "unexpected keyword argument 'colour'"),
    ({'config': None}, 'is no card of a network ('),
    (
      {'seen_sizes': {'diameter_px': [9, 99]}},
      "its card says seen_sizes={'diameter_px': [9, 99]}, and the file {'d",
    ),
    ({'detection': {}}, 'is no dev_detection.json of a run'),
    ({'precision': 'float16'}, 'is not of finite numbers in float16'),
  ],
)
def test_a_card_that_disagrees(net, fields, said):
  change_card(net, **fields)
  assert said in refused(net)


def test_a_card_of_another_preprocessing_or_architecture(net):
  config = json.loads(net.with_suffix('.json').read_text())['config']
  config['preprocessing']['invert'] = True
  change_card(net, config=config)
  assert "its card says preprocessing={'background'" in refused(net)
  config['preprocessing']['invert'] = False
  config['model']['name'] = 'defectsegnet'
  change_card(net, config=config)
  assert "its card says model={'batch_norm_momentum'" in refused(net)


@pytest.mark.parametrize('engine', ['jax', 'onnx'])
def test_weights_of_another_architecture(tmp_path, engine):
  path = tmp_path / 'net.safetensors'
  other = random_variables(ModelSettings('defectsegnet'))
  network_file.write_network(path, other, card_of())
  line = refused(path, engine=engine)
  assert 'net.safetensors: is of another architecture: ' in line
  assert '/kernel is missing, but config.model needs (3' in line or (
    '/mean is missing, but config.model needs (' in line
  )


def test_weights_that_are_no_numbers(tmp_path, variables):
  params, batch_stats = variables
  params = jax.tree.map(np.copy, params)
  jax.tree.leaves(params)[0].flat[0] = np.nan
  path = tmp_path / 'net.safetensors'
  network_file.write_network(path, (params, batch_stats), card_of())
  assert 'is not of finite numbers in float32' in refused(path)


def test_a_file_that_is_no_network(net):
  net.write_bytes(b'PK')
  change_card(net, sha256=hashlib.sha256(b'PK').hexdigest())
  assert 'is no network of this program (' in refused(net)
  safetensors.numpy.save_file({'a': np.zeros(3)}, net)
  change_card(net, sha256=hashlib.sha256(net.read_bytes()).hexdigest())
  assert 'is no network of this program (' in refused(net)


def test_a_card_that_is_missing_or_cut_off(net):
  card = net.with_suffix('.json')
  card.write_text(card.read_text()[:200])
  assert 'net.json: is no card of a network (' in refused(net)
  card.unlink()
  assert 'net.json: cannot be opened (No such file' in refused(net)


def test_a_config_of_another_defect(net):
  assert 'finds voids, and the config is of precipitates' in refused(
    net, config=precipitates.get_config()
  )


def test_a_network_of_an_older_version(net):
  """Fields and sections that came later have their defaults."""
  config = json.loads(net.with_suffix('.json').read_text())['config']
  del config['training']['average_decay'], config['evaluation']
  change_card(net, config=config)
  run = ds.load_network(net)
  assert run.settings.training.average_decay == 0.99
  assert run.settings.evaluation.tile_px == 512


def test_the_card_for_people():
  text = card_text(
    'bubbles',
    dataclasses.replace(
      card_of(),
      scores=[
        {'set': 'a', 'iu': 0.75},
        {'set': 'b', 'images': 4, 'object_f1': 0.5, 'iu': None},
      ],
      limits=['Crosses of dislocations.'],
      hours=7.5,
      machine='2 cores',
    ),
  )
  lines = text.splitlines()
  assert lines[0] == '# bubbles: finds voids'
  assert '| trained on | 24 drawings \\| foils |' in lines
  assert '| training took | 7.5 hours |' in lines
  assert '| set | iu | images | object f1 |' in lines
  assert '| b |  | 4 | 0.500 |' in lines
  assert '- Crosses of dislocations.' in lines
  sizes = 'mean diameter of the objects in a micrograph, in pixels'
  assert f'| {sizes} | 5 | 80 |' in lines


def test_the_card_tells_which_sizes_are_found():
  unknown = card_text('bubbles', card_of())
  assert 'Not known: it was scored before sizes were kept.' in unknown
  sizes = {
    'edges_px': [4.0, 8.0, 16.0],
    'found': [20, 80],
    'missed': [80, 20],
    'real': [0, 80],
    'invented': [0, 20],
    'design_effect': 1.0,
  }
  detection = {**card_of().detection, 'by_size': sizes}
  text = card_text(
    'bubbles', dataclasses.replace(card_of(), detection=detection)
  )
  assert '| 4 to 8 | 100 | 0.20 (0.13 to 0.29) | – |' in text
  assert '| 8 to 16 | 100 | 0.80 (0.71 to 0.87) | 0.80 (0.71 to 0.87) |' in text


def test_a_run_on_a_folder_has_seen_unknown_sizes():
  config = voids.get_config()
  config.data.source = 'folder'
  settings = run_settings(config)
  assert trained_ranges(settings, SeenSizes()) == {}
  seen = SeenSizes(pixel_size_nm=(0.32, 0.4))
  assert trained_ranges(settings, seen) == {'pixel_size_nm': (0.32, 0.4)}
