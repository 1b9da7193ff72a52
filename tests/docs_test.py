"""The documents are true: links, flags, length, versions, first example."""

import importlib
import pathlib
import re

import numpy as np
import pytest
import rooms_test
import tifffile
from absl import flags
from microscope_writers import write_dm
from PIL import Image
from tiny import foil

import defectseg_jax
from configs import common
from defectseg_jax import command_line

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / 'defectseg_jax'
DOCUMENTS = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/*.md')])
PAGES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]

SIX_LINES = """\
import defectseg_jax as ds
run = ds.load_run('runs/voids')
micrograph = ds.read_micrograph('foil.dm4')
found = run.predict(micrograph, thickness_nm=177).measure()
found.summary['number_density_per_m3'], found.objects, found.overlay()
ds.measure(mask, 'voids', pixel_size_nm=0.32, thickness_nm=177)
"""

# Flags of programs that are not ours: sbatch, pip, ruff, kubectl.
FOREIGN = {
  *('nodes', 'ntasks', 'ntasks-per-node', 'cpus-per-task', 'gpus-per-task'),
  *('gres', 'time', 'array', 'signal', 'dependency', 'output', 'check'),
  *('partition', 'account', 'mem', 'dry-run', 'dry_run', 'help', 'version'),
}
LAUNCHERS = (
  r'(?:\S*launch/local\.sh|defectseg|\S*python3? -m defectseg_jax\.main)'
)


def fences(text):
  """(language, content) of each fenced block."""
  return re.findall(r'^ *```(\w*)\n(.*?)^ *```', text, re.M | re.S)


def without_fences(text):
  return re.sub(r'^ *```.*?^ *```', '', text, flags=re.M | re.S)


def anchors(path):
  """As GitHub makes them of headings."""
  found = []
  for heading in re.findall(
    r'^#+ +(.*?) *$', without_fences(path.read_text()), re.M
  ):
    plain = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading).lower()
    slug = re.sub(r'[^\w\- ]', '', plain).replace(' ', '-')
    again = found.count(slug)
    found.append(f'{slug}-{again}' if again else slug)
  return found


def require_target(path, anchor, where):
  assert path.exists(), f'{where}: there is no {path}'
  if anchor:
    assert anchor in anchors(path), f'{where}: {path.name} has no #{anchor}'


@pytest.mark.parametrize('page', PAGES)
def test_links_and_anchors_resolve(page):
  path = ROOT / page
  for target in re.findall(
    r'\]\(([^)\s]+)\)', without_fences(path.read_text())
  ):
    if re.match(r'[a-z]+:', target):
      continue
    file, _, anchor = target.partition('#')
    require_target(
      (path.parent / file) if file else path, anchor, f'{page}: {target}'
    )


def test_documents_that_the_code_names_exist():
  named = 0
  for folder in ('defectseg_jax', 'configs', 'launch', 'benchmarks', 'tests'):
    for path in ROOT.joinpath(folder).rglob('*'):
      if path.suffix not in ('.py', '.sh', '.html', '.yaml'):
        continue
      for file, anchor in re.findall(
        r'\b((?:docs/\w[\w-]*|README|BUILD|CONTRIBUTING|CHANGELOG)\.md)'
        r'(?:#([\w-]+))?',
        path.read_text(),
      ):
        require_target(ROOT / file, anchor, path)
        named += 1
  assert named > 5


@pytest.mark.parametrize('page', [p for p in PAGES if p != 'CHANGELOG.md'])
def test_files_of_ours_in_text_exist(page):
  """`models/unet.py` may stand for the file within the package."""
  text = without_fences((ROOT / page).read_text())
  for name in re.findall(r'`(\w[\w/-]*\.(?:py|sh|toml|txt))`', text):
    # What stands in capitals is filled in by the reader.
    assert (
      re.search(r'[A-Z]{2}', name)
      or (ROOT / name).exists()
      or [*PACKAGE.rglob(name)]
      or [*ROOT.glob(f'tests/**/{name}')]
    ), f'{page}: there is no {name}'


def test_every_document_is_reached_from_the_readme():
  reached, open_pages = set(), [ROOT / 'README.md']
  while open_pages:
    page = open_pages.pop()
    if page in reached:
      continue
    reached.add(page)
    for target in re.findall(r'\]\(([^)#\s]+\.md)', page.read_text()):
      if not re.match(r'[a-z]+:', target):
        open_pages.append((page.parent / target).resolve())
  assert set(DOCUMENTS) <= reached


def test_the_readme_is_short():
  lines = (ROOT / 'README.md').read_text().splitlines()
  assert len(lines) <= 240
  assert max(map(len, lines)) <= 200


def commands(text):
  """Commands of fenced blocks, those of several lines put together."""
  for language, content in fences(text):
    if language in ('', 'bash', 'sh'):
      for line in content.replace('\\\n', ' ').splitlines():
        yield line.strip()


def require_flag(name, where):
  """Name stands without dashes and value."""
  if name.startswith('config.'):
    node = common.get_config()
    for part in name.split('.')[1:]:
      # What stands in capitals is filled in by the reader.
      if part.isupper():
        return
      assert hasattr(node, 'items') and part in node, f'{where}: --{name}'
      node = node[part]
  elif name not in ('help', 'version'):
    assert name in flags.FLAGS, f'{where}: there is no flag --{name}'


def flag_names(text):
  """Flags in a text, without dashes and values."""
  return re.findall(r'(?:^|\s)--([A-Za-z][\w.-]*)', text)


def benchmark_flags(module):
  source = importlib.util.find_spec(module).origin
  return set(re.findall(r"'--([\w-]+)'", pathlib.Path(source).read_text()))


def require_command(said, where):
  """A command of ours, what stands after the program's name."""
  named = re.match(r'\s+(\w+)', said) or re.search(r'--mode=(\w+)', said)
  mode = named[1] if named else 'train'
  assert mode in command_line.MODES, where
  known = {*command_line.MODES[mode].flags, 'mode', 'help', 'version'}
  for name in flag_names(said):
    require_flag(name, where)
    assert name.partition('.')[0] in known, f'{where}: {mode} lacks --{name}'


@pytest.mark.parametrize('page', PAGES)
def test_flags_in_commands_exist(page):
  for line in commands((ROOT / page).read_text()):
    where = f'{page}: {line}'
    ours, _, after = line.partition(' -- ')
    programs = list(re.finditer(rf'(?:^|[\s="]){LAUNCHERS}(?=\s|$)', ours))
    for program in programs:
      require_command(re.split('&&|>|"', ours[program.end() :])[0], where)
    if programs:
      continue
    if benchmark := re.search(r'python3? -m (benchmarks\.\w+)', ours):
      known = benchmark_flags(benchmark[1])
      assert set(flag_names(ours)) <= known, where
    elif script := re.search(r'launch/(\w+\.sh)', ours):
      source = (ROOT / 'launch' / script[1]).read_text()
      for name in flag_names(ours):
        assert name in FOREIGN or f'--{name}' in source, where
    # What follows -- goes to the program, whichever script stands before.
    for name in flag_names(after):
      require_flag(name, where)


@pytest.mark.parametrize('page', PAGES)
def test_flags_in_text_exist(page):
  text = without_fences((ROOT / page).read_text())
  scripts = '\n'.join(
    path.read_text() for path in ROOT.joinpath('launch').glob('*.sh')
  )
  benchmarks = set().union(
    *(
      benchmark_flags(f'benchmarks.{path.stem}')
      for path in ROOT.joinpath('benchmarks').glob('*.py')
    )
  )
  for code in re.findall(r'`([^`]+)`', text):
    for name in flag_names(code):
      if name in FOREIGN | benchmarks or f'--{name}' in scripts:
        continue
      require_flag(name, f'{page}: {code}')


def examples_in_python(page):
  """The examples of a page, in order."""
  text = (ROOT / page).read_text()
  return [code for kind, code in fences(text) if kind == 'python']


@pytest.mark.parametrize('page', ['README.md', 'docs/library.md'])
def test_the_first_example_is_the_front_door(page):
  first = examples_in_python(page)[0]
  assert first.replace('\n\n', '\n') == SIX_LINES


@pytest.fixture
def session(tmp_path, monkeypatch):
  """The files that the examples read, and the names that they begin from."""
  monkeypatch.chdir(tmp_path)
  pixels, mask = foil(0)
  tifffile.imwrite('stack.tif', np.stack([pixels, pixels]))
  Image.fromarray(mask).save('mask.png')
  write_dm(tmp_path / 'foil.dm4', pixels.astype(np.float32), x=(0.32, 'nm'))
  return {'ds': defectseg_jax, 'mask': mask > 0}


def test_quick_examples_of_the_library_run(session):
  """Those that need neither a trained run nor a step of training."""
  slow = re.compile(r'\brun\.|train_step')
  examples = [
    code
    for code in examples_in_python('docs/library.md')
    if not slow.search(code)
  ]
  assert len(examples) > 5
  for code in examples:
    exec(compile(code, 'docs/library.md', 'exec'), session)


@pytest.mark.slow
@pytest.mark.xdist_group('predict')
def test_all_examples_of_the_library_run(trained_run, one_device, session):
  runs = pathlib.Path('runs')
  runs.mkdir()
  (runs / 'voids').symlink_to(trained_run)
  for code in examples_in_python('docs/library.md'):
    exec(compile(code, 'docs/library.md', 'exec'), session)
  assert session['corrected'].summary['count'] > 3
  assert session['metrics']['loss'] > 0


def test_contributing_says_who_imports_whom():
  """The table is that of rooms_test.py, which the code keeps to."""
  text = (ROOT / 'CONTRIBUTING.md').read_text()
  _, _, table = text.partition('| room | may import |')
  said = {}
  for row in re.findall(r'^\| (`.*) \|$', table, re.M):
    rooms, others = (re.findall(r'`(.+?)`', part) for part in row.split(' | '))
    said |= {room.removesuffix('.py'): {*others} for room in rooms}
  files = ('main', 'given_config', 'given_requests', '__init__')
  kept = rooms_test.MAY_IMPORT | {one: rooms_test.FILES[one] for one in files}
  # Every room: told in words.
  said['jobs'] = kept['jobs']
  assert said == kept


def test_all_say_the_same_version():
  changes = (ROOT / 'CHANGELOG.md').read_text()
  newest = re.search(r'^## \[(\d[\w.]*)\]', changes, re.M)
  citation = (ROOT / 'CITATION.cff').read_text()
  cited = re.search(r'^version: (.+)$', citation, re.M)
  readme = (ROOT / 'README.md').read_text()
  bibtex = re.search(r'version = \{(.+)\}', readme)
  assert newest and cited and bibtex
  assert {newest[1], cited[1], bibtex[1]} == {defectseg_jax.__version__}
