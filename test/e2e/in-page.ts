/**
 * Functions that run inside the page: they are sent there as text, so they use nothing from here.
 * The few types of the browser that they need are written out, as the hub's own code has none.
 */

interface Style {
  readonly color: string;
  readonly backgroundColor: string;
  readonly fontSize: string;
  readonly fontWeight: string;
  readonly visibility: string;
}
interface PageElement {
  readonly tagName: string;
  readonly id: string;
  readonly textContent: string | null;
  readonly parentElement: PageElement | null;
  readonly labels?: Iterable<PageElement> | null;
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string | null }>;
  getAttribute(name: string): string | null;
  hasAttribute(name: string): boolean;
  closest(selector: string): PageElement | null;
  checkVisibility(): boolean;
  getBoundingClientRect(): { readonly width: number; readonly height: number };
}
declare const document: {
  readonly title: string;
  readonly documentElement: { readonly lang: string; readonly scrollWidth: number };
  querySelectorAll(selector: string): Iterable<PageElement>;
  getElementById(id: string): PageElement | null;
};
declare const innerWidth: number;
declare function getComputedStyle(element: PageElement): Style;

/** What a page lacks for those who hear it, in words; empty when nothing. */
export function structureFaults(): string[] {
  const faults: string[] = [];
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  const shown = (selector: string) => all(selector).filter((element) => element.checkVisibility());
  const tell = (element: PageElement) =>
    `<${element.tagName.toLowerCase()}> “${(element.textContent ?? '').trim().slice(0, 40)}”`;
  const nameOf = (element: PageElement): string => {
    const labelled = (element.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean);
    const byId = labelled.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    const labels = [...(element.labels ?? [])].map((label) => label.textContent ?? '').join(' ');
    const field = /^(INPUT|SELECT)$/.test(element.tagName);
    const own = field ? '' : (element.textContent ?? '');
    return (element.getAttribute('aria-label') ?? (byId || labels || own)).trim();
  };

  if (document.documentElement.lang === '') faults.push('the page does not say its language');
  if (document.title === '') faults.push('the page has no title');
  if (shown('main').length !== 1) faults.push(`there are ${shown('main').length} main parts`);
  if (shown('h1').length !== 1) faults.push(`there are ${shown('h1').length} headings h1`);
  let before = 0;
  for (const heading of shown('h1, h2, h3, h4')) {
    const level = Number(heading.tagName.slice(1));
    if (level > before + 1) faults.push(`${tell(heading)} comes after h${before}`);
    before = level;
  }
  for (const element of shown('a, button, input, select, [role=img], section, nav, fieldset')) {
    const isLegended = element.tagName === 'FIELDSET';
    if (!isLegended && nameOf(element) === '') faults.push(`${tell(element)} has no name`);
  }
  for (const image of all('svg')) {
    if (image.getAttribute('aria-hidden') !== 'true' && !image.hasAttribute('aria-label')) {
      faults.push(`a picture in ${tell(image.parentElement ?? image)} has no words`);
    }
  }
  const ids = all('[id]').map((element) => element.id);
  for (const id of new Set(ids)) {
    if (ids.filter((other) => other === id).length > 1) faults.push(`the id ${id} is there twice`);
  }
  for (const name of ['aria-labelledby', 'aria-describedby', 'for']) {
    for (const element of all(`[${name}]`)) {
      for (const id of (element.getAttribute(name) ?? '').split(' ')) {
        if (!document.getElementById(id)) faults.push(`${name} points to ${id}, which is nowhere`);
      }
    }
  }
  return faults;
}

/** Every text that is too faint against what is behind it (WCAG 2.2, 1.4.3), in words. */
export function contrastFaults(): string[] {
  const parse = (colour: string): [number, number, number, number] => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
    return [red, green, blue, alpha];
  };
  const over = (front: readonly number[], back: readonly number[]): [number, number, number] => {
    const alpha = front[3] ?? 1;
    const mix = (part: number) => (front[part] ?? 0) * alpha + (back[part] ?? 0) * (1 - alpha);
    return [mix(0), mix(1), mix(2)];
  };
  const luminance = (colour: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element: PageElement): [number, number, number] => {
    const layers: [number, number, number, number][] = [];
    for (let one: PageElement | null = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight<[number, number, number]>(
      (back, front) => over(front, back),
      [255, 255, 255],
    );
  };

  const faults: string[] = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === 3)
      .map((node) => (node.textContent ?? '').trim())
      .join('');
    const style = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    const isHidden = !element.checkVisibility() || width <= 1 || height <= 1;
    if (text === '' || isHidden || element.closest('noscript, option, [disabled]')) continue;
    const ground = behind(element);
    const [bright = 0, dim = 0] = [
      luminance(over(parse(style.color), ground)),
      luminance(ground),
    ].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dim + 0.05);
    const pixels = Number.parseFloat(style.fontSize);
    const isLarge = pixels >= 24 || (pixels >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5))
      faults.push(`“${text.slice(0, 40)}” has ${ratio.toFixed(2)}:1`);
  }
  return faults;
}

/** How far the page sticks out to the right, in pixels. */
export const overhang = (): number => document.documentElement.scrollWidth - innerWidth;

interface Canvas {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): {
    getImageData(
      left: number,
      top: number,
      width: number,
      height: number,
    ): { readonly data: Uint8ClampedArray };
  };
}

/** How many pixels of a canvas are strongly coloured (the line is, axes and grid are not). */
export function colouredPixels(canvas: Canvas): number {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const parts = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    const isOpaque = (data[at + 3] ?? 0) > 200;
    if (isOpaque && Math.max(...parts) - Math.min(...parts) > 80) count += 1;
  }
  return count;
}

/** What a canvas shows, as one short text that changes with it. */
export function fingerprint(canvas: Canvas): string {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let hash = 0;
  for (const part of data) hash = (Math.imul(hash, 31) + part) | 0;
  return String(hash);
}
