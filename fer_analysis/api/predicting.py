"""Faces in pictures and films, and a network that is taken elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image

    from fer_analysis.data.load import LoadedData
    from fer_analysis.exporting.export_run import Export
    from fer_analysis.faces.face import Face
    from fer_analysis.prediction.film_result import FilmPredictions
    from fer_analysis.prediction.predictions import Prediction, Predictions, Unreadable
    from fer_analysis.progress import Progress
    from fer_analysis.run import Run


def find_faces(
    image: str | Path | np.ndarray | PIL.Image.Image, *, size: int = 48
) -> tuple[Face, ...]:
    """Find the faces in a picture, and crop them as the networks of FER-2013 expect them.

    The detector is YuNet, run by OpenCV (`pip install 'fer-analysis[photos]'`). Nothing leaves
    the machine.

    Args:
        image: A file (turned as its camera was held), a PIL image, or an array uint8
            `(h, w)`, `(h, w, 1)` (grey), `(h, w, 3)` (RGB) or `(h, w, 4)` (RGBA). OpenCV's own
            frames are BGR: pass `frame[..., ::-1]`.
        size: Height and width of the crops, in pixels.

    Returns:
        The faces from left to right, each with `box` (left, top, width, height), `size`,
        `tilt`, `score`, `eyes` and `crop`, uint8 `(size, size)`; none if there is none.

    Raises:
        FerError: If the file cannot be read, the array is no picture, or OpenCV is missing.

    Example:
        >>> import fer_analysis as fer
        >>> import numpy as np
        >>> faces = fer.find_faces("party.jpg")
        >>> fer.predict(np.stack([face.crop for face in faces]))
    """
    from fer_analysis.faces.find import find_faces

    return find_faces(image, size=size)


def predict(
    images: str
    | Path
    | PIL.Image.Image
    | Sequence[str | Path | np.ndarray | PIL.Image.Image]
    | np.ndarray,
    *,
    run: str | Path | Run | None = "bundled",
    faces: str = "auto",
    saliency: bool = False,
    draw: bool = False,
    keras: bool = False,
    promise: str = "overall",
    sets: bool = False,
    out: str | Path | None = None,
    each: Callable[[Prediction | Unreadable], None] | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """Predict the expression label of each face in pictures.

    An image that cannot be read, or shows no face, is passed over and named in the result.

    Args:
        images: Files, folders of files (searched to any depth), an array uint8 `(n, h, w)`,
            `(n, h, w, 1)` (grey), `(n, h, w, 3)` (RGB) or `(n, h, w, 4)` (RGBA), of any height
            and width, one picture as `find_faces` takes it, or a list of them. An array of three
            axes of which the last has 1, 3 or 4 values is one picture with channels. OpenCV's
            frames are BGR: pass `frame[..., ::-1]`.
        run: Whose network: a run directory, a `.keras` file, an exported network, `bundled`, a
            `Run`; None takes the newest run. Not the first argument, since it mostly is the
            bundled one.
        faces: `auto` takes images of at most 100 pixels of the shorter side, and those of one
            tight face, whole, and finds the faces in the others; `always` finds them in all;
            `never` takes each image for one cropped face.
        saliency: Also draw where the network looked on each face.
        draw: Also draw each photo with its faces' boxes, labels and probabilities.
        keras: Use the Keras file of `bundled`, not its LiteRT form, which starts without
            TensorFlow and gives the same labels but for a few faces in a thousand.
        promise: For which answers "4 of 5 are correct" was shown: `overall`, for all of them, or
            `by-label`, for those of each predicted label; a label for which it was not shown is
            always unsure.
        sets: Also give each face a set of labels that holds the true one in 9 of 10 cases: of
            all faces, or (with `by-label`) of the faces of each true label.
        out: The folder of these pictures; by default each file's folder.
        each: Called with each image as soon as its batch is predicted.
        progress: Receives a task, and a notice for each picture that could not be written.

    Returns:
        A sequence with `label`, `probabilities`, `unsure`, `reason` and `labels` (the label set)
        of each face; `face` is where it is in its image, None where that was taken whole.

    Raises:
        FerError: If there is no image, the run has no network, no thresholds by label or sets are
            kept with it, or `always` has no detector.

    Example:
        >>> import fer_analysis as fer
        >>> for prediction in fer.predict(["face.jpg", "faces/"]):
        ...     print(prediction.image, prediction.label, prediction.unsure)
    """
    from fer_analysis.prediction.predict import predict_images
    from fer_analysis.run import Run

    if isinstance(images, str | Path):
        images = [images]
    return predict_images(
        run if isinstance(run, Run) else Run.open(run),
        images,
        faces=faces,
        saliency=saliency,
        draw=draw,
        keras=keras,
        promise=promise,
        sets=sets,
        out=None if out is None else Path(out),
        each=each,
        progress=progress,
    )


def predict_film(
    film: str | Path | int,
    *,
    run: str | Path | Run | None = "bundled",
    every: int | None = None,
    fps: float = 25.0,
    draw: bool = False,
    out: str | Path | None = None,
    each: Callable[[dict], None] | None = None,
    progress: Progress | None = None,
) -> FilmPredictions:
    """Predict the expressions of the faces in a film, over time.

    Faces are found in each frame, followed by the overlap of their boxes, and each one's
    probabilities are averaged over the last second. Memory does not grow with the film's length.
    Ctrl-C ends it and keeps what was predicted. Nothing leaves the machine; showing people's faces
    to such a program may need their consent.

    Args:
        film: A file that OpenCV reads, a folder of pictures (in the order of their names, in
            which digits count as numbers), or a camera's number.
        run: Whose network; see `predict`.
        every: Look at every so many frames; by default at 5 a second, of a camera at all.
        fps: Frames a second of a folder of pictures.
        draw: Also write the film with the faces' boxes and labels (`annotated.mp4`).
        out: The folder of the results; by default one below `runs/`.
        each: Called with each row of `timeline.csv` as it is written.
        progress: Receives a task and notices.

    Returns:
        `tracks`: for each face its times, its frames and as how many independent ones they count,
        its average probabilities; `rows()`: each frame; `folder`: the files.

    Raises:
        FerError: If the film cannot be opened, OpenCV is missing, or `out` holds something else.

    Example:
        >>> import fer_analysis as fer
        >>> for track in fer.predict_film("interview.mp4").tracks:
        ...     print(track.track, track.label, track.start, track.end)
    """
    from fer_analysis.prediction.predict_film import predict_film
    from fer_analysis.run import Run

    return predict_film(
        run if isinstance(run, Run) else Run.open(run),
        film,
        every=every,
        fps=fps,
        draw=draw,
        out=None if out is None else Path(out),
        each=each,
        progress=progress,
    )


def export(
    run: str | Path | Run | None = "bundled",
    *,
    to: str = "litert",
    quantize: str | None = None,
    out: str | Path | None = None,
    data: str | Path | LoadedData | None = None,
    tolerance: float = 0.5,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Export:
    """Write a run's network in a format that runs without TensorFlow, and measure what it loses.

    Beside the network are its labels, temperature, threshold and everything else that is known
    of the run. The folder, or the file in it, is a RUN for `predict`, `evaluate` and `stress`,
    but for a SavedModel.

    Args:
        run: A run directory, a `.keras` file, `bundled` or a `Run`; None takes the newest run.
        to: `litert`, `onnx` or `saved_model`.
        quantize: `dynamic` (8-bit weights, LiteRT's default), `full` (8-bit activations too) or
            `none`.
        out: The folder; by default `export/<to>-<quantize>` in the run's folder.
        data: Other data than the run's own, whose validation images the network is compared on.
        tolerance: Points of accuracy that it may lose; see `Export.within_tolerance`.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Raises:
        FerError: If the run has no network, it cannot be converted, or a package is missing.

    Example:
        >>> import fer_analysis as fer
        >>> exported = fer.export("runs/first", to="litert")
        >>> fer.predict("faces/", run=exported.folder)
    """
    from fer_analysis.exporting.export_run import export_run
    from fer_analysis.run import Run

    exported = export_run(
        run if isinstance(run, Run) else Run.open(run),
        to=to,
        quantize=quantize,
        out=None if out is None else Path(out),
        data=data,
        tolerance=tolerance,
        overrides=listed(overrides),
        progress=progress,
    )
    if progress is not None:
        progress.wrote(exported.folder, f"{exported.file.name}, export.json")
    return exported
