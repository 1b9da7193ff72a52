"""A package that other programs read: whole, described, and the same again."""

import hashlib
import io
import json
import zipfile

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from random_networks import card_of, write_random_network

from configs import precipitates
from defectseg_jax.errors import InputError
from defectseg_jax.runs import bioimageio_package
from defectseg_jax.runs.network_card import network_config, read_card


@pytest.fixture(scope='module')
def net(tmp_path_factory):
  folder = tmp_path_factory.mktemp('net')
  return write_random_network(folder / 'net.safetensors')


def write(net, path):
  config = network_config(net, read_card(net), None)
  return bioimageio_package.write_package(config, str(net), path)


@pytest.fixture(scope='module')
def package(net):
  path = net.with_suffix('.zip')
  assert write(net, path) < 1e-5
  return path


@pytest.fixture(scope='module')
def files(package):
  with zipfile.ZipFile(package) as opened:
    return {name: opened.read(name) for name in opened.namelist()}


def array(content):
  return np.load(io.BytesIO(content), allow_pickle=False)


@pytest.mark.slow
def test_every_file_is_described_and_no_other_is_there(files):
  described = {}

  def look(value):
    if isinstance(value, dict):
      if 'source' in value:
        described[value['source']] = value['sha256']
      value = list(value.values())
    if isinstance(value, list):
      for one in value:
        look(one)

  look(json.loads(files['rdf.yaml']))
  assert {'rdf.yaml', *described} == files.keys()
  for name, sha256 in described.items():
    assert hashlib.sha256(files[name]).hexdigest() == sha256
  assert Image.open(io.BytesIO(files['cover.png'])).size == (512, 256)
  assert files['documentation.md'].startswith(b'# net: finds voids')


@pytest.mark.slow
def test_its_image_gives_its_output_as_described(files):
  """By the steps of the specification, done by hand."""
  described = json.loads(files['rdf.yaml'])
  (given,), (found,) = described['inputs'], described['outputs']
  (step,) = given['preprocessing']
  assert step['id'] == 'zero_mean_unit_variance'
  image = array(files['test_input.npy']).astype(np.float64)
  image = (image - image.mean()) / (image.std() + 1e-6)
  session = onnxruntime.InferenceSession(files['network.onnx'])
  (expected,) = session.run(None, {'micrograph': image.astype(np.float32)})
  output = array(files['test_output.npy'])
  np.testing.assert_allclose(output, expected, rtol=0, atol=1e-4)
  for axis, length in zip(given['axes'][2:], image.shape[2:], strict=True):
    assert (length - axis['size']['min']) % axis['size']['step'] == 0
  # Of unet_350k: 107 px at each side may be wrong, and 16 divides.
  assert given['axes'][2]['size'] == {'min': 224, 'step': 16}
  assert [axis['halo'] for axis in found['axes'][2:]] == [107, 107]


@pytest.mark.slow
def test_the_same_network_is_the_same_package(net, package, tmp_path):
  write(net, tmp_path / 'again.zip')
  assert (tmp_path / 'again.zip').read_bytes() == package.read_bytes()


@pytest.mark.slow
def test_the_specifications_own_program_takes_it(package):
  spec = pytest.importorskip('bioimageio.spec')
  summary = spec.load_description(package).validation_summary
  assert summary.status in ('valid-format', 'passed'), summary.format()


def test_what_the_specification_does_not_know_is_refused(tmp_path):
  config = precipitates.get_config().to_dict()
  assert config['preprocessing']['background'] != 'none'
  path = write_random_network(tmp_path / 'net.safetensors')
  given = network_config(path, card_of(), None)
  given.preprocessing.update(config['preprocessing'])
  with pytest.raises(InputError, match='background=') as caught:
    bioimageio_package.write_package(given, str(path), tmp_path / 'net.zip')
  assert len(str(caught.value).splitlines()) == 1
  assert not (tmp_path / 'net.zip').exists()
