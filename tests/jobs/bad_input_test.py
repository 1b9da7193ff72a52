"""Everything a user can get wrong: one line, exit code 1, nothing left."""

import json
import os
import sys

import numpy as np
import optax
import pytest
import tiny
from PIL import Image
from rich.console import Console
from sessions import Never

from configs import voids
from defectseg_jax.errors import InputError
from defectseg_jax.jobs.train import train
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.runs.workdir import Workdir
from defectseg_jax.training import checkpoints, schedules, state
from defectseg_jax.training.progress import Progress


@pytest.fixture
def refused(config, tmp_path):
  """Trains, and returns the one line that says why it could not."""

  def refusal():
    workdir = tmp_path / 'run'
    before = sorted(workdir.rglob('*'))
    with pytest.raises(InputError) as caught:
      train(config, Workdir(workdir), Console(quiet=True), Never())
    assert sorted(workdir.rglob('*')) == before
    assert not list(tmp_path.glob('cache/**/building-*'))
    assert not list(tmp_path.glob('cache/defect_micrographs/*'))
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message

  return refusal


def write_mask(path, values):
  Image.fromarray(np.asarray(values, np.uint8)).save(path)


def test_a_missing_folder(config, refused, tmp_path):
  config.data.dir = str(tmp_path / 'nowhere')
  assert 'nowhere: no such folder; set --config.data.dir' in refused()


def test_no_folder_named(config, refused):
  config.data.dir = ''
  assert 'say where images/ and masks/ are' in refused()


@pytest.mark.parametrize('kind', ['images', 'masks'])
def test_a_folder_without_images_or_masks(folder, refused, kind):
  folder.joinpath(kind).rename(folder / 'elsewhere')
  assert f'{kind}: no such folder' in refused()


def test_an_image_without_a_mask(folder, refused):
  folder.joinpath('masks', 'b.png').unlink()
  assert 'images/b.png: has no mask; add masks/b.png' in refused()


def test_a_mask_without_an_image(folder, refused):
  folder.joinpath('images', 'b.png').unlink()
  assert 'masks/b.png: has no image' in refused()


@pytest.mark.parametrize(
  ('make', 'what'), [(os.mkdir, 'a folder'), (os.mkfifo, 'no file, but a')]
)
def test_what_is_no_file_among_the_images(folder, refused, make, what):
  for kind in ('images', 'masks'):
    folder.joinpath(kind, 'b.png').unlink()
    make(folder / kind / 'b.png')
  assert f'images/b.png: it is {what}' in refused()


def test_a_cache_that_cannot_be_written(config, refused, tmp_path):
  tmp_path.joinpath('file').write_text('')
  config.data.cache_dir = str(tmp_path / 'file')
  assert 'file: cannot be written to (File exists)' in refused()


def test_two_images_of_one_stem(folder, refused):
  image = folder / 'images' / 'b.png'
  image.with_suffix('.jpg').write_bytes(image.read_bytes())
  message = refused()
  assert 'b.png: b.jpg has the same stem' in message


def test_sizes_that_differ(folder, refused):
  write_mask(folder / 'masks' / 'b.png', np.zeros((256, 300)))
  assert (
    'masks/b.png: 256 x 300 pixels, but its image has 256 x 256' in refused()
  )


def test_a_mask_with_grey_values(folder, refused):
  grey = np.zeros((256, 256))
  grey[0, :3] = [7, 99, 255]
  write_mask(folder / 'masks' / 'a.png', grey)
  message = refused()
  assert 'masks/a.png' in message
  assert '7' in message and '99' in message


@pytest.mark.parametrize('kept', [0, 1000])
def test_an_empty_or_truncated_file(folder, refused, kept):
  path = folder / 'images' / 'c.png'
  path.write_bytes(path.read_bytes()[:kept])
  assert 'images/c.png' in refused()


def test_a_file_that_is_no_image(folder, refused):
  folder.joinpath('images', 'c.png').write_text('dear diary')
  assert 'images/c.png' in refused()


def test_nan_pixels(folder, refused):
  pixels = np.ones((256, 256), np.float32)
  pixels[3, 5] = np.nan
  folder.joinpath('images', 'c.png').unlink()
  np.save(folder / 'images' / 'c.npy', pixels)
  csv = folder / 'splits.csv'
  csv.write_text(csv.read_text().replace('c.png', 'c.npy'))
  message = refused()
  assert 'c' in message and '1' in message and 'finite' in message.lower()


def test_a_stack_as_a_labelled_image(folder, refused):
  folder.joinpath('images', 'c.png').unlink()
  np.save(folder / 'images' / 'c.npy', np.ones((2, 256, 256), np.float32))
  csv = folder / 'splits.csv'
  csv.write_text(csv.read_text().replace('c.png', 'c.npy'))
  said = refused()
  assert 'c.npy: holds 2 images' in said and 'c.png 1 masks' in said


def test_an_image_smaller_than_256(folder, refused):
  tiny.write_foil(folder, 'a', seed=0, side=255)
  assert (
    'a.png: 255 x 255 pixels; each side must have at least 256' in refused()
  )


def test_no_positive_pixel_in_training(folder, config, tmp_path):
  write_mask(folder / 'masks' / 'a.png', np.zeros((256, 256)))
  workdir = tmp_path / 'run'
  # The dataset itself is sound, and stays in the cache.
  with pytest.raises(InputError, match=r'training masks \(a\): no pixel'):
    train(config, Workdir(workdir), Console(quiet=True), Never())
  assert not workdir.exists()


@pytest.mark.parametrize(
  'line, message',
  [
    ('d.png,train', 'splits.csv line 5: d.png is not in images/'),
    ('a.png,test', 'splits.csv line 5: a.png stands here twice'),
    ('b.png,validation', 'splits.csv line 3: split .validation. of b.png'),
    ('b.png,dev,4', 'splits.csv line 3: has more columns than the header'),
    ('', 'splits.csv: does not say which split b.png belongs to'),
    ('b.png,train', 'splits.csv: no file is in split dev'),
  ],
)
def test_a_wrong_line_of_splits(folder, refused, line, message):
  path = folder / 'splits.csv'
  lines = path.read_text().splitlines()
  if 'line 5' in message:
    lines.append(line)
  else:
    lines[2] = line
  path.write_text('\n'.join(filter(None, lines)) + '\n')
  found = refused()
  assert message.replace('.validation.', "'validation'") in found


@pytest.mark.parametrize('value', ['-1', 'thick', 'nan', '0'])
def test_a_thickness_that_is_none(folder, refused, value):
  path = folder / 'splits.csv'
  text = path.read_text().replace('split\n', 'split,thickness_nm\n')
  path.write_text(text.replace('b.png,dev', f'b.png,dev,{value}'))
  message = f"splits.csv line 3: thickness_nm is '{value}'"
  assert message in refused()


def test_a_wrong_header_of_splits(folder, refused):
  path = folder / 'splits.csv'
  path.write_text(path.read_text().replace('file,', 'image,'))
  assert 'the header is image,split; it must be file,split' in refused()


def test_a_batch_that_does_not_divide(config, refused):
  config.training.batch_size = 6
  message = refused()
  assert 'batch_size=6: does not divide among 4 devices; use 4 or 8' in message


@pytest.mark.parametrize(
  'field, value, message',
  [
    ('defect', 'loops', 'config.defect=loops: choose one of voids'),
    ('seed', -1, 'config.seed=-1: must be a whole'),
    ('data.source', 'web', 'config.data.source=web: choose one of simulated'),
    ('data.source', 'simulated', 'simulated foils have no folder'),
    ('preprocessing.background', 'flat', 'flat'),
    ('preprocessing.background_radius_px', 0.0, '0'),
    ('preprocessing.normalisation', 'total', 'total'),
    ('model.name', 'resnet', 'config.model.name=resnet'),
    ('data.patch_px', 0, 'config.data.patch_px=0: must be a whole'),
    (
      'data.patch_px',
      36,
      'config.data.patch_px=36: must be a multiple of 16 for '
      'config.model.name=tiny',
    ),
    ('training.learning_rate', 0.0, 'config.training.learning_rate=0.0'),
    ('training.plateau_factor', 1.0, 'config.training.plateau_factor=1.0'),
    ('training.positive_weight', 0.5, 'config.training.positive_weight=0.5'),
    ('training.epochs', 0, 'config.training.epochs=0'),
    ('training.l2', float('nan'), 'config.training.l2=nan'),
    ('evaluation.tile_px', 0, 'config.evaluation.tile_px=0'),
  ],
)
def test_a_field_out_of_range(config, refused, field, value, message):
  config.update_from_flattened_dict({field: value})
  assert message in refused()


@pytest.mark.xdist_group('init')
def test_init_from_nowhere(config, refused, tmp_path):
  config.init_from = str(tmp_path / 'no_run')
  with pytest.raises(InputError, match='no_run: holds no checkpoint'):
    train(config, Workdir(tmp_path / 'run'), Console(quiet=True), Never())
  assert not (tmp_path / 'run').exists()


@pytest.fixture
def other_architecture(config, tmp_path):
  """A workdir whose network has one layer less."""
  plateau = schedules.plateau_decay(factor=0.5, patience_epochs=1)
  fresh = state.create_train_state(
    create_model(ModelSettings(**config.model)),
    optimizer=optax.scale_by_adam(),
    plateau=plateau,
    seed=0,
  )
  params = dict(fresh.moving_average['params'])
  del params['down_0_2']
  saved = checkpoints.Checkpoints(tmp_path / 'other')
  saved.save(
    fresh.replace(moving_average=fresh.moving_average | {'params': params}),
    Progress(fingerprint='', epochs=1, best_step=0, best_epoch=1),
  )
  saved.close()
  return tmp_path / 'other'


@pytest.mark.xdist_group('init')
@pytest.mark.parametrize('path', ['', 'checkpoints/0'])
def test_init_from_another_architecture(
  config, other_architecture, tmp_path, path
):
  config.init_from = str(other_architecture / path)
  with pytest.raises(
    InputError,
    match=r'checkpoints/0: is of another architecture: .*down_0_2.* is missing',
  ):
    train(config, Workdir(tmp_path / 'run'), Console(quiet=True), Never())
  assert not (tmp_path / 'run').exists()


def test_a_workdir_of_another_config(config, refused, tmp_path):
  workdir = Workdir(tmp_path / 'run')
  with workdir.claim(config):
    pass
  config.training.l2 = 0.5
  config.seed = 7
  message = refused()
  assert 'run/config.json: this folder was made with another config' in message
  assert 'config.seed was 0 and is now 7' in message
  assert 'config.training.l2 was 0.0001 and is now 0.5' in message
  assert 'batch_size' not in message


def test_a_workdir_that_is_somebodys_folder(config, refused, tmp_path):
  tmp_path.joinpath('run').mkdir()
  tmp_path.joinpath('run', 'thesis.doc').write_text('chapter 1')
  assert 'run: holds files, but no config.json of a run' in refused()


def test_a_workdir_in_use(config, tmp_path):
  workdir = Workdir(tmp_path / 'run')
  with (
    workdir.claim(config),
    pytest.raises(
      InputError, match=f'process {os.getpid()} on .* is at work here'
    ),
    workdir.claim(config),
  ):
    pass


@pytest.mark.parametrize(
  'flags, message',
  [
    (
      ['--config.training.epoch=3'],
      'error: --config: no such setting: \'epoch\' Did you mean "epochs"',
    ),
    (
      ['--config.training.epochs=many'],
      'error: flag --config.training.epochs=many: invalid literal',
    ),
    (['--mode=fly'], 'error: flag --mode=fly: value should be one of'),
    (['--colour=red'], "error: Unknown command line flag 'colour'"),
    (['extra'], 'error: extra: is not a flag; write --flag=value'),
    (['--config.data.dir=nowhere'], 'error: nowhere: no such folder'),
  ],
)
def test_the_program_says_it_in_one_line(command, tmp_path, flags, message):
  done = tiny.run(command(tmp_path / 'run', *flags))
  assert done.returncode == 1
  assert done.stderr.startswith(message)
  assert len(done.stderr.splitlines()) == 1
  assert done.stdout == ''
  assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize(
  'config_file, message',
  [
    (
      'configs/holes.py',
      '--config=configs/holes.py: there is no such file; choose one of',
    ),
    ('configs/voids.py:scale=big', 'scale=big: choose one of paper, quick'),
    (
      'configs/voids.py:quick',
      "'quick': write scale=NAME or alloy=NAME, each once",
    ),
    (
      'configs/voids.py:scale=quick,scale=paper',
      "'scale=paper': write scale=NAME or alloy=NAME, each once",
    ),
  ],
)
def test_a_wrong_config_file(tmp_path, config_file, message):
  program = [sys.executable, '-m', 'defectseg_jax.main']
  done = tiny.run([*program, f'--config={config_file}'])
  assert done.returncode == 1
  assert message in done.stderr
  assert len(done.stderr.splitlines()) == 1


def test_evaluate_without_a_config_a_run_of_an_older_version(tmp_path):
  fields = voids.get_config().to_dict()
  del fields['quantification']
  tmp_path.joinpath('config.json').write_text(json.dumps(fields))
  with pytest.raises(InputError, match='has no section quantification'):
    Workdir(tmp_path).read_config()
  # Nothing of its training has changed.
  Workdir(tmp_path).require_config(voids.get_config())


def test_what_is_done_with_masks_later_may_change(tmp_path):
  config = voids.get_config()
  tmp_path.joinpath('config.json').write_text(json.dumps(config.to_dict()))
  config.quantification.separate = True
  Workdir(tmp_path).require_config(config)
  config.seed = 7
  with pytest.raises(InputError, match=r'config\.seed was 0 and is now 7;'):
    Workdir(tmp_path).require_config(config)


def test_evaluate_before_training(tmp_path):
  program = [sys.executable, '-m', 'defectseg_jax.main']
  done = tiny.run([*program, '--mode=evaluate', f'--workdir={tmp_path}/run'])
  assert done.returncode == 1
  assert 'run/config.json: there is no such file' in done.stderr
