// The browser's chart: an element that takes a chart of src/model/chart.rs as text in `data-chart` and draws it on a canvas over
// the drawing of the server. It hears the buttons of its figure, follows theme and size, and lets everything go when it
// leaves the page. What is drawn is ECharts'; what is told to it, options.js.
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { DataZoomInsideComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { of } from "./options.js";
import { keep } from "./picture.js";

use([BarChart, CustomChart, LineChart, DataZoomInsideComponent, GridComponent, TooltipComponent, CanvasRenderer]);

class ChartCanvas extends HTMLElement {
  static observedAttributes = ["data-chart"];
  #chart;
  #made;
  #drawing;
  #end;
  #box;
  #said;
  #off = new Set();
  #window = [0, 100];
  #place = -1;

  connectedCallback() {
    if (this.#end) return;
    this.#end = new AbortController();
    const { signal } = this.#end;
    this.#box = this.appendChild(document.createElement("div"));
    this.#said = this.appendChild(document.createElement("p"));
    this.#box.className = "chart-box";
    this.#said.className = "sr-only";
    this.#said.setAttribute("aria-live", "polite");
    this.#drawing = init(this.#box, null, { renderer: "canvas" });
    this.#drawing.on("datazoom", () => {
      const { start, end } = this.#drawing.getOption().dataZoom[0];
      this.#window = [start, end];
    });
    const again = () => this.#draw();
    const size = new ResizeObserver(() => {
      this.#drawing.resize();
      again();
    });
    const theme = new MutationObserver(again);
    size.observe(this);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
    signal.addEventListener("abort", () => (size.disconnect(), theme.disconnect()));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again, { signal });
    // The typeface may arrive after the first drawing.
    document.fonts?.ready.then(() => signal.aborted || again());
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("blur", () => this.#drawing.dispatchAction({ type: "hideTip" }), { signal });
    const figure = this.closest("figure");
    figure?.addEventListener("click", (event) => this.#press(event.target.closest("[data-chart-do]")), { signal });
    this.#draw();
    if (figure) for (const button of figure.querySelectorAll("[data-chart-do]")) button.disabled = false;
  }

  disconnectedCallback() {
    this.#end?.abort();
    this.#drawing?.dispose();
    this.#end = this.#drawing = undefined;
    this.replaceChildren();
    this.removeAttribute("data-drawn");
  }

  attributeChangedCallback(_, before, text) {
    if (before === text) return;
    this.#chart = JSON.parse(text);
    if (this.#drawing) this.#draw();
  }

  get #look() {
    const style = getComputedStyle(this);
    const token = (name) => style.getPropertyValue(`--${name}`).trim();
    return {
      series: [1, 2, 3, 4, 5, 6].map((number) => token(`chart-${number}`)),
      heat: token("chart-heat"),
      ...Object.fromEntries(["page", "ink", "muted", "line", "control"].map((name) => [name, token(name)])),
      font: style.fontFamily,
    };
  }

  #draw() {
    if (!this.#chart || !this.#drawing || !this.clientWidth) return;
    this.#made = of(this.#chart, this.#look, this.#off);
    const { option } = this.#made;
    if (option.dataZoom) option.dataZoom = option.dataZoom.map((zoom) => ({ ...zoom, start: this.#window[0], end: this.#window[1] }));
    this.#drawing.setOption(option, { notMerge: true });
    this.setAttribute("role", "application");
    this.setAttribute("aria-roledescription", "chart");
    this.setAttribute("aria-label", `${this.#chart.title}. Arrow keys read its values${option.dataZoom ? ", plus and minus zoom" : ""}.`);
    this.tabIndex = 0;
    this.toggleAttribute("data-zooms", !!option.dataZoom);
    this.setAttribute("data-drawn", "");
  }

  // In: half of what is in sight; out: twice as much; back and on: half a window.
  #zoom(what) {
    if (!this.#made?.option.dataZoom) return;
    const [start, end] = this.#window;
    const wide = end - start;
    const width = Math.min(100, Math.max(wide * ({ in: 0.5, out: 2 }[what] ?? 1), Math.min(100, 400 / this.#made.places)));
    const middle = (start + end) / 2 + ({ back: -wide / 2, on: wide / 2 }[what] ?? 0);
    const from = Math.min(100 - width, Math.max(0, middle - width / 2));
    this.#drawing.dispatchAction({ type: "dataZoom", start: from, end: from + width });
  }

  #press(button) {
    const does = button?.dataset.chartDo;
    if (!does || !this.#made) return;
    if (does === "keep") {
      keep(this.#drawing, { title: this.#chart.title, mark: this.dataset.mark, look: this.#look });
    } else if (does === "key") {
      const series = Number(button.dataset.series);
      const shown = this.#off.delete(series);
      if (!shown) this.#off.add(series);
      button.setAttribute("aria-pressed", String(shown));
      this.#draw();
    } else {
      this.#zoom(does);
    }
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#made?.places) return;
    const last = this.#made.places - 1;
    const place = { ArrowLeft: this.#place - 1, ArrowRight: this.#place + 1, Home: 0, End: last }[event.key];
    if (place !== undefined) {
      this.#place = Math.min(last, Math.max(0, place));
      this.#point();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const { cells } = this.#made;
      if (!cells) return;
      const { x, y } = cells[Math.max(0, this.#place)];
      const next = cells.findIndex((cell) => cell.x === x && cell.y === y + (event.key === "ArrowUp" ? -1 : 1));
      if (next < 0) return;
      this.#place = next;
      this.#point();
    } else if (event.key === "+" || event.key === "-") {
      this.#zoom(event.key === "+" ? "in" : "out");
    } else if (event.key === "Escape") {
      this.#drawing.dispatchAction({ type: "hideTip" });
    } else {
      return;
    }
    event.preventDefault();
  }

  // Shows and says the values of the place.
  #point() {
    const { at, cells, words } = this.#made;
    if (cells) {
      this.#drawing.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: this.#place });
    } else {
      const x = this.#drawing.convertToPixel({ xAxisIndex: 0 }, at ? at(this.#place) : this.#place);
      this.#drawing.dispatchAction({ type: "showTip", x, y: this.clientHeight / 2 });
    }
    this.#said.textContent = words(this.#place).replaceAll("\n", ". ");
  }
}

customElements.define("chart-canvas", ChartCanvas);
