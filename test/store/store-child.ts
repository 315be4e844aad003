/**
 * A server's part of a test, in a process of its own: says "ready", waits for a line, opens the stores and
 * appends the reports of one machine; says "stored N" or "known N" only after append() has resolved.
 * Arguments: file or postgres://…, key in hex, machine, number of reports.
 */
import { once } from 'node:events';
import { systemClock } from '../../src/base/clock.ts';
import { AtlasError } from '../../src/base/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import { Secret } from '../../src/base/secret.ts';
import { openPostgresStores } from '../../src/store/sql/postgres-stores.ts';
import { openSqliteStores } from '../../src/store/sql/sqlite-stores.ts';
import type { Stores } from '../../src/store/sql/stores.ts';
import { realisticReport } from './realistic-report.ts';

const SENDERS = 16;

process.umask(0); // the store must narrow the file by itself
process.on('SIGXFSZ', () => {}); // beyond `ulimit -f` a write then fails instead of ending the process
const [place = '', keyHex = '', machine = '0', reports = '0'] = process.argv.slice(2);
say('ready');
await once(process.stdin, 'data');
process.stdin.destroy();
try {
  const stores = await open();
  say(`opened ${stores.databaseId}`);
  const turns = Array.from({ length: Number(reports) }, (_, turn) => turn).values();
  const send = async () => {
    for (const turn of turns)
      say(`${await stores.reports.append(realisticReport(Number(machine), turn))} ${turn}`);
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  await stores.close();
  say('closed');
} catch (error) {
  say(`failed ${error instanceof AtlasError ? error.code : error}`);
  process.exitCode = 1;
}

function open(): Promise<Stores> {
  const common = { key: new Secret(Buffer.from(keyHex, 'hex')), clock: systemClock, log: silentLog };
  if (!place.startsWith('postgres:')) return openSqliteStores({ path: place, ...common });
  const { hostname: host, port, username: user, pathname } = new URL(place);
  const database = pathname.slice(1);
  return openPostgresStores({
    host,
    port: Number(port),
    database,
    user,
    password: null,
    tls: null,
    ...common,
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
