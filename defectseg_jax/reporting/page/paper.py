"""What the paper reports, to stand beside a run's numbers.

Roberts, G., Haile, S. Y., Sainju, R., Edwards, D. J., Hutchinson, B. & Zhu, Y.,
Scientific Reports 9, 12744 (2019), doi:10.1038/s41598-019-49105-0, Tables 1-3.
"""

SOURCE = 'Roberts et al., Scientific Reports 9, 12744 (2019)'

# Percent, mean and standard deviation over the test images.
TABLE_1 = {
  'dislocations': {
    'pixel_accuracy': (91.60, 1.77),
    'precision': (55.37, 2.22),
    'recall': (69.10, 1.93),
    'iu': (44.34, 0.63),
  },
  'precipitates': {
    'pixel_accuracy': (93.39, 1.00),
    'precision': (72.06, 4.44),
    'recall': (78.38, 2.05),
    'iu': (59.85, 2.07),
  },
  'voids': {
    'pixel_accuracy': (98.85, 0.56),
    'precision': (89.17, 1.28),
    'recall': (90.17, 5.84),
    'iu': (81.19, 3.68),
  },
}

# Percent errors against the truth, of the network and of people on average, on
# the two test images: densities from Table 2, diameters from Table 3.
ERRORS = {
  'dislocations': {'density': ((4, 20), (5, 30))},
  'precipitates': {
    'number density': ((14, 58), (5, 35)),
    'mean diameter': ((1, 8), (2, 18)),
    'standard deviation of diameter': ((5, 28), (2, 16)),
  },
  'voids': {
    'number density': ((20, 8), (13, 17)),
    'mean diameter': ((14, 7), (4, 9)),
    'standard deviation of diameter': ((6, 5), (1, 27)),
  },
}
