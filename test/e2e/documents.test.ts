import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

it('every link from README and the documents leads to a file that is there', async () => {
  const pages = await readdir(join(root, 'docs'), { recursive: true });
  const documents = pages.filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  const dead: string[] = [];
  for (const document of ['README.md', 'CONTRIBUTING.md', ...documents]) {
    const text = await readFile(join(root, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      const isOurs = !/^[a-z]+:/.test(target);
      if (isOurs && !existsSync(join(root, dirname(document), target))) {
        dead.push(`${document}: ${target}`);
      }
    }
  }
  expect(dead).toEqual([]);
});
