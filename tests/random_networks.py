"""Networks to pass on, of random weights."""

import jax
import numpy as np

from configs import voids
from defectseg_jax.models import ModelSettings, create_model
from defectseg_jax.prediction.scales import SeenSizes
from defectseg_jax.reporting.provenance import current_provenance
from defectseg_jax.runs import network_card, network_file
from defectseg_jax.runs.network_writing import trained_ranges
from defectseg_jax.runs.seen_sizes import sizes_json
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.training import state

MODEL = ModelSettings('unet_350k', dropout_rate=0.0)
SEEN = SeenSizes(diameter_px=(5.0, 80.0))
DETECTION = {
  'defect': 'voids',
  'settings': {
    'connectivity': 8,
    'minimum_area_px': 12,
    'fill_holes': False,
    'separate': False,
  },
  'found': 30,
  'missed': 4,
  'invented': 6,
}


def random_variables(model=MODEL, seed=0):
  shapes = state.variable_shapes(create_model(model))
  rng = np.random.default_rng(seed)
  filled = jax.tree.map(
    lambda leaf: rng.uniform(0.01, 0.1, leaf.shape).astype(leaf.dtype), shapes
  )
  return filled['params'], filled['batch_stats']


def card_of(**fields):
  """The card of a network for voids."""
  config = voids.get_config('scale=general')
  settings = run_settings(config)
  return network_card.Card(
    **{
      'defect': settings.defect,
      'threshold': 0.375,
      'parameters': 1,
      'precision': 'float32',
      'holds_for': trained_ranges(settings, SEEN),
      'seen_sizes': sizes_json(SEEN),
      'scores': [{'set': 'development set of the run', 'iu': 0.75}],
      'progress': {
        'fingerprint': 'voids_0',
        'epochs': 9,
        'decays': 0,
        'best_step': 70,
        'best_epoch': 7,
        'best_iu': 0.75,
      },
      'detection': DETECTION,
      'provenance': current_provenance(
        training_data='24 drawings | foils'
      ).to_json(),
      'config': config.to_dict(),
      **fields,
    }
  )


def write_random_network(path):
  """A network that says nothing of use, with its card."""
  network_file.write_network(path, random_variables(), card_of())
  return path
