"""What densities and diameters mean for a steel: strength, sinks, paths."""
