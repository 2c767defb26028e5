// What ECharts is told, by kind of chart. `look` holds the colours of the theme and the width; `off` the numbers of the series that
// are switched off. Each answers with the options, how many places there are, and the words of a place: the same for the
// value under the pointer and for who goes by keyboard.
import { day, days, lastDay, scale, short, shown, tick } from "./numbers.js";

const GUTTER = 56;
const fromZero = (unit) => unit === "count" || !!unit.money;
const known = (values) => values.filter((value) => value !== null);
const cut = (text, most) => ([...text].length > most ? `${[...text].slice(0, most - 1).join("")}…` : text);

const grid = (bottom = 24, left = GUTTER) => ({ left, right: 8, top: 8, bottom, outerBoundsMode: "none" });

const base = (look) => ({
  animation: false,
  textStyle: { fontFamily: look.font, color: look.muted },
  tooltip: {
    renderMode: "richText",
    confine: true,
    transitionDuration: 0,
    padding: [8, 10],
    backgroundColor: look.page,
    borderColor: look.control,
    borderWidth: 1,
    shadowBlur: 0,
    textStyle: { color: look.ink, fontSize: 12, lineHeight: 18, fontFamily: look.font },
  },
});

const label = (look) => ({ color: look.muted, fontSize: 12, hideOverlap: true });

const valueAxis = (look, unit, range) => ({
  type: "value",
  ...range,
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: look.line } },
  axisLabel: { ...label(look), formatter: (value) => tick(unit, value) },
});

const timeAxis = (look, spans) => {
  const years = spans.length > 0 && spans[0].first.slice(0, 4) !== spans.at(-1).first.slice(0, 4);
  return {
    type: "category",
    data: spans.map((span) => span.first),
    axisLine: { lineStyle: { color: look.line } },
    axisTick: { show: false },
    axisLabel: { ...label(look), formatter: (first) => day(first, years) },
  };
};

const zoom = [{ type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: "shift", moveOnMouseWheel: false, preventDefaultMouseMove: false, minValueSpan: 3 }];

// Something drawn by hand over the whole area, in coordinates of the axes.
const drawn = (draw, z, silent = true) => ({
  type: "custom",
  data: [0],
  clip: true,
  silent,
  z,
  tooltip: { show: false },
  renderItem: (params, api) => ({ type: "group", children: draw(api, params.coordSys) }),
});

const band = (places, color) =>
  drawn((api) => {
    const low = places.map(([x, from]) => api.coord([x, from]));
    const high = places.map(([x, , to]) => api.coord([x, to]));
    return [{ type: "polygon", shape: { points: [...high, ...low.reverse()] }, style: { fill: color, opacity: 0.16 } }];
  }, 1);

const upright = (look, x, area, words, row, dash) => {
  const right = x > area.x + area.width / 2;
  return [
    { type: "line", shape: { x1: x, x2: x, y1: area.y, y2: area.y + area.height }, style: { stroke: look.ink, lineWidth: 1, lineDash: dash } },
    {
      type: "text",
      x: x + (right ? -4 : 4),
      y: area.y + 4 + row * 13,
      style: { verticalAlign: "top", text: cut(words, 24), fill: look.muted, font: `12px ${look.font}`, align: right ? "right" : "left", stroke: look.page, lineWidth: 3 },
    },
  ];
};

const DASHES = { change_point: null, anomaly: [2, 3], action: [6, 3] };
const marks = (look, all, spans) =>
  drawn(
    (api, area) =>
      all.flatMap((mark, row) => {
        const place = spans.findIndex((span) => span.first <= mark.day && mark.day <= lastDay(span));
        return place < 0 ? [] : upright(look, api.coord([place, 0])[0], area, mark.words, row % 3, DASHES[mark.kind]);
      }),
    5,
  );
const happened = (all, span) => all.filter((mark) => span.first <= mark.day && mark.day <= lastDay(span)).map((mark) => mark.words);

// The names of lines at their ends, pushed apart.
const names = (look, ends) =>
  drawn((api, area) => {
    const all = ends.map(({ name, place, value }) => ({ name, at: api.coord([place, value]) })).sort((a, b) => a.at[1] - b.at[1]);
    let least = area.y;
    return all.map(({ name, at }, index) => {
      const below = (all.length - 1 - index) * 14;
      const y = Math.max(least, Math.min(at[1] - 14, area.y + area.height - 14 - below));
      least = y + 14;
      return {
        type: "text",
        x: Math.min(at[0], area.x + area.width) - 2,
        y,
        style: { verticalAlign: "top", text: cut(name, 22), fill: look.ink, font: `500 12px ${look.font}`, align: "right", stroke: look.page, lineWidth: 3 },
      };
    });
  }, 6);
const end = (series) => {
  const place = series.values.findLastIndex((value) => value !== null);
  return place < 0 ? [] : [{ name: series.name, place, value: series.values[place] }];
};

const course = (series, color, style = {}) => {
  const lone = new Set();
  const there = (at) => (series.values[at] ?? null) !== null;
  series.values.forEach((_, at) => there(at) && !there(at - 1) && !there(at + 1) && lone.add(at));
  return {
    type: "line",
    name: series.name,
    data: series.values,
    showSymbol: lone.size > 0,
    showAllSymbol: true,
    symbol: "circle",
    symbolSize: (_, { dataIndex }) => (lone.has(dataIndex) ? 5 : 0),
    itemStyle: { color },
    lineStyle: { color, width: 2, ...style },
    emphasis: { disabled: true },
    z: 3,
  };
};

const overTime = (look, chart, spans, range, series, words) => ({
  option: {
    ...base(look),
    tooltip: {
      ...base(look).tooltip,
      trigger: "axis",
      axisPointer: { type: "line", lineStyle: { color: look.control, type: "solid" } },
      formatter: (params) => words([params].flat()[0]?.dataIndex ?? 0),
    },
    grid: grid(),
    xAxis: timeAxis(look, spans),
    yAxis: valueAxis(look, chart.unit, range),
    dataZoom: zoom,
    series,
  },
  places: spans.length,
  words,
});

function lines(chart, of, look, off) {
  const ahead = of.forecast;
  const spans = [...of.spans, ...(ahead?.spans ?? [])];
  const visible = of.lines.map((series, at) => ({ series, at })).filter(({ at }) => !off.has(at));
  // What is foretold, and what it is compared with, belong to the first.
  const first = !off.has(0);
  const { unit } = chart;
  const count = of.spans.length;
  const values = visible.flatMap(({ series }) => known(series.values));
  const series = visible.map(({ series, at }) => course(series, look.series[at]));
  if (first && of.before) {
    values.push(...known(of.before.series.values));
    series.push(course(of.before.series, look.muted, { width: 1.5, type: [1, 4] }));
  }
  if (first && ahead) {
    const last = of.lines[0]?.values[count - 1] ?? null;
    const begin = last === null ? [] : [[count - 1, last, last]];
    for (const { low, high } of [...ahead.bands].reverse()) {
      values.push(...low, ...high);
      series.push(band([...begin, ...low.map((from, at) => [count + at, from, high[at]])], look.series[0]));
    }
    values.push(...ahead.middle);
    const dashed = [...Array(Math.max(0, count - 1)).fill(null), ...(count ? [last] : []), ...ahead.middle];
    series.push(course({ name: ahead.name, values: dashed }, look.series[0], { type: [5, 4] }));
  }
  series.push(marks(look, of.marks, spans), names(look, visible.flatMap(({ series }) => end(series))));
  const words = (place) => {
    const span = spans[place];
    const rows = [days(span)];
    if (place < count) {
      for (const { series } of visible) rows.push(`${series.name}: ${shown(unit, series.values[place])}`);
      const before = first && of.before?.spans[place];
      if (before) rows.push(`${of.before.series.name} (${days(before)}): ${shown(unit, of.before.series.values[place])}`);
    } else if (first) {
      const at = place - count;
      rows.push(`${ahead.name}: ${shown(unit, ahead.middle[at])}`);
      for (const { sure, low, high } of ahead.bands) rows.push(`${sure} %: ${shown(unit, low[at])} to ${shown(unit, high[at])}`);
    }
    return [...rows, ...happened(of.marks, span)].join("\n");
  };
  return overTime(look, chart, spans, scale(values, fromZero(unit)), series, words);
}

function stack(chart, of, look, off) {
  const visible = of.parts.map((part, at) => ({ part, at })).filter(({ at }) => !off.has(at));
  const heights = of.spans.map((_, place) => {
    const here = known(visible.map(({ part }) => part.values[place] ?? null));
    const sum = (some) => some.reduce((all, value) => all + value, 0);
    return [sum(here.filter((value) => value > 0)), sum(here.filter((value) => value < 0))];
  });
  const series = visible.map(({ part, at }) => {
    const color = look.series[at];
    const own = { name: part.name, data: part.values, stack: "all", itemStyle: { color }, emphasis: { disabled: true } };
    return of.shape === "bars"
      ? { ...own, type: "bar", barCategoryGap: "30%" }
      : { ...own, type: "line", showSymbol: false, lineStyle: { color, width: 1 }, areaStyle: { color, opacity: 1 } };
  });
  series.push(marks(look, of.marks, of.spans));
  const words = (place) => {
    const rows = visible.map(({ part }) => `${part.name}: ${shown(chart.unit, part.values[place])}`);
    return [days(of.spans[place]), ...rows.reverse(), ...happened(of.marks, of.spans[place])].join("\n");
  };
  return overTime(look, chart, of.spans, scale(heights.flat(), true), series, words);
}

function response(chart, of, look) {
  const { unit } = chart;
  const spends = of.points.map((point) => point.spend);
  const seen = of.points.findIndex((point) => !point.seen);
  const until = seen < 0 ? of.points.length : seen;
  const pair = (point) => [point.spend, point.middle];
  const piece = (points, style) => ({ ...course({ name: of.brings, values: [] }, look.series[0], style), data: points.map(pair), showSymbol: false });
  const series = [
    // Hears the pointer over the whole curve; the others are pieces of it.
    { ...piece(of.points, { opacity: 0 }), name: "all" },
    band(of.points.map(({ spend, low, high }) => [spend, low, high]), look.series[0]),
    piece(of.points.slice(0, until)),
    piece(of.points.slice(Math.max(0, until - 1)), { type: [5, 4] }),
  ];
  if (until === of.points.length) series.pop();
  if (of.current) {
    const words = `Now: ${shown(of.spend_unit, of.current.spend)}`;
    series.push(drawn((api, area) => upright(look, api.coord([of.current.spend, 0])[0], area, words, 0, null), 5));
  }
  const words = (place) => {
    const { spend, middle, low, high, seen } = of.points[place];
    const rows = [`${of.spend}: ${shown(of.spend_unit, spend)}`, `${of.brings}: ${shown(unit, middle)}`, `${of.sure} %: ${shown(unit, low)} to ${shown(unit, high)}`];
    return (seen ? rows : [...rows, "So much was never spent"]).join("\n");
  };
  const option = {
    ...base(look),
    tooltip: {
      ...base(look).tooltip,
      trigger: "axis",
      axisPointer: { type: "line", snap: true, lineStyle: { color: look.control, type: "solid" } },
      formatter: (params) => words([params].flat()[0]?.dataIndex ?? 0),
    },
    grid: grid(42),
    xAxis: {
      ...valueAxis(look, of.spend_unit, scale([...spends, ...(of.current ? [of.current.spend] : [])], true)),
      splitLine: { show: false },
      axisLabel: { ...label(look), alignMaxLabel: "right", formatter: (value) => tick(of.spend_unit, value) },
      name: of.spend_unit.money ? `${of.spend}, ${of.spend_unit.money}` : of.spend,
      nameLocation: "middle",
      nameGap: 24,
      nameTextStyle: { color: look.muted, fontSize: 12 },
    },
    yAxis: valueAxis(look, unit, scale(of.points.flatMap(({ middle, low, high }) => [middle, low, high]), fromZero(unit))),
    series,
  };
  return { option, places: of.points.length, words, at: (place) => spends[place] };
}

function heat(chart, of, look) {
  const cells = of.rows.flatMap((row, y) => row.cells.slice(0, of.ages.length).flatMap((cell, x) => (cell ? [{ x, y, ...cell }] : [])));
  const most = cells.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  const words = (place) => {
    const { x, y, value, mature } = cells[place];
    const rows = [`${of.group} ${of.rows[y].name}`, `${of.age} ${of.ages[x]}: ${shown(chart.unit, value)}`];
    return (mature ? rows : [...rows, "Still growing"]).join("\n");
  };
  const plain = { axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false } };
  const option = {
    ...base(look),
    tooltip: { ...base(look).tooltip, trigger: "item", formatter: ({ dataIndex }) => words(dataIndex) },
    grid: { ...grid(42, 96), top: 0, right: 0 },
    xAxis: { type: "category", data: of.ages, ...plain, axisLabel: label(look), name: of.age, nameLocation: "middle", nameGap: 24, nameTextStyle: { color: look.muted, fontSize: 12 } },
    yAxis: { type: "category", data: of.rows.map((row) => row.name), inverse: true, ...plain, axisLabel: { ...label(look), formatter: (name) => cut(name, 14) } },
    series: [
      {
        type: "custom",
        data: cells.map(({ x, y, value }) => [x, y, value]),
        renderItem: (params, api) => {
          const { x, y, value, mature } = cells[params.dataIndex];
          const [width, height] = api.size([1, 1]);
          const [left, top] = api.coord([x, y]).map((middle, side) => middle - [width, height][side] / 2);
          const share = most > 0 ? Math.abs(value) / most : 0;
          return {
            type: "group",
            children: [
              {
                type: "rect",
                shape: { x: left + 1, y: top + 1, width: width - 2, height: height - 2 },
                style: { fill: look.heat, fillOpacity: 0.05 + share * 0.5, ...(mature ? {} : { stroke: look.ink, lineWidth: 1, lineDash: [3, 2] }) },
              },
              { type: "text", x: left + width / 2, y: top + height / 2, style: { text: short(chart.unit, value), fill: look.ink, font: `12px ${look.font}`, align: "center", verticalAlign: "middle" } },
            ],
          };
        },
      },
    ],
  };
  return { option, places: cells.length, words, cells };
}

const KINDS = { lines, stack, response, heat };

export const of = (chart, look, off) => {
  const [[kind, content]] = Object.entries(chart.kind);
  return KINDS[kind](chart, content, look, off);
};
