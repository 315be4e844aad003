/**
 * What lies in the data folder of PostgreSQL and in its dumps after everything was stored: who takes it away learns
 * no name, address or serial number, in any spelling, and nothing by which a guess of one, or of the setup code, could
 * be tried; and who writes there is noticed.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stores } from '../../src/store/sql/stores.ts';
import { PostgresServer } from '../backends/postgres.ts';
import { makeAuditEntry } from '../contract/audit-log.ts';
import { makePackageBuild } from '../contract/package-store.ts';
import { KEY_HEX, PostgresDatabase } from './postgres-database.ts';
import { machineId, machineInfo, realisticReport } from './realistic-report.ts';

const MACHINES = 2;
const HASHED = 'planted-by-its-hash-1234';
const PLANTED = [
  'planted-plainly-1234',
  'planted-in-hex-1234',
  'planted-in-base64-1234',
  bareHash(HASHED),
] as const;
const SETUP_CODE = 'ABCD23';
const SUBJECT = 'ab'.repeat(32);
const SESSION = {
  sessionHash: 'cd'.repeat(32),
  csrfToken: 'the-csrf-token-of-ada',
  createdAtMs: 1,
  passwordAtMs: 1,
  lastUsedAtMs: 1,
  expiresAtMs: 2,
};
const USER = { username: 'ada.lovelace', passwordHash: '$argon2id$v=19$the-hash-of-ada', createdAtMs: 1 };
const TOKEN = {
  tokenId: 'tok-1',
  name: 'grafana-of-the-office',
  tokenHash: 'ef'.repeat(32),
  scopes: ['read'] as const,
  createdAtMs: 1,
  expiresAtMs: null,
  lastUsedAtMs: null,
  lastUsedFrom: '192.0.2.177',
};

const AUDITED = makeAuditEntry({
  actor: { kind: 'user', name: 'grace.hopper' },
  subject: 'the-token-of-grace',
  detail: { spoken: 'in-confidence-only' },
  nodeId: 'server-of-the-attic',
  address: '203.0.113.199',
});

const BUILT = makePackageBuild({
  fileName: 'ForTheAtticOnly.pkg',
  nodeName: 'server-of-the-cellar',
  note: 'for-the-mac-of-margaret',
  builtBy: { kind: 'user', name: 'margaret.hamilton' },
  nodeId: 'server-of-the-roof',
});
const BUILT_FILE = { size: 91_000_000, sha256: '0f1e2d3c'.repeat(8) };

let server: PostgresServer;
let at: PostgresDatabase;
let stores: Stores;

beforeAll(async () => {
  server = await PostgresServer.start({ durable: true }); // or a kill loses what should be searched
  at = await PostgresDatabase.make(server);
  stores = await at.open();
  const turns = Array.from({ length: 20 }, (_, turn) => turn);
  await Promise.all(turns.map((turn) => stores.reports.append(realisticReport(turn % MACHINES, turn))));
  const { userId } = await stores.accounts.addUser(USER);
  await stores.accounts.addSession({ ...SESSION, userId });
  await stores.accounts.addToken(TOKEN);
  await stores.accounts.setSetupCode(bareHash(SETUP_CODE), Number.MAX_SAFE_INTEGER);
  await stores.accounts.touchToken('tok-1', 2, '198.51.100.23');
  await stores.attempts.change(
    [SUBJECT],
    () => new Map([[SUBJECT, { count: 1, lastMs: 1, blockedUntilMs: 0 }]]),
  );
  await stores.audit.append(AUDITED);
  await stores.packages.add(BUILT);
  await stores.packages.finish(BUILT.buildId, { state: 'ready', file: BUILT_FILE });
  const [plain, inHex, inBase64] = PLANTED;
  await at.query(`create table planted as select '${plain}'::text as plain, sha256('${HASHED}') as hashed,
    encode('${inHex}', 'hex') as in_hex, encode('a word before ${inBase64} and behind', 'base64') as in_base64`);
});
afterAll(async () => {
  await stores?.close();
  await server?.stop();
});

function bareHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What must not be there. Few enough values are possible of each that whoever has its bare hash finds it. */
function telling(): string[] {
  const machines = Array.from({ length: MACHINES }, (_, machine) => {
    const { hostname, serial_number, local_ip, computer_name } = machineInfo(machine);
    return [machineId(machine), hostname, serial_number, local_ip, computer_name, `server-${machine % 3}`];
  });
  const people = [USER.username, USER.passwordHash, SESSION.csrfToken, TOKEN.name, TOKEN.lastUsedFrom];
  const audited = [
    AUDITED.actor.name,
    AUDITED.subject,
    AUDITED.detail.spoken,
    AUDITED.nodeId,
    AUDITED.address,
  ];
  const built = [
    BUILT.fileName,
    BUILT.nodeName,
    BUILT.note,
    BUILT.builtBy.name,
    BUILT.nodeId,
    BUILT_FILE.sha256,
    ...BUILT.contents.map(({ name }) => name),
  ];
  const shared = [...audited, ...built, 'Apple M4 Pro', '198.51.100.23', SUBJECT, KEY_HEX];
  const texts = [...machines.flat(), ...people, ...shared, SETUP_CODE].map(String);
  return [...texts, ...texts.map(bareHash)];
}

/** As bytes could hold it: plainly, in hex, and in base64 wherever it begins between two groups. */
function spellings(text: string): Buffer[] {
  const hex = Buffer.from(text).toString('hex');
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.from('\0'.repeat(before) + text).toString('base64');
    return encoded.slice(before === 0 ? 0 : 4, -4);
  });
  return [text, text.toLowerCase(), hex, hex.toUpperCase(), ...base64]
    .map((spelling) => Buffer.from(spelling))
    .concat(Buffer.from(text, 'utf16le'), Buffer.from(text, 'hex'))
    .filter(({ length }) => length >= 6);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Which of these texts lie in which of these files. */
function found(texts: readonly string[], paths: readonly string[]): string[] {
  const needles = [...new Set(texts)].map((text) => ({ text, wanted: spellings(text) }));
  return paths.flatMap((path) => {
    const bytes = readFileSync(path);
    const inside = needles.filter(({ wanted }) => wanted.some((spelling) => bytes.includes(spelling)));
    return inside.map(({ text }) => `${text} in ${path}`);
  });
}

/** Its files as they are when it is killed at any moment. */
async function takeAway<Result>(look: (files: string[]) => Result): Promise<Result> {
  await server.process.end('SIGKILL');
  const seen = look(filesBelow(server.dataFolder));
  await server.startAgain();
  return seen;
}

async function dump(): Promise<string[]> {
  const tables = await at.query<{ tablename: string }>(
    `select tablename from pg_tables where schemaname = 'public'`,
  );
  return Promise.all(
    tables.map(async ({ tablename }) => {
      const path = join(server.folder, `${tablename}.dump`);
      await at.query(`copy "${tablename}" to '${path}'`);
      return path;
    }),
  );
}

describe('the data folder of PostgreSQL', () => {
  it('holds no name, address, serial number or token, in the log of changes and in the tables', async () => {
    expect(await takeAway((files) => found(telling(), files))).toEqual([]);
    await server.query('checkpoint');
    expect(await takeAway((files) => found(telling(), files))).toEqual([]);
  });

  it.each(['base', 'pg_wal'])('is searched well: what was planted plainly is found in %s', async (part) => {
    const folder = join(server.dataFolder, part);
    const places = await takeAway((files) =>
      found(
        PLANTED,
        files.filter((path) => path.startsWith(folder)),
      ),
    );
    for (const planted of PLANTED) expect(places.join('\n')).toContain(`${planted} in ${folder}`);
  });

  it('gives no more to who dumps every table', async () => {
    const dumps = await dump();
    expect(dumps.length).toBeGreaterThanOrEqual(10);
    expect(found(telling(), dumps)).toEqual([]);
    expect(found(PLANTED, dumps)).toHaveLength(PLANTED.length);
  });
});

describe('somebody who writes to the tables', () => {
  it('is noticed when the cells of two machines are swapped', async () => {
    const two = `select machine_no, info from inventories order by machine_no limit 2`;
    await at.query(`
      update inventories set info = other.info from (${two}) as other, (select array_agg(machine_no) as pair
        from (${two}) as both_of_them) as pairs
      where inventories.machine_no = any (pairs.pair) and other.machine_no = any (pairs.pair)
        and other.machine_no <> inventories.machine_no`);
    await expect(stores.reports.machines({ limit: MACHINES })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'a cell of inventories.info does not open: it was changed, or comes from another row',
      hint: expect.stringContaining('restore the database from a backup'),
    });
  });

  it('is noticed when one name is put in place of another', async () => {
    const { userId } = await stores.accounts.addUser({ ...USER, username: 'mallory' });
    const ada = await stores.accounts.userByName(USER.username);
    await at.query(`update users set password_hash = (select password_hash from users where user_id = ${userId})
      where user_id = ${ada?.userId}`);
    await expect(stores.accounts.userByName(USER.username)).rejects.toMatchObject({
      message: 'a cell of users.password_hash does not open: it was changed, or comes from another row',
    });
  });

  it('is noticed when an entry of the audit log is made to tell of another act or outcome', async () => {
    await at.query(`update audit_entries set outcome = 'refused'`);
    await expect(stores.audit.list({ limit: 1 })).rejects.toMatchObject({
      message: 'a cell of audit_entries.told does not open: it was changed, or comes from another row',
    });
  });
});
