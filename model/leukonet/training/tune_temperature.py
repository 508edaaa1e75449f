"""Shows what it costs and brings to fit the temperature to varied crops: the choice is a person's.

A classifier is surer of what looks like its training than of another microscope's cells. So a bundle that left sources
out is judged on these, beside what was held out of its training.
"""

from collections.abc import Iterator
from pathlib import Path

from leukonet.analysis import open_networks
from leukonet.bundle import Bundle
from leukonet.training import calibrate, fit, train_classifier
from leukonet.training.crops import read_crops
from leukonet.training.datasets import classes_known
from leukonet.training.left_out import left_out_fields, named_cells
from leukonet.training.release import answers, temperature


def tune(data: Path, bundle: Bundle) -> Iterator[str]:
    """Judge a bundle's probabilities at the temperature of its validation crops as they are, and of varied ones.

    Args:
        data: folder of the labelled sets.
        bundle: of kind `locate-classify`.

    Yields:
        A head, then a line a set and temperature: the expected calibration error, 0 to 1, of cells of classes that
        other sets hold too. What a set tests with is left out.

    Raises:
        DataError: data are missing.
    """
    left_out, seed = bundle.provenance["left_out"], bundle.provenance["seed"]
    fit.prepare(seed, bfloat16=False)
    held = read_crops(train_classifier.sources(data, seed, left_out)[1], seed)
    network = open_networks(bundle)[1]
    plain = answers(network, train_classifier.plain(held))
    fitted = {
        "as they are": calibrate.temperature(plain, held.classes, train_classifier.chances(held)),
        "varied": temperature(network, held),
    }
    judged = {"held out": (plain, held.classes)}
    known = classes_known(data, left_out) - {"artefact"}
    for name, fields in left_out_fields(data, left_out).items():
        judged[name] = named_cells(fields, bundle, known)
    yield f"{'set':<10}{'cells':>7}  {'fitted to crops':<16}{'temperature':>12}{'calibration error':>19}"
    for name, (logits, classes) in judged.items():
        for crops, heat in fitted.items():
            error = calibrate.expected_error(logits, classes, heat)
            yield f"{name:<10}{len(classes):>7}  {crops:<16}{heat:>12.3f}{error:>19.3f}"
