/**
 * What lies on the disk after reports came in: who takes it away learns nothing of this machine, and does not
 * open the database without its key.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { openSqliteReader } from '../../src/store/sql/sqlite.ts';
import { runForeign } from './foreign-program.ts';
import { LiveCluster } from './live-cluster.ts';
import {
  doors,
  filesBelow,
  foundIn,
  letMachinesReport,
  type ReportedMachine,
  tellingWords,
} from './telling.ts';

/** What strings would find in a database that is not encrypted. */
const SQL_WORDS = /SQLite format|CREATE TABLE|machine_id|password_hash|argon2id|cpu_percent/;

const STRINGS = (await runForeign('strings', '--version')) !== null;
const SQLITE = (await runForeign('sqlite3', '-version')) !== null;

let cluster: LiveCluster;
let machines: readonly ReportedMachine[];

beforeAll(async () => {
  cluster = await LiveCluster.start({ servers: 2, values: { 'cluster.hostname': 'a-server.example.com' } });
  machines = await letMachinesReport(cluster);
});

afterAll(() => cluster?.stop());

const telling = () => tellingWords(cluster, machines);
const databaseFiles = () => ['', '-wal', '-shm'].map((suffix) => cluster.databasePath + suffix);

describe('the files of the database', () => {
  it('hold nothing of this machine and no secret, in any spelling', () => {
    const [hostname, serial, address] = ['studio-3.local', 'H2X9QF7Y1K', '192.0.2.17'];
    expect(Object.values(telling())).toEqual(expect.arrayContaining([hostname, serial, address]));
    expect(Object.keys(telling())).toEqual(expect.arrayContaining(['machine id 0', 'machine id 1']));
    for (const path of databaseFiles()) {
      const bytes = readFileSync(path);
      expect(bytes.byteLength).toBeGreaterThan(0);
      expect(foundIn(bytes, telling()), path).toEqual([]);
    }
  });

  it.skipIf(!STRINGS)('show nothing to strings (binutils)', async () => {
    const [database, log] = databaseFiles();
    for (const encoding of ['s', 'l']) {
      const shown =
        (await runForeign('strings', '-n', '4', '-e', encoding, database ?? '', log ?? ''))?.stdout ?? '';
      expect(shown).not.toMatch(SQL_WORDS);
      for (const [name, value] of Object.entries(telling())) {
        expect(shown.toLowerCase().includes(value.toLowerCase()), name).toBe(false);
      }
    }
  });

  it('are open to their owner only', () => {
    for (const path of databaseFiles()) expect((statSync(path).mode & 0o077).toString(8), path).toBe('0');
  });
});

describe('the registry', () => {
  it('holds nothing of a machine that reports, and no secret', () => {
    const files = filesBelow(cluster.registry);
    const paths = [...files.keys()].filter((path) => !path.endsWith('.tmp'));
    const steps = paths.filter((path) => path.includes('/roster/'));
    expect([paths.length - steps.length, steps.length]).toEqual([4, 2]);
    for (const [path, bytes] of files) expect(foundIn(bytes, telling()), path).toEqual([]);
  });
});

describe('the logs', () => {
  it('hold no secret', () => {
    for (const { process } of cluster.servers) {
      for (const [name, value] of Object.entries(doors(cluster))) {
        expect(process.log().includes(value), name).toBe(false);
      }
    }
  });
});

describe('a copy of the database', () => {
  function copy(): string {
    const path = join(cluster.folder, `copy-${randomBytes(4).toString('hex')}.db`);
    copyFileSync(cluster.databasePath, path);
    copyFileSync(`${cluster.databasePath}-wal`, `${path}-wal`);
    return path;
  }

  it('opens with its key, and holds the reports', () => {
    const file = openSqliteReader(copy(), cluster.databaseKey);
    try {
      const rows = file.prepare('select machine_id from machines order by machine_id').all();
      expect(rows).toEqual(machines.map(({ machine_id }) => ({ machine_id })));
    } finally {
      file.close();
    }
  });

  it('does not open with another key', () => {
    const path = copy();
    for (const key of [randomBytes(32), Buffer.from(cluster.secrets.encryptionKey, 'base64')]) {
      expect(() => openSqliteReader(path, new Secret(key))).toThrow(
        expect.objectContaining({
          code: 'store_key_wrong',
          message: `the database ${path} does not open with this db_encryption_key`,
        }),
      );
    }
  });

  it('does not open without a key, nor with a passphrase, under any cipher of the library', () => {
    for (const cipher of ['none', 'sqlcipher', 'chacha20', 'aes256cbc', 'rc4', 'ascon128', 'aegis']) {
      for (const key of ['', "''", `'${cluster.secrets.dbEncryptionKey}'`]) {
        const file = new Database(copy());
        try {
          if (cipher !== 'none') file.pragma(`cipher='${cipher}'`);
          if (key !== '' && cipher !== 'none') file.pragma(`key=${key}`);
          expect(() => file.prepare('select count(*) from sqlite_master').get(), `${cipher} ${key}`).toThrow(
            /not a database|encrypted/,
          );
        } finally {
          file.close();
        }
      }
    }
  });

  it.skipIf(!SQLITE)('does not open in the sqlite3 of this machine', async () => {
    const shown = await runForeign('sqlite3', copy(), '.tables');
    expect(shown?.code).not.toBe(0);
    expect(shown?.stdout).toBe('');
    expect(shown?.stderr).toContain('file is not a database');
  });
});
