"""Training, calibration, evaluation and export of the networks; needs the `train` extra."""
