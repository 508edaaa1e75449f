"""How a field is made ready for the networks: what training and analysis must have in common.

Numbers alone, so that a bundle can be checked by who has no use for pixels.
"""

BACKGROUND = 232
"""Grey level (0 to 255) that the background of every field is brought to."""
CANVAS = 256
"""Side in pixels of the square on which the locator sees a field."""
CROP = 96
"""Side in pixels of the classifier's crop."""
CONTEXT = 1.5
"""A crop's side in the field, in units of the longer side of the cell's box."""
PREPROCESSING = {
    "light": "surface",
    "background": BACKGROUND,
    "canvas": CANVAS,
    "crop": CROP,
    "context": CONTEXT,
}
"""What a bundle of kind `locate-classify` must have been trained on: its manifest says so, and loading compares."""
