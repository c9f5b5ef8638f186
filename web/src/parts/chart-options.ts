import uPlot from 'uplot';
import { labelOf, labelPx, labelSpacePx, stepsOf } from '../axis.ts';
import { ownLocales } from '../locale.ts';
import { metricOf } from '../metrics.ts';
import { type Quantity, showQuantity } from '../quantity.ts';
import type { Range } from '../range.ts';
import { valueRange } from '../series.ts';

export interface ChartLook {
  readonly quantity: Quantity;
  readonly range: Range;
}

export interface Palette {
  readonly line: string;
  readonly band: string;
  readonly earlier: string;
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
    earlier: colour('--chart-earlier'),
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
  const { quantity } = look;
  const metric = metricOf(quantity.metric);
  const fromZero = metric.fromZero || quantity.kind !== 'level';
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
      // A bar shows by itself where the pointer is.
      points:
        quantity.shape === 'bars'
          ? { show: false }
          : {
              size: 9,
              width: 2,
              stroke: () => palette.ground,
              fill: (_plot, series) => (series === earlierAt ? palette.earlier : palette.line),
            },
    },
    scales: {
      x: { time: true },
      y: {
        range: (_plot, min, max) =>
          quantity.kind === 'share' ? [0, 1.04] : valueRange(min, max, fromZero, smallest),
      },
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
        ...(quantity.kind === 'share' && { splits: () => [0, 0.25, 0.5, 0.75, 1] }),
        values: (_plot, splits) =>
          splits.map((value) =>
            quantity.kind === 'share'
              ? `${showQuantity(quantity, value)} %`
              : compact.format(value),
          ),
      },
    ],
    series: [
      {},
      ...(quantity.shape === 'bars' ? barsOf(palette) : linesOf(palette)),
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
    ],
    bands: quantity.shape === 'bars' ? [] : [{ series: [3, 4], fill: palette.band }],
    hooks: {
      setCursor: [(plot) => given.onPoint(plot.cursor.idx ?? undefined)],
      draw: quantity.shape === 'bars' ? [] : [(plot) => drawLatest(plot, palette)],
    },
  };
}

/** The columns in the order in which they are drawn: what was before lies below. */
const earlierAt = 1;
const avgAt = 2;

/** Dashed as well as paler, for those who cannot tell the colours. */
const linesOf = (palette: Palette): uPlot.Series[] => [
  { stroke: palette.earlier, width: 2, dash: [5, 4], points: { show: false } },
  {
    stroke: palette.line,
    width: 2,
    points: { size: 5, fill: palette.line, stroke: palette.line },
  },
];

/** Those of before are wider outlines around those of now. */
const barsOf = (palette: Palette): uPlot.Series[] => [
  {
    stroke: palette.earlier,
    width: 1.5,
    dash: [4, 3],
    points: { show: false },
    ...barPaths(0.86),
  },
  { stroke: palette.line, fill: palette.line, width: 0, points: { show: false }, ...barPaths(0.6) },
];

/** @param share of its time that a bar takes */
function barPaths(share: number): Pick<uPlot.Series, 'paths'> {
  const paths = uPlot.paths.bars?.({ size: [share, 64], radius: 0.12 });
  return paths ? { paths } : {};
}

/** A dot where the line ends: this is now. */
function drawLatest(plot: uPlot, palette: Palette): void {
  const values = plot.data[avgAt] ?? [];
  const last = values.findLastIndex((one) => typeof one === 'number');
  const value = values[last];
  const timeS = plot.data[0][last];
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
