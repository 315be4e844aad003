import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ASIDE_MAX, HELD_MAX, Spool } from '../../src/agent/spool.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { makeFolder } from '../fakes/folder.ts';
import { FakeLog } from '../fakes/log.ts';

let dir: string;
let log: FakeLog;
const body = (text: string) => Buffer.from(text);
const open = (maxBytes = 1_000_000) => Spool.open({ dir, maxBytes, clock: new ManualClock(), log });

beforeEach(async () => {
  dir = join(await makeFolder(), 'spool');
  log = new FakeLog();
});

async function drain(spool: Spool): Promise<string[]> {
  const texts: string[] = [];
  for (let name = spool.oldest(); name !== undefined; name = spool.oldest()) {
    texts.push(String(await spool.read(name)));
    await spool.remove(name);
  }
  return texts;
}

describe('Spool', () => {
  it('gives reports back oldest first, whatever the order they came in', async () => {
    const spool = await open();
    await spool.add(body('second'), START_MS);
    await spool.add(body('third'), START_MS + 1);
    await spool.add(body('first'), START_MS - 86_400_000);
    expect(await drain(spool)).toEqual(['first', 'second', 'third']);
    expect(await readdir(dir)).toEqual(['set-aside']);
  });

  it('survives the end of the process', async () => {
    await (await open()).add(body('kept'), START_MS);
    expect(await drain(await open())).toEqual(['kept']);
  });

  it('lets nobody else read: files 0600 in a folder 0700, even one that was wider', async () => {
    await mkdir(dir, { mode: 0o755 });
    await chmod(dir, 0o755);
    const spool = await open();
    await spool.add(body('x'), START_MS);
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await modeOf(dir)).toBe(0o700);
    expect(await modeOf(join(dir, 'set-aside'))).toBe(0o700);
    expect(await modeOf(join(dir, spool.oldest() ?? ''))).toBe(0o600);
  });

  it('removes what a crash left unfinished and leaves files that are not its own', async () => {
    await mkdir(dir);
    await writeFile(join(dir, `${'0'.repeat(15)}-${'a'.repeat(16)}.report.unfinished`), 'half');
    await writeFile(join(dir, 'machine-id'), 'M');
    const spool = await open();
    expect(spool.count).toBe(0);
    expect(await readdir(dir)).toEqual(['machine-id', 'set-aside']);
  });

  it('drops the oldest beyond its bound, in blocks of the disk, and counts them', async () => {
    const spool = await open(3 * 4096);
    for (let at = 0; at < 5; at += 1) await spool.add(body(`report ${at}`), START_MS + at);
    expect(spool.dropped).toBe(2);
    expect(await drain(spool)).toEqual(['report 2', 'report 3', 'report 4']);
    expect(log.events()).toEqual(['agent.spool_full']);
  });

  it('shrinks to its bound when it is opened with a smaller one', async () => {
    const wide = await open();
    for (let at = 0; at < 5; at += 1) await wide.add(body(`report ${at}`), START_MS + at);
    const narrow = await open(2 * 4096);
    expect(narrow.dropped).toBe(3);
    expect(await drain(narrow)).toEqual(['report 3', 'report 4']);
  });

  it('sets a report aside where it can be found, and keeps no more than the newest of them', async () => {
    const spool = await open();
    for (let at = 0; at < ASIDE_MAX + 3; at += 1) {
      await spool.add(body(`report ${at}`), START_MS + at);
      await spool.setAside(spool.oldest() ?? '');
    }
    const names = (await readdir(join(dir, 'set-aside'))).sort();
    expect(names).toHaveLength(ASIDE_MAX);
    expect(await readFile(join(dir, 'set-aside', names[0] ?? ''), 'utf8')).toBe('report 3');
    expect(spool.aside).toBe(ASIDE_MAX + 3);
    expect(spool.count).toBe(0);
  });

  it('forgets a report whose file is gone or empty', async () => {
    const spool = await open();
    await spool.add(body('gone'), START_MS);
    await spool.add(body(''), START_MS + 1);
    const other = await open();
    await other.remove(other.oldest() ?? '');
    expect(await spool.read(spool.oldest() ?? '')).toBeUndefined();
    expect(await spool.read(spool.oldest() ?? '')).toBeUndefined();
    expect(spool.count).toBe(0);
  });

  it('passes over a file that it cannot read, leaves it there, and says so', async () => {
    await mkdir(join(dir, `${'0'.repeat(15)}-${'a'.repeat(16)}.report`), { recursive: true });
    const spool = await open();
    await spool.add(body('behind it'), START_MS);
    expect(await spool.read(spool.oldest() ?? '')).toBeUndefined();
    expect(await drain(spool)).toEqual(['behind it']);
    expect(await readdir(dir)).toHaveLength(2);
    expect(log.lines[0]).toMatchObject({
      sentence: 'A spooled report cannot be read',
      fields: { reason: 'EISDIR', times: 1 },
    });
  });

  it('keeps the newest reports in memory while the disk takes none, and says so once', async () => {
    const spool = await open();
    await spool.add(body('on disk'), START_MS);
    const { rename, rm } = await import('node:fs/promises');
    await rename(dir, `${dir}.away`); // as a disk that takes no file
    await writeFile(dir, '');
    for (let at = 1; at <= HELD_MAX + 2; at += 1) await spool.add(body(`held ${at}`), START_MS + at);
    await rm(dir);
    await rename(`${dir}.away`, dir);
    expect(spool.dropped).toBe(2);
    const texts = await drain(spool);
    expect(texts).toHaveLength(1 + HELD_MAX);
    expect(texts.slice(0, 2)).toEqual(['on disk', 'held 3']);
    expect(log.lines[0]).toMatchObject({
      level: 'error',
      sentence: 'Report kept in memory: the spool cannot be written',
      fields: { reason: 'ENOTDIR', times: 1 },
    });
  });
});
