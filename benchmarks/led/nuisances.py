"""Rows of nuisances that gen.py does not have, each put on its traces; prints one line a row.

    cd benchmarks/led && PYTHONPATH=..:../.. python nuisances.py --decoder score_adapter:Decoder --n 24 --seed 5 [--rows pwm_1k,tails]

  pwm_100, pwm_1k  LED dimmed by PWM at 100 Hz / 1 kHz, duty 0.3..0.8 (the calibration knows the dimmed steps)
  fast_100, fast_1k  the same before a fast sensor (0.3 ms): every sample is dark or the full brightness
  tails        noise of Student's t with 2.5 degrees of freedom instead of the Gaussian
  shot         noise that grows with the light: up to 3 times at amber
  dim          brightness falls slowly to 75 %, green 8 % more than red
  outliers     1 % of the samples anywhere between the rails (corrupted I2C reads)
  bursts       stretches of 0.15..0.6 s without samples, one every 5 s
  lost         one stretch of 2 s without samples (not counted in time_acc)
  linear       light that rises and falls in straight lines of 15 ms instead of exponentials
  quantised    a converter with 40 steps per amber step
  slow_rate    250 samples per second
  blanked      every 7 s, 1 s of NaN (not counted)
"""
import argparse, json, time
import numpy as np
import score as scorer
import gen


def _levels(tr, t):
    """Ideal light above ambient per channel at the times, from the truth."""
    seg = tr["segs"]
    k = np.clip(np.searchsorted([a for a, _, _ in seg], t, "right") - 1, 0, len(seg) - 1)
    colour = np.array([c for _, _, c in seg])[k]
    return np.array(tr["meta"]["levels"])[:, colour].T, colour


def _clip(tr, x):
    return np.clip(np.round(x), 0, round(tr["meta"]["rail"]))


def nuisance(row, seed):
    rng = np.random.default_rng(seed + 77)
    kw = dict(snr=20.0)
    if row in ("tails", "shot", "quantised"):
        kw["snr"] = 200.0
    if row.startswith("pwm"):
        kw |= dict(rc=(0.004, 0.004))
    if row.startswith("fast"):
        kw |= dict(rc=(0.0003, 0.0003))
    if row == "linear":
        kw["rc"] = (0.0003, 0.0003)
    if row == "slow_rate":
        kw["rate"] = 250.0
    tr = gen.make_trace(seed, **kw)
    t, x = tr["t"], tr["x"].astype(float)
    shape = x.shape
    x2 = x.reshape(len(t), -1)
    peak, holes = tr["meta"]["peak"], []
    light, colour = _levels(tr, t)
    if row.startswith("pwm"):
        f = 100.0 if row == "pwm_100" else 1000.0
        f *= rng.uniform(0.97, 1.03); duty = rng.uniform(0.3, 0.8); tau = 0.004
        w = 2 * np.pi * f * tau  # ripple left by the sensor: first two harmonics of the square wave, low-passed
        ripple = sum(2 * np.sin(np.pi * n * duty) / (np.pi * n * duty) * np.cos(2 * np.pi * n * f * t + n) / np.hypot(1, n * w) for n in (1, 2))
        x2 = x2 + light * ripple[:, None]
    elif row.startswith("fast"):
        f = (100.0 if row == "fast_100" else 1000.0) * rng.uniform(0.97, 1.03); duty = rng.uniform(0.3, 0.8)
        when = t + rng.normal(0, 0.0002, len(t))  # stamps are that far off the moment of the sample
        on = (f * when + rng.uniform()) % 1 < duty
        x2 = x2 + light * (on / duty - 1)[:, None]
        x2 = x2 + np.clip(rng.standard_t(2.5, x2.shape), -60, 60) * peak / 25
    elif row == "shot":
        x2 = x2 + rng.normal(0, 1, x2.shape) * peak / 20 * (0.7 + 2.3 * light / peak)
    elif row == "dim":
        share = (t / t[-1])[:, None]
        fade = 1 - 0.25 * share
        green = np.where((colour & 2)[:, None] > 0, 1 - 0.08 * share, 1.0)
        x2 = x2 - light * (1 - fade * green)
    elif row == "outliers":
        bad = rng.random(len(t)) < 0.01
        x2[bad] = rng.uniform(0, tr["meta"]["rail"], (bad.sum(), x2.shape[1]))
    elif row in ("bursts", "lost"):
        T = t[-1]
        if row == "bursts":
            holes = [(a, a + rng.uniform(0.15, 0.6)) for a in rng.uniform(1, T - 1, rng.poisson(T / 5))]
        else:
            a = rng.uniform(3, T - 5); holes = [(a, a + 2.0)]
        keep = np.ones(len(t), bool)
        for a, b in holes:
            keep &= ~((t > a) & (t < b))
        t, x2 = t[keep], x2[keep]
        holes = holes if row == "lost" else []
    elif row == "linear":
        smooth = np.stack([np.interp(t[:, None] - np.linspace(0, 0.015, 13)[None], t, x2[:, c] - 0).mean(1) for c in range(x2.shape[1])], 1)
        x2 = smooth + rng.normal(0, peak / 20, x2.shape)
    elif row == "quantised":
        step = peak / 40
        x2 = np.round((x2 + rng.normal(0, 0.3 * step, x2.shape)) / step) * step
    elif row == "blanked":
        holes = [(a, a + 1.0) for a in np.arange(4, t[-1] - 1, 7.0)]
        for a, b in holes:
            x2[(t > a) & (t < b)] = np.nan
    if row not in ("blanked", "quantised", "fast_100", "fast_1k"):
        x2 = _clip(tr, x2)
    tr["t"], tr["x"] = t, x2.reshape((len(t), *shape[1:]))
    return tr, holes


ROWS = "pwm_100 pwm_1k fast_100 fast_1k tails shot dim outliers bursts lost linear quantised slow_rate blanked".split()


def run(row, decoder, n, seed):
    acc, far_acc, seg_acc, edit, named_wrong, count, spent = [], [], [], [], [], 0, 0.0
    for i in range(n):
        tr, holes = nuisance(row, seed * 100003 + i + 1)
        t, x, T = tr["t"], tr["x"], tr["timeline"][-1][1]
        start = time.process_time(); d = decoder(tr["calib"])
        edges = np.searchsorted(t, np.arange(0, T + .02, .02))
        for a, b in zip(edges[:-1], edges[1:]):
            if b > a:
                d.push(x[a:b], t[a:b]); d.label()
        out = d.finish(); spent += time.process_time() - start; count += len(t)
        g = np.arange(.005, T, .01); counted = np.ones(len(g), bool)
        for a, b in holes:
            counted &= ~((g > a) & (g < b))
        truth, est = scorer.raster(tr["timeline"], g, None), scorer.raster(out["timeline"], g, "unknown")
        far = counted.copy()
        for a, _, _ in tr["timeline"][1:]:
            far &= abs(g - a) > .5
        ok = est == truth
        none = np.array([e is None or e == "unknown" for e in est])
        sq = []
        for _, _, l in out["timeline"]:
            if l not in (None, "unknown") and (not sq or sq[-1] != l):
                sq.append(l)
        ts = [l for _, _, l in tr["timeline"]]
        acc.append(ok[counted].mean()); far_acc.append(ok[far].mean()); named_wrong.append((~ok & ~none)[counted].mean())
        seg_acc.append((scorer.raster(out["segments"], g, -1) == scorer.raster(tr["segs"], g, -2))[counted].mean())
        edit.append(scorer.lev(sq, ts) / len(ts))
    r = lambda v: round(float(np.mean(v)), 4)
    return dict(row=row, n=n, seed=seed, time_acc=r(acc), time_acc_g=r(far_acc), wrong=r(named_wrong), seg_acc=r(seg_acc), edit=r(edit), ksps=round(count / spent / 1e3, 1))


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--decoder", default="score_adapter:Decoder"); p.add_argument("--n", type=int, default=24)
    p.add_argument("--seed", type=int, default=5); p.add_argument("--rows", default=",".join(ROWS))
    a = p.parse_args()
    unknown = set(a.rows.split(",")) - set(ROWS)
    if unknown:
        p.error(f"--rows: unknown {', '.join(sorted(unknown))}; choose from {', '.join(ROWS)}")
    for row in a.rows.split(","):
        print(json.dumps(run(row, scorer.load(a.decoder), a.n, a.seed)), flush=True)
