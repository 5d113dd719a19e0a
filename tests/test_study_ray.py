"""Studies on a real Ray cluster of two nodes, one of which is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_analysis.errors import FerError
from fer_analysis.study.cell import run_in_worker
from fer_analysis.study.design import load_study
from fer_analysis.study.executor import run_here, run_on_ray
from fer_analysis.study.store import CellStore

STUDY = """
question: does a cluster give what this machine gives?
base: tiny
seeds: [0, 1]
set: {data.n: 280, training.epochs: 2, model.filters: [4], model.dense: [8]}
cells:
  "happy at {n}": {each: {n: [4, 9]}, set: {manipulations.keep.counts: {happy: "{n}"}}}
"""


@pytest.fixture
def cells(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)
    Path("s.yaml").write_text(STUDY)
    return list(load_study("s.yaml").cells)


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_lost_node_s_cells_are_run_again_and_all_equal_those_of_processes(cells):
    pytest.importorskip("ray", reason="Ray is not installed (the extra 'ray')")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)
        outcomes, told = [], []
        where = {"address": cluster.address, "notice": told.append}
        with pytest.raises(FerError, match=r"a cell takes 2 core\(s\), and no node has so many"):
            next(run_on_ray(run_in_worker, [replace(cells[0], threads=2)], Path("ray"), **where))
        for outcome in run_on_ray(run_in_worker, cells, Path("ray"), **where):
            outcomes.append(outcome)
            if len(outcomes) == 1:  # the others are waiting or under way
                cluster.remove_node(second, allow_graceful=False)
        assert [problem for _, _, problem in outcomes] == [""] * len(cells)
        assert {cell for cell, _, _ in outcomes} == set(cells)
        assert told[0] == "Ray: 2 node(s), 2 cores"
        assert told[1].startswith("Ray lost 1 node(s), 1 left"), told
    finally:
        cluster.shutdown()
    for _, facts, problem in run_here(run_in_worker, cells, Path("here"), jobs=1):
        assert facts, problem
    for cell in cells:
        ray, here = (CellStore(store).find(cell).probabilities() for store in ("ray", "here"))
        for split in here:
            np.testing.assert_array_equal(ray[split], here[split], err_msg=cell.name)
