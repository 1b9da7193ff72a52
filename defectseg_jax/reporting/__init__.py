"""Figures, tables, ROI sets and pages: all that a person looks at.

overlays.overlay              a micrograph with its objects outlined
figures                       curves, comparison maps, histograms
imagej_rois.write_rois        objects for ImageJ's ROI Manager
page.session_page             one HTML file of many micrographs
"""
