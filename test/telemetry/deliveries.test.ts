import { describe, expect, it } from 'vitest';
import { Deliveries, DeliveryWindow, shareOf } from '../../src/telemetry/deliveries.ts';

describe('the deliveries of a device', () => {
  it('are remembered for every packet identifier there is', () => {
    const window = new DeliveryWindow(65_536);
    for (let id = 1; id <= 65_535; id++) window.remember(id, id * 3, id);
    for (let id = 1; id <= 65_535; id++) expect(window.stampOf(id, id * 3)).toBe(id);
    expect(window.stampOf(7, 22)).toBeUndefined();
  });

  it('make room, the oldest first, when there are too many devices for all of them', () => {
    const all = new Deliveries();
    const window = all.of('plug');
    for (let id = 1; id <= 65_535; id++) window.remember(id, id, id);
    for (let n = 1; n < 1000; n++) all.of(`plug-${n}`);
    const kept: number[] = [];
    window.visitAll((id) => kept.push(id));
    expect(kept.sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1024 }, (_, n) => 65_535 - 1023 + n),
    );
  });

  it('are taken back when they did not reach the disk, unless a later one took their place', () => {
    const window = new DeliveryWindow(64);
    window.remember(1, 10, 1);
    window.remember(2, 20, 1);
    window.remember(2, 20, 2);
    window.forget(1, 1);
    window.forget(2, 1);
    expect([window.stampOf(1, 10), window.stampOf(2, 20)]).toEqual([undefined, 2]);
  });

  it.each([
    [1, 65_536],
    [16, 65_536],
    [17, 32_768],
    [1000, 1024],
    [1_000_000, 64],
  ])('are divided among %i devices: %i for each', (devices, share) => {
    expect(shareOf(devices)).toBe(share);
  });
});
