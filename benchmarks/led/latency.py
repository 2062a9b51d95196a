"""How soon a pattern has its name, with every code and with those of a Wi-Fi product alone.

    cd benchmarks/led && PYTHONPATH=..:../.. python latency.py --n 40 --seed 71 [--labels connected,wps]

Each trace is dark for BEFORE_S (or `lost`, before dark: steady light alone has no colour while the ambient is unknown), then
shows one pattern from an unknown phase on, SNR 20, with gen.py's other nuisances. 'ideal' is the earliest moment at which no
other pattern of the catalogue agrees with the true colours since (catalogue.death_times), 'named' the moment from which the
decoder's label is right and stays right for 1 s. Seconds; 'late' is the share of traces not named within the pattern.
"""
import os
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(v, "1")
import argparse
import numpy as np
import score as scorer
import catalogue as published
from gen import make_trace
from rig.led import Catalogue, Tracker
from score_adapter import scorer_catalogue, scorer_calibration

# What a product without cable, modem and proxy shows on an impOS of today.
WIFI = ("no_settings searching_wifi joining_wifi getting_ip resolving connecting connected lost wps offline dark "
        "power_red_solid updating blinkup_ok brownout").split()
BEFORE_S, SHOWN_S = 1.5, 7.0


def ideal_s(tr, label, allowed, clock):
    """Earliest decidable moment among the allowed labels, from the true colours; the device's clock is known to it."""
    start_s, end_s, _ = tr["timeline"][-1]
    g = start_s + np.arange(.005, (end_s - start_s) / (1 + clock), .01) * (1 + clock)
    starts = [a for a, _, _ in tr["segs"]]
    colours = np.array([c for _, _, c in tr["segs"]])[np.searchsorted(starts, g, "right") - 1]
    death = published.death_times(colours).copy()
    death[[published.LIDX[name] for name in published.LABELS if name not in allowed or name == label]] = -1
    return float(death.max()) * .01


def named_s(tr, label, codes):
    tracker = Tracker(scorer_calibration(tr["calib"]), codes)
    t, x, (start_s, end_s, _) = tr["t"], tr["x"], tr["timeline"][-1]
    edges = np.searchsorted(t, np.arange(0, end_s + .02, .02)); at, said = [], []
    for a, b in zip(edges[:-1], edges[1:]):
        if b > a:
            tracker.push(t[a:b], x[a:b])
        at.append(t[max(b - 1, 0)]); said.append(tracker.label)
    return scorer.latency(np.array(at), said, start_s, end_s, label)


if __name__ == "__main__":
    p = argparse.ArgumentParser(); p.add_argument("--n", type=int, default=40); p.add_argument("--seed", type=int, default=71)
    p.add_argument("--snr", type=float, default=20.0); p.add_argument("--labels", default="")
    a = p.parse_args()
    every = scorer_catalogue(); wifi = Catalogue(tuple(c for c in every.codes if c.id in WIFI))
    print(f"n = {a.n} per pattern, seed {a.seed}, SNR {a.snr:g}; seconds: mean (p95)\n\n"
          "| pattern | all codes: ideal | named | late | Wi-Fi only: ideal | named | late |\n" + "|---" * 7 + "|")
    excess = {"all codes": [], "Wi-Fi only": []}
    for label in a.labels.split(",") if a.labels else published.LABELS:
        cells = []
        for title, codes, allowed in (("all codes", every, published.LABELS), ("Wi-Fi only", wifi, WIFI)):
            if label not in allowed:
                cells += ["-"] * 3; continue
            ideal, named, late = [], [], 0
            for i in range(a.n):
                seed = a.seed * 100003 + published.LIDX[label] * 1009 + i
                clock = np.random.default_rng(seed).uniform(-.03, .03)
                before = "lost" if label == "dark" else "dark"
                tr = make_trace(seed, snr=a.snr, sequence=[(before, BEFORE_S), (label, SHOWN_S)], clock=clock, want_edm=False)
                best, took = ideal_s(tr, label, allowed, clock), named_s(tr, label, codes)
                ideal.append(best)
                if took is None:
                    late += 1
                else:
                    named.append(took); excess[title].append(took - best)
            told = f"{np.mean(named):.2f} ({np.quantile(named, .95):.2f})" if named else "never"
            cells += [f"{np.mean(ideal):.2f} ({np.quantile(ideal, .95):.2f})", told, f"{late / a.n:.0%}"]
        print(f"| {label} | " + " | ".join(cells) + " |", flush=True)
    for title, late in excess.items():
        if late:
            print(f"{title}: excess over the ideal mean {np.mean(late):+.2f} s, p95 {np.quantile(late, .95):+.2f} s")
