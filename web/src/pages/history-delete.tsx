import { useObservable } from '../hooks.ts';
import { DeleteHistory } from '../parts/delete-history.tsx';
import { HistoryTabs } from '../parts/history-tabs.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { useSession } from '../session.ts';

/** Deletes what a device measured, for good. */
export function HistoryDeletePage({ device }: { device?: string | undefined }) {
  const { live } = useSession();
  const { welcomed } = useObservable(live.state);
  return (
    <>
      <PageHead title="History" />
      <HistoryTabs here="history-delete" />
      <div class="page-column">
        {welcomed ? <DeleteHistory device={device} /> : <p class="quiet">Asking the hub…</p>}
      </div>
    </>
  );
}
