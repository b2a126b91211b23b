/** Light and dark by the reader's system; one column on a phone. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6577; --line: #d8dde6; --back: #ffffff; --card: #f4f6fa; --blue: #2563c9; --amber: #9a5b00; --red: #b3261e; --green: #1b7f4b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --soft: #9aa5b8; --line: #343c4b; --back: #12161d; --card: #1b212c; --blue: #79a9ff; --amber: #f0b45a; --red: #ff8a80; --green: #6fd6a0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { margin: 0; font-size: 26px; } h2 { margin: 36px 0 8px; font-size: 18px; }
.muted { color: var(--soft); margin: 4px 0; overflow-wrap: anywhere; }
.verdict { font-size: 18px; margin: 8px 0; padding: 10px 14px; border-left: 5px solid var(--green); background: var(--card); }
.verdict.mild { border-color: var(--amber); } .verdict.critical { border-color: var(--red); }
.notice { color: var(--amber); margin: 4px 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); gap: 10px; margin-top: 20px; }
.figure { background: var(--card); border-radius: 8px; padding: 10px 12px; }
.figure b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; } .figure span { color: var(--soft); font-size: 13px; }
.chart { width: 100%; min-height: 240px; }
.chart .u-legend { color: var(--soft); font-size: 13px; }
.lane { display: grid; grid-template-columns: 74px 1fr; align-items: center; margin: 3px 0; font-size: 13px; color: var(--soft); }
.lane canvas { width: 100%; height: 22px; background: var(--card); border-radius: 3px; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin: 0 4px 0 12px; vertical-align: -1px; }
.key.computing { background: var(--blue); margin-left: 0; } .key.waiting { background: var(--amber); } .key.starting { background: var(--line); } .key.restart { background: var(--red); width: 3px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
a { color: var(--blue); }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; }
.columns { display: grid; align-items: start; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 28px; }
.histogram caption { text-align: left; font-weight: 600; padding-bottom: 6px; } .histogram th { white-space: nowrap; width: 1%; }
.histogram td { border: 0; padding: 2px 8px 2px 0; } .histogram th { border: 0; padding: 2px 10px 2px 0; }
.histogram i { display: block; height: 13px; border-radius: 2px; background: var(--blue); min-width: 1px; } .number { width: 1%; text-align: right; }
details { margin-top: 36px; } summary { cursor: pointer; font-weight: 600; font-size: 18px; }
`;

/** Draws the curves from the report inside the page. Plain ES2020; uPlot is the only global it needs. */
export const CHART_SCRIPT = `
(() => {
  const report = JSON.parse(document.getElementById('report').textContent);
  const points = report.timeline;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const palette = [colour('--blue'), colour('--amber'), colour('--green'), colour('--red'), '#8b6fd6', '#3aa7a3', '#c75b9b', '#8a8f3c'];
  const axis = (label, values) => ({ stroke: colour('--soft'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') }, label, labelSize: 22, size: 62, values });
  const clock = (s) => Math.floor(s / 60) + ':' + String(Math.floor(s % 60)).padStart(2, '0');
  const between = (read) => points.slice(1).map((point, i) => read(points[i], point, (point.atMs - points[i].atMs) / 1000));
  const seconds = points.slice(1).map((point) => point.atMs / 1000);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const draw = (id, series, data, label, values, range, times = seconds) => {
    const place = document.getElementById(id);
    if (place === null) return;
    // Two points make a straight line of whatever happened between them.
    if (times.length < 3) { place.textContent = 'The run was too short for a curve.'; place.style.minHeight = '0'; return; }
    const chart = new uPlot({
      width: place.clientWidth, height: 240, scales: { x: { time: false }, y: { range } },
      axes: [{ ...axis('', (u, ticks) => ticks.map(clock)), size: 36, labelSize: 0, label: undefined }, axis(label, values)],
      series: [{ label: 'time', value: (u, s) => s == null ? '-' : clock(s) }, ...series],
    }, [times, ...data], place);
    new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 240 })).observe(place);
  };
  const compact = (u, ticks) => ticks.map((v) => v >= 1e6 ? v / 1e6 + 'M' : v >= 1e3 ? v / 1e3 + 'k' : v);
  draw('throughput', [{ label: 'tokens/s', stroke: palette[0], width: 2, fill: palette[0] + '22', value: (u, v) => v == null ? '-' : Math.round(v).toLocaleString('en-US') }],
    [between((a, b, s) => (sum(b.tokens) - sum(a.tokens)) / s)], 'tokens/s', compact, (u, min, max) => [0, Math.max(1, max * 1.05)]);
  const busy = report.workers.map((worker, rank) => between((a, b, s) => Math.min(100, (b.busyMs[rank] - a.busyMs[rank]) / s / 10)));
  draw('busy', report.workers.map((worker, rank) => ({ label: 'worker ' + worker.rank, stroke: palette[rank % palette.length], width: 2, value: (u, v) => v == null ? '-' : v.toFixed(0) + ' %' })),
    busy, 'busy %', undefined, () => [0, 105]);
  const fromZero = (u, min, max) => [0, Math.max(1, (max ?? 1) * 1.05)];
  const curve = (id, label, read) => {
    const times = [...new Set(report.gpus.flatMap((gpu) => gpu.course.map((point) => point.atMs / 1000)))].sort((a, b) => a - b);
    const data = report.gpus.map((gpu) => {
      const known = new Map(gpu.course.map((point) => [point.atMs / 1000, read(point)]));
      return times.map((time) => known.has(time) ? known.get(time) : undefined);
    });
    draw('gpu-' + id, report.gpus.map((gpu, i) => ({ label: 'GPU ' + gpu.index, stroke: palette[i % palette.length], width: 2, value: (u, v) => v == null ? '-' : v.toFixed(0) })), data, label, undefined, fromZero, times);
  };
  const hostTimes = report.host.course.map((point) => point.atMs / 1000);
  draw('cpu', [{ label: 'all cores', stroke: palette[0], width: 2, value: (u, v) => v == null ? '-' : v.toFixed(0) + ' %' }], [report.host.course.map((point) => point.cpuPercent)], 'load %', undefined, () => [0, 105], hostTimes);
  if (report.gpus.length > 0) {
    curve('utilization', 'utilization %', (point) => point.utilizationPercent);
    curve('memory', 'memory GiB', (point) => point.memoryUsedMiB === null ? null : point.memoryUsedMiB / 1024);
    curve('power', 'power W', (point) => point.powerW);
    curve('temperature', 'temperature °C', (point) => point.temperatureC);
  }
  const lane = (canvas) => {
    const rank = Number(canvas.dataset.rank);
    const width = (canvas.width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio)));
    const height = (canvas.height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio)));
    const pen = canvas.getContext('2d');
    const end = Math.max(report.elapsedMs, points.length > 0 ? points[points.length - 1].atMs : 0);
    points.slice(1).forEach((b, i) => {
      const a = points[i];
      const span = b.atMs - a.atMs;
      const left = Math.floor((a.atMs / end) * width);
      const right = Math.max(left + 1, Math.ceil((b.atMs / end) * width));
      const computed = Math.min(1, (b.busyMs[rank] - a.busyMs[rank]) / span);
      const waited = Math.min(1 - computed, (b.waitMs[rank] - a.waitMs[rank]) / span);
      const box = (colourName, from, share) => { pen.fillStyle = colour(colourName); pen.fillRect(left, height * (1 - from - share), right - left, height * share); };
      if (!b.ready[rank] && computed === 0) { box('--line', 0, 1); return; }
      box('--blue', 0, computed);
      box('--amber', computed, waited);
    });
    pen.fillStyle = colour('--red');
    for (const restart of report.restarts.filter((restart) => restart.rank === rank))
      pen.fillRect(Math.round((restart.atMs / end) * width) - 1, 0, Math.max(2, 2 * devicePixelRatio), height);
  };
  document.querySelectorAll('#lanes canvas').forEach((canvas) => new ResizeObserver(() => lane(canvas)).observe(canvas));
})();
`;
