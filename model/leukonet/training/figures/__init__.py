"""Figures as PNG files, by matplotlib without its global state: curves, confusion matrices, galleries of cells."""
