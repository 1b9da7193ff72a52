"""Which fields of a dataclass are read, by following types through the code.

A name says little: `name` and `seed` are read of many things. So each
expression is given the class that its annotations say, and a read counts for
the class whose instance is on the left of the dot.
"""

import ast
import pathlib
import re
from collections.abc import Iterable

Reads = set[tuple[str, str]]


def read_fields(sources: Iterable[pathlib.Path | str]) -> Reads:
  """(class, field) of every read whose class is known.

  Args:
    sources: files, or Python text.
  """
  trees = [
    ast.parse(s.read_text() if isinstance(s, pathlib.Path) else s)
    for s in sources
  ]
  known = _Known(trees)
  reads: Reads = set()
  for tree in trees:
    for node in tree.body:
      _Reader(known, {}, reads).visit(node)
  return reads


class _Known:
  """Annotated attributes of classes, and what functions return."""

  def __init__(self, trees):
    self.classes = {
      node.name
      for tree in trees
      for node in ast.walk(tree)
      if isinstance(node, ast.ClassDef)
    }
    self.attributes = {}
    self.returns = {}
    for tree in trees:
      for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
          self._add_class(node)
        elif isinstance(node, ast.FunctionDef):
          self.returns[node.name] = self.class_of(node.returns)

  def _add_class(self, node):
    for one in node.body:
      if isinstance(one, ast.AnnAssign):
        self.attributes[node.name, one.target.id] = self.class_of(
          one.annotation
        )
      elif isinstance(one, ast.FunctionDef):
        # A property is read as an attribute; self.x: X = ... is one, too.
        self.attributes[node.name, one.name] = self.class_of(one.returns)
        arguments = {
          arg.arg: self.class_of(arg.annotation)
          for arg in (*one.args.args, *one.args.kwonlyargs)
        }
        for inner in ast.walk(one):
          if isinstance(inner, ast.Assign) and isinstance(
            inner.value, ast.Name
          ):
            for target in inner.targets:
              if isinstance(target, ast.Attribute):
                self.attributes.setdefault(
                  (node.name, target.attr), arguments.get(inner.value.id, ())
                )

  def class_of(self, annotation):
    """The classes of the program that an annotation names."""
    if annotation is None:
      return ()
    words = re.findall(r'\w+', ast.unparse(annotation))
    return tuple(word for word in words if word in self.classes)


class _Reader(ast.NodeVisitor):
  """Notes reads; `env` has the class of each local name."""

  def __init__(self, known, env, reads, owner=None):
    self.known, self.env, self.reads, self.owner = known, env, reads, owner

  def visit_ClassDef(self, node):
    for one in node.body:
      _Reader(self.known, dict(self.env), self.reads, node.name).visit(one)

  def visit_FunctionDef(self, node):
    env = dict(self.env)
    for arg in (
      *node.args.posonlyargs,
      *node.args.args,
      *node.args.kwonlyargs,
    ):
      env[arg.arg] = self.known.class_of(arg.annotation)
    if self.owner and node.args.args and node.args.args[0].arg == 'self':
      env['self'] = (self.owner,)
    inner = _Reader(self.known, env, self.reads)
    for one in (*node.args.defaults, *node.body):
      inner.visit(one)

  def visit_Assign(self, node):
    self.visit(node.value)
    for target in node.targets:
      self._assign(target, node.value)

  def visit_AnnAssign(self, node):
    if node.value is not None:
      self.visit(node.value)
    if isinstance(node.target, ast.Name):
      self.env[node.target.id] = self.known.class_of(node.annotation)

  def _assign(self, target, value):
    pairs = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    if isinstance(target, ast.Name):
      self.env[target.id] = self.type_of(value)
    elif pairs and len(target.elts) == len(value.elts):
      for one, of_one in zip(target.elts, value.elts, strict=True):
        self._assign(one, of_one)
    else:
      self.visit(target)

  def visit_Attribute(self, node):
    if isinstance(node.ctx, ast.Load):
      self.reads |= {(one, node.attr) for one in self.type_of(node.value)}
    self.visit(node.value)

  def type_of(self, node):
    """The classes that an expression may be an instance of."""
    if isinstance(node, ast.Name):
      return self.env.get(node.id, ())
    if isinstance(node, ast.Attribute):
      return self._types_of_attribute(node)
    if isinstance(node, ast.Call):
      return self._types_of_call(node)
    return ()

  def _types_of_attribute(self, node):
    return tuple(
      kind
      for owner in self.type_of(node.value)
      for kind in self.known.attributes.get((owner, node.attr), ())
    )

  def _types_of_call(self, node):
    if isinstance(node.func, ast.Name):
      name = node.func.id
      if name in self.known.classes:
        return (name,)
      return self.known.returns.get(name, ())
    if isinstance(node.func, ast.Attribute):
      if ast.unparse(node.func) == 'dataclasses.replace':
        return self.type_of(node.args[0])
      if self.type_of(node.func.value):
        return self._types_of_attribute(node.func)
      return self.known.returns.get(node.func.attr, ())
    return ()
