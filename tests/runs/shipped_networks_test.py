"""The networks that come with the program are whole, small and described."""

import pytest

from configs import voids
from defectseg_jax.applicability.verdict import Applies
from defectseg_jax.quantification.properties.settings import NO_PROPERTIES
from defectseg_jax.runs import network_card, network_file
from defectseg_jax.runs.network_card import FOLDER, network_names, read_card
from defectseg_jax.runs.network_card_text import card_text
from defectseg_jax.runs.network_writing import MOST_BYTES
from defectseg_jax.runs.settings import run_settings


def test_the_folder_holds_networks_alone():
  names = {
    f'{name}{suffix}'
    for name in network_names()
    for suffix in ('.safetensors', '.json', '.md', '.references.csv')
  }
  assert {path.name for path in FOLDER.iterdir()} == {'README.md', *names}


@pytest.mark.parametrize('name', network_names())
def test_a_network_is_what_its_card_says(name):
  path = network_card.network_path(name)
  assert path.stat().st_size <= MOST_BYTES
  card = read_card(path)
  config = network_card.network_config(path, card, None)
  network_file.read_variables(path, card, run_settings(config).model)
  assert path.with_suffix('.md').read_text() == card_text(name, card)
  # What is written by hand, is written; places are left out.
  assert card.machine and card.hours and card.limits
  assert card.scores and card.provenance['command']
  for place in ('"/', '=/', 'home/', 'tmp/'):
    assert place not in path.with_suffix('.json').read_text()


def test_a_config_that_knows_no_properties_is_taken():
  """As those that were written for version 0.2.0."""
  path = network_card.network_path('voids')
  config = voids.get_config()
  with config.unlocked():
    del config['properties']
  found = network_card.network_config(path, read_card(path), config)
  assert run_settings(found).properties == NO_PROPERTIES


@pytest.mark.parametrize('name', network_names())
def test_a_network_knows_where_it_applies(name):
  """Its references are of its weights, and say what they were learnt for."""
  judge = network_file.load_network(name).judge
  assert judge is not None
  found = [
    (one.kind, one.f1, judge.judge(one.signs, leave_out=number))
    for number, one in enumerate(judge.references)
  ]
  off = [abs(verdict.f1.value - f1) for _, f1, verdict in found]
  assert sum(off) / len(off) < 0.2
  # Where it is said to apply, it does better than where it is not.
  means = {}
  for word in Applies:
    of_word = [f1 for _, f1, verdict in found if verdict.applies == word]
    means[word] = sum(of_word) / len(of_word)
  assert means[Applies.NO] < means[Applies.CHECK] < means[Applies.YES]
  assert means[Applies.NO] < 0.2 and means[Applies.YES] > 0.7
