import type { Stretch } from '../range.ts';

/** Which time a chart shows, and the way back and forward from there. */
export function StretchSteps(props: {
  words: string;
  stretch: Stretch;
  /** How finely it is cut. */
  intervalS: number;
  /** Whether it ends now: there is nothing further on. */
  isNow: boolean;
  nowMs: number;
  /** Where it is to end; undefined for now. */
  onEnd: (endMs: number | undefined) => void;
}) {
  const { stretch, intervalS, nowMs, onEnd } = props;
  const later = stretch.endMs + (stretch.endMs - stretch.startMs);
  // Within its last bucket: where clocks change meanwhile, midnight is an hour off.
  const withinLast = later - (intervalS * 1000) / 2;
  return (
    <div class="stretch">
      <button
        type="button"
        class="button"
        aria-label="Earlier"
        onClick={() => onEnd(stretch.startMs)}
      >
        <Arrow to="M10 3 5 8l5 5" />
      </button>
      <p class="stretch-words">{props.words.charAt(0).toUpperCase() + props.words.slice(1)}</p>
      <button
        type="button"
        class="button"
        aria-label="Later"
        disabled={props.isNow}
        onClick={() => onEnd(later >= nowMs ? undefined : withinLast)}
      >
        <Arrow to="m6 3 5 5-5 5" />
      </button>
    </div>
  );
}

const Arrow = ({ to }: { to: string }) => (
  <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={to} />
  </svg>
);
