import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../web/src/styles/tokens.css', import.meta.url), 'utf8');
const [lightCss = '', darkCss = ''] = css.split('@media (prefers-color-scheme: dark)');

const coloursOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6})\b/g)].map(([, name, colour]) => [
      name,
      colour,
    ]),
  );

const light = coloursOf(lightCss);
const schemes = { light, dark: { ...light, ...coloursOf(darkCss) } };

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [bright = 0, dim = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (bright + 0.05) / (dim + 0.05);
}

/** Text needs 4.5:1 (WCAG 1.4.3), outlines and lines that carry meaning 3:1 (WCAG 1.4.11). */
const pairs: readonly (readonly [front: string, behind: string, least: number])[] = [
  ['text', 'ground', 4.5],
  ['text', 'glow', 4.5],
  ['text', 'surface', 4.5],
  ['text', 'surface-sunk', 4.5],
  ['text-quiet', 'ground', 4.5],
  ['text-quiet', 'glow', 4.5],
  ['text-quiet', 'surface', 4.5],
  ['text-quiet', 'surface-sunk', 4.5],
  ['accent', 'ground', 4.5],
  ['accent', 'surface', 4.5],
  ['accent-strong', 'ground', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-strong', 4.5],
  ['good', 'surface', 4.5],
  ['good', 'ground', 4.5],
  ['good', 'good-ground', 4.5],
  ['bad', 'surface', 4.5],
  ['bad', 'bad-ground', 4.5],
  ['warn', 'warn-ground', 4.5],
  ['warn', 'surface', 4.5],
  ['control-line', 'surface', 3],
  ['chart-line', 'surface', 3],
  ['chart-earlier', 'surface', 3],
];

describe.each(Object.entries(schemes))('the %s colours', (_, colours) => {
  it.each(pairs)('tell %s from %s', (front, behind, least) => {
    expect(contrast(colours[front] ?? '', colours[behind] ?? '')).toBeGreaterThanOrEqual(least);
  });
});
