"""Draws pictures that are no smear: noise, blanks, texts, slopes of colour, patterns; each from a generator alone."""

import string

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Levels = npt.NDArray[np.float64]
Rgb = tuple[int, int, int]


def white_noise(rng: np.random.Generator) -> Image.Image:
    """Every pixel and channel drawn for itself, about a colour."""
    width, height = size(rng)
    return _picture(np.array(colour(rng)) + rng.normal(0, rng.uniform(10, 90), (height, width, 3)))


def grey_noise(rng: np.random.Generator) -> Image.Image:
    """Every pixel lighter or darker than a colour, all channels alike."""
    width, height = size(rng)
    return _picture(np.array(colour(rng)) + rng.normal(0, rng.uniform(10, 90), (height, width, 1)))


def pink_noise(rng: np.random.Generator) -> Image.Image:
    """Clouds: the amplitude falls with the frequency, as in photographs; two or three colours run through them."""
    width, height = size(rng)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    frequency[0, 0] = 1 / max(width, height)
    falls = frequency ** -rng.uniform(0.6, 2.0)
    total = np.zeros((height, width, 3)) + colour(rng)
    for _ in range(int(rng.integers(2, 4))):
        cloud = np.fft.ifft2(np.fft.fft2(rng.normal(size=(height, width))) * falls).real
        total += cloud[..., None] / cloud.std() * rng.normal(0, 40, 3)
    return _picture(total)


def specks(rng: np.random.Generator) -> Image.Image:
    """Salt and pepper on a colour, in grains of one to four pixels."""
    width, height = size(rng)
    grain = int(rng.integers(1, 5))
    drawn = rng.random((height // grain + 1, width // grain + 1, 1)).repeat(grain, 0).repeat(grain, 1)
    share = rng.uniform(0.01, 0.3)
    levels = np.where(drawn < share, 0, np.where(drawn > 1 - share, 255, np.array(colour(rng), float)))
    return _picture(levels[:height, :width])


def blobs(rng: np.random.Generator) -> Image.Image:
    """Soft round spots, each of a colour of its own, on a ground of any colour."""
    picture = Image.new("RGB", size(rng), colour(rng))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(5, 120))):
        x, y = (int(rng.integers(length)) for length in picture.size)
        radius = int(rng.integers(4, 60))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), colour(rng))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 4)))


def blank(rng: np.random.Generator) -> Image.Image:
    """One colour, with a camera's noise or without."""
    width, height = size(rng)
    return _picture(np.array(colour(rng)) + rng.normal(0, rng.choice([0, 1, 2]), (height, width, 3)))


def black_on_white(rng: np.random.Generator) -> Image.Image:
    """A page of print, on paper that is nearly white."""
    paper = tuple(int(level) for level in rng.integers(225, 256, 3))
    return _page(rng, (paper[0], paper[1], paper[2]), [(20, 20, 20)])


def coloured_text(rng: np.random.Generator) -> Image.Image:
    """A page in several inks, on paper of any colour."""
    return _page(rng, colour(rng), [colour(rng) for _ in range(int(rng.integers(1, 5)))])


def slope(rng: np.random.Generator) -> Image.Image:
    """One colour passes into another along a line."""
    width, height = size(rng)
    turn = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return _between(rng, (np.cos(turn) * x + np.sin(turn) * y + 1.5) / 3)


def ring(rng: np.random.Generator) -> Image.Image:
    """One colour passes into another from a centre outwards, once or in rings."""
    width, height = size(rng)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    middle = rng.uniform(-0.7, 0.7, 2)
    distance = np.hypot(x - middle[0], y - middle[1])
    return _between(rng, (1 - np.cos(distance * rng.uniform(1, 20))) / 2)


def checkerboard(rng: np.random.Generator) -> Image.Image:
    """Squares of two colours."""
    width, height = size(rng)
    side = int(rng.integers(3, 80))
    y, x = np.mgrid[:height, :width] // side
    return _between(rng, ((x + y) % 2).astype(float))


def stripes(rng: np.random.Generator) -> Image.Image:
    """Bars of two colours, hard or soft, in any direction."""
    width, height = size(rng)
    turn, length = rng.uniform(0, np.pi), rng.uniform(6, 120)
    y, x = np.mgrid[:height, :width]
    wave = np.sin((np.cos(turn) * x + np.sin(turn) * y) * 2 * np.pi / length)
    return _between(rng, (np.clip(wave * rng.choice([1, 20]), -1, 1) + 1) / 2)


def shapes(rng: np.random.Generator) -> Image.Image:
    """Rectangles, lines, triangles and discs of a few flat colours, as diagrams and logos have them."""
    picture = Image.new("RGB", size(rng), colour(rng) if rng.random() < 0.5 else "white")
    pen = ImageDraw.Draw(picture)
    inks = [colour(rng) for _ in range(int(rng.integers(2, 7)))]
    for _ in range(int(rng.integers(4, 60))):
        x, y = (float(rng.uniform(0, length)) for length in picture.size)
        wide, high = rng.uniform(5, 0.4 * max(picture.size), 2)
        ink = inks[int(rng.integers(len(inks)))]
        match rng.choice(["rectangle", "ellipse", "line", "polygon"]):
            case "rectangle":
                pen.rectangle((x, y, x + wide, y + high), ink)
            case "ellipse":
                pen.ellipse((x, y, x + wide, y + wide), ink)
            case "line":
                pen.line((x, y, x + wide, y + high), ink, int(rng.integers(1, 12)))
            case _:
                pen.polygon([(x, y), (x + wide, y), (x, y + high)], ink)
    return picture


def size(rng: np.random.Generator) -> tuple[int, int]:
    """Width and height, from a single cell's picture to a small camera's field."""
    width = int(rng.integers(100, 700))
    return width, max(60, int(width * rng.uniform(0.6, 1.2)))


def colour(rng: np.random.Generator) -> Rgb:
    """Any colour."""
    red, green, blue = (int(level) for level in rng.integers(0, 256, 3))
    return red, green, blue


def _page(rng: np.random.Generator, paper: Rgb, inks: list[Rgb]) -> Image.Image:
    picture = Image.new("RGB", size(rng), paper)
    pen = ImageDraw.Draw(picture)
    height = int(rng.integers(9, 60))
    letters = list(string.ascii_letters + string.digits + " " * 12 + ".,;:-")
    font = ImageFont.load_default(height)
    for top in range(int(rng.integers(0, height)), picture.height, round(1.3 * height)):
        line = "".join(rng.choice(letters, int(rng.integers(4, 120))))
        pen.text((int(rng.integers(2, 30)), top), line, inks[int(rng.integers(len(inks)))], font)
    return picture


def _between(rng: np.random.Generator, share: Levels) -> Image.Image:
    """Mix two colours by a share of 0 to 1 for every pixel."""
    first, last = np.array(colour(rng)), np.array(colour(rng))
    return _picture(first + share[..., None] * (last - first) + rng.normal(0, 0.7, (*share.shape, 3)))


def _picture(levels: Levels) -> Image.Image:
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
