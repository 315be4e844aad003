/** config.yaml on disk: replaced whole or not at all, and never over somebody else's edit. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createConfig, editConfig } from '../../src/config/config-file.ts';
import { setKey } from '../../src/config/edit.ts';
import { configFile, SERVER, temporaryFolder, writeFile } from './config-file.ts';

const isRoot = process.geteuid?.() === 0;
const WRITER = fileURLToPath(new URL('config-writer.ts', import.meta.url));

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('an edit of config.yaml', () => {
  it('replaces the file, keeps its mode and leaves nothing beside it', () => {
    const path = configFile('old\n', 0o400);
    editConfig(path, (text) => text.replace('old', 'new'));
    expect(readFileSync(path, 'utf8')).toBe('new\n');
    expect(statSync(path).mode & 0o777).toBe(0o400);
    expect(readdirSync(dirname(path))).toEqual(['config.yaml']);
  });

  it('never makes a file wider than 0600', () => {
    const path = configFile('old\n', 0o644);
    editConfig(path, () => 'new\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!isRoot)('keeps the owner (needs root)', () => {
    const path = configFile('old\n');
    chownSync(path, 65_534, 65_533);
    editConfig(path, () => 'new\n');
    expect(statSync(path)).toMatchObject({ uid: 65_534, gid: 65_533 });
  });

  it('follows a symbolic link and keeps it', () => {
    const path = configFile('old\n');
    const link = join(temporaryFolder(), 'link.yaml');
    symlinkSync(path, link);
    editConfig(link, () => 'new\n');
    expect(readlinkSync(link)).toBe(path);
    expect(readFileSync(path, 'utf8')).toBe('new\n');
  });

  it('refuses a file of two names, the other of which would keep the old secret', () => {
    const path = configFile('old\n');
    linkSync(path, join(dirname(path), 'other.yaml'));
    expect(errorOf(() => editConfig(path, () => 'new\n'))).toMatchObject({ code: 'config_invalid' });
    expect(readFileSync(path, 'utf8')).toBe('old\n');
  });

  it.each([
    ['in place', (path: string) => writeFileSync(path, 'operator\n')],
    ['as editors do, by another file', (path: string) => createOver(path, 'operator\n')],
  ])('leaves an edit of the operator that came meanwhile: %s', (_, operate) => {
    const path = configFile('old\n');
    const edit = () => {
      operate(path);
      return 'new\n';
    };
    expect(errorOf(() => editConfig(path, edit))).toMatchObject({
      code: 'config_changed',
      message: `${path} was changed by somebody else at the same time`,
      kind: 'conflict',
    });
    expect(readFileSync(path, 'utf8')).toBe('operator\n');
    expect(readdirSync(dirname(path))).toEqual(['config.yaml']);
  });

  it('lets one of two writers through and tells the other', () => {
    const path = configFile('old\n');
    const first = errorOf(() =>
      editConfig(path, (text) => {
        editConfig(path, () => 'second\n');
        return `${text}first\n`;
      }),
    );
    expect(first).toMatchObject({ code: 'config_changed' });
    expect(readFileSync(path, 'utf8')).toBe('second\n');
  });

  it('takes away what a killed writer left, and nothing else', () => {
    const path = configFile('old\n');
    const folder = dirname(path);
    writeFile(join(folder, `.config.yaml.${crypto.randomUUID()}`), 'half');
    writeFile(join(folder, '.config.yaml.backup'), 'of the operator');
    editConfig(path, () => 'new\n');
    expect(readdirSync(folder).sort()).toEqual(['.config.yaml.backup', 'config.yaml']);
  });

  it('leaves the old text or the new one when its process is killed at any moment', async () => {
    const source = `# ${'x'.repeat(30_000)}\ncluster:\n  cluster_secret: "${'0'.repeat(20_000)}" # keep\n`;
    const path = configFile(source);
    for (let round = 0; round < 9; round += 1) {
      const child = spawn(process.execPath, [WRITER, path, '20000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const text = readFileSync(path, 'utf8');
      expect(text.replace(/"(\d)\1{19999}"/, '"SECRET"')).toBe(source.replace(/"0+"/, '"SECRET"'));
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    editConfig(path, (text) => text);
    expect(readdirSync(dirname(path))).toEqual(['config.yaml']);
  });

  it('changes the bytes of the value and no other', () => {
    const before = fc.stringMatching(/^(?:# [a-z é€😀]{0,20}\r?\n){0,4}$/u);
    const value = fc.constantFrom('old', '"old"', "'old'", '""', '010', 'true');
    fc.assert(
      fc.property(before, before, value, fc.constantFrom('\n', '\r\n'), (head, tail, old, eol) => {
        const rest = ` # note${eol}    enabled: false${eol}${tail}`;
        const path = configFile(`${head}cluster:${eol}    cluster_secret:  ${old}${rest}`);
        editConfig(path, (text) => setKey(text, 'cluster.cluster_secret', 'NEW'));
        expect(readFileSync(path, 'utf8')).toBe(`${head}cluster:${eol}    cluster_secret:  "NEW"${rest}`);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a new config.yaml', () => {
  it('has mode 0600, and never stands in place of another', () => {
    const path = join(temporaryFolder(), 'config.yaml');
    createConfig(path, SERVER);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(errorOf(() => createConfig(path, 'other\n'))).toMatchObject({
      code: 'file_exists',
      message: `${path} is there already`,
    });
    expect(readFileSync(path, 'utf8')).toBe(SERVER);
    expect(readdirSync(dirname(path))).toEqual(['config.yaml']);
  });
});

/** A second file, renamed over the first. */
function createOver(path: string, text: string): void {
  const other = join(dirname(path), 'editor');
  writeFile(other, text);
  renameSync(other, path);
}
