/** Lists and texts of a package that are made to cost whoever reads them. */
import { describe, expect, it } from 'vitest';
import { encodeBom } from '../../src/installer/bom.ts';
import { readBom } from '../../src/installer/bom-reader.ts';
import type { Layout } from '../../src/installer/layout.ts';
import { XML_MAX_ATTRIBUTES, XML_MAX_REFERENCES } from '../../src/installer/reading-limits.ts';
import { ROOT } from '../../src/installer/tree.ts';
import { readXml } from '../../src/installer/xml-reader.ts';

/** Folders in each other, and so many files in the innermost. */
function deep(folders: number, files: number): Layout {
  const paths = Array.from({ length: folders }, (_, at) =>
    Array(at + 1)
      .fill('f')
      .join('/'),
  );
  const folder = (path: string) => ({ type: 'directory', path, mode: 0o755 }) as const;
  return [
    folder(ROOT),
    ...paths.map(folder),
    ...Array.from({ length: files }, (_, at) => {
      const path = `${paths.at(-1)}/${at.toString(36)}`;
      return { type: 'file', path, mode: 0o644, content: [] } as const;
    }),
  ];
}

describe('a Bom', () => {
  it('of deep folders is read', () => {
    const layout = deep(400, 2000);
    const read = new Set(readBom(encodeBom(layout, 0)).map(({ path }) => path));
    expect(layout.filter(({ path }) => !read.has(path))).toEqual([]);
  });

  it('is refused when its paths together are longer than those of any package', () => {
    expect(() => readBom(encodeBom(deep(505, 68_000), 0))).toThrow(
      expect.objectContaining({
        code: 'package_damaged',
        message: 'The paths of the Bom are too long together.',
      }),
    );
  });
});

describe('an XML text', () => {
  const read = (text: string) => readXml(Buffer.from(text), 'It');
  const attributes = (count: number) =>
    Array.from({ length: count }, (_, at) => `a${at.toString(36)}=""`).join(' ');
  const refused = (why: string) =>
    expect.objectContaining({ code: 'package_damaged', message: `It cannot be read: ${why}.` });

  it('is refused with more attributes in an element than any has', () => {
    expect(read(`<x ${attributes(XML_MAX_ATTRIBUTES)}/>`).attributes.size).toBe(XML_MAX_ATTRIBUTES);
    for (const count of [XML_MAX_ATTRIBUTES + 1, 2_000_000]) {
      expect(() => read(`<x ${attributes(count)}/>`)).toThrow(
        refused('it holds something else than elements and text'),
      );
    }
  });

  it('is refused with more references than any has', () => {
    const references = '&#65;'.repeat(XML_MAX_REFERENCES);
    expect(read(`<x>${references} &amp; not</x>`.replace('&#65;', '')).text.endsWith('A & not')).toBe(true);
    expect(() => read(`<x y="&lt;">${references}</x>`)).toThrow(refused('it has too many references'));
  });
});
