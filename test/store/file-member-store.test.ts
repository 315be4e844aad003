/** The registry in a folder: what every registry promises, and what only files can do to it. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { RECORD_MAX_BYTES } from '../../src/protocol/limits.ts';
import { FileMemberStore } from '../../src/store/file/member-store.ts';
import { memberStoreContract } from '../contract/member-store.ts';
import { ManualClock } from '../fakes/clock.ts';
import { makeFolder } from '../fakes/folder.ts';

let statePath: string;
beforeEach(async () => {
  statePath = join(await makeFolder(), 'cluster');
});

const open = (nodeId = 'alice') => FileMemberStore.open({ statePath, nodeId, clock: systemClock });
const slotPath = (type: string, nodeId: string) => join(statePath, type, `${nodeId}.json`);
const write = (store: FileMemberStore) =>
  store.putOwn({ node: Buffer.from('node'), heartbeat: Buffer.from('heartbeat') });

const AWAY = {
  code: 'member_store_unavailable',
  message: expect.stringMatching(/^the registry .+ cannot be used$/),
  hint: 'see that the folder is there, that this user may write to it, and that the disk is not full',
};

describe('the registry in a folder', () => {
  memberStoreContract(open);
});

describe('the folder', () => {
  it('is described with its owner and who else may write there', async () => {
    const store = await open();
    chmodSync(statePath, 0o775);
    const facts = { kind: 'folder', path: statePath, ownerId: process.getuid?.(), isOurs: true, mode: 0o775 };
    expect(await store.describe()).toEqual(facts);
    chmodSync(statePath, 0o700);
    expect(await store.describe()).toEqual({ ...facts, mode: 0o700 });
  });

  it('that is gone cannot be described', async () => {
    const store = await open();
    rmSync(statePath, { recursive: true });
    await expect(store.describe()).rejects.toMatchObject(AWAY);
  });
});

describe('the files', () => {
  it('are one for each slot, for their owner alone, and nothing else', async () => {
    const store = await open();
    await write(store);
    await store.probe();
    expect(readdirSync(statePath).sort()).toEqual(['heartbeat', 'node']);
    for (const type of ['node', 'heartbeat']) {
      expect(readdirSync(join(statePath, type))).toEqual(['alice.json']);
      expect(statSync(slotPath(type, 'alice')).mode & 0o777).toBe(0o600);
      expect(statSync(join(statePath, type)).mode & 0o777).toBe(0o700);
      expect(readFileSync(slotPath(type, 'alice'), 'utf8')).toBe(type);
    }
  });

  it('of many writes at once leave no temporary file', async () => {
    const stores = await Promise.all(Array.from({ length: 20 }, (_, i) => open(`node-${i}`)));
    await Promise.all(stores.map(write));
    expect(readdirSync(join(statePath, 'node'))).toHaveLength(20);
  });

  it('of a process with our number on another machine are not touched and stop nobody', async () => {
    const store = await open();
    const theirs = Array.from({ length: 2000 }, (_, i) =>
      join(statePath, 'node', `.${process.pid}-${i}.tmp`),
    );
    for (const path of theirs) writeFileSync(path, 'half a record');
    for (let i = 0; i < 10; i += 1) await write(store);
    expect(theirs.every(existsSync)).toBe(true);
  });

  it.each(['../alice', 'a/b', '.alice', '', 'a b', 'x'.repeat(41)])(
    'are never named "%s"',
    async (nodeId) => {
      const store = await open();
      await expect(store.inspect('node', nodeId)).rejects.toMatchObject(AWAY);
      await expect((await open(nodeId)).putOwn({ heartbeat: Buffer.alloc(0) })).rejects.toMatchObject(AWAY);
      expect(readdirSync(join(statePath, 'heartbeat'))).toEqual([]);
    },
  );
});

describe('what somebody may put in place of a file', () => {
  const readAlice = async () => (await (await open('bob')).read(['alice'], 0)).slots[0]?.heartbeat;
  const path = () => slotPath('heartbeat', 'alice');
  beforeEach(async () => {
    await open();
  });

  it('a link is not followed', async () => {
    symlinkSync('/etc/hostname', path());
    expect(await readAlice()).toEqual({ kind: 'unreadable', reason: 'ELOOP' });
  });

  it('a link to itself is not followed', async () => {
    symlinkSync(path(), path());
    expect(await readAlice()).toEqual({ kind: 'unreadable', reason: 'ELOOP' });
  });

  it('a pipe is not waited for', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', path()]);
    expect(await readAlice()).toEqual({ kind: 'unreadable', reason: 'Not a file' });
  });

  it('a folder is not a record', async () => {
    mkdirSync(path());
    expect(await readAlice()).toEqual({ kind: 'unreadable', reason: 'Not a file' });
  });

  it('a socket is not connected to', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(path(), listening));
    onTestFinished(() => void server.close());
    expect(await readAlice()).toMatchObject({ kind: 'unreadable' });
  });

  it('50 MB are read up to one byte more than a record can have', async () => {
    writeFileSync(path(), Buffer.alloc(50_000_000, 'x'));
    const reading = await readAlice();
    expect(reading?.kind === 'bytes' && reading.bytes.byteLength).toBe(RECORD_MAX_BYTES + 1);
  });

  it('a link is replaced by our own record, and what it led to stays as it was', async () => {
    const elsewhere = join(statePath, 'elsewhere');
    writeFileSync(elsewhere, 'untouched');
    symlinkSync(elsewhere, path());
    await write(await open('alice'));
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
    expect(readFileSync(path(), 'utf8')).toBe('heartbeat');
  });

  it('a folder in our own slot stops our writes, said as an outage, and ends with it', async () => {
    mkdirSync(path());
    const store = await open('alice');
    await expect(write(store)).rejects.toMatchObject(AWAY);
    expect(readdirSync(join(statePath, 'heartbeat'))).toEqual(['alice.json']);
    rmSync(path(), { recursive: true });
    await write(store);
    expect(readFileSync(path(), 'utf8')).toBe('heartbeat');
  });
});

describe('names', () => {
  it('that no node can have are counted and not read', async () => {
    const store = await open();
    await write(store);
    const junk = ['README', 'a b.json', '-x.json', `${'x'.repeat(41)}.json`, 'alice.json.bak', 'é.json'];
    for (const name of junk) writeFileSync(join(statePath, 'node', name), 'x');
    writeFileSync(join(statePath, 'node', '.hidden'), 'x');
    mkdirSync(join(statePath, 'node', 'subfolder'));
    const { slots, junkNames } = await store.read([], 64);
    expect(junkNames).toBe(junk.length + 1);
    expect(slots.map(({ nodeId }) => nodeId)).toEqual(['alice']);
  });

  it('10,000 of them cost a bounded reading, and hide no member', async () => {
    const store = await open();
    await write(store);
    for (let i = 0; i < 10_000; i += 1) writeFileSync(slotPath('heartbeat', `junk-${i}`), '');
    const { slots, unreadNames } = await store.read(['alice'], 64);
    expect(slots).toHaveLength(65);
    expect(unreadNames).toBe(10_000 - 64);
    expect(slots[0]).toMatchObject({ nodeId: 'alice', heartbeat: { kind: 'bytes' } });
  });
});

describe('more names than are looked at', () => {
  it('are said to be there, and hide no member', async () => {
    const store = await open();
    await write(store);
    for (let i = 0; i < 20_010; i += 1) writeFileSync(slotPath('heartbeat', `junk-${i}`), '');
    const { slots, unreadNames } = await store.read(['alice'], 64);
    expect(slots[0]).toMatchObject({ nodeId: 'alice', heartbeat: { kind: 'bytes' } });
    expect(unreadNames).toBeGreaterThan(19_999 - 64);
  });
});

describe('a link in the place of a folder', () => {
  it.each(['node', 'heartbeat'])('%s is an outage with its reason, and not followed', async (type) => {
    const store = await open();
    await write(store);
    const elsewhere = join(statePath, '..', 'elsewhere');
    mkdirSync(elsewhere);
    rmSync(join(statePath, type), { recursive: true });
    symlinkSync(elsewhere, join(statePath, type));
    const refused = {
      code: 'member_store_unavailable',
      message: `the registry cannot be used: ${join(statePath, type)} is a link`,
      hint: 'remove the link, and see who can write there; the folder is made again by itself',
    };
    await expect(store.read(['alice'], 64)).rejects.toMatchObject(refused);
    await expect(store.inspect(type as 'node', 'alice')).rejects.toMatchObject(refused);
    await expect(write(store)).rejects.toMatchObject(refused);
    await expect(open()).rejects.toMatchObject(refused);
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(join(statePath, type));
    await write(store);
    expect((await store.read(['alice'], 64)).slots[0]).toMatchObject({ [type]: { kind: 'bytes' } });
  });
});

describe('a folder that goes', () => {
  it.each(['node', 'heartbeat'])('%s alone: its rows are missing, the others are read', async (type) => {
    const store = await open();
    await write(store);
    rmSync(join(statePath, type), { recursive: true });
    const [slot] = (await store.read(['alice'], 64)).slots;
    expect(slot).toMatchObject({
      [type]: { kind: 'missing' },
      [type === 'node' ? 'heartbeat' : 'node']: { kind: 'bytes' },
    });
    await write(store);
    expect((await store.read(['alice'], 64)).slots[0]).toMatchObject({ [type]: { kind: 'bytes' } });
  });

  it('the whole: an outage, until somebody writes again', async () => {
    const store = await open();
    await write(store);
    rmSync(statePath, { recursive: true });
    await expect(store.read(['alice'], 64)).rejects.toMatchObject(AWAY);
    await write(store);
    expect((await store.read(['alice'], 64)).slots[0]?.heartbeat.kind).toBe('bytes');
  });

  it('a file in its place: an outage', async () => {
    writeFileSync(statePath, 'not a folder');
    await expect(open()).rejects.toMatchObject(AWAY);
  });
});

/** As root, a user who has no rights here: root would be let through everywhere. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const nobody = 65_534;
  if (isRoot) {
    for (const path of ['', 'node', 'heartbeat']) chownSync(join(statePath, path), nobody, nobody);
    chmodSync(join(statePath, '..'), 0o755);
    process.seteuid?.(nobody);
  }
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('a folder that may only be read', () => {
  it('is read; a write is an outage, and so is the probe', async () => {
    const store = await open();
    await write(store);
    for (const type of ['node', 'heartbeat']) {
      chmodSync(slotPath(type, 'alice'), 0o644);
      chmodSync(join(statePath, type), 0o555);
    }
    chmodSync(statePath, 0o555);
    await asNobody(async () => {
      expect((await store.read(['alice'], 64)).slots[0]?.heartbeat.kind).toBe('bytes');
      await expect(write(store)).rejects.toMatchObject(AWAY);
      await expect(store.probe()).rejects.toMatchObject(AWAY);
    });
    for (const path of ['', 'node', 'heartbeat']) chmodSync(join(statePath, path), 0o700);
  });

  it('a file without the right to read it is somebody’s doing, and hides no other', async () => {
    const store = await open();
    await write(store);
    await write(await open('bob'));
    for (const type of ['node', 'heartbeat']) {
      chmodSync(slotPath(type, 'alice'), 0o644);
      chmodSync(slotPath(type, 'bob'), 0o000);
    }
    await asNobody(async () => {
      const { slots } = await store.read(['alice', 'bob'], 0);
      expect(slots[0]?.heartbeat.kind).toBe('bytes');
      expect(slots[1]?.heartbeat).toEqual({ kind: 'unreadable', reason: 'EACCES' });
    });
  });
});

describe('a folder that hangs', () => {
  it('is an outage after five seconds, is not asked again meanwhile, and is used again when it answers', async () => {
    const clock = new ManualClock();
    const store = await FileMemberStore.open({ statePath, nodeId: 'alice', clock });
    await write(store);
    const hanging = store.read(['alice'], 64);
    void clock.advance(5000); // at once, before any answer can come
    await expect(hanging).rejects.toMatchObject({
      ...AWAY,
      cause: expect.objectContaining({ message: 'no answer within 5000 ms' }),
    });
    await expect
      .poll(() => store.read(['alice'], 64).catch(() => null))
      .toMatchObject({
        slots: [{ nodeId: 'alice' }],
      });
    expect(clock.waiting).toBe(0);
  });

  it('does not hold a second thread while the first call has not come back', async () => {
    const clock = new ManualClock();
    const store = await FileMemberStore.open({ statePath, nodeId: 'alice', clock });
    const hanging = store.read([], 64);
    void clock.advance(5000);
    await expect(hanging).rejects.toMatchObject(AWAY);
    await expect(store.putOwn({ heartbeat: Buffer.from('x') })).rejects.toMatchObject({
      ...AWAY,
      cause: expect.objectContaining({ message: 'an earlier call still hangs' }),
    });
  });
});

describe('a server that has no file descriptors left', () => {
  const SRC = resolve(import.meta.dirname, '../../src');
  const SCRIPT = `
    import { openSync } from 'node:fs';
    import { systemClock } from '${resolve(SRC, 'base/clock.ts')}';
    import { FileMemberStore } from '${resolve(SRC, 'store/file/member-store.ts')}';
    const store = await FileMemberStore.open({ statePath: process.argv[1], nodeId: 'alice', clock: systemClock });
    await store.putOwn({ node: Buffer.from('n'), heartbeat: Buffer.from('h') });
    try { for (;;) openSync('/dev/null'); } catch {}
    console.log(await store.inspect('node', 'alice').catch(({ code, cause }) => code + ' ' + cause.code));
  `;

  it('calls that an outage, and not a record that somebody spoilt', () => {
    const said = execFileSync(
      'sh',
      [
        '-c',
        'ulimit -n 100 && exec "$@"',
        'sh',
        process.execPath,
        '--input-type=module',
        '--eval',
        SCRIPT,
        statePath,
      ],
      { encoding: 'utf8' },
    );
    expect(said).toBe('member_store_unavailable EMFILE\n');
  });
});
