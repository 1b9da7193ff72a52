"""DefectSegNet with one idea taken away, to see what each is worth.

Roberts et al. (Scientific Reports 9, 12744, 2019) tested several hybrids of
FCN, U-Net and DenseNet, and describe only DefectSegNet. These are ours: each
differs from DefectSegNet in one thing, which it does as `fcn` or `unet` does.

| name       | instead of               | it has                              |
|------------|--------------------------|-------------------------------------|
| no_dense   | dense blocks             | a layer sees the one before it, and |
|            |                          | the last layer of a block goes      |
|            |                          | across, as in U-Net                 |
| no_skips   | skip connections         | nothing goes across, as in FCN-32s  |
| added      | concatenation of feature | sums, as in FCN; layers with fewer  |
|            | maps                     | are filled up with zeros            |
| bilinear   | transposed convolution   | 1 x 1 convolution to as many        |
|            |                          | feature maps, then interpolation,   |
|            |                          | as at FCN's end                     |

Each has DefectSegNet's widths. As `_350k`, all its widths are multiplied by a
factor that brings it within 1% of DefectSegNet's 350,428 parameters. `radius`
is that of the receptive field.

|          | parameters | as `_350k` | radius  |
|----------|------------|------------|---------|
| no_dense | 119,229    | 352,107    | 51 px   |
| no_skips | 269,703    | 347,068    | 51 px   |
| added    | 107,601    | 351,227    | 51 px   |
| bilinear | 316,276    | 351,721    | 58 px   |
"""

import functools

from defectseg_jax.models.architecture import scale_widths
from defectseg_jax.models.defectsegnet import WIDTHS, DefectSegNet

_no_dense = functools.partial(DefectSegNet, dense_blocks=False)
_no_skips = functools.partial(DefectSegNet, skips=False)
_added = functools.partial(DefectSegNet, concatenation=False)
_bilinear = functools.partial(DefectSegNet, transposed_convolution=False)

HYBRIDS = {
  'defectsegnet_no_dense': _no_dense,
  'defectsegnet_no_dense_350k': functools.partial(
    _no_dense, widths=scale_widths(WIDTHS, 1.72)
  ),
  'defectsegnet_no_skips': _no_skips,
  'defectsegnet_no_skips_350k': functools.partial(
    _no_skips, widths=scale_widths(WIDTHS, 1.14)
  ),
  'defectsegnet_added': _added,
  'defectsegnet_added_350k': functools.partial(
    _added, widths=scale_widths(WIDTHS, 1.81)
  ),
  'defectsegnet_bilinear': _bilinear,
  'defectsegnet_bilinear_350k': functools.partial(
    _bilinear, widths=scale_widths(WIDTHS, 1.05)
  ),
}
