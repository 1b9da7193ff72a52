"""Constants of alloys: --config=voids:alloy=ht9 sets config.properties.

Another alloy needs no file: --config.properties.alloy=NAME, with
--config.properties.shear_modulus_gpa and --config.properties.burgers_nm.

All are of 300 K. The shear modulus is lower where steel is hot, and hardening
with it.
"""

import ml_collections

ALLOYS = {
  # Ferritic-martensitic, 12Cr-1MoVW.
  'ht9': {
    'alloy': 'HT-9',
    # Of ferritic steels (1Cr-Mo-V): Frost and Ashby, Deformation-Mechanism
    # Maps, Pergamon 1982, chapter 8.
    'shear_modulus_gpa': 81.0,
    # a sqrt(3) / 2, with the lattice parameter of iron, a = 0.2866 nm.
    'burgers_nm': 0.248,
  },
  # Austenitic stainless steel, 17Cr-12Ni-2.5Mo.
  '316': {
    'alloy': '316',
    # Frost and Ashby, likewise, of 316 stainless steel; so is b.
    'shear_modulus_gpa': 81.0,
    'burgers_nm': 0.258,
  },
}


def get_config() -> ml_collections.ConfigDict:
  """No alloy, and what is the same in all; docs/properties.md."""
  config = ml_collections.ConfigDict()

  # Name of the alloy; '' for no properties. The argument alloy=ht9 or alloy=316
  # sets it with its constants.
  config.alloy = ''
  # Shear modulus in GPa, at the temperature that strength is asked for.
  config.shear_modulus_gpa = 0.0
  # Length of the Burgers vector in nanometres.
  config.burgers_nm = 0.0
  # Yield stress over resolved shear stress in a polycrystal without texture:
  # Stoller and Zinkle, J. Nucl. Mater. 283-287, 349 (2000).
  config.taylor_factor = 3.06
  # Strength of voids as obstacles: 1 where no dislocation cuts them (Lucas, J.
  # Nucl. Mater. 206, 287, 1993). Small bubbles have much less.
  config.strength_voids = 1.0
  # Strength of precipitates: 1 where dislocations bow around them. Those that
  # are cut have 0.3 to 0.5.
  config.strength_precipitates = 1.0
  # Strength of dislocations against others, in Taylor's relation; measured ones
  # lie between 0.2 and 0.5, and this is by eye.
  config.strength_dislocations = 0.3
  # Relative standard uncertainty of the three strengths; 0 takes them as exact.
  config.strength_uncertainty = 0.0
  # Inner cut-off radius of a dislocation's energy, in lengths of the Burgers
  # vector; as Bacon, Kocks and Scattergood have it.
  config.core_radius_burgers = 1.0
  # How much better than by chance dislocations take up the point defect that
  # sinks are asked for: about 1 for vacancies, more for interstitials.
  config.sink_bias = 1.0
  # From which densities and diameters properties follow: 'plain', N / (A t), or
  # 'corrected', for overlap and for what the surfaces cut.
  config.densities = 'plain'

  return config
