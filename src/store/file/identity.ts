/**
 * Who this node is: its id and its three private keys (Ed25519 to sign, X25519 to receive sealed secrets, P-256
 * for TLS), made at the first start, in one file of mode 0600. They never leave it: not in packages, not in
 * backups. Beside it lies the incarnation, on disk before its first use.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AtlasError, systemCode } from '../../base/errors.ts';
import { NODE_ID, NODE_ID_MAX_LENGTH } from '../../protocol/limits.ts';
import { PRIVATE_FOLDER, readOwn, writeAtomically } from './atomic-file.ts';

const FILE_MAX_BYTES = 16 * 1024;
const ANYONE_ELSE = 0o077;
const DIGITS = /^\d+\n?$/;

const stored = z.strictObject({
  node_id: z.string().regex(NODE_ID),
  signing_key: z.string(),
  sealing_key: z.string(),
  tls_key: z.string(),
});

export interface Identity {
  readonly nodeId: string;
  readonly signingKey: KeyObject;
  readonly sealingKey: KeyObject;
  readonly tlsKey: KeyObject;
}

/**
 * Reads the identity in the data folder, or makes one. `nodeId` is what the config asks for; without it the id
 * is `<short hostname>-<6 hex>`, kept ever after.
 */
export async function openIdentity(
  dataDir: string,
  wish: { nodeId: string | null; hostname: string },
): Promise<Identity> {
  await mkdir(dataDir, { recursive: true, mode: PRIVATE_FOLDER });
  const path = pathIn(dataDir);
  const identity = await readIdentity(dataDir);
  if (identity === undefined) return create(dataDir, wish.nodeId ?? deriveNodeId(wish.hostname));
  if (wish.nodeId !== null && wish.nodeId !== identity.nodeId) {
    throw invalid(`${path} belongs to ${identity.nodeId}, but config.yaml says node_id: ${wish.nodeId}`, {
      hint: `set node_id back to ${identity.nodeId}, or give the new server a data_dir of its own`,
    });
  }
  return identity;
}

/** Undefined where there is none. Rejects with identity_invalid and file_of_another. */
export async function readIdentity(dataDir: string): Promise<Identity | undefined> {
  const path = pathIn(dataDir);
  const text = await readPrivate(path);
  return text === undefined ? undefined : parse(text, path);
}

/** In place of the one that is there. Of a member the name never changes. */
export async function writeIdentity(dataDir: string, identity: Identity): Promise<void> {
  const content: z.input<typeof stored> = {
    node_id: identity.nodeId,
    signing_key: exportKey(identity.signingKey),
    sealing_key: exportKey(identity.sealingKey),
    tls_key: exportKey(identity.tlsKey),
  };
  const bytes = Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
  await writeAtomically(pathIn(dataDir), bytes, { durable: true });
}

/** max(last on disk + 1, Unix ms or more): it rises even when the clock went back. On disk when the promise resolves. */
export async function nextIncarnation(dataDir: string, nowMs: number): Promise<number> {
  const path = join(dataDir, 'incarnation');
  const text = (await readPrivate(path)) ?? '0';
  const last = Number(text);
  if (!DIGITS.test(text) || !Number.isSafeInteger(last + 1)) {
    throw invalid(`${path} does not hold a number`, {
      hint: 'restore it from a backup, or remove it if the clock is right',
    });
  }
  const next = Math.max(last + 1, Math.floor(nowMs));
  if (!Number.isSafeInteger(next + 1)) {
    throw invalid('no incarnation is left above that one', {
      hint: 'somebody speaks with the key of this server: remove identity.json and let it join anew',
    });
  }
  await writeAtomically(path, Buffer.from(String(next)), { durable: true });
  return next;
}

export function deriveNodeId(hostname: string): string {
  const short = (hostname.split('.')[0] ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '')
    .replace(/^-+/, '');
  return `${(short || 'server').slice(0, NODE_ID_MAX_LENGTH - 7)}-${randomBytes(3).toString('hex')}`;
}

const pathIn = (dataDir: string) => join(dataDir, 'identity.json');

async function create(dataDir: string, nodeId: string): Promise<Identity> {
  const identity: Identity = {
    nodeId,
    signingKey: generateKeyPairSync('ed25519').privateKey,
    sealingKey: generateKeyPairSync('x25519').privateKey,
    tlsKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  };
  await writeIdentity(dataDir, identity);
  return identity;
}

function parse(text: string, path: string): Identity {
  try {
    const content = stored.parse(JSON.parse(text));
    const identity = {
      nodeId: content.node_id,
      signingKey: importKey(content.signing_key, 'ed25519'),
      sealingKey: importKey(content.sealing_key, 'x25519'),
      tlsKey: importKey(content.tls_key, 'ec'),
    };
    return identity;
  } catch (cause) {
    throw invalid(`${path} is not an identity file`, {
      cause,
      hint: 'restore it, or remove it: the server then makes a new identity and needs a new node_id',
    });
  }
}

function importKey(pem: string, type: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== type) throw new TypeError(`expected a key of type ${type}`);
  return key;
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function readPrivate(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & ANYONE_ELSE) !== 0) {
      throw invalid(`${path} can be read by others`, { hint: `chmod 600 '${path}'` });
    }
    const bytes = await readOwn(path, FILE_MAX_BYTES);
    if (bytes === 'not_a_file') throw notPlain(path);
    return Buffer.from(bytes).toString('utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    if (systemCode(error) === 'ELOOP') throw notPlain(path);
    throw error;
  }
}

/** Never read past, and never written over: behind it may be another identity. */
function notPlain(path: string): AtlasError {
  return invalid(`${path} is not a plain file`, {
    hint: 'put the file itself there, not a link or a folder',
  });
}

function invalid(message: string, details: { hint: string; cause?: unknown }): AtlasError {
  return new AtlasError('identity_invalid', message, details);
}
