"""The rival: what a competent person writes in an afternoon. watchdog, Keras `predict`, one commit a file.

The networks have the shapes of ours, in float32; their weights are random, which costs the same. Since a locator of
random weights finds anything, the place that it scores highest is taken as the field's one cell.
Run: `python bench/rivals/afternoon.py INBOX DATABASE FILES`; it says `ready`, ends when so many files are counted, and
prints the seconds from the first file's event to the last commit.
"""

import queue
import sqlite3
import sys
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from leukonet.cells import CLASS_NAMES
from leukonet.locate import peaks
from leukonet.preprocessing import CANVAS, CROP
from leukonet.training import networks


class Dropped(FileSystemEventHandler):
    """Keeps each image that was moved or written into the folder."""

    def __init__(self) -> None:
        self.files: queue.Queue[str] = queue.Queue()

    def on_moved(self, event: FileSystemEvent) -> None:
        """A file got its name."""
        self.files.put(str(event.dest_path))


def name(locator: keras.Model, classifier: keras.Model, path: str) -> tuple[str, float]:
    """Class and probability of the cell of one picture."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    canvas = np.asarray(image.resize((CANVAS, CANVAS)), np.float32)
    box = peaks(locator.predict(canvas[None], verbose=0)[0], 0.0)[0][0]
    x, y = (centre * length / CANVAS for centre, length in zip(box.centre, image.size, strict=True))
    crop = image.crop((round(x) - 80, round(y) - 80, round(x) + 80, round(y) + 80)).resize((CROP, CROP))
    scores = keras.ops.softmax(classifier.predict(np.asarray(crop, np.float32)[None], verbose=0)[0])
    best = int(np.argmax(scores))
    return CLASS_NAMES[best], float(scores[best])


def main() -> None:
    """Count so many files."""
    inbox, database, wanted = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    locator, classifier = networks.locator(), networks.classifier()
    store = sqlite3.connect(database)
    store.execute("CREATE TABLE cell (file TEXT, class TEXT, probability REAL)")
    dropped, observer = Dropped(), Observer()
    observer.schedule(dropped, str(inbox), recursive=True)
    observer.start()
    canvas, crop = np.zeros((1, CANVAS, CANVAS, 3)), np.zeros((1, CROP, CROP, 3))
    locator.predict(canvas, verbose=0), classifier.predict(crop, verbose=0)
    print("ready", flush=True)
    started = 0.0
    for _ in range(wanted):
        path = dropped.files.get(timeout=120)
        started = started or time.perf_counter()
        store.execute("INSERT INTO cell VALUES (?, ?, ?)", (path, *name(locator, classifier, path)))
        store.commit()
    print(time.perf_counter() - started, flush=True)
    observer.stop()


if __name__ == "__main__":
    main()
