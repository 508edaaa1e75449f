"""What the model's tests share: the shipped bundle, and a folder of synthetic sets to train on."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leukonet.bundle import Bundle, load_bundle
from leukonet.cells import CLASS_NAMES, LEUCOCYTES, PAPER_CLASSES
from leukonet.phantom import PhantomField, render_field


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """The bundle that ships as the default, of kind `locate-classify`."""
    return load_bundle()


@pytest.fixture(scope="session")
def synthetic_data(tmp_path_factory) -> Path:
    """Phantoms laid out like the five sets: a handful of pictures each, so that recipes run in seconds."""
    data = tmp_path_factory.mktemp("data")
    boxed(data / "bccd", "object", [[name] for name in LEUCOCYTES for _ in range(4)])
    boxed(data / "chula", "class", [[name] for name in LEUCOCYTES])
    boxed(data / "txl_pbc", "object", [[name] for name in LEUCOCYTES * 2])
    singles(data / "pbc" / "images", [name for name in CLASS_NAMES for _ in range(4)])
    singles(data / "kaggle_augmented" / "train_400_per_class", PAPER_CLASSES * 5, "jpeg")
    singles(data / "kaggle_augmented" / "test", PAPER_CLASSES, "jpeg")
    rows = [f"{index}.jpg,{name},{'test' if index % 10 == 9 else 'train'}"
            for index, name in enumerate(name for name in LEUCOCYTES for _ in range(4))]  # fmt: skip
    table(data / "bccd" / "images.csv", "image,subtypes,kaggle_split", rows)
    pictures = sorted((data / "pbc" / "images").glob("*/*.jpg"))
    names = [f"{path.parent.name}/{path.name},{path.parent.name},{'val' if index % 4 == 3 else 'train'}"
             for index, path in enumerate(pictures)]  # fmt: skip
    table(data / "pbc" / "images.csv", "image,class,split", names)
    return data


def boxed(folder: Path, kind: str, fields: Iterable[Sequence[str]]) -> None:
    """Whole fields with every white cell boxed, and a red cell."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for index, names in enumerate(fields):
        image = f"N-{index}_1.jpg" if kind == "class" else f"{index}.jpg"
        drawn = draw(folder / "images" / image, index, (200, 150), names)
        listed = [(name if kind == "class" else "WBC", box) for name, box in drawn.cells]
        listed += [] if kind == "class" else [("RBC", (1, 1, 20, 20))]
        rows += [f"{image},{what},{','.join(str(int(edge)) for edge in box)},train" for what, box in listed]
    table(folder / "boxes.csv", f"image,{kind},xmin,ymin,xmax,ymax,split", rows)


def singles(folder: Path, names: Iterable[str], suffix: str = "jpg") -> None:
    """Pictures of one cell, in folders named by the class."""
    for index, name in enumerate(names):
        draw(folder / name / f"{index}.{suffix}", index, (100, 100), [name])


def draw(path: Path, seed: int, size: tuple[int, int], names: Sequence[str]) -> PhantomField:
    """Write one phantom."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = render_field(np.random.default_rng(seed), *size, names, magnification=0.6)
    Image.fromarray(drawn.pixels).save(path, quality=90)
    return drawn


def table(path: Path, head: str, rows: Iterable[str]) -> None:
    """Write a CSV file."""
    path.write_text("\n".join([head, *rows, ""]))
