// The curve of the KPI page, drawn by Apache ECharts over the server's own SVG, which stays for print and wherever this
// script does not run. The library is fetched only here, under the name the server gave it.
"use strict";

const theme = getComputedStyle(document.documentElement);
const [INK, INK2, INK3, BRAND, LINE, LINE2, CARD, SANS] = ["ink", "ink2", "ink3", "brand", "line", "line2", "card", "sans"]
  .map((name) => theme.getPropertyValue(`--${name}`).trim());
const HEIGHT = 220, MONTHS_OF_A_LABEL = 2; // px of the plot, roughly

// One labelled point per line says what it is: no legend to look up.
function labelled(values, name, place, position, color, align = "left") {
  return values.map((value, index) => {
    if (index !== place || value === null) return value;
    return { value, label: { show: true, formatter: name, position, align, color, fontSize: 12, fontFamily: SANS, textBorderColor: CARD, textBorderWidth: 3 } };
  });
}

function lastKnown(values, most = values.length - 1) {
  for (let place = most; place >= 0; place -= 1) if (values[place] !== null) return place;
  return -1;
}

// How far below its end a line begins to run that comes up to it from the left, in px.
function rise(values, end, most) {
  const passed = values.slice(Math.max(0, end - MONTHS_OF_A_LABEL), end + 1).filter((value) => value !== null);
  return ((values[end] - Math.min(...passed)) / most) * HEIGHT;
}

function line(name, data, style, more = {}) {
  return { name, type: "line", data, showSymbol: false, connectNulls: true, silent: true, lineStyle: style, itemStyle: { color: style.color }, ...more };
}

function optionsOf(data) {
  const { names } = data;
  const width = data.high.map((high, month) => (high === null ? null : high - data.low[month]));
  const fan = { stack: "fan", lineStyle: { opacity: 0 }, showSymbol: false, silent: true, type: "line", connectNulls: true };
  const planAt = lastKnown(data.plan, 9), likelyAt = lastKnown(data.likely), end = data.plan.length - 1;
  // A label keeps to the side of its line that the other line leaves free.
  const isAhead = (place) => data.likely[place] !== null && data.likely[place] > data.plan[place];
  const isBelow = isAhead(planAt) || data.original[planAt] > data.plan[planAt];
  const most = Math.max(...[data.plan, data.target, data.high, data.actual].flat());
  const likelyGap = isAhead(end) ? -20 : 14 + rise(data.likely, likelyAt, most);
  return {
    animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 300,
    aria: { enabled: true, label: { description: data.say } },
    textStyle: { fontFamily: SANS },
    grid: { left: 8, right: 20, top: 24, bottom: 8, containLabel: true },
    // Rich text is drawn, not written as HTML: the page's policy allows no inline styles.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: CARD,
      borderColor: LINE2,
      textStyle: { fontFamily: SANS, fontSize: 13, color: INK },
      axisPointer: { type: "line", lineStyle: { color: INK3, type: [2, 3] } },
      formatter: (points) => data.tips[points[0].dataIndex],
    },
    xAxis: { type: "category", data: data.months, boundaryGap: false, axisLabel: { color: INK2, fontSize: 12 }, axisTick: { show: false }, axisLine: { lineStyle: { color: LINE2 } } },
    yAxis: { type: "value", min: 0, splitNumber: 4, axisLabel: { color: INK2, fontSize: 12 }, splitLine: { lineStyle: { color: LINE } } },
    series: [
      { ...fan, name: "low", data: data.low, tooltip: { show: false } },
      { ...fan, name: "fan", data: width, areaStyle: { color: BRAND, opacity: 0.14 }, tooltip: { show: false } },
      line("target", labelled(data.target, names.target, 0, [4, -16], INK), { color: INK, width: 1 }, { step: "end", symbolSize: 0.1, showSymbol: true }),
      line("original", labelled(data.original, names.original, lastKnown(data.original, 7), [-4, -16], INK2, "right"), { color: INK3, width: 1.6, type: [6, 5] }, { showSymbol: true, symbolSize: 0.1 }),
      line("plan", labelled(data.plan, names.plan, planAt, isBelow ? [6, 8] : [-4, -16], INK2, isBelow ? "left" : "right"), { color: INK3, width: 1.6 }, { showSymbol: true, symbolSize: 0.1 }),
      line("likely", labelled(data.likely, names.likely, likelyAt, [0, likelyGap], INK, "right"), { color: BRAND, width: 2, type: [5, 4] }, { showSymbol: true, symbolSize: 0.1 }),
      line("actual", labelled(data.actual, names.actual, lastKnown(data.actual), [10, 8], INK), { color: BRAND, width: 3 }, {
        showSymbol: true, symbol: "circle", symbolSize: 7,
        markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: LINE2, type: [2, 3] }, data: [{ xAxis: data.now }] },
      }),
    ],
  };
}

async function draw(figure) {
  const echarts = await import(figure.dataset.library);
  const data = JSON.parse(figure.dataset.curve);
  const box = figure.querySelector(".live");
  box.hidden = false;
  figure.classList.add("is-live");
  const chart = echarts.init(box, null, { renderer: "svg", locale: data.locale });
  chart.setOption(optionsOf(data));
  new ResizeObserver(() => chart.resize()).observe(box);
}

// Without the library the server's drawing simply stays.
document.querySelectorAll("[data-curve]").forEach((figure) => {
  draw(figure).catch(() => {
    figure.classList.remove("is-live");
    figure.querySelector(".live").hidden = true;
  });
});
