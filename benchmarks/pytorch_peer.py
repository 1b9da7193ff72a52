"""DefectSegNet in PyTorch, as somebody who works in PyTorch would write it.

The same function as `defectseg_jax.models.defectsegnet`, and loaded with the
same parameters, so that a comparison of speed compares nothing else. It does
not import JAX, which its interpreter may not have.
"""

from collections.abc import Mapping

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]

# A row for each hidden block of feature maps: operation, feature maps out, and
# the numbers of the blocks that it concatenates. Block 0 is the image; batch
# normalisation follows each row.
HIDDEN_MAPS = (
  ('conv', 4, (0,)),
  ('conv', 4, (0, 1)),
  ('pool', 9, (0, 1, 2)),
  ('conv', 16, (3,)),
  ('conv', 16, (3, 4)),
  ('pool', 41, (3, 4, 5)),
  ('conv', 32, (6,)),
  ('conv', 32, (6, 7)),
  ('pool', 105, (6, 7, 8)),
  ('conv', 64, (9,)),
  ('conv', 64, (9, 10)),
  ('up', 32, (9, 10, 11)),
  ('conv', 32, (6, 7, 8, 12)),
  ('conv', 32, (6, 7, 8, 12, 13)),
  ('up', 16, (6, 7, 8, 12, 13, 14)),
  ('conv', 16, (3, 4, 5, 15)),
  ('conv', 16, (3, 4, 5, 15, 16)),
  ('up', 8, (3, 4, 5, 15, 16, 17)),
  ('conv', 4, (0, 1, 2, 18)),
)
OUTPUT_MAPS = (0, 1, 2, 18, 19)

# Axes of a Flax kernel in the order of PyTorch's: HWIO to OIHW, and the
# [C, 2, 2, F] of `UpConvolution` to the [C, F, 2, 2] of `ConvTranspose2d`.
CONV_AXES = (3, 2, 0, 1)
UP_AXES = (0, 3, 1, 2)


class DefectSegNet(nn.Module):
  """Images [N, 1, H, W] to logits [N, 1, H, W]; H and W divisible by 8."""

  def __init__(self) -> None:
    super().__init__()
    self.operations = nn.ModuleList()
    self.norms = nn.ModuleList()
    widths = [1]
    for operation, features, sources in HIDDEN_MAPS:
      channels = sum(widths[i] for i in sources)
      if operation == 'conv':
        layer = nn.Sequential(
          nn.Conv2d(channels, features, 3, padding=1), nn.ReLU(inplace=True)
        )
      elif operation == 'pool':
        layer = nn.MaxPool2d(2)
      else:
        layer = nn.ConvTranspose2d(channels, features, 2, stride=2)
      self.operations.append(layer)
      self.norms.append(nn.BatchNorm2d(features, eps=1e-3, momentum=0.1))
      widths.append(features)
    self.output = nn.Conv2d(
      sum(widths[i] for i in OUTPUT_MAPS), 1, 3, padding=1
    )

  def forward(self, image: torch.Tensor) -> torch.Tensor:
    maps = [image]
    for row, layer, norm in zip(HIDDEN_MAPS, self.operations, self.norms):
      maps.append(norm(layer(torch.cat([maps[i] for i in row[2]], dim=1))))
    return self.output(torch.cat([maps[i] for i in OUTPUT_MAPS], dim=1))


def parameter_count(model: nn.Module) -> int:
  """Number of trainable parameters."""
  return sum(p.numel() for p in model.parameters() if p.requires_grad)


def load_flax(model: DefectSegNet, arrays: Mapping[str, np.ndarray]) -> None:
  """Fills the network with the parameters and statistics of the Flax one.

  Args:
    model: changed in place.
    arrays: as `params/conv_1/kernel` and `batch_stats/norm_1/mean`; other names
      are not used.

  Raises:
    ValueError: an array is missing, has another shape, or does not belong to
      this network.
  """
  places = {
    f'params/{name}': (tensor, axes)
    for name, (tensor, axes) in _parameters(model).items()
  }
  for i, norm in enumerate(model.norms, start=1):
    places[f'batch_stats/norm_{i}/mean'] = (norm.running_mean, (0,))
    places[f'batch_stats/norm_{i}/var'] = (norm.running_var, (0,))
  given = {n for n in arrays if n.startswith(('params/', 'batch_stats/'))}
  if given != set(places):
    raise ValueError(f'only in one network: {sorted(given ^ set(places))}')
  for name, (tensor, axes) in places.items():
    value = np.ascontiguousarray(np.transpose(arrays[name], axes))
    if value.shape != tuple(tensor.shape):
      raise ValueError(f'{name}: {value.shape}, not {tuple(tensor.shape)}')
    with torch.no_grad():
      tensor.copy_(torch.from_numpy(value))


def gradients_for_flax(model: DefectSegNet) -> dict[str, np.ndarray]:
  """Gradients of the last backward pass, under Flax's names, in its layout."""
  return {
    name: np.transpose(tensor.grad.cpu().numpy(), np.argsort(axes))
    for name, (tensor, axes) in _parameters(model).items()
  }


def _parameters(
  model: DefectSegNet,
) -> dict[str, tuple[torch.Tensor, tuple[int, ...]]]:
  """By Flax's name: a parameter, and how to transpose Flax's to it."""
  places = {
    'output/kernel': (model.output.weight, CONV_AXES),
    'output/bias': (model.output.bias, (0,)),
  }
  rows = zip(HIDDEN_MAPS, model.operations, model.norms)
  for i, (row, layer, norm) in enumerate(rows, start=1):
    if row[0] == 'conv':
      places[f'conv_{i}/kernel'] = (layer[0].weight, CONV_AXES)
      places[f'conv_{i}/bias'] = (layer[0].bias, (0,))
    elif row[0] == 'up':
      places[f'up_{i}/kernel'] = (layer.weight, UP_AXES)
      places[f'up_{i}/bias'] = (layer.bias, (0,))
    places[f'norm_{i}/scale'] = (norm.weight, (0,))
    places[f'norm_{i}/bias'] = (norm.bias, (0,))
  return places
