"""The command line: modes, help, configs by name, and errors without JAX."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tiny
from PIL import Image
from random_networks import write_random_network

import defectseg_jax
from configs import voids
from defectseg_jax import command_help, config_files, modes
from defectseg_jax.errors import InputError

# Runs the program, and says which heavy packages it had loaded at its end.
PROGRAM = """
import sys
from defectseg_jax import main
try:
  main.run()
  code = 0
except SystemExit as stopped:
  code = stopped.code
  if isinstance(code, str):
    print(code, file=sys.stderr)
    code = 1
heavy = {'jax', 'tensorflow', 'flax', 'skimage', 'matplotlib', 'openvino'}
heavy |= {'matplotlib.pyplot', 'scipy.signal', 'scipy.stats', 'scipy.optimize'}
heavy |= {'scipy.spatial', 'optuna', 'onnxruntime', 'rsciio'}
print('loaded:', *sorted(heavy & sys.modules.keys()), file=sys.stderr)
sys.exit(code)
"""


def run(*words, cwd=None):
  return subprocess.run(
    [sys.executable, '-c', PROGRAM, *map(str, words)],
    cwd=cwd,
    env=tiny.environment(),
    capture_output=True,
    text=True,
    timeout=tiny.HANGS_S,
    check=False,
  )


def test_help_lists_every_mode():
  done = run('--help')
  assert done.returncode == 0
  for mode, one in modes.MODES.items():
    assert f'\n  {mode} ' in done.stdout
    assert one.summary.split('.')[0][:30] in ' '.join(done.stdout.split())
  assert done.stderr == 'loaded:\n'


@pytest.mark.parametrize('mode', modes.MODES)
def test_help_of_a_mode_lists_its_flags_alone(mode):
  text = command_help.help_text(['defectseg', mode, '--help'])
  every = {flag for one in modes.MODES.values() for flag in one.flags}
  listed = {
    line.strip().removeprefix('--')
    for line in text.splitlines()
    if line.startswith('  --')
  }
  assert listed == set(modes.MODES[mode].flags)
  assert listed < every
  assert f'defectseg {mode} ' in text.split('Example:')[1]
  assert text == command_help.help_text(
    ['defectseg', f'--mode={mode}', '--help']
  )


def test_help_of_a_mode_ends_well():
  done = run('predict', '--help')
  assert done.returncode == 0 and '--thickness_nm' in done.stdout
  assert '--storage' not in done.stdout


@pytest.mark.slow
def test_masks_are_measured_with_what_draws_their_figures_alone(tmp_path):
  """What else SciPy and matplotlib have took half of the time."""
  mask = np.zeros((64, 64), np.uint8)
  mask[20:30, 20:30] = mask[40:50, 8:16] = 255
  Image.fromarray(mask).save(tmp_path / 'a.png')
  done = run(
    *('quantify', '--config=voids', f'--input={tmp_path}/a.png'),
    *('--pixel_size_nm=0.5', '--thickness_nm=100'),
    f'--output={tmp_path}/numbers',
  )
  assert done.returncode == 0, done.stderr
  assert done.stderr == 'loaded: matplotlib skimage\n'
  assert (tmp_path / 'numbers' / 'report.html').exists()


def test_the_version():
  done = run('--version')
  assert done.returncode == 0
  assert done.stdout == f'defectseg_jax {defectseg_jax.__version__}\n'


@pytest.mark.parametrize(
  'words, message',
  [
    (('predct',), 'predct: is not a mode; choose one of train, search, '),
    (
      ('predict', '--mode=train'),
      'predict and --mode=train: give the mode once',
    ),
    (('train', '--config=holes'), '--config=holes: no such config: choose'),
    (
      ('train', '--config={run}/config.json'),
      '--config={run}/config.json: is no config file, whose name ends in .py',
    ),
    (('--config=voids', 'more'), 'more: is not a flag; write --flag=value'),
    (('train',), '--config: is missing; give --config=voids'),
    (
      ('train', '--config=voids', '--output=x'),
      '--output: --mode=train does not take it; it takes --compilation_c',
    ),
    (
      ('predict', '--output=x', '--workdir={run}', '--thickness_nm=9'),
      '--input: is missing; give the micrographs',
    ),
    (
      (
        *('predict', '--output=x', '--workdir={run}', '--thickness_nm=9'),
        '--input={folder}/no*.tif',
      ),
      '--input={folder}/no*.tif: there is no such file',
    ),
    (
      (
        *('predict', '--output=x', '--workdir={run}', '--thickness_nm=-9'),
        '--input={folder}',
      ),
      '--thickness_nm=-9.0: must be from 0.1',
    ),
    (
      (
        *('predict', '--output=x', '--workdir={run}', '--thickness_nm=9'),
        *('--input={folder}', '--thickness_uncertainty=10'),
      ),
      '--thickness_uncertainty=10.0: must be from 0 to below 1: it is relative',
    ),
    (
      (
        *('predict', '--output=x', '--workdir={run}', '--calibration='),
        '--input={folder}',
      ),
      '--calibration: is empty; give the path of a CSV table',
    ),
    (
      (
        *('quantify', '--config=voids', '--output=x', '--calibration='),
        '--input={folder}/images',
      ),
      '--calibration: is empty; give the path of a CSV table',
    ),
    (
      ('review', '--output=x', '--input={folder}'),
      '--config: is missing; give --network=voids, to begin with what a ',
    ),
    (
      ('review', '--output=x', '--network=voids'),
      '--input: is missing; give the micrographs that the network is to',
    ),
    (
      ('review', '--output=x', '--find_specimen=false'),
      '--find_specimen: is read where a network looks at micrographs',
    ),
    (('review', '--output=x', '--port=70000'), '--port=70000: must be '),
    (('review',), '--output: is missing; give the folder to write'),
    (
      ('predict', '--output=x', '--workdir={folder}', '--input={folder}'),
      '{folder}/config.json: there is no such file',
    ),
    (
      (
        *('train', '--config=voids', '--config.data.source=folder'),
        '--config.data.dir={folder}/nope',
      ),
      '{folder}/nope: no such folder; set --config.data.dir',
    ),
    (
      ('train', '--config=voids', '--config.training.epochs=0'),
      'config.training.epochs=0: must be a whole number from 1',
    ),
  ],
)
def test_what_flags_show_to_be_wrong_is_said_at_once(
  folder, tmp_path, words, message
):
  """Without JAX or TensorFlow, which take seconds to load."""
  places = {'folder': str(folder), 'run': str(tmp_path)}
  (tmp_path / 'config.json').write_text(
    json.dumps(voids.get_config().to_dict())
  )
  done = run(*(word.format(**places) for word in words), cwd=tmp_path)
  assert done.returncode == 1
  first, loaded = done.stderr.splitlines()
  assert first.startswith(f'error: {message.format(**places)}')
  assert loaded == 'loaded:'
  assert done.stdout == ''
  assert not (tmp_path / 'x').exists()


NETWORK = ('predict', '--output=x', '--input={folder}/images')


@pytest.mark.parametrize(
  'words, message',
  [
    ((*NETWORK, '--network=nope'), 'nope: is not the name of a network ('),
    ((*NETWORK, '--network='), '(empty): is not the name of a network ('),
    (
      (*NETWORK, '--network=no.safetensors'),
      'no.safetensors: there is no such file; give the path of a network',
    ),
    (
      (*NETWORK, '--network={net}', '--workdir=runs/voids'),
      '--network={net} and --workdir=runs/voids: both bring a network; give',
    ),
    (
      (*NETWORK, '--network={net}', '--config=precipitates'),
      '{net}: finds voids, and the config is of precipitates; give --config=vo',
    ),
    (
      (
        *(*NETWORK, '--network={net}', '--config=voids'),
        '--config.preprocessing.invert=True',
      ),
      '--config.preprocessing.invert: a network keeps what it was trained with',
    ),
    (
      (
        *('quantify', '--output=x', '--input={folder}/masks'),
        *('--network={net}', '--detection={folder}/splits.csv'),
      ),
      '--network and --detection: both say which network made the masks',
    ),
    (('predict', '--output=x'), '--workdir: is missing; give the folder of a'),
    (
      ('train', '--config=voids', '--config.init_from=nope'),
      'nope: is not the name of a network (',
    ),
    (
      ('train', '--config=voids', '--config.init_from={net}'),
      '{net}: is a unet_350k, and the config is of defectsegnet; set --config',
    ),
    (
      ('evaluate', '--network={net}'),
      '--network: --mode=evaluate does not take it; it takes --compilation_ca',
    ),
  ],
)
def test_what_is_wrong_with_a_network_is_said_at_once(
  folder, tmp_path, words, message
):
  places = {'folder': str(folder), 'net': str(tmp_path / 'net.safetensors')}
  write_random_network(tmp_path / 'net.safetensors')
  done = run(*(word.format(**places) for word in words), cwd=tmp_path)
  assert done.returncode == 1
  first, loaded = done.stderr.splitlines()
  assert first.startswith(f'error: {message.format(**places)}')
  assert loaded == 'loaded:'
  assert not (tmp_path / 'x').exists()


@pytest.mark.slow
@pytest.mark.parametrize('given', ['voids', '{root}/configs/voids.py'])
def test_a_config_by_name_or_path_from_any_folder(tmp_path, given):
  done = run(
    *('simulate', f'--config={given.format(root=tiny.ROOT)}:scale=quick'),
    *('--config.simulation.micrographs=1', '--config.foil.side_px=256'),
    '--output=foils',
    cwd=tmp_path,
  )
  assert done.returncode == 0, done.stderr
  assert len(list((tmp_path / 'foils' / 'images').iterdir())) == 1


def test_a_config_of_ones_own_may_begin_from_ours(tmp_path):
  (tmp_path / 'mine.py').write_text(
    'from configs import voids\n\n'
    'def get_config(argument=None):\n'
    '  config = voids.get_config(argument)\n'
    '  config.training.epochs = 0\n'
    '  return config\n'
  )
  done = run('train', '--config=mine.py:scale=quick', cwd=tmp_path)
  assert (
    'config.training.epochs=0: must be a whole number from 1' in done.stderr
  )


def test_a_copied_folder_of_configs_is_read_from_there(tmp_path):
  copy = tmp_path / 'configs'
  copy.mkdir()
  for path in (tiny.ROOT / 'configs').glob('*.py'):
    text = path.read_text()
    if path.name == 'common.py':
      text = text.replace('config.seed = 0', 'config.seed = -3')
    (copy / path.name).write_text(text)
  done = run('train', f'--config={copy}/voids.py')
  assert 'config.seed=-3: must be a whole number from 0' in done.stderr


def test_names_of_configs():
  assert config_files.defect_names() == [
    'dislocations',
    'precipitates',
    'voids',
  ]
  with pytest.raises(InputError, match='choose one of dislocations, '):
    config_files.resolve_config('common')
  with pytest.raises(InputError, match=r'other\.py: there is no such'):
    config_files.resolve_config('configs/other.py')
  path = tiny.ROOT / 'configs' / 'voids.py'
  assert config_files.resolve_config(f'{path}:scale=quick') == (
    f'{path}:scale=quick'
  )
