/**
 * What would tell somebody who takes a disk away: what the machines are called and can be reached by, and everything
 * that opens a door. And the search for it, in every spelling that a file could hold it in.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemCode } from '../../src/base/errors.ts';
import { Secret } from '../../src/base/secret.ts';
import { NONCE_BYTES, sealReport } from '../../src/protocol/report-envelope.ts';
import { makeReport } from '../fakes/report.ts';
import { eventually } from './eventually.ts';
import type { LiveCluster, LiveServer } from './live-cluster.ts';

const WAIT_MS = 60_000;
const REPORTS = 3;
/** Characters: shorter ones turn up in random bytes by chance. */
const TELLING_LENGTH = 6;

export interface ReportedMachine {
  readonly machine_id: string;
  readonly hostname: string;
  readonly info: Record<string, unknown>;
  readonly reports: number;
}

/** This machine, as the real agent reports it, and a Mac with everything that this machine may not have. */
export async function letMachinesReport(cluster: LiveCluster): Promise<ReportedMachine[]> {
  const [{ client, url }] = cluster.servers as [LiveServer];
  const agent = cluster.agent(cluster.servers.map((server) => server.url));
  await agent.start();
  const key = new Secret(Buffer.from(cluster.secrets.encryptionKey, 'base64'));
  const body = sealReport(makeReport({ atMs: Date.now() }), key, randomBytes(NONCE_BYTES));
  const headers = { 'content-type': 'application/json', 'x-api-key': cluster.secrets.apiKey };
  const taken = await fetch(`${url}/api/fleet/report`, { method: 'POST', headers, body: Buffer.from(body) });
  expect(taken.status).toBe(200);
  return eventually('both have reported', WAIT_MS, async () => {
    const { items } = await client.get<{ items: ReportedMachine[] }>('/api/fleet/machines');
    return items.length === 2 && items.some(({ reports }) => reports >= REPORTS) && items;
  });
}

/** By what it is. */
export function tellingWords(
  cluster: LiveCluster,
  machines: readonly ReportedMachine[],
): Record<string, string> {
  const identity = machines.flatMap(({ machine_id, hostname: name, info }, i) => [
    [`hostname ${i}`, name],
    [`machine id ${i}`, machine_id],
    [`computer name ${i}`, info.computer_name],
    [`serial number ${i}`, info.serial_number],
    [`address ${i}`, info.local_ip],
    [`processor ${i}`, info.processor],
  ]);
  return Object.fromEntries(
    [...identity, ...Object.entries(doors(cluster))].filter(
      ([, value]) => typeof value === 'string' && value.length >= TELLING_LENGTH,
    ),
  );
}

export function doors({ secrets, token }: LiveCluster): Record<string, string> {
  return {
    'API key': secrets.apiKey,
    'API token': token,
    'cluster secret': secrets.clusterSecret,
    'encryption key': secrets.encryptionKey,
    'database key': secrets.dbEncryptionKey,
    password: secrets.password,
  };
}

/** What of these words stands there, by name. */
export function foundIn(bytes: Buffer, words: Readonly<Record<string, string>>): string[] {
  return Object.entries(words)
    .filter(([, value]) => spellings(value).some((spelling) => bytes.includes(spelling)))
    .map(([name]) => name);
}

/** As a file could hold it: as it is, in either case, as UTF-16, base64 or hex, and the bytes behind its own base64. */
function spellings(text: string): Buffer[] {
  const plain = [text, text.toLowerCase(), text.toUpperCase()].map((one) => Buffer.from(one, 'utf8'));
  const decoded = Buffer.from(text, 'base64');
  const bytes = decoded.toString('base64') === text ? [decoded, Buffer.from(decoded.toString('hex'))] : [];
  return [
    ...plain,
    Buffer.from(text, 'utf16le'),
    Buffer.from(Buffer.from(text).toString('base64')),
    Buffer.from(Buffer.from(text).toString('hex')),
    ...bytes,
  ];
}

/** What lies there now, by path. A file that goes while we look is not at rest. */
export function filesBelow(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    const bytes = statSync(path, { throwIfNoEntry: false })?.isFile() ? readIfThere(path) : null;
    if (bytes !== null) files.set(path, bytes);
  }
  return files;
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}
