"""The shapes that stand in the types of three rooms hold at run time.

jaxtyping and beartype check every call, in copies of the rooms that are
imported for these tests alone. Most arrays are traced, and not computed.
"""

import importlib
import sys

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import optax
import pytest

import defectseg_jax

# Many networks are traced and compiled.
pytestmark = pytest.mark.slow

ROOMS = ('models', 'training', 'prediction')
# All but the state: JAX puts shapes and markers in place of its arrays.
CHECKED = [
  *(f'defectseg_jax.{room}' for room in ('models', 'prediction')),
  *(
    f'defectseg_jax.training.{module}'
    for module in ('losses', 'schedules', 'device_step', 'step')
  ),
]
# Kept where other tests run between: beartype knows a type by how it is
# printed, and would hold the classes of a second copy to be the first's.
_COPIES = {}


def is_of_rooms(name):
  return name.startswith(tuple(f'defectseg_jax.{room}' for room in ROOMS))


@pytest.fixture(scope='module')
def room():
  """Imports a module of the rooms, with every call checked."""
  names = [name for name in sys.modules if is_of_rooms(name)]
  kept = {name: sys.modules.pop(name) for name in names}
  attributes = {
    room: getattr(defectseg_jax, room)
    for room in ROOMS
    if room in vars(defectseg_jax)
  }
  sys.modules.update(_COPIES)
  with jaxtyping.install_import_hook(CHECKED, 'beartype.beartype'):
    yield lambda name: importlib.import_module(f'defectseg_jax.{name}')
  for name in [name for name in sys.modules if is_of_rooms(name)]:
    _COPIES[name] = sys.modules.pop(name)
  sys.modules.update(kept)
  for room, module in attributes.items():
    setattr(defectseg_jax, room, module)


@pytest.mark.parametrize(
  'name',
  [
    *('defectsegnet', 'defectsegnet_added', 'defectsegnet_bilinear'),
    *('unet_350k', 'fcn8s_350k'),
    pytest.param('fc_densenet_350k', marks=pytest.mark.slow),
  ],
)
def test_a_step_of_training_and_one_of_evaluation_keep_to_their_types(
  room, name
):
  models, state, step = (
    room(name) for name in ('models', 'training.state', 'training.step')
  )
  model = models.create_model(
    models.ModelSettings(name), axis_name=step.DEVICES
  )
  optimizer = optax.scale_by_adam()
  before = jax.eval_shape(
    lambda: state.create_train_state(
      model,
      optimizer=optimizer,
      plateau=room('training.schedules').plateau_decay(
        factor=0.5, patience_epochs=3
      ),
      seed=0,
    )
  )
  shape = (jax.local_device_count(), 2, 64, 32, 1)
  batch = {
    'image': jax.ShapeDtypeStruct(shape, jnp.float32),
    'mask': jax.ShapeDtypeStruct(shape, jnp.uint8),
    'weight': jax.ShapeDtypeStruct(shape, jnp.uint8),
  }
  train_step = step.make_train_step(
    model, optimizer=optimizer, learning_rate=1e-3, l2=1e-4, average_decay=0.9
  )

  def weighted_step(state, batch):
    return train_step(state, batch, positive_weight=2.0)

  after, metrics = jax.eval_shape(weighted_step, before, batch)
  assert metrics['loss'].shape == ()
  probabilities = jax.eval_shape(
    step.make_eval_step(model), after.params, after.batch_stats, batch['image']
  )
  assert probabilities.shape == shape
  narrow = jax.ShapeDtypeStruct((*shape[:3], 16, 1), jnp.uint8)
  with pytest.raises(jaxtyping.TypeCheckError):
    jax.eval_shape(weighted_step, before, {**batch, 'mask': narrow})


def test_a_micrograph_in_tiles_keeps_to_its_types(room):
  tiles = room('prediction.tiles')
  augmentation = room('prediction.test_time_augmentation')
  pixels = np.random.default_rng(0).random((70, 40), np.float32)
  found = tiles.probability_map(
    pixels,
    augmentation.average_over_orientations(np.sqrt),
    core_px=32,
    batch_size=2,
    receptive_field_radius_px=8,
    multiple_px=8,
  )
  np.testing.assert_allclose(found, np.sqrt(pixels), rtol=1e-6)


def zeros(*shape):
  return jnp.zeros(shape)


@pytest.mark.parametrize(
  'module, function, right, wrong',
  [
    (
      *('models.space_to_depth', 'space_to_depth'),
      [zeros(1, 4, 6, 2)],
      [zeros(4, 6, 2)],
    ),
    (
      *('models.space_to_depth', 'depth_to_space'),
      [zeros(1, 4, 6, 4, 2)],
      [zeros(1, 4, 6, 3, 2)],
    ),
    (
      *('models.layers', 'max_pool_2x2'),
      [zeros(1, 4, 6, 2)],
      [zeros(1, 4, 6, 2).astype(int)],
    ),
    (
      *('models.layers', 'upsample_bilinear'),
      [zeros(1, 4, 6, 2), 8],
      [zeros(4, 6, 2), 8],
    ),
    # As many channels as the kernel is made for; a square kernel.
    (
      *('models.convolution', 'convolve'),
      [zeros(1, 4, 6, 2), zeros(3, 3, 2, 5)],
      [zeros(1, 4, 6, 2), zeros(3, 3, 1, 5)],
    ),
    (
      *('models.convolution', 'convolve'),
      [zeros(1, 4, 6, 2), zeros(1, 1, 2, 5)],
      [zeros(1, 4, 6, 2), zeros(3, 1, 2, 5)],
    ),
    (
      *('models.normalisation', 'normalise_batch'),
      [zeros(3, 4, 6, 2), zeros(2), zeros(2), zeros(3, 1, 1, 2), None],
      [zeros(3, 4, 6, 2), zeros(2), zeros(1), zeros(3, 1, 1, 2), None],
    ),
    (
      *('training.losses', 'weighted_cross_entropy'),
      [zeros(2, 3), zeros(2, 3), 8.0],
      [zeros(2, 3), zeros(2, 1), 8.0],
    ),
    (
      *('training.losses', 'l2_penalty'),
      [{'conv': {'kernel': zeros(3, 3, 1, 1)}}],
      [{'conv': {'kernel': zeros(3, 3, 1, 1).astype(int)}}],
    ),
  ],
)
def test_a_wrong_shape_or_type_is_refused(room, module, function, right, wrong):
  of = getattr(room(module), function)
  of(*right)
  with pytest.raises(jaxtyping.TypeCheckError):
    of(*wrong)


@pytest.mark.parametrize(
  'pixels', [np.zeros((40, 40, 1), np.float32), np.zeros((40, 40), np.uint8)]
)
def test_a_micrograph_that_is_not_prepared_is_refused(room, pixels):
  with pytest.raises(jaxtyping.TypeCheckError):
    room('prediction.tiles').probability_map(
      pixels,
      np.sqrt,
      core_px=32,
      batch_size=1,
      receptive_field_radius_px=8,
      multiple_px=8,
    )


def test_a_tile_that_is_not_square_is_refused(room):
  average = room('prediction.test_time_augmentation').average_over_orientations
  with pytest.raises(jaxtyping.TypeCheckError):
    average(np.sqrt)(np.zeros((1, 8, 16, 1), np.float32))


@pytest.mark.parametrize('shape', [(32, 32, 1), (1, 32, 32, 3)])
def test_a_network_refuses_what_is_no_batch_of_micrographs(room, shape):
  models = room('models')
  model = models.create_model(models.ModelSettings('unet_350k'))
  with pytest.raises(jaxtyping.TypeCheckError):
    jax.eval_shape(model.init, jax.random.key(0), jnp.zeros(shape))
