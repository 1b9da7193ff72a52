"""Colours that the colour-blind tell apart: Okabe and Ito (2008)."""

ORANGE = '#e69f00'
SKY_BLUE = '#56b4e9'
GREEN = '#009e73'
YELLOW = '#f0e442'
BLUE = '#0072b2'
VERMILION = '#d55e00'
PURPLE = '#cc79a7'
