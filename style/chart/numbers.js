// Numbers and days as the server writes them (src/model/chart/unit.rs, src/model/number.rs): what stands in the browser's chart is
// what stands in the table. end2end/tests/chart.spec.ts holds one against the other.

const WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XPF".split(" ");
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const LARGE = [[1e12, -12, "T"], [1e9, -9, "B"], [1e6, -6, "M"], [1e4, -3, "k"]];

// All digits: no power of ten behind them.
const plain = (size) => {
  const text = String(size);
  if (!text.includes("e")) return text;
  return size >= 1 ? String(BigInt(size)) : size.toFixed(20);
};

// The number times ten to the power of `shift`, rounded as it is written, halves away from nothing.
export const written = (value, shift, least, most) => {
  if (!Number.isFinite(value)) return "–";
  const [whole, part = ""] = plain(Number(Math.abs(value).toPrecision(15))).split(".");
  let point = whole.length + shift;
  let digits = whole + part;
  if (point < 1) [digits, point] = ["0".repeat(1 - point) + digits, 1];
  digits = digits.padEnd(point + most + 1, "0");
  const up = digits[point + most] >= "5" ? 1n : 0n;
  digits = String(BigInt(digits.slice(0, point + most)) + up).padStart(point + most, "0");
  const at = digits.length - most;
  let decimals = digits.slice(at);
  while (decimals.length > least && decimals.endsWith("0")) decimals = decimals.slice(0, -1);
  const thousands = digits.slice(0, at).replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+$)/g, ",");
  const text = decimals ? `${thousands}.${decimals}` : thousands;
  return (value < 0 && /[1-9]/.test(text) ? "−" : "") + text;
};

// The value with its unit.
export const shown = (unit, value) => {
  if (value === null || value === undefined) return "–";
  if (unit.money) {
    const places = WHOLE.includes(unit.money) ? 0 : 2;
    return `${written(value, 0, places, places)} ${unit.money}`;
  }
  if (unit === "share") return `${written(value, 2, 2, 2)} %`;
  return unit === "ratio" ? written(value, 0, 2, 2) : written(value, 0, 0, 2);
};

// The value where there is little room.
export const short = (unit, value) => (unit === "share" ? `${written(value, 2, 0, Math.abs(value) < 0.0995 ? 1 : 0)} %` : scaled(value, 1));
const scaled = (value, most) => {
  const large = LARGE.find(([from]) => Math.abs(value) >= from);
  return large ? `${written(value, large[1], 0, most)} ${large[2]}` : written(value, 0, 0, Math.max(most, 2));
};

// At an axis, whose numbers are round.
export const tick = (unit, value) => {
  const round = Number(value.toPrecision(12));
  return unit === "share" ? `${written(round, 2, 0, 7)} %` : scaled(round, 9);
};

export const lastDay = (span) => span.last ?? span.first;
export const days = (span) => (span.last ? `${span.first} to ${span.last}` : span.first);
export const day = (text, years) => {
  const [year, month, number] = text.split("-");
  return years ? `${MONTHS[month - 1]} ${year}` : `${Number(number)} ${MONTHS[month - 1]}`;
};

// From where to where an axis goes, in round steps, as the drawing's (app/src/components/chart/scale.rs).
export const scale = (values, fromZero) => {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  if (fromZero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (high <= low) {
    const room = low === 0 ? 1 : Math.abs(low) / 2;
    [low, high] = [low === 0 ? 0 : low - room, high + room];
  }
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 2.5, 5].find((round) => raw / power <= round * (1 + 1e-9)) ?? 10);
  return { min: Math.floor(low / step) * step, max: Math.ceil(high / step) * step, interval: step };
};
