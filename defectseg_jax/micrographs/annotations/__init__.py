"""JSON of the programs that people draw outlines with.

`reading` tells by its content which program a file is of; `labelme`, `coco`,
`via` and `geojson` know one form each, and give `shapes`.
"""
