import { encode } from 'uqr';
import { expect, it } from 'vitest';
import { drawQr } from '../../web/src/qr.ts';

/** Fills a grid with what the path of a drawing covers. */
function fill({ size, path }: { size: number; path: string }): boolean[][] {
  const grid = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let step = 0; step < Number(length); step += 1) {
      const row = grid[Number(y)];
      if (row) row[Number(x) + step] = true;
    }
  }
  return grid;
}

it.each([
  'otpauth://totp/Maple%20Street:ada@example.org?secret=JBSWY3DPEHPK3PXP&issuer=Maple%20Street',
  'https://hub.local:8443/#/join?invitation=k7qm-2fxp-99aa-zz11',
  'x',
])('draws every module of %j, and a quiet zone of four around them', (text) => {
  const drawing = drawQr(text);
  const grid = fill(drawing);
  expect(grid).toEqual(encode(text, { ecc: 'M', border: 4 }).data);
  const edge = [...grid.slice(0, 4), ...grid.slice(-4)].flat();
  const sides = grid.flatMap((row) => [...row.slice(0, 4), ...row.slice(-4)]);
  expect([...edge, ...sides]).not.toContain(true);
});
