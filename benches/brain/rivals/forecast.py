"""Processor seconds by series of AutoETS (statsforecast) and Prophet, one thread, as JSON.

Reads one series a line, values by commas, from standard input; arguments: horizon, season length.
Children count too: Prophet fits in one.
"""

import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "STAN_NUM_THREADS"):
    os.environ[name] = "1"

import logging
import warnings

import numpy
import pandas
from prophet import Prophet
from statsforecast.models import AutoETS

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def processor():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def ets(values, horizon, season):
    AutoETS(season_length=season).forecast(y=values, h=horizon)


def prophet(values, horizon, season):
    days = pandas.date_range("2000-01-03", periods=len(values))
    model = Prophet()
    model.fit(pandas.DataFrame({"ds": days, "y": values}))
    model.predict(model.make_future_dataframe(horizon))


def main():
    horizon, season = int(sys.argv[1]), int(sys.argv[2])
    series = [numpy.array(line.split(","), dtype=float) for line in sys.stdin]
    answer = {}
    for name, rival in (("ets", ets), ("prophet", prophet)):
        rival(series[0], horizon, season)  # compiling and loading are not counted
        before = processor()
        for values in series:
            rival(values, horizon, season)
        answer[name] = (processor() - before) / len(series)
    print(json.dumps(answer))


main()
