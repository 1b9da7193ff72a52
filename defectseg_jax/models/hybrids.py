"""DefectSegNet with one idea taken away, to see what each is worth.

Roberts et al. (Scientific Reports 9, 12744, 2019) tested several hybrids of
FCN, U-Net and DenseNet, and describe none but DefectSegNet. These are ours:
each is DefectSegNet but for one thing, which it does as `fcn` or `unet` does.

| name       | instead of               | it has                              |
|------------|--------------------------|-------------------------------------|
| no_dense   | dense blocks             | a layer sees the one before it, and |
|            |                          | a block's last maps go across, as   |
|            |                          | in U-Net                            |
| no_skips   | the encoder's maps       | nothing goes across, as in          |
|            | beside the decoder's     | FCN-32s                             |
| added      | concatenation, wherever  | sums, as in FCN; narrower maps are  |
|            | maps are joined          | filled up with zeros                |
| bilinear   | transposed convolution   | 1 x 1 convolution to as many maps,  |
|            |                          | and interpolation, as at FCN's end  |

Each has DefectSegNet's widths, or, as `_350k`, all widths multiplied by what
brings it within 1% of DefectSegNet's number of parameters, 350,428.

|          | parameters | as `_350k` | reaches |
|----------|------------|------------|---------|
| no_dense | 119,229    | 352,107    | 51 px   |
| no_skips | 269,703    | 347,068    | 51 px   |
| added    | 107,601    | 351,227    | 51 px   |
| bilinear | 316,276    | 351,721    | 58 px   |
"""

import functools

from defectseg_jax.models.architecture import scaled
from defectseg_jax.models.defectsegnet import WIDTHS, DefectSegNet

_no_dense = functools.partial(DefectSegNet, dense_blocks=False)
_no_skips = functools.partial(DefectSegNet, skips=False)
_added = functools.partial(DefectSegNet, concatenation=False)
_bilinear = functools.partial(DefectSegNet, transposed_convolution=False)

HYBRIDS = {
  'defectsegnet_no_dense': _no_dense,
  'defectsegnet_no_dense_350k': functools.partial(
    _no_dense, widths=scaled(WIDTHS, 1.72)
  ),
  'defectsegnet_no_skips': _no_skips,
  'defectsegnet_no_skips_350k': functools.partial(
    _no_skips, widths=scaled(WIDTHS, 1.14)
  ),
  'defectsegnet_added': _added,
  'defectsegnet_added_350k': functools.partial(
    _added, widths=scaled(WIDTHS, 1.81)
  ),
  'defectsegnet_bilinear': _bilinear,
  'defectsegnet_bilinear_350k': functools.partial(
    _bilinear, widths=scaled(WIDTHS, 1.05)
  ),
}
