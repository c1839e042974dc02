// The last hour (less while the picture is young) on a canvas: touchpoints per minute stacked by channel above the line, negatives below it. The window moves
// with the server's clock, once a second, whether messages come or not.

import { useEffect, useRef, useState } from 'preact/hooks';
import { computed } from '@preact/signals';
import uPlot from 'uplot';
import { count, minute as clockMinute } from '../format';
import { now, picture, serverNow } from '../live/store';
import { colours } from '../theme';
import { channelName } from '../words';
import { Panel } from '../ui/bits';
import { Icon } from '../ui/icon';
import { seriesOf, stack, sum, summary, windowName, type Series } from './pulse';

const series = computed(() => seriesOf(picture.value?.minutes ?? new Map(), now.value));

/** How much of the height belongs to the negatives below the line. */
const BELOW = 0.26;

export function Chart() {
  const [asTable, setAsTable] = useState(false);
  return (
    <Panel
      id="chart"
      class="chart-panel"
      title={`The last ${windowName(series.value.window)}`}
      aside={
        <button type="button" class="button small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          <Icon name={asTable ? 'chart' : 'table'} />
          {asTable ? 'Show as chart' : 'Show as table'}
        </button>
      }
    >
      {asTable ? <Table series={series.value} /> : <Plot />}
      <p class="caption">{summary(series.value)}</p>
    </Panel>
  );
}

function Plot() {
  const box = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const channels = series.value.channels.join();
  const palette = colours.value;
  useEffect(() => {
    const target = box.current!;
    const plot = new uPlot(options(target, series.peek(), setCursor), align(series.peek()), target);
    const observer = new ResizeObserver(() => plot.setSize(sizeOf(target)));
    observer.observe(target);
    const stop = series.subscribe((s) => {
      plot.setData(align(s), false);
      plot.batch(() => {
        plot.setScale('x', windowAt(serverNow(), s.window));
        plot.setScale('up', rangeUp(s));
        plot.setScale('down', rangeDown(s));
      });
    });
    return () => {
      stop();
      observer.disconnect();
      plot.destroy();
    };
  }, [channels, palette]);
  return (
    <>
      <Legend series={series.value} at={cursor} />
      <div ref={box} class="plot" role="img" aria-label={`Touchpoints and negatives per minute. ${summary(series.value)}`} />
    </>
  );
}

/** Colours and, for the minute under the pointer, numbers. Without a pointer it speaks of the whole hour. */
function Legend({ series: s, at }: { series: Series; at: number | null }) {
  const value = (row: number[]) => count(at === null ? sum(row) : (row[at] ?? 0));
  return (
    <p class="legend">
      <span class="legend-when">{at === null ? 'In all' : clockMinute((s.x[at] ?? 0) * 1000)}</span>
      {s.channels.map((c, i) => (
        <span key={c} class={`key ch-${c}`}>
          {channelName(c)} <b>{value(s.totals[i] ?? [])}</b>
        </span>
      ))}
      <span class="key key-bad">
        Negative <b>{value(s.negatives)}</b>
      </span>
    </p>
  );
}

function Table({ series: s }: { series: Series }) {
  const rows = s.x.map((_, i) => i).reverse();
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="The minutes as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Minute</th>
            {s.channels.map((c) => (
              <th scope="col" key={c}>
                {channelName(c)}
              </th>
            ))}
            <th scope="col">Negative</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((i) => (
            <tr key={s.x[i]}>
              <th scope="row">{clockMinute((s.x[i] ?? 0) * 1000)}</th>
              {s.totals.map((t, c) => (
                <td key={c}>{count(t[i] ?? 0)}</td>
              ))}
              <td>{count(s.negatives[i] ?? 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The tallest stack is painted first, so that each lower edge covers the part that is not its own. */
function align(s: Series): uPlot.AlignedData {
  // Nothing is drawn where nothing was: a bar of height zero would be a stroke.
  const bars = (row: number[]) => row.map((n) => n || null);
  return [s.x, ...stack(s.totals).reverse().map(bars), bars(s.negatives.map((n) => -n))];
}

function windowAt(at: number, minutes: number): { min: number; max: number } {
  const end = at / 1000;
  return { min: end - minutes * 60, max: end };
}

function rangeUp(s: Series): { min: number; max: number } {
  const top = Math.max(10, ...(stack(s.totals).at(-1) ?? [])) * 1.08;
  return { min: (-top * BELOW) / (1 - BELOW), max: top };
}

function rangeDown(s: Series): { min: number; max: number } {
  const bottom = Math.max(4, ...s.negatives) * 1.1;
  return { min: -bottom, max: (bottom * (1 - BELOW)) / BELOW };
}

function sizeOf(box: HTMLElement): { width: number; height: number } {
  return { width: Math.max(200, box.clientWidth), height: Math.max(120, box.clientHeight) };
}

function options(box: HTMLElement, s: Series, onCursor: (i: number | null) => void): uPlot.Options {
  const style = getComputedStyle(box);
  const colour = (name: string) => resolve(box, name);
  const font = `${Math.round(parseFloat(style.fontSize) * 0.82)}px ${style.fontFamily}`;
  // A bar fills most of its minute, to the right of its start.
  const bars = uPlot.paths.bars!({ size: [0.78, 40], align: 1, radius: 0.12 });
  const axis = { stroke: colour('--faint'), font, ticks: { show: false }, grid: { stroke: colour('--grid'), width: 1 } };
  return {
    ...sizeOf(box),
    padding: [6, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, auto: false, ...{ range: (_u, min, max) => [min, max] } },
      up: { auto: false, range: (_u, min, max) => [min, max] },
      down: { auto: false, range: (_u, min, max) => [min, max] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 70, values: (_u, splits) => splits.map((t) => clockMinute(t * 1000)) },
      { ...axis, scale: 'up', size: 44, space: 28, values: (_u, splits) => splits.map((v) => (v < 0 ? '' : count(v))) },
      // The negatives have a scale of their own, in their own colour on the right.
      { ...axis, scale: 'down', side: 1, size: 34, space: 14, stroke: colour('--bad'), grid: { show: false }, values: (_u, splits) => splits.map((v) => (v < 0 ? count(-v) : '')) },
    ],
    series: [
      {},
      ...[...s.channels].reverse().map((c) => ({ scale: 'up', paths: bars, fill: colour(`--ch-${c}`), width: 0, points: { show: false } })),
      { scale: 'down', paths: bars, fill: colour('--bad'), width: 0, points: { show: false } },
    ],
    hooks: {
      setCursor: [(u) => onCursor(u.cursor.idx ?? null)],
      // The line between what happened and what hurt.
      draw: [
        (u) => {
          const y = Math.round(u.valToPos(0, 'up', true)) + 0.5;
          u.ctx.strokeStyle = colour('--line-strong');
          u.ctx.lineWidth = 1;
          u.ctx.beginPath();
          u.ctx.moveTo(u.bbox.left, y);
          u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
          u.ctx.stroke();
        },
      ],
    },
  };
}

/** A colour as the canvas needs it: a custom property may hold a pair for light and dark, so an element has to wear it once. */
function resolve(box: HTMLElement, name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${name}, var(--ch-other))`;
  box.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
