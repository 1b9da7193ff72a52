import math

import numpy as np
import pytest

from defectseg_jax.applicability.references import (
  Reference,
  read_references,
  write_references,
)
from defectseg_jax.applicability.signs import NAMES
from defectseg_jax.applicability.verdict import Applies, Judge
from defectseg_jax.errors import InputError

HEADLINE = 'number_density_per_m3'


def reference(rng, f1=None, count=30.0):
  """The confidence tells the F1; the rest is noise."""
  f1 = float(rng.random()) if f1 is None else f1
  signs = {name: float(rng.standard_normal()) for name in NAMES}
  signs['confidence'] = 3 * f1 + 0.1 * float(rng.standard_normal())
  signs['steadiness'] = 2 * f1 + 0.1 * float(rng.standard_normal())
  signs['log_count'] = math.log1p(count)
  signs['spacing_spread'] = 0.5
  # What is found falsely grows as F1 falls.
  truth = math.exp((f1 - 1) + 0.05 * float(rng.standard_normal()))
  return Reference('domain', signs, f1, {HEADLINE: truth})


def references(count=300, seed=0):
  rng = np.random.default_rng(seed)
  return [reference(rng) for _ in range(count)]


def test_f1_is_foretold_and_its_interval_covers():
  judge = Judge(references())
  unseen = references(120, seed=1)
  verdicts = [judge.judge(one.signs) for one in unseen]
  off = [abs(v.f1.value - one.f1) for v, one in zip(verdicts, unseen)]
  assert np.mean(off) < 0.08
  held = [v.f1.low <= one.f1 <= v.f1.high for v, one in zip(verdicts, unseen)]
  # Three binomial standard deviations below 95%.
  assert np.mean(held) >= 0.89


def test_the_truth_is_foretold_and_its_interval_covers():
  judge = Judge(references())
  unseen = references(120, seed=2)
  held = []
  for one in unseen:
    truth = judge.judge(one.signs).truths[HEADLINE]
    held.append(truth.low <= one.truths[HEADLINE] <= truth.high)
  assert np.mean(held) >= 0.89


@pytest.mark.parametrize(
  ('f1', 'expected'),
  [(0.95, Applies.YES), (0.55, Applies.CHECK), (0.05, Applies.NO)],
)
def test_a_word_for_it(f1, expected):
  verdict = Judge(references()).judge(
    reference(np.random.default_rng(5), f1).signs
  )
  assert verdict.applies == expected
  assert f'{verdict.f1.value:.2f}' in verdict.reason


def test_what_looks_like_no_reference_is_to_be_checked():
  signs = dict(reference(np.random.default_rng(5), 0.95).signs)
  # Far from all others in what does not tell of F1.
  signs |= {name: 4.0 for name in ('skewness', 'periodicity', 'edge_ratio')}
  signs |= {name: -4.0 for name in ('noise_fraction', 'size_spread')}
  verdict = Judge(references()).judge(signs)
  assert verdict.applies != Applies.YES
  assert 'like no reference micrograph' in verdict.reason


def test_where_nothing_was_found():
  rng = np.random.default_rng(3)
  empty = [reference(rng, f1, count=0) for f1 in (1.0, 1.0, 1.0, 0.0)]
  verdict = Judge([*references(), *empty]).judge(empty[0].signs)
  assert verdict.applies == Applies.CHECK
  assert verdict.reason.startswith('nothing was found')
  assert '75% hold nothing' in verdict.reason
  assert not verdict.truths


def test_a_lattice_is_none_of_what_is_looked_for():
  signs = dict(reference(np.random.default_rng(5), 0.95).signs)
  signs |= {'spacing_spread': 0.02, 'log_count': math.log1p(40)}
  verdict = Judge(references()).judge(signs)
  assert verdict.applies == Applies.NO
  assert 'lattice' in verdict.reason
  assert not verdict.truths


def test_an_image_of_many_objects_is_compared_with_such():
  """Numbers of few objects scatter more: they would widen its interval."""
  rng = np.random.default_rng(4)
  few = []
  for one in (reference(rng, 0.9, count=1) for _ in range(100)):
    scattered = {HEADLINE: float(rng.choice([0.0, 3.0]))}
    few.append(Reference(one.kind, one.signs, one.f1, scattered))
  many = [reference(rng, 0.9, count=50) for _ in range(60)]
  judge = Judge([*few, *many])
  of_many = judge.judge(reference(rng, 0.9, count=60).signs).truths[HEADLINE]
  of_few = judge.judge(reference(rng, 0.9, count=1).signs).truths[HEADLINE]
  assert of_many.high < 1.2 < of_few.high


@pytest.mark.parametrize(
  ('f1', 'share', 'may_be_none'),
  [(0.55, 0.2, True), (0.55, 0.01, False), (0.95, 0.1, False)],
)
def test_what_was_found_may_be_of_something_else(f1, share, may_be_none):
  """Of what applies it is not said: one of forty may lie there by chance."""
  rng = np.random.default_rng(6)
  some = []
  for number, one in enumerate(references()):
    truth = 0.0 if number % round(1 / share) == 0 else one.truths[HEADLINE]
    some.append(Reference(one.kind, one.signs, one.f1, {HEADLINE: truth}))
  verdict = Judge(some).judge(reference(rng, f1).signs)
  assert (verdict.applies == Applies.YES) == (f1 > 0.9)
  assert (HEADLINE in verdict.may_be_none) == may_be_none
  # Where it shows such a defect, numbers are as expected.
  assert verdict.truths[HEADLINE].low > 0


def test_intervals_hold_also_that_there_is_nothing():
  """Of a third of the images, of those with the lowest F1."""
  rng = np.random.default_rng(7)

  def drawn():
    one = reference(rng)
    truth = 0.0 if one.f1 < 0.5 and rng.random() < 0.6 else None
    truths = one.truths if truth is None else {HEADLINE: truth}
    return Reference(one.kind, one.signs, one.f1, truths)

  judge = Judge([drawn() for _ in range(300)])
  held = []
  for one in (drawn() for _ in range(150)):
    verdict, truth = judge.judge(one.signs), one.truths[HEADLINE]
    if HEADLINE in verdict.truths:
      expected = verdict.truths[HEADLINE]
      low = 0.0 if HEADLINE in verdict.may_be_none else expected.low
      held.append(low <= truth <= expected.high)
  assert len(held) > 100
  assert np.mean(held) >= 0.88


def test_too_few_references():
  with pytest.raises(InputError, match='--mode=references'):
    Judge(references(20))


def test_references_are_read_as_they_were_written(tmp_path):
  path = tmp_path / 'references.csv'
  before = references(5)
  before[0].truths[HEADLINE] = math.inf
  before[1].truths[HEADLINE] = math.nan
  write_references(path, before, network='a' * 64)
  after = read_references(path, network='a' * 64)
  assert [one.kind for one in after] == ['domain'] * 5
  for one, other in zip(before, after):
    assert other.f1 == pytest.approx(one.f1, rel=1e-3)
    for name in NAMES:
      assert other.signs[name] == pytest.approx(one.signs[name], rel=1e-3)
  assert after[0].truths[HEADLINE] == math.inf
  assert math.isnan(after[1].truths[HEADLINE])


def test_references_of_other_weights_are_refused(tmp_path):
  path = tmp_path / 'references.csv'
  write_references(path, references(5), network='a' * 64)
  with pytest.raises(InputError, match=r'other weights.*--mode=references'):
    read_references(path, network='b' * 64)
  path.write_text('kind,f1\nx,1\n')
  with pytest.raises(InputError, match='no reference micrographs'):
    read_references(path, network='b' * 64)
  path.unlink()
  assert read_references(path, network='b' * 64) == []
