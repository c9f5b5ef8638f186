import { timeAgo } from '../time.ts';

/** `Seen 5 minutes ago`, with the exact time for machines. */
export function LastSeen({ at, nowMs }: { at: string | null; nowMs: number }) {
  if (at === null) return <span>Never heard from yet</span>;
  return (
    <span>
      Last seen <time dateTime={at}>{timeAgo(Date.parse(at), nowMs)}</time>
    </span>
  );
}
