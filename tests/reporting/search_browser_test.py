"""The page of a search in Chromium, opened from disk."""

import pytest

from defectseg_jax.reporting.page import Searched, search_page

# One worker, so that the browser is started once.
pytestmark = [pytest.mark.xdist_group('browser'), pytest.mark.slow]

RATE = Searched('training.learning_rate', 1e-5, 1e-2, log=True)
IUS = [0.5, None, 0.7, 0.6]


def test_trials_sort_and_nothing_is_fetched(browser, tmp_path):
  rows = [
    {
      'trial': number,
      'round': 1,
      'dev_iu': iu,
      RATE.name: 1e-3,
      'reason': '' if iu else 'step 3: <b>&"\' nan',
    }
    for number, iu in enumerate(IUS)
  ]
  path = tmp_path / 'search.html'
  path.write_text(
    search_page(
      'Search', subtitle='', rows=rows, fields=[RATE], how_made={'seed': '0'}
    ),
    encoding='utf-8',
  )
  said, fetched = [], []
  page = browser.new_page(viewport={'width': 1280, 'height': 900})
  page.on('console', lambda message: said.append(message.text))
  page.on('pageerror', lambda error: said.append(str(error)))
  page.on('request', lambda request: fetched.append(request))
  page.goto(path.as_uri())

  def trials():
    return page.locator('tbody tr td:first-child').all_text_contents()

  assert trials() == ['0', '1', '2', '3']
  button = page.get_by_role('button', name='dev_iu')
  button.click()
  # The one without an IU comes last in either direction.
  assert trials() == ['0', '3', '2', '1']
  button.click()
  assert trials() == ['2', '3', '0', '1']
  assert '<b>&"\' nan' in page.locator('tbody tr').last.text_content()
  loaded = page.locator('img').evaluate_all(
    'all => all.map(one => one.naturalWidth > 300)'
  )
  assert loaded == [True, True, True]
  assert said == []
  assert all(request.is_navigation_request() for request in fetched)
  page.close()
