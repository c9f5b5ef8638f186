import type uPlot from 'uplot';
import { labelOf, labelPx, labelSpacePx, stepsOf } from '../axis.ts';
import { ownLocales } from '../locale.ts';
import { metricOf } from '../metrics.ts';
import type { Range } from '../range.ts';
import { valueRange } from '../series.ts';

export interface ChartLook {
  readonly metric: string;
  readonly range: Range;
}

export interface Palette {
  readonly line: string;
  readonly band: string;
  readonly grid: string;
  readonly text: string;
  readonly ground: string;
  readonly font: string;
}

/** The colours of the style sheet, light or dark as they stand now: a canvas cannot inherit them. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: colour('--chart-line'),
    band: colour('--chart-band'),
    grid: colour('--chart-grid'),
    text: colour('--text-quiet'),
    ground: colour('--surface'),
    font: `12px ${style.fontFamily}`,
  };
}

const compact = new Intl.NumberFormat(ownLocales, { maximumFractionDigits: 3 });

export function chartOptions(given: {
  readonly look: ChartLook;
  readonly palette: Palette;
  readonly width: number;
  readonly onPoint: (index: number | undefined) => void;
}): uPlot.Options {
  const { look, palette, width } = given;
  const metric = metricOf(look.metric);
  const smallest = 4 * 10 ** -metric.digits;
  const axis = { stroke: palette.text, font: palette.font, ticks: { show: false } };
  return {
    width,
    height: width < 480 ? 220 : 300,
    // Half of the last label stands to the right of the end.
    padding: [12, Math.max(20, Math.ceil(labelPx(look.range) / 2)), 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 9, width: 2, stroke: () => palette.ground, fill: () => palette.line },
    },
    scales: {
      x: { time: true },
      y: { range: (_plot, min, max) => valueRange(min, max, metric.fromZero, smallest) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        incrs: stepsOf(look.range),
        space: labelSpacePx(look.range),
        size: 32,
        gap: 8,
        values: (_plot, splits) => splits.map((timeS) => labelOf(look.range, timeS * 1000)),
      },
      {
        ...axis,
        grid: { stroke: palette.grid, width: 1 },
        space: 48,
        gap: 6,
        size: (_plot, values) =>
          18 + 7.2 * Math.max(2, ...(values ?? []).map((text) => text.length)),
        values: (_plot, splits) => splits.map((value) => compact.format(value)),
      },
    ],
    series: [
      {},
      {
        stroke: palette.line,
        width: 2,
        points: { size: 5, fill: palette.line, stroke: palette.line },
      },
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
    ],
    bands: [{ series: [2, 3], fill: palette.band }],
    hooks: {
      setCursor: [(plot) => given.onPoint(plot.cursor.idx ?? undefined)],
      draw: [(plot) => drawLatest(plot, palette)],
    },
  };
}

/** A dot where the line ends: this is now. */
function drawLatest(plot: uPlot, palette: Palette): void {
  const times = plot.data[0];
  const values = plot.data[1];
  const value = values?.at(-1);
  const timeS = times.at(-1);
  if (typeof value !== 'number' || timeS === undefined) return;
  const x = plot.valToPos(timeS, 'x', true);
  const y = plot.valToPos(value, 'y', true);
  if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) return;
  const { ctx } = plot;
  const pixel = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.arc(x, y, 5 * pixel, 0, 2 * Math.PI);
  ctx.fillStyle = palette.line;
  ctx.strokeStyle = palette.ground;
  ctx.lineWidth = 2 * pixel;
  ctx.fill();
  ctx.stroke();
  ctx.restore();
}
