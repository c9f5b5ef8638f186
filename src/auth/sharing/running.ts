import type { ShareAccess } from '../sight.ts';
import type { Share } from './types.ts';

/** Whether a share has not ended at this moment. The end itself belongs to it no more. */
export const isRunning = ({ untilMs }: Pick<Share, 'untilMs'>, nowMs: number): boolean =>
  untilMs === undefined || nowMs < untilMs;

/**
 * What a person may do with a device by these shares of theirs: the most that any that runs allows,
 * so that a room to look at does not take back a device in it to control.
 */
export function accessBy(
  shares: readonly Share[],
  device: { readonly id: string; readonly room: string | null | undefined },
  nowMs: number,
): ShareAccess | undefined {
  let access: ShareAccess | undefined;
  for (const share of shares) {
    const { kind, id } = share.target;
    if (id !== (kind === 'device' ? device.id : device.room) || !isRunning(share, nowMs)) continue;
    if (share.access === 'control') return 'control';
    access = 'read';
  }
  return access;
}
