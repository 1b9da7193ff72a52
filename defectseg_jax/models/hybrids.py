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

from defectseg_jax.models.plans import DefectSegNetPlan, scale_widths

_CHANGED: dict[str, tuple[dict[str, bool], float]] = {
  'no_dense': ({'dense_blocks': False}, 1.72),
  'no_skips': ({'skips': False}, 1.14),
  'added': ({'concatenation': False}, 1.81),
  'bilinear': ({'transposed_convolution': False}, 1.05),
}

HYBRIDS = {
  f'defectsegnet_{name}{suffix}': DefectSegNetPlan(
    scale_widths(DefectSegNetPlan().widths, factor), **changed
  )
  for name, (changed, factor_350k) in _CHANGED.items()
  for suffix, factor in (('', 1.0), ('_350k', factor_350k))
}
