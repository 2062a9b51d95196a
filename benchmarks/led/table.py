"""One table: this decoder, what is usually written instead (baselines.py), and the ceiling.

    cd benchmarks/led && PYTHONPATH=..:../.. python table.py --n 24 --seed 11 [--rows "SNR 20,SNR 6"] [--without hmmlearn,ruptures]

The ceiling is an ideal observer that is told the perfect colour of every 10 ms, and takes the best path through every
pattern at every phase (catalogue.HMM with 3.5 % slack, a switch to anything at 0.003 per bin). time_acc / guarded / edit.
"""
import os
for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(v, "1")
import argparse
import numpy as np
import score as scorer
from catalogue import HMM

ROWS = {
    "SNR 40": dict(snr=40.0), "SNR 20": {}, "SNR 10": dict(snr=10.0), "SNR 6": dict(snr=6.0), "SNR 4": dict(snr=4.0),
    "SNR 3": dict(snr=3.0), "SNR 2": dict(snr=2.0), "SNR 20, flicker 0.1": dict(flicker=0.1),
    "SNR 20, 1 ambient step": dict(steps=1), "SNR 20, ratio 0.3": dict(ratio=0.3),
    "SNR 20, ratio 0.9, exact calib": dict(ratio=0.9, calib="exact"), "SNR 20, ratio 0.9": dict(ratio=0.9),
    "SNR 10, 2 channels, flicker 0.1, 1 step": dict(snr=10.0, channels=2, flicker=0.1, steps=1),
    "SNR 20, random order": dict(scenario="random"), "SNR 20, dwell 0.8-2 s": dict(dwell=(0.8, 2.0)),
}
SWITCH, NEVER = 0.003, -30.0


class Genie:
    wants_truth = True

    def __init__(self):
        self.hmm = h = HMM(10, 0.035)
        # every state gets at least one predecessor, an impossible one if need be
        dst = np.repeat(np.arange(h.S), np.diff(h.indptr)); missing = np.setdiff1d(np.arange(h.S), dst)
        src, p = np.r_[h.idx, missing], np.r_[np.log(h.val), np.full(len(missing), -1e9)]
        order = np.argsort(np.r_[dst, missing], kind="stable")
        self.src, self.p = src[order], p[order] + np.log(1 - SWITCH)
        self.first = np.r_[0, np.cumsum(np.bincount(np.r_[dst, missing], minlength=h.S))]
        self.prior = np.log(h.prior)

    def __call__(self, tr):
        h, T = self.hmm, tr["timeline"][-1][1]
        g = np.arange(.005, T, .01); seg = tr["segs"]
        colour = np.array([c for _, _, c in seg])[np.clip(np.searchsorted([a for a, _, _ in seg], g, "right") - 1, 0, len(seg) - 1)]
        emit = np.where(h.col[None] == np.arange(4)[:, None], 0.0, NEVER)
        s = self.prior + emit[colour[0]]; scores = [s.astype(np.float32)]
        for c in colour[1:]:
            stay = np.maximum.reduceat(s[self.src] + self.p, self.first[:-1])
            s = np.maximum(stay, s.max() + np.log(SWITCH) + self.prior) + emit[c]; s -= s.max()
            scores.append(s.astype(np.float32))
        at = int(s.argmax()); path = [at]
        for before in scores[-2::-1]:
            a, b = self.first[at], self.first[at + 1]
            stay = before[self.src[a:b]] + self.p[a:b]
            at = int(self.src[a + stay.argmax()]) if stay.max() >= before.max() + np.log(SWITCH) + self.prior[at] else int(before.argmax())
            path.append(at)
        label = h.pat[np.array(path[::-1])]; cut = np.r_[0, np.flatnonzero(np.diff(label)) + 1, len(label)]
        return dict(timeline=[(a * .01, b * .01, h.labels[label[a]]) for a, b in zip(cut[:-1], cut[1:])], segments=list(seg))


def columns(without):
    import baselines
    from score_adapter import Decoder
    out = {"threshold": baselines.b1_threshold, "hmmlearn": baselines.b2_hmmlearn, "ruptures": baselines.b3_ruptures, "scipy": baselines.b4_scipy}
    return {k: v for k, v in out.items() if k not in without} | {"this decoder": Decoder, "ceiling": Genie()}


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--n", type=int, default=24); p.add_argument("--seed", type=int, default=11)
    p.add_argument("--rows", default=""); p.add_argument("--without", default="hmmlearn,ruptures")
    a = p.parse_args()
    cols = columns(a.without.split(","))
    print(f"n = {a.n}, seed {a.seed}: time_acc / guarded / edit\n\n| condition | " + " | ".join(cols) + " | excess mean / p95 | miss | ksps |\n" + "|---" * (len(cols) + 4) + "|")
    for row, kw in ROWS.items():
        if a.rows and row not in a.rows.split(","):
            continue
        kw = dict(dict(snr=20.0, calib="nominal"), **kw); calib = kw.pop("calib")
        cells, mine = [], {}
        for name, attr in cols.items():
            r = scorer.score(attr, a.n, a.seed, calib, lat=0, **kw)
            cells.append(f"{r['time_acc']:.3f} / {r['time_acc_g']:.3f} / {r['edit']:.2f}")
            mine = r if name == "this decoder" else mine
        cells += [f"{mine['exc_mean']:+.2f} / {mine['exc_p95']:+.2f} s", f"{mine['miss']:.1%}", f"{mine['ksps']:.0f}"]
        print(f"| {row} | " + " | ".join(cells) + " |", flush=True)
