"""Every kind of input among the shared cases has its tests, and more members.

Their README.md has a row for each kind. Here stand, by the row's files, the
tests of those files, and tests of members that were made beside them: other
programs, spellings, or orders of bytes. `FILE::TEST` is from tests/ on.
"""

import ast
import functools
import re
from typing import NamedTuple

import pytest
import tiny

README = tiny.SHARED / 'data' / 'cases' / 'README.md'
TESTS = tiny.ROOT / 'tests'
_MEMBERS = 'micrographs/cases_members_test.py'


class Row(NamedTuple):
  """The tests of a kind.

  Attributes:
    own: of the files of the row.
    made: of other members, by what they are.
  """

  own: tuple[str, ...]
  made: dict[str, str]


ROWS = {
  '`artefacts/images/base.tif`, `truth/`': Row(
    (
      'jobs/artefacts_test.py::test_a_prediction_without_artefacts_has_the_same_bits',
      'jobs/artefacts_test.py::test_twenty_spikes',
    ),
    {
      'MRC, big-endian ImageJ and OME at 0.32 nm, dm4': (
        f'{_MEMBERS}::test_an_image_at_032_nm_by_other_programs'
      ),
      'a foil in 8 bits beside others with artefacts': (
        'jobs/artefacts_test.py::test_a_session_says_what_is_no_specimen'
      ),
    },
  ),
  '`artefacts/images/binned_2.tif`, `zoomed_2.tif`': Row(
    (
      'jobs/artefacts_test.py::test_another_pixel_size_gives_the_same_nanometres',
    ),
    {
      'pixels of half to four times the size in training': (
        'prediction/scales_test.py::test_pixels_as_in_training'
      ),
      'pixels that are too far away': (
        'prediction/scales_test.py::test_a_scale_that_is_too_far_away_is_refused'
      ),
      'an array that is binned by 4': (
        'prediction/scales_test.py::test_reducing_by_a_whole_number_is_binning'
      ),
    },
  ),
  '`artefacts/images/spikes_*.tif`, `hot_column.tif`': Row(
    ('jobs/artefacts_test.py::test_artefacts_do_not_change_what_is_found',),
    {
      '1 to 100 spikes at doses of 0.1 to 1000': (
        'micrographs/outliers_test.py::test_spikes_are_found_at_every_dose'
      ),
      'hot and dead columns and rows': (
        'micrographs/outliers_test.py::test_columns_and_rows_of_the_detector'
      ),
      'a column that is hot in part': (
        'micrographs/outliers_test.py::test_a_column_that_is_hot_in_part'
      ),
    },
  ),
  '`artefacts/images/databar.tif`, `zero_frame.tif`, `nan_frame.tif`': Row(
    ('jobs/artefacts_test.py::test_artefacts_do_not_change_what_is_found',),
    {
      'bars of three shades at each side': (
        'micrographs/specimen_test.py::test_a_data_bar_at_each_side'
      ),
      'a bar in a JPEG': (
        'micrographs/specimen_test.py::test_a_data_bar_in_a_jpeg'
      ),
      'the corners of a rotation': (
        'micrographs/specimen_test.py::test_the_corners_that_a_rotation_leaves'
      ),
      'frames and NaN together': (
        'micrographs/specimen_test.py::test_frames_and_nan_together'
      ),
    },
  ),
  '`masks/pair_255_0.png`, `miniswhite_*`, `folders/inverted`': Row(
    (
      'micrographs/mask_values_test.py::test_the_cases_are_the_base',
      'jobs/labels_test.py::test_what_may_be_inverted_is_doubted',
      'jobs/labels_test.py::test_training_asks_whether_masks_are_black_on_white',
    ),
    {
      'CCITT, 16 bits big-endian, a palette, white is zero': (
        f'{_MEMBERS}::test_black_on_white_of_other_programs_is_doubted'
      ),
      'a truth to compare with': (
        'jobs/labels_test.py::test_a_truth_that_may_be_inverted_is_doubted'
      ),
    },
  ),
  '`masks/ids_uint16.tif`, `ids_uint8.png`, `classes_0_1_2.png`, '
  '`ilastik_1_2.tif`, `ilastik_no_defect.tif`': Row(
    (
      'micrographs/mask_values_test.py::test_the_cases_are_the_base',
      'micrographs/mask_values_test.py::test_numbers_of_objects_stay_apart',
      'micrographs/mask_values_test.py::test_classes_are_asked_about',
      'micrographs/mask_values_test.py::test_a_mask_of_one_value_is_doubted',
      'jobs/labels_test.py::test_the_cases_are_measured',
    ),
    {
      'big-endian int64, MRC, 16 bits of PNG, OME of 32 bits': (
        f'{_MEMBERS}::test_numbers_of_objects_by_other_programs'
      ),
      'numbers of a palette': (
        'micrographs/object_ids_test.py::test_numbers_of_a_palette_are_read'
      ),
      'classes of Labkit, napari and MATLAB': (
        'micrographs/mask_values_test.py::test_a_class_is_what_is_asked_for'
      ),
    },
  ),
  '`masks/labelme.json`, `RoiSet.zip`, names as `a_mask.png`, '
  '`a_cp_masks.png`': Row(
    (
      'micrographs/annotations/labels_test.py::test_the_cases_are_nearly_the_base',
      'jobs/labels_test.py::test_names_as_they_come',
    ),
    {
      'holes of QuPath, parts of COCO': (
        'micrographs/annotations/labels_test.py'
        '::test_holes_of_qupath_are_holes_and_parts_of_coco_are_parts'
      ),
      'ellipses of VIA': (
        'micrographs/annotations/labels_test.py::test_an_ellipse_of_via_is_turned'
      ),
      'regions on the slices of a stack': (
        'micrographs/imagej_regions_test.py'
        '::test_regions_of_a_stack_are_of_their_slices'
      ),
      'names of StarDist, ilastik, ImageJ and napari': (
        f'{_MEMBERS}::test_names_of_other_programs'
      ),
    },
  ),
  '`masks/stack_t3.tif`': Row(
    ('jobs/labels_test.py::test_a_stack_of_masks_has_a_row_for_each',),
    {
      'NPY in the order of Fortran, OME, ImageJ, MRC': (
        f'{_MEMBERS}::test_stacks_of_masks_by_other_programs'
      ),
      'with a stack of images': (
        'jobs/labels_test.py::test_a_stack_of_masks_with_a_stack_of_images'
      ),
    },
  ),
  '`masks/red.png`': Row(
    ('micrographs/mask_values_test.py::test_the_cases_are_the_base',),
    {
      'green among red, grey, with transparency': (
        'micrographs/mask_values_test.py::test_a_class_is_what_is_asked_for'
      ),
      'painted on nothing': (
        'micrographs/mask_values_test.py::test_transparency_may_be_the_mask'
      ),
      'in a palette': (
        'micrographs/masks_test.py::test_palette_is_else_judged_by_black_and_white'
      ),
    },
  ),
  '`masks/compressed_*.tif`, `pillow_1bit_g4.tif`, '
  '`micrographs/compressed_*.tif`': Row(
    (
      'micrographs/pixels_test.py::test_compressed_cases',
      'micrographs/pixels_test.py'
      '::test_cases_of_one_image_compressed_in_several_ways_are_the_same',
      'micrographs/pixels_test.py::test_compressed_masks',
    ),
    {
      'tiles in BigTIFF, in either order of bytes': (
        f'{_MEMBERS}::test_compressed_tiles_in_either_order'
      ),
      'with predictors, of three types': (
        'micrographs/pixels_test.py::test_compression_and_predictors'
      ),
      "Pillow's": (
        'micrographs/pixels_test.py::test_compression_of_other_programs'
      ),
    },
  ),
  '`micrographs/fei_*.tif`, `zeiss_*.tif`, `jeol_sightx_mag.tif`': Row(
    ('micrographs/scale_test.py::test_cases',),
    {
      'FEI, Zeiss and JEOL in BigTIFF, in either order of bytes': (
        f'{_MEMBERS}::test_tags_in_either_order_and_in_bigtiff'
      ),
      'FEI by the field of view, of the ion beam': (
        'micrographs/scale_test.py::test_fei'
      ),
      "FEI's XML": 'micrographs/scale_test.py::test_fei_xml',
      'Zeiss with decimal commas': 'micrographs/scale_test.py::test_zeiss',
      'JEOL in other modes': 'micrographs/scale_test.py::test_jeol_sightx',
    },
  ),
  '`micrographs/imagej_unit_*.tif`, `emd/*`': Row(
    (
      'micrographs/scale_test.py::test_cases',
      'micrographs/pixels_test.py::test_cases_of_berkeley',
      'sessions/scale_doubts_test.py::test_unknown_unit_of_a_mask_is_a_warning',
    ),
    {
      'HyperSpy and DigitalMicrograph in five units': (
        f'{_MEMBERS}::test_units_of_other_programs'
      ),
      'sixty spellings': 'micrographs/scale_test.py::test_units',
      'OME-Zarr in three units': (
        'micrographs/ome_zarr_test.py::test_ome_zarr'
      ),
    },
  ),
  '`micrographs/imagej_mm_300dpi.tif`': Row(
    ('micrographs/scale_test.py::test_cases',),
    {
      'Pillow in four formats at four resolutions': (
        f'{_MEMBERS}::test_what_pillow_writes_for_printers_is_no_scale'
      ),
      'in OME': (
        'micrographs/scale_test.py'
        '::test_printers_resolution_in_ome_is_not_believed'
      ),
      'in cm, um and inches': (
        'micrographs/scale_test.py::test_printers_resolution_is_not_believed'
      ),
    },
  ),
  '`micrographs/photo.bmp`': Row(
    ('micrographs/pixels_test.py::test_case_of_bmp',),
    {
      'packed, of 4 bits, the first row first': (
        f'{_MEMBERS}::test_bmp_of_other_programs'
      ),
      'grey, of 1 bit and cut off': 'micrographs/pixels_test.py::test_bmp',
    },
  ),
  '`folders/hitachi`, `jeol`, `tescan`': Row(
    (
      'micrographs/scale_test.py::test_cases',
      'datasets/folder_test.py::test_images_pair_with_masks',
      'micrographs/selection_test.py::test_texts_that_are_read_are_not_passed_over',
    ),
    {
      'UTF-16 big-endian, Japanese, other cases of letters': (
        f'{_MEMBERS}::test_texts_beside_in_other_spellings'
      ),
      'beside PNG, BMP and JPEG': 'micrographs/scale_test.py::test_text_beside',
    },
  ),
  '`folders/raw_and_export`': Row(
    (
      'micrographs/selection_test.py::test_a_raw_file_and_its_export',
      'datasets/folder_test.py::test_images_pair_with_masks',
    ),
    {
      'MRC, EMD and Zarr with their pictures': (
        f'{_MEMBERS}::test_raw_files_of_other_programs_go_first'
      ),
      'dm4, ser and NPY with theirs': (
        'micrographs/selection_test.py::test_the_raw_file_goes_before_its_picture'
      ),
    },
  ),
  '`folders/calibration_*.csv`': Row(
    (
      'micrographs/calibration_table_test.py::test_tables_as_excel_writes_them',
    ),
    {
      "Excel's Unicode text, LibreOffice, a Mac, R, pandas": (
        f'{_MEMBERS}::test_tables_of_other_programs'
      ),
      'all separators, encodings and ends of lines': (
        'micrographs/csv_files_test.py::test_separators_encodings_and_ends'
      ),
      'with a line sep=': (
        'micrographs/csv_files_test.py::test_excel_may_say_the_separator'
      ),
    },
  ),
  '`broken/`': Row(
    (
      'micrographs/reader/process_test.py::test_a_broken_file_costs_no_other',
      'micrographs/pixels_test.py::test_page_of_half_the_side',
      'micrographs/pixels_test.py::test_png_that_is_damaged',
    ),
    {
      'a circle in BigTIFF, -7 rows, pickles, BMP of 2^30 rows, HDF5 cut off': (
        f'{_MEMBERS}::test_other_damaged_files_are_one_line'
      ),
      'a set of regions that unpacks to too much': (
        'micrographs/imagej_regions_test.py'
        '::test_a_set_that_unpacks_to_too_much_is_refused'
      ),
      'JSON that takes too long or too much': (
        'micrographs/reader/shapes_test.py'
        '::test_json_takes_no_more_than_its_due'
      ),
    },
  ),
}

_IDS = [re.sub(r'[^\w.]+', '_', name).strip('_') for name in ROWS]


@functools.cache
def _tests_of(file: str) -> set[str]:
  tree = ast.parse((TESTS / file).read_text())
  return {
    one.name
    for one in tree.body
    if isinstance(one, ast.FunctionDef) and one.name.startswith('test_')
  }


@pytest.mark.skipif(not README.exists(), reason=f'{README} is not here')
def test_every_row_of_the_cases_is_here():
  rows = re.findall(r'^\| (`.+?) \|', README.read_text(), re.MULTILINE)
  assert rows == list(ROWS)


@pytest.mark.parametrize('row', ROWS.values(), ids=_IDS)
def test_every_row_has_its_tests_and_two_more_members(row):
  assert row.own and len(row.made) >= 2
  assert len(set(row.made.values()) - set(row.own)) == len(row.made)
  for name in (*row.own, *row.made.values()):
    file, _, test = name.partition('::')
    assert test in _tests_of(file), name
