import { describe, expect, it } from 'vitest';
import { layOut } from '../../src/installer/layout.ts';
import type { Entry } from '../../src/installer/tree.ts';
import { file } from './plans.ts';

const folder = (path: string, mode = 0o755): Entry => ({ type: 'directory', path, mode });
const link = (path: string, target: string): Entry => ({ type: 'symlink', path, target });

describe('a tree that is laid out', () => {
  it('has every folder before what is in it, with the modes of macOS, in the order of the bytes', () => {
    const layout = layOut([
      file('private/etc/newsyslog.d/x.conf', ''),
      file('Library/Z', ''),
      file('Library/Ω', ''),
      file('Library/a/b', ''),
      folder('Library/a', 0o700),
      file('Library/a-b', ''),
    ]);
    expect(layout.map((entry) => [entry.path, entry.type === 'directory' && entry.mode.toString(8)])).toEqual(
      [
        ['.', '755'],
        ['Library', '755'],
        ['Library/Z', false],
        ['Library/a', '700'],
        ['Library/a-b', false],
        ['Library/a/b', false],
        ['Library/Ω', false],
        ['private', '755'],
        ['private/etc', '755'],
        ['private/etc/newsyslog.d', '755'],
        ['private/etc/newsyslog.d/x.conf', false],
      ],
    );
  });

  it('has the root first, whatever sorts before a dot', () => {
    expect(layOut([file('!', '')]).map(({ path }) => path)).toEqual(['.', '!']);
  });

  it.each([
    ['../etc/passwd', 'has a dot for a name in it'],
    ['Library/../../x', 'has a dot for a name in it'],
    ['Library/./x', 'has a dot for a name in it'],
    ['.', 'has a dot for a name in it'],
    ['/Library/x', 'is absolute'],
    ['', 'has an empty name in it'],
    ['Library//x', 'has an empty name in it'],
    ['Library/x/', 'has an empty name in it'],
    ['Library/a\nb', 'holds a control character'],
    ['Library/a\0b', 'holds a control character'],
    ['Library/a\u0085b', 'holds a control character'],
    ['Library/a\ud800b', 'is not text'],
    ['etc/newsyslog.d/x', 'leads through a symbolic link of macOS; write private/etc/newsyslog.d/x'],
    ['var/log/x', 'leads through a symbolic link of macOS; write private/var/log/x'],
    ['tmp', 'leads through a symbolic link of macOS; write private/tmp'],
    ['Library/._x', "has a name in it that is the Finder's own"],
    ['Library/.DS_Store', "has a name in it that is the Finder's own"],
    [`Library/${'n'.repeat(4096)}`, 'is longer than 1021 bytes'],
    [`Library/${'n'.repeat(256)}`, 'has a name in it that is longer than 255 bytes'],
  ])('refuses the path %j', (path, lack) => {
    const refusal = expect.objectContaining({
      code: 'package_unfit',
      message: `The path ${JSON.stringify(path.slice(0, 256))} ${lack}.`,
    });
    expect(() => layOut([file(path, '')])).toThrow(refusal);
    if (path !== '') expect(() => layOut([link('Library/x', path)])).toThrow(refusal);
  });

  it.each([
    ['the same path twice', [file('Library/x', ''), file('Library/x', '')]],
    ['two paths that differ in case alone', [file('Library/X', ''), file('Library/x', '')]],
    ['two folders that differ in case alone', [file('Library/X/a', ''), file('Library/x/b', '')]],
    ['two paths that differ in their normal form', [file('Library/\u00fc', ''), file('Library/u\u0308', '')]],
  ])('refuses %s', (_, tree) => {
    expect(() => layOut(tree)).toThrow(
      expect.objectContaining({
        code: 'package_unfit',
        message: expect.stringMatching(/^The package has the path .* twice, as macOS compares names\.$/u),
      }),
    );
  });

  it.each([
    ['a path below a file', [file('Library/x', ''), file('Library/x/y', '')], 'which is not a folder'],
    ['a path below a link', [link('Library/x', 'z'), file('Library/x/y', '')], 'which is not a folder'],
    ['a mode that lets a program become root', [file('Library/x', '', 0o4755)], 'permission bits alone'],
    [
      'a folder of macOS with a mode of its own',
      [folder('Library', 0o700)],
      'belongs to macOS, with mode 755',
    ],
    [
      'a folder whose mode nobody knows',
      [file('Applications/x', '')],
      'No mode is known for the folder /App',
    ],
  ])('refuses %s', (_, tree, part) => {
    expect(() => layOut(tree)).toThrow(
      expect.objectContaining({ code: 'package_unfit', message: expect.stringContaining(part) }),
    );
  });

  it('refuses what the formats cannot count', () => {
    const huge = { size: 2 ** 32, sha256: '', crc32: 0, cksumRegister: 0 };
    const deflated = { size: 0, read: async function* () {} };
    const entry: Entry = { ...file('Library/x', ''), content: [{ ...huge, deflated }] } as Entry;
    expect(() => layOut([entry])).toThrow('The package holds 4 GiB or more.');
    const many = Array.from({ length: 100_000 }, (_, at) => file(`Library/${at}`, ''));
    expect(() => layOut(many)).toThrow('The package has more than 100000 paths.');
  });
});
