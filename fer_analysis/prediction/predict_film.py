"""From a film, a folder of frames or a camera to a folder of results."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path

from fer_analysis.errors import FerError, quoted
from fer_analysis.faces.frames import MOST_FPS, Film, open_film
from fer_analysis.faces.opencv import weights
from fer_analysis.faces.timeline import timeline
from fer_analysis.files import content_hash, replacing_folder
from fer_analysis.prediction.film import Row, film_predictions, moved, read_film
from fer_analysis.prediction.film_result import (
    ANNOTATED,
    PICTURE,
    SUMMARY,
    TIMELINE,
    FilmPredictions,
    is_result,
    save_summary,
)
from fer_analysis.prediction.predict import open_classifier
from fer_analysis.progress import Progress
from fer_analysis.result_folders import default_folder, new_run_folder, refuse_others
from fer_analysis.run import Run


def predict_film(
    run: Run,
    source: str | Path | int,
    *,
    every: int | None = None,
    fps: float,
    draw: bool = False,
    out: Path | None = None,
    each: Callable[[Row], None] | None = None,
    progress: Progress | None = None,
) -> FilmPredictions:
    """Predict the faces of a film; see `fer_analysis.api.predict_film`.

    Raises:
        FerError: If `every` or `fps` is no such number, the film cannot be opened, OpenCV is
            missing, or `out` holds something else.
    """
    if every is not None and (not isinstance(every, Integral) or every < 1):
        raise FerError(f"every: expected a whole number of 1 or more, received {quoted(every)}")
    if not isinstance(fps, Real) or not 0 < fps <= MOST_FPS:
        raise FerError(
            f"fps: expected a number above 0 and up to {MOST_FPS:,.0f}, received {quoted(fps)}"
        )
    progress = progress or Progress()
    network = content_hash(run.trained_model_file())
    weights()
    with open_film(source, fps=fps) as film:
        if every is None:
            every = film.usual_every()
        fingerprint = f"{film.fingerprint}-{network}"
        folder = _folder(film, fingerprint, out)
        classifier = open_classifier(run)
        with replacing_folder(folder) as unfinished:
            reader, complete = read_film(
                classifier, film, unfinished, every=every, draw=draw, each=each, progress=progress
            )
            result = film_predictions(
                *(reader, run, film),
                every=every,
                complete=complete,
                fingerprint=fingerprint,
                folder=unfinished,
            )
            _save(result, unfinished)
    progress.wrote(folder, f"{TIMELINE}, {PICTURE}" + (f", {ANNOTATED}" if draw else ""))
    return moved(result, folder)


def _folder(film: Film, fingerprint: str, out: Path | None) -> Path:
    """Return the folder of the results; what it holds of another film's may be replaced."""
    if out is None and film.is_camera:
        return new_run_folder(film.name.replace(" ", "-"))
    folder = out or default_folder(f"film-{Path(film.name).resolve().stem}", fingerprint)
    if folder.is_dir() and any(folder.iterdir()) and not is_result(folder):
        raise FerError(f"{folder}: not empty, and no results of a film; choose another --out")
    refuse_others(folder, _names(), "results of a film")
    return folder


def _names() -> set[str]:
    """Return the names of all files that `predict_film` writes, in any format of figures."""
    from fer_analysis.figures.style import FORMATS

    pictures = {Path(PICTURE).with_suffix(f".{kind}").name for kind in FORMATS}
    return pictures | {TIMELINE, SUMMARY, ANNOTATED}


def _save(result: FilmPredictions, folder: Path) -> None:
    from fer_analysis.figures import save
    from fer_analysis.figures.timeline import timeline_figure

    lengths = {track.track: track.frames for track in result.tracks}
    drawn = timeline(result.rows(), result.label_names, lengths, seconds=result.seconds)
    figure = timeline_figure(drawn, Path(result.film).name, Path(result.run).name)
    save(figure, folder / PICTURE)
    save_summary(result, folder)
