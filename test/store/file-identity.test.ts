import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { publicKeyText } from '../../src/protocol/identity-key.ts';
import { NODE_ID } from '../../src/protocol/limits.ts';
import {
  deriveNodeId,
  nextIncarnation,
  openIdentity,
  readIdentity,
  writeIdentity,
} from '../../src/store/file/identity.ts';
import { makeFolder } from '../fakes/folder.ts';

const NOW = Date.UTC(2026, 10, 21, 12);

let dataDir: string;
beforeEach(async () => {
  dataDir = join(await makeFolder(), 'data');
});

const open = (nodeId: string | null = null) => openIdentity(dataDir, { nodeId, hostname: 'Studio-3.local' });
const path = (name: string) => join(dataDir, name);

describe('openIdentity', () => {
  it('makes three keys at the first start, in one file of mode 0600, and the same ones are there ever after', async () => {
    const made = await open();
    expect(made.nodeId).toMatch(/^studio-3-[0-9a-f]{6}$/);
    expect(made.signingKey.asymmetricKeyType).toBe('ed25519');
    expect(made.sealingKey.asymmetricKeyType).toBe('x25519');
    expect(made.tlsKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(readdirSync(dataDir)).toEqual(['identity.json']);
    expect(statSync(path('identity.json')).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const again = await open();
    expect(again.nodeId).toBe(made.nodeId);
    expect(again.signingKey.equals(made.signingKey)).toBe(true);
    expect(again.sealingKey.equals(made.sealingKey)).toBe(true);
    expect(again.tlsKey.equals(made.tlsKey)).toBe(true);
  });

  it('makes other keys in another folder', async () => {
    const here = await open('alice');
    dataDir = join(await makeFolder(), 'data');
    expect(publicKeyText((await open('alice')).signingKey)).not.toBe(publicKeyText(here.signingKey));
  });

  it('is read without being made, and keeps its keys under another name', async () => {
    expect(await readIdentity(dataDir)).toBeUndefined();
    const made = await open('alice');
    await writeIdentity(dataDir, { ...made, nodeId: 'bob' });
    const read = await readIdentity(dataDir);
    expect(read?.nodeId).toBe('bob');
    expect(read?.signingKey.equals(made.signingKey)).toBe(true);
    expect(statSync(path('identity.json')).mode & 0o777).toBe(0o600);
  });

  it('takes the id that the config asks for, and refuses another one later', async () => {
    expect((await open('alice')).nodeId).toBe('alice');
    expect((await open()).nodeId).toBe('alice');
    await expect(open('bob')).rejects.toMatchObject({
      code: 'identity_invalid',
      message: `${path('identity.json')} belongs to alice, but config.yaml says node_id: bob`,
      hint: 'set node_id back to alice, or give the new server a data_dir of its own',
    });
  });

  it.each([0o640, 0o604, 0o660, 0o601])('refuses a file of mode %o', async (mode) => {
    await open();
    chmodSync(path('identity.json'), mode);
    await expect(open()).rejects.toMatchObject({
      code: 'identity_invalid',
      message: `${path('identity.json')} can be read by others`,
      hint: `chmod 600 '${path('identity.json')}'`,
    });
  });

  const spoil = (change: (content: Record<string, unknown>) => unknown) => {
    const content = JSON.parse(readFileSync(path('identity.json'), 'utf8'));
    writeFileSync(path('identity.json'), JSON.stringify(change(content)) ?? '');
  };
  it.each([
    ['nothing', () => undefined],
    ['another form', () => []],
    ['no key', ({ signing_key, ...rest }: Record<string, unknown>) => rest],
    [
      'a key of another kind',
      (content: Record<string, unknown>) => ({ ...content, signing_key: content.tls_key }),
    ],
    [
      'keys in each other’s place',
      (content: Record<string, unknown>) => ({ ...content, signing_key: content.sealing_key }),
    ],
    ['one field more', (content: Record<string, unknown>) => ({ ...content, more: 1 })],
    ['an id that is a path', (content: Record<string, unknown>) => ({ ...content, node_id: '../x' })],
  ])('refuses a file with %s, and keeps it', async (_, change) => {
    await open('alice');
    spoil(change);
    const before = readFileSync(path('identity.json'));
    await expect(open('alice')).rejects.toMatchObject({
      code: 'identity_invalid',
      message: `${path('identity.json')} is not an identity file`,
      hint: 'restore it, or remove it: the server then makes a new identity and needs a new node_id',
    });
    expect(readFileSync(path('identity.json'))).toEqual(before);
  });

  it.each([
    ['a link', (at: string) => symlinkSync('/dev/null', at)],
    [
      'a link to another identity',
      (at: string) => {
        writeFileSync(`${at}.other`, '{}', { mode: 0o600 });
        symlinkSync(`${at}.other`, at);
      },
    ],
    ['a folder', (at: string) => mkdirSync(at, { mode: 0o700 })],
    ['a pipe', (at: string) => void execFileSync('sh', ['-c', 'mkfifo -m 600 "$0"', at])],
  ])('refuses %s in its place, and makes no other identity over it', async (_, put) => {
    mkdirSync(dataDir, { recursive: true });
    put(path('identity.json'));
    const before = statSync(path('identity.json')).ino;
    await expect(open()).rejects.toMatchObject({
      code: 'identity_invalid',
      message: expect.stringMatching(/(is not a plain file|can be read by others)$/),
    });
    expect(statSync(path('identity.json')).ino).toBe(before);
  });
});

describe.skipIf(process.geteuid?.() !== 0)('a file that belongs to another user (needs root)', () => {
  const ANOTHER = 1000;

  it.each(['identity.json', 'incarnation'])('in a folder of ours is refused: %s', async (name) => {
    const { nodeId } = await open();
    await nextIncarnation(dataDir, NOW);
    chownSync(path(name), ANOTHER, ANOTHER);
    const refused = {
      code: 'file_of_another',
      message: `${path(name)} belongs to user ${ANOTHER}; expected root or user 0`,
      hint: `if you know that it is right: sudo chown 0 ${path(name)}; else move it away`,
    };
    await expect(open().then(() => nextIncarnation(dataDir, NOW))).rejects.toMatchObject(refused);
    chownSync(path(name), 0, 0);
    expect((await open()).nodeId).toBe(nodeId);
  });

  it('in a folder of his is read, as on a share that shows all as one user’s', async () => {
    const { nodeId } = await open();
    for (const one of [path('identity.json'), dataDir]) chownSync(one, ANOTHER, ANOTHER);
    expect((await open()).nodeId).toBe(nodeId);
  });
});

describe('nextIncarnation', () => {
  beforeEach(() => mkdirSync(dataDir, { recursive: true }));
  const onDisk = () => readFileSync(path('incarnation'), 'utf8');

  it('is the time at the first start, and on disk when it is given out', async () => {
    expect(await nextIncarnation(dataDir, NOW + 0.7)).toBe(NOW);
    expect(onDisk()).toBe(String(NOW));
    expect(statSync(path('incarnation')).mode & 0o777).toBe(0o600);
  });

  it('rises with the time, and by one where the clock stood still or went back', async () => {
    expect(await nextIncarnation(dataDir, NOW)).toBe(NOW);
    expect(await nextIncarnation(dataDir, NOW + 5)).toBe(NOW + 5);
    expect(await nextIncarnation(dataDir, NOW + 5)).toBe(NOW + 6);
    expect(await nextIncarnation(dataDir, NOW - 86_400_000)).toBe(NOW + 7);
    expect(await nextIncarnation(dataDir, 0)).toBe(NOW + 8);
  });

  it('reads what somebody restored by hand, with a newline', async () => {
    writeFileSync(path('incarnation'), `${NOW}\n`, { mode: 0o600 });
    expect(await nextIncarnation(dataDir, 0)).toBe(NOW + 1);
  });

  it.each(['', ' ', 'x', '-1', '1.5', '0x10', '1e3', '9007199254740991', '9'.repeat(20)])(
    'does not start from "%s"',
    async (content) => {
      writeFileSync(path('incarnation'), content, { mode: 0o600 });
      await expect(nextIncarnation(dataDir, NOW)).rejects.toMatchObject({
        code: 'identity_invalid',
        message: `${path('incarnation')} does not hold a number`,
        hint: 'restore it from a backup, or remove it if the clock is right',
      });
      expect(onDisk()).toBe(content);
    },
  );

  it('keeps what it has where none is left above what was found', async () => {
    await nextIncarnation(dataDir, NOW);
    await expect(nextIncarnation(dataDir, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      code: 'identity_invalid',
    });
    expect(onDisk()).toBe(String(NOW));
  });

  it('refuses a file that others can write', async () => {
    writeFileSync(path('incarnation'), '1');
    chmodSync(path('incarnation'), 0o622);
    await expect(nextIncarnation(dataDir, NOW)).rejects.toMatchObject({ code: 'identity_invalid' });
  });
});

describe('deriveNodeId', () => {
  it.each([
    ['Studio-3.local', /^studio-3-[0-9a-f]{6}$/],
    ['Zoë’s Mac', /^zosmac-[0-9a-f]{6}$/],
    ['---', /^server-[0-9a-f]{6}$/],
    ['', /^server-[0-9a-f]{6}$/],
    ['..', /^server-[0-9a-f]{6}$/],
    ['日本', /^server-[0-9a-f]{6}$/],
    ['x'.repeat(300), /^x{33}-[0-9a-f]{6}$/],
  ])('of "%s" is a node id', (hostname, form) => {
    expect(deriveNodeId(hostname)).toMatch(form);
    expect(deriveNodeId(hostname)).toMatch(NODE_ID);
  });

  it('is another one each time', () => {
    expect(deriveNodeId('a')).not.toBe(deriveNodeId('a'));
  });
});
