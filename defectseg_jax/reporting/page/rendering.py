"""Templates to one HTML file that a browser lets fetch nothing."""

import base64
import functools
import hashlib
import importlib.resources
from typing import Any

import jinja2

from defectseg_jax.errors import is_utf8

_PACKAGE, _FOLDER = 'defectseg_jax.reporting.page', 'templates'
_TABLES = ('tables.js', 'copying.js')
_SCRIPTS = (*_TABLES, 'viewer.js', 'page.js', 'series.js')
# A page of several defects has no viewer of objects.
_OWN = {
  'together.html': (
    ('page.css', 'together.css'),
    (*_TABLES, 'together.js'),
  )
}
# After the first image. The script itself stands before the content: else a
# browser lays out all images, to hide them then.
_BEGIN = 'begin();'


def render(template: str, **content: Any) -> str:
  """A page.

  Args:
    template: its file name.
    **content: what the template shows; text is escaped.

  Returns:
    HTML, to be written as UTF-8. Its policy allows the style and the scripts in
    it, by their checksums, images in it, and nothing else.
  """
  styles, scripts = _OWN.get(template, (('page.css',), _SCRIPTS))
  style, script = (''.join(map(_source, one)) for one in (styles, scripts))
  page = (
    _environment()
    .get_template(template)
    .render(
      style=style,
      script=script,
      begin=_BEGIN,
      policy='; '.join(
        (
          "default-src 'none'",
          'img-src data:',
          f"style-src '{_checksum(style)}'",
          f"script-src '{_checksum(script)}' '{_checksum(_BEGIN)}'",
          "base-uri 'none'",
          "form-action 'none'",
        )
      ),
      **content,
    )
  )
  # A file's name may hold bytes that are not text. Python keeps them as halves
  # of surrogates, which cannot be written.
  # One more copy of a page of many images is not made without need.
  return (
    page if is_utf8(page) else page.encode('utf-8', 'backslashreplace').decode()
  )


@functools.cache
def _environment() -> jinja2.Environment:
  return jinja2.Environment(
    loader=jinja2.PackageLoader(_PACKAGE, _FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
  )


def _source(name: str) -> str:
  """Ours, not data: it stands in the page as it is."""
  folder = importlib.resources.files(_PACKAGE) / _FOLDER
  return folder.joinpath(name).read_text(encoding='utf-8')


def _checksum(text: str) -> str:
  digest = hashlib.sha256(text.encode()).digest()
  return f'sha256-{base64.b64encode(digest).decode()}'
