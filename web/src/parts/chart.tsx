import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Columns } from '../series.ts';
import { type ChartLook, chartOptions, paletteOf } from './chart-options.ts';

interface ChartProps extends ChartLook {
  readonly columns: Columns;
  /** Where the time axis begins and ends, in seconds since 1970 UTC. */
  readonly startS: number;
  readonly endS: number;
  /** What a screen reader says instead of the picture. */
  readonly words: string;
  /** Which column the pointer is at; undefined when it has left. */
  readonly onPoint: (index: number | undefined) => void;
}

/** The canvas, drawn by uPlot: made once for a look, fed with new columns as readings come. */
export function Chart(props: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const newest = useRef(props);
  newest.current = props;

  // Only another metric or range needs another chart: axes and scales are its options.
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const draw = () => {
      chart.current?.destroy();
      const options = chartOptions({
        look: newest.current,
        palette: paletteOf(element),
        width: element.clientWidth,
        onPoint: (index) => newest.current.onPoint(index),
      });
      chart.current = new uPlot(options, dataOf(newest.current), element);
      place(chart.current, newest.current);
    };
    draw();
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    const resize = new ResizeObserver(() => {
      const plot = chart.current;
      if (plot && element.clientWidth > 0 && plot.width !== element.clientWidth) {
        plot.setSize({ width: element.clientWidth, height: plot.height });
      }
    });
    resize.observe(element);
    return () => {
      resize.disconnect();
      scheme.removeEventListener('change', draw);
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [props.quantity, props.range]);

  useEffect(() => {
    const plot = chart.current;
    if (!plot) return;
    plot.batch(() => {
      plot.setData(dataOf(newest.current), false);
      place(plot, newest.current);
    });
  }, [props.columns, props.startS, props.endS]);

  return <div class="chart" ref={host} role="img" aria-label={props.words} />;
}

/** A bar stands in the middle of its time, so that the pointer finds the one that it is at. */
const dataOf = ({ columns, quantity, range }: ChartProps): uPlot.AlignedData => [
  quantity.shape === 'bars'
    ? columns.timeS.map((timeS) => timeS + range.bars.intervalS / 2)
    : columns.timeS,
  columns.earlier,
  columns.avg,
  columns.max,
  columns.min,
];

const place = (plot: uPlot, { startS, endS }: ChartProps): void =>
  plot.setScale('x', { min: startS, max: endS });
