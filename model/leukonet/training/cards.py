"""Model cards: what a bundle is, what it learned from, how it was judged and where it ends."""

from typing import Any

from leukonet.bundle import Kind

SETS = {
    "bccd": "BCCD Dataset (Shenggan, after cosmicad and akshaylamba), MIT; fields of Kaggle's test side left out, and "
    "the published names of 41 cells that we doubt; no haematologist has checked them",
    "chula": "Chula WBC fields (Chulalongkorn University, singgihbekti), MIT",
    "kaggle_augmented": "400 pictures a class of Kaggle's augmented BCCD, published with no licence file of its own",
    "pbc": "PBC (Acevedo et al. 2020, doi:10.17632/snkd93bnjr.1), CC BY 4.0; WBCAtt's train part",
    "txl_pbc": "TXL-PBC, MIT; its train part, whose boxed cells we named ourselves: no haematologist has checked them",
}
"""Where the training pictures come from and under which licence."""

USE = """Research use only. Not a medical device: no count of this bundle is fit for a diagnosis, a treatment or a
patient's record.
"""


def locate_classify(name: str, manifest: dict[str, Any]) -> str:
    """The card of a bundle that locates, then classifies."""
    origin = manifest["provenance"]
    return f"""# {name}

{USE}
Finds every white cell of a smear field and names it: {", ".join(manifest["classes"])}.

{_learned(origin)}
Two int8 networks on LiteRT. The locator sees the field on a canvas of 256 pixels and marks centres and sizes; the
classifier sees one crop of 96 pixels, {manifest["preprocessing"]["context"]} times as wide as the cell, and where it is
not sure of it the mirror images too: then the mean is the answer. The field's background is measured as a smooth
surface and brought to the same grey beforehand, and a pale stain is raised {manifest["raised"]:.0%} of the way to the
usual one.
The locator, {origin["locator_of"]}'s, was trained for {origin["locator_epochs"]} epochs and the classifier,
{origin["classifier_of"]}'s, for {origin["classifier_epochs"]}, of 100 batches each, with stain, light and optics varied
at random; seed {origin["seed"]}.
Fields were split by original image before any augmentation. PBC has no boxes: the outline of the central cell stands
in for them.

## On validation data

{_validation(manifest)}

## On test data

{_tests(origin)}

## Limits

- Blasts, bands, reactive lymphocytes, plasma cells and parasites are outside its classes: it names them something else,
  or leaves them unclassified.
- In a field of up to 960 pixels, cells much smaller than a twelfth of its longer side may be missed; larger fields are
  looked at in tiles too.
- Chula's slides hold one or two classes each, and PBC names no patients: figures on them flatter.
- On a microscope that it has never seen it errs more often. Check it on labelled cells of your own first:
  `leukonet evaluate --images DIR --labels CSV`.
"""


def field(name: str, manifest: dict[str, Any]) -> str:
    """The card of the paper's network."""
    origin = manifest["provenance"]
    return f"""# {name}

{USE}
The seven-layer network of the paper that Leukowatch started from: one answer for the whole image, one of
{", ".join(manifest["classes"])}. It is here to be compared with, not to count by.

{_learned(origin)}
80 x 100 RGB; convolutions of 9x9 with 32 and 64 filters and tanh, max-pooling of 2 after each; a dense layer with tanh;
dropout of 0.1 around it; softmax over four. What the paper leaves open is our reading: 64 dense units (which gives
2,222,084 weights), Adam at a rate of 1e-4, batches of 32, a fifth of the pictures for validation, early stopping after
20 epochs without a better validation loss. It ran for {origin["epochs"]} of at most 96 epochs; seed {origin["seed"]}.

## On validation data

{_validation(manifest)}
The validation pictures are augmentations of the same originals as the training pictures: they leak, as the paper's
seem to have. So do the 213 of the paper's size below; Kaggle's test side and BCCD's do not.

## On test data

{_tests(origin)}

## Limits

- One answer an image: a field with two cells loses one, a field without a cell gets one all the same.
- Four classes, one microscope.
"""


def _learned(origin: dict[str, Any]) -> str:
    rows = "\n".join(f"- {SETS[name]}" for name in origin["sets"])
    return f"Learned from:\n\n{rows}\n"


def _validation(manifest: dict[str, Any]) -> str:
    figures = manifest["provenance"]["validation"]
    exact = f" (float {figures['float_accuracy']:.1%})" if "float_accuracy" in figures else ""
    return (
        f"{figures['cells']} pictures, int8: accuracy {figures['accuracy']:.1%}{exact}, expected calibration error "
        f"{figures['expected_calibration_error']:.3f} at temperature {manifest['temperature']}.\nBelow a first "
        f"probability of {manifest['unclassified_below']} a cell is unclassified.\n"
    )


def _tests(origin: dict[str, Any]) -> str:
    """Table of the figures on test data: end to end, a missed cell is an error."""
    if not origin.get("test"):
        return "Not judged yet.\n"
    rows = [
        "| `{}` | {n} | {accuracy:.1%} | {balanced_accuracy:.1%} | {missed} | {false_cells} | {unclassified} |".format(
            name, **figures
        )
        for name, figures in origin["test"].items()
    ]
    head = "| set and part | cells | accuracy | balanced | missed | false cells | unclassified |"
    note = "`leukonet evaluate --dataset SET --part PART` prints each row.\n"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *rows, "", note, *_recipe(origin)])


def _recipe(origin: dict[str, Any]) -> list[str]:
    """Table of what other networks of the same recipe reached where this one has seen the set."""
    if not origin.get("recipe"):
        return []
    rows = [
        "| {} | {cells} | {accuracy:.1%} | {low:.1%} to {high:.1%} | {balanced:.1%} | {missed} |".format(
            name, **row
        )
        for name, row in origin["recipe"].items()
    ]
    return [
        "Other networks of the same recipe, which had not seen what they were judged on:",
        "",
        "| judged on | cells | accuracy | 95% limits | balanced | missed |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "`leukonet benchmark unseen`, `bccd-folds` and `chula-folds` print each row.",
        "",
    ]


CARDS = {Kind.FIELD: field, Kind.LOCATE_CLASSIFY: locate_classify}
"""The card's writer for each kind of bundle."""
