"""What a network detects in its development set, to a file and back."""

import json
import math

import numpy as np
import pytest
from tiny import foil

from configs import dislocations, voids
from defectseg_jax.errors import InputError
from defectseg_jax.quantification.particles.detection import Detection
from defectseg_jax.quantification.settings import QuantificationSettings
from defectseg_jax.runs import detection_file
from defectseg_jax.runs.settings import run_settings
from defectseg_jax.training.progress import Best, Progress


def of(defect, prediction, truth):
  config = {'voids': voids, 'dislocations': dislocations}[defect].get_config()
  return config, detection_file.development_detection(
    defect,
    [prediction, truth],
    [truth, truth],
    QuantificationSettings(**config.quantification),
  )


def read(path, config):
  return detection_file.read_detection(
    path, config.defect, run_settings(config).quantification
  )


def test_particles_there_and_back(tmp_path):
  truth = np.zeros((60, 60), bool)
  truth[5:15, 5:15] = truth[30:40, 30:40] = True
  prediction = truth.copy()
  prediction[5:15] = False
  prediction[50:55, 50:55] = True
  config, content = of('voids', prediction, truth)
  path = tmp_path / 'dev_detection.json'
  path.write_text(json.dumps(content))
  # One true positive, one false negative and one false positive; and two true
  # positives in the second region. The false positive has 25 pixels, and the
  # others 100: 32 leave it out.
  found, settings, *_ = read(path, config)
  assert found == Detection(3, 1, 0)
  assert settings.minimum_area_px == 32
  assert config.quantification.minimum_area_px == 0
  config.quantification.separate = True
  with pytest.raises(InputError, match='separate=False, and now it is True'):
    read(path, config)
  with pytest.raises(InputError, match='defect=voids, and now it is disloc'):
    read(path, dislocations.get_config())


def test_a_smallest_particle_that_was_asked_for(tmp_path):
  truth = np.zeros((60, 60), bool)
  truth[5:15, 5:15] = truth[30:33, 30:33] = True
  prediction = truth.copy()
  prediction[50:55, 50:55] = True
  config = voids.get_config()
  config.quantification.minimum_area_px = 10
  content = detection_file.development_detection(
    'voids',
    [prediction],
    [truth],
    QuantificationSettings(**config.quantification),
  )
  # The small one of the truth is not asked for either.
  assert content['settings']['minimum_area_px'] == 10
  assert [content[k] for k in ('found', 'missed', 'invented')] == [1, 0, 1]
  path = tmp_path / 'dev_detection.json'
  path.write_text(json.dumps(content))
  settings = read(path, config).settings
  assert settings.minimum_area_px == 10
  config.quantification.minimum_area_px = 20
  with pytest.raises(InputError, match='minimum_area_px=10, and now it is 20'):
    read(path, config)


def test_nothing_is_left_out_for_nothing():
  truth = np.zeros((60, 60), bool)
  truth[5:8, 5:8] = True
  _, content = of('voids', truth, truth)
  assert content['settings']['minimum_area_px'] == 1
  _, content = of('voids', truth & False, truth & False)
  assert content['settings']['minimum_area_px'] == 1


def test_lines_there_and_back(tmp_path):
  truth = np.zeros((100, 100), bool)
  truth[20:23] = truth[60:63] = True
  prediction = truth.copy()
  prediction[60:63] = False
  config, content = of('dislocations', prediction, truth)
  path = tmp_path / 'dev_detection.json'
  path.write_text(json.dumps(content))
  found = read(path, config).counts
  # Three of four lines; two images of 8 x 8 parts.
  true_px, false_negatives_px, false_positives_px = found
  assert true_px.sum() == pytest.approx(3 * false_negatives_px.sum())
  assert false_positives_px.sum() == 0 and len(true_px) == 128
  # The file's keys are older than the names in the code.
  assert {'found_px', 'missed_px', 'invented_px'} < set(content)


@pytest.mark.parametrize('text', ['', '{}', '[1]', '{"defect": "voids"}'])
def test_another_file(tmp_path, text):
  path = tmp_path / 'x.json'
  path.write_text(text)
  with pytest.raises(InputError, match=r'is no dev_detection\.json of a run'):
    read(path, voids.get_config())
  with pytest.raises(InputError, match='cannot be opened'):
    read(tmp_path / 'none', voids.get_config())


def test_a_perfect_network_changes_nothing():
  _, mask = foil(0)
  _, content = of('voids', mask > 0, mask > 0)
  assert content['missed'] == content['invented'] == 0
  assert content['found'] > 5


def test_a_chosen_threshold_takes_the_place_of_the_epochs(tmp_path):
  truth = np.zeros((60, 60), bool)
  truth[5:15, 5:15] = True
  config, content = of('voids', truth, truth)
  path = tmp_path / 'dev_detection.json'
  path.write_text(json.dumps(content))
  progress = Progress('data', best_epoch=2, best_iu=0.5, threshold=0.3)
  assert read(path, config).judge(progress) == progress
  path.write_text(json.dumps({**content, 'threshold': 0.6, 'iu': 0.7}))
  judged = read(path, config).judge(progress)
  assert judged.best() == Best(epoch=2, iu=0.7, threshold=0.6)


def test_what_is_found_of_each_size_there_and_back(tmp_path):
  """Large ones are found, and small ones are not."""
  truth = np.zeros((400, 400), bool)
  for row in range(10, 390, 40):
    for column in range(10, 390, 40):
      side = 4 if row < 200 else 16
      truth[row : row + side, column : column + side] = True
  prediction = truth.copy()
  prediction[:200] = False
  prediction[30:34, 30:40] = True
  config, content = of('voids', prediction, truth)
  path = tmp_path / 'dev_detection.json'
  path.write_text(json.dumps(content))
  found = read(path, config)
  by_size = found.by_size
  # Squares of 4 and of 16 px, twice; in the second region all are found.
  assert (by_size.found.sum(), by_size.missed.sum()) == found.counts[:2]
  assert (by_size.found[0], by_size.missed[0]) == (50, 50)
  assert (by_size.found[-1], by_size.missed[-1]) == (100, 0)
  assert by_size.edges_px[0] < math.sqrt(4 * 16 / math.pi)
  assert by_size.edges_px[-1] > math.sqrt(4 * 256 / math.pi)
  assert by_size.invented.sum() == found.counts.false_positives == 1
  assert by_size.design_effect > 10
  # Which of the two regions, that is nearly all there is to know.
  assert by_size.curve[0, 1] < 0.25 and by_size.curve[0, 2] > 0.75


def test_a_file_of_an_older_program_knows_no_sizes(tmp_path):
  truth = np.zeros((60, 60), bool)
  truth[5:15, 5:15] = True
  config, content = of('voids', truth, truth)
  del content['by_size']
  path = tmp_path / 'dev_detection.json'
  path.write_text(json.dumps(content))
  assert read(path, config).by_size is None
  content['by_size'] = {'edges_px': [1.0]}
  path.write_text(json.dumps(content))
  with pytest.raises(InputError, match=r'is no dev_detection\.json of a run'):
    read(path, config)


def test_lines_have_no_sizes(tmp_path):
  truth = np.zeros((100, 100), bool)
  truth[20:23] = True
  config, content = of('dislocations', truth, truth)
  assert 'by_size' not in content
  path = tmp_path / 'dev_detection.json'
  path.write_text(json.dumps(content))
  assert read(path, config).by_size is None
