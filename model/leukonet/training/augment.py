"""Augmentation in batches on float32 images of 0 to 1: geometry, stain, light and optics.

Stain is varied in optical density, where the Beer-Lambert law makes dyes add up
(Ruifrok and Johnston, Anal Quant Cytol Histol 23:291, 2001).
"""

import keras
import numpy as np
import tensorflow as tf

from leukonet.preprocessing import BACKGROUND

PAPER_GREY = BACKGROUND / 255


def affine(
    images: tf.Tensor, side: int, zoom: tf.Tensor, shift: tf.Tensor, angle: tf.Tensor, flip: tf.Tensor
) -> tf.Tensor:
    """Zoom, shift, turn and mirror each image about its centre.

    Args:
        images: `(n, height, width, 3)` float32.
        side: of the square images returned.
        zoom: `(n,)` pixels returned per pixel given.
        shift: `(n, 2)` x and y, in pixels returned.
        angle: `(n,)` radians.
        flip: `(n,)` 1 or -1, mirrors x.

    Returns:
        `(n, side, side, 3)`; beyond the image it is background grey.
    """
    matrix = inverse_matrix(images.shape[1:3], side, zoom, shift, angle, flip)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=matrix,
        output_shape=[side, side],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=PAPER_GREY,
    )


def inverse_matrix(
    size: tuple[int, int], side: int, zoom: tf.Tensor, shift: tf.Tensor, angle: tf.Tensor, flip: tf.Tensor
) -> tf.Tensor:
    """`(n, 8)` rows that map a returned pixel to the given one it comes from, as TensorFlow wants them."""
    cos, sin = tf.cos(angle) / zoom, tf.sin(angle) / zoom
    middle = (side - 1) / 2
    x, y = middle + shift[:, 0], middle + shift[:, 1]
    a, b, d, e = flip * cos, flip * sin, -sin, cos
    c = (size[1] - 1) / 2 - a * x - b * y
    f = (size[0] - 1) / 2 - d * x - e * y
    zero = tf.zeros_like(a)
    return tf.stack([a, b, c, d, e, f, zero, zero], axis=1)


def restain(images: tf.Tensor, strength: float, faintest: float = 1.0, greyed: float = 0.0) -> tf.Tensor:
    """Mix the colour channels' optical densities anew for each image: another dye, another camera.

    Args:
        images: `(n, height, width, 3)` float32 of 0 to 1.
        strength: 0 changes nothing.
        faintest: every second image's density is multiplied by something from this to 1, evenly in its logarithm.
        greyed: share of the images whose colours are drawn towards grey, each by its own part.
    """
    count = tf.shape(images)[0]
    density = -tf.math.log(tf.clip_by_value(images, 1 / 255, 1.0))
    grey = tf.random.uniform((count, 1, 1)) * tf.cast(tf.random.uniform((count, 1, 1)) < greyed, tf.float32)
    mixing = tf.eye(3) * (1 - grey) + grey / 3 + tf.random.normal((count, 3, 3), stddev=0.12 * strength)
    gain = tf.exp(tf.random.normal((count, 1, 3), stddev=0.25 * strength))
    overall = tf.exp(tf.random.normal((count, 1, 1), stddev=0.27 * strength))
    pale = tf.exp(tf.random.uniform((count, 1, 1), np.log(faintest), -np.log(faintest)))
    overall *= tf.minimum(pale, 1.0)
    tint = tf.random.normal((count, 1, 1, 3), stddev=0.06 * strength)
    mixed = tf.einsum("nhwc,ncd->nhwd", density, mixing * gain * overall)
    return tf.clip_by_value(tf.exp(-mixed - tint), 0.0, 1.0)


def relight(images: tf.Tensor, strength: float) -> tf.Tensor:
    """Lay a coloured slope of light and a vignette over each image; a gamma is a gain of density, as in `restain`."""
    count, side = tf.shape(images)[0], images.shape[1]
    line = tf.linspace(-1.0, 1.0, side)
    x, y = line[None, None, :, None], line[None, :, None, None]
    slope = tf.random.normal((2, count, 1, 1, 3), stddev=0.08 * strength)
    vignette = tf.random.normal((count, 1, 1, 3), stddev=0.08 * strength)
    light = 1.0 + slope[0] * x + slope[1] * y + vignette * (x * x + y * y - 0.7)
    return tf.clip_by_value(images * light, 0.0, 1.0)


def refocus(images: tf.Tensor, most: float) -> tf.Tensor:
    """Blur each image by its own part of a random Gaussian, or sharpen it a little.

    Args:
        images: `(n, side, side, 3)` float32.
        most: greatest standard deviation in pixels.
    """
    part = tf.random.uniform((tf.shape(images)[0], 1, 1, 1), -0.8, 1.6)
    part = tf.where(part > 1, 0.0, part)
    blurred = _blurred(images, tf.random.uniform((), 0.4, most))
    return tf.clip_by_value(images + part * (blurred - images), 0.0, 1.0)


def sharpen(images: tf.Tensor, most: float) -> tf.Tensor:
    """Sharpen every second image by an unsharp mask, as cameras do to what their sensor gave, noise and all.

    Args:
        images: `(n, side, side, 3)` float32 of 0 to 1.
        most: greatest part of the difference from a blurred image that is added to it.
    """
    part = tf.maximum(tf.random.uniform((tf.shape(images)[0], 1, 1, 1), -most, most), 0.0)
    blurred = _blurred(images, tf.random.uniform((), 0.6, 2.0))
    return tf.clip_by_value(images + part * (images - blurred), 0.0, 1.0)


def _blurred(images: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """Convolved with a Gaussian of so many pixels, cut off at four."""
    offsets = tf.range(-4, 5, dtype=tf.float32)
    kernel = tf.nn.softmax(-0.5 * tf.square(offsets / sigma))
    kernel = tf.tile(kernel[:, None, None, None], [1, 1, 3, 1])
    down = tf.nn.depthwise_conv2d(images, kernel, [1] * 4, "SAME")
    return tf.nn.depthwise_conv2d(down, tf.transpose(kernel, [1, 0, 2, 3]), [1] * 4, "SAME")


def coarsen(images: tf.Tensor, least: int, chance: float) -> tf.Tensor:
    """Now and then scale a batch down and up again: a cheap camera, a strong JPEG."""
    side = images.shape[1]

    def coarse() -> tf.Tensor:
        small = tf.random.uniform((), least, side, tf.int32)
        return tf.image.resize(tf.image.resize(images, [small, small], antialias=True), [side, side])

    return tf.cond(tf.random.uniform(()) < chance, coarse, lambda: images)


def recompress(images: tf.Tensor, least: int, chance: float) -> tf.Tensor:
    """Now and then scale an image down, compress it as JPEG and scale it up again, each image by its own lot.

    Args:
        images: `(n, side, side, 3)` float32 of 0 to 1.
        least: smallest side in pixels that an image is scaled down to.
        chance: of each image.
    """
    side = images.shape[1]

    def again(image: tf.Tensor) -> tf.Tensor:
        small = tf.random.uniform((), least, side, tf.int32)
        coarse = tf.clip_by_value(tf.image.resize(image, [small, small], antialias=True), 0.0, 1.0)
        quality = tf.random.uniform((), 30, 96, tf.int32)
        return tf.image.resize(tf.image.adjust_jpeg_quality(coarse, quality), [side, side])

    def drawn(image: tf.Tensor) -> tf.Tensor:
        return tf.cond(tf.random.uniform(()) < chance, lambda: again(image), lambda: image)

    return tf.map_fn(drawn, images)


def roughen(images: tf.Tensor, chance: float) -> tf.Tensor:
    """Now and then blend a batch with its convolution by a random kernel: other textures and colours, the same shapes.

    After Xu et al., Robust and generalizable visual representation learning via random convolutions,
    arXiv:2007.13003.

    Args:
        images: `(n, side, side, 3)` float32 of 0 to 1.
        chance: of each batch.

    Returns:
        The like, with values beyond 0 to 1.
    """

    def blended(reach: int) -> tf.Tensor:
        kernel = tf.random.normal((reach, reach, 3, 3), stddev=(3 * reach * reach) ** -0.5)
        rough = tf.nn.conv2d(images - PAPER_GREY, kernel, 1, "SAME") + PAPER_GREY
        part = tf.random.uniform((tf.shape(images)[0], 1, 1, 1))
        return images + part * (rough - images)

    kinds = [lambda reach=reach: blended(reach) for reach in (1, 3, 5, 7)]
    return tf.cond(
        tf.random.uniform(()) < chance,
        lambda: tf.switch_case(tf.random.uniform((), 0, len(kinds), tf.int32), kinds),
        lambda: images,
    )


def noise(images: tf.Tensor, most: float, *, grained: bool = False) -> tf.Tensor:
    """Add to each image Gaussian noise of its own strength, 0 to `most`; the grain is drawn once for the batch.

    Args:
        images: `(n, side, side, 3)` float32 of 0 to 1.
        most: greatest standard deviation.
        grained: the noise is blurred, by something up to 1.8 pixels, as by a sensor's colour mosaic; else each pixel
            has its own.
    """
    strength = tf.random.uniform((tf.shape(images)[0], 1, 1, 1), 0.0, most)
    grain = tf.random.normal((1, *images.shape[1:]))
    if grained:
        grain = _blurred(grain, tf.random.uniform((), 0.2, 1.8))
        grain /= tf.math.reduce_std(grain)
    return tf.clip_by_value(images + strength * grain, 0.0, 1.0)


def optics(
    images: tf.Tensor,
    strength: float,
    *,
    blur: float,
    least: int,
    faintest: float = 1.0,
    greyed: float = 0.0,
    compressed: bool = False,
    sharpened: bool = False,
) -> tf.Tensor:
    """All that another stain, lamp and camera do, in the order in which light meets them."""
    images = refocus(relight(restain(images, strength, faintest, greyed), 0.6 * strength), blur)
    if not compressed:
        return noise(coarsen(images, least, 0.4), 0.03)
    seen = sharpen(noise(images, 0.05, grained=True), 2.5) if sharpened else noise(images, 0.03)
    return recompress(seen, least, 0.5)


def levels(images: tf.Tensor) -> tf.Tensor:
    """From 0..1 to the 0..255 that the networks take."""
    return keras.ops.round(images * 255.0)
