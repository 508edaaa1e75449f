"""One network file on LiteRT, fed with raw pixels."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from leukonet.colour import Pixels
from leukonet.errors import BadScores, BundleDamaged

Scores = npt.NDArray[np.float32]


@contextmanager
def _silence() -> Iterator[None]:
    """Keep LiteRT's greeting off standard error, where a live view or a caller's own lines are."""
    try:
        kept = os.dup(2)
    except OSError:  # closed: nothing to protect
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class Network:
    """A LiteRT network of one image in, one array of scores out, on one thread.

    Args:
        content: of the `.tflite` file.
        file: its name, for errors.
        side: `(height, width)` of the images it must take.
        outputs: length that the last axis of its output must have.

    Raises:
        BundleDamaged: the content is no network, or one of another shape.
    """

    def __init__(self, content: bytes, file: str, side: tuple[int, int], outputs: int) -> None:
        try:
            with _silence():
                self._interpreter = Interpreter(model_content=content, num_threads=1)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise BundleDamaged(f"{file}: not a network that LiteRT can run ({error}); reinstall") from error
        self._file = file
        source: dict[str, Any] = self._interpreter.get_input_details()[0]
        result: dict[str, Any] = self._interpreter.get_output_details()[0]
        if tuple(source["shape"]) != (1, *side, 3) or source["dtype"] is not np.uint8:
            taken = f"{source['dtype'].__name__} {source['shape'].tolist()}"
            raise BundleDamaged(f"{file}: takes {taken}, not uint8 {[1, *side, 3]}; reinstall")
        if result["shape"][-1] != outputs or result["dtype"] is not np.float32:
            raise BundleDamaged(f"{file}: gives {result['shape'].tolist()}, not {outputs} scores; reinstall")
        self._input, self._output = source["index"], result["index"]

    def __call__(self, image: Pixels) -> Scores:
        """Scores of one `(height, width, 3)` uint8 image, without the batch axis.

        Raises:
            BundleDamaged: the network opens, and does not run.
            BadScores: a score is not a finite number.
        """
        try:
            self._interpreter.set_tensor(self._input, image[None])
            self._interpreter.invoke()
            scores: Scores = self._interpreter.get_tensor(self._output)[0]
        except (ValueError, RuntimeError) as error:
            raise BundleDamaged(f"{self._file}: does not run ({error}); reinstall") from error
        if not np.isfinite(scores).all():
            raise BadScores(f"{self._file}: gave a score that is no number; reinstall the bundle")
        return scores
