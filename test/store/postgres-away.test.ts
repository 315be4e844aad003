/** What the stores do while PostgreSQL cannot be reached, or hangs, or does not let us in; and that they come back. */
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { Secret } from '../../src/base/secret.ts';
import { COMMON_CONNECTIONS } from '../../src/store/sql/limits.ts';
import { openPostgresStores, type PostgresOptions } from '../../src/store/sql/postgres-stores.ts';
import { own, PostgresServer } from '../backends/postgres.ts';
import { makeCertificate, type OwnCertificate } from '../fakes/certificate.ts';
import { FakeLog } from '../fakes/log.ts';
import { eventually } from '../scenario/eventually.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { machineId, realisticReport } from './realistic-report.ts';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };
const RECOVERY_MS = 90_000;
const PASSWORD = 'a-password-nobody-may-see';
/** Three times as fast, so that no test waits for the real limit of an answer, and a busy machine keeps the other ones. */
const HURRIED: Clock = { ...systemClock, after: (ms, call) => systemClock.after(ms / 3, call) };

let server: PostgresServer;
let plainServer: PostgresServer;
let certificate: OwnCertificate;
let folder: string;
let at: PostgresDatabase;

beforeAll(async () => {
  certificate = await makeCertificate();
  folder = mkdtempSync(join(tmpdir(), 'atlas-postgres-tls-'));
  chmodSync(folder, 0o755);
  const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(tls.cert, certificate.cert);
  writeFileSync(tls.key, certificate.key, { mode: 0o600 });
  own(tls.key);
  [server, plainServer] = await Promise.all([PostgresServer.start({ tls }), PostgresServer.start()]);
  const rules = join(server.dataFolder, 'pg_hba.conf');
  const before = readFileSync(rules, 'utf8');
  writeFileSync(
    rules,
    `host all locked 127.0.0.1/32 scram-sha-256\nhostnossl all secret 127.0.0.1/32 reject\n`,
  );
  appendFileSync(rules, before);
  await server.query('select pg_reload_conf()');
  await server.query(`create role locked login superuser password '${PASSWORD}'`);
  await server.query('create role secret login superuser');
});
afterAll(async () => {
  await Promise.all([server?.stop(), plainServer?.stop()]);
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  at = await PostgresDatabase.make(server);
});

describe('a start without PostgreSQL', () => {
  const secret = (text: string) => Secret.fromText(text);
  const place = () => `127.0.0.1:${server.port}`;

  async function refusal(changes: Partial<PostgresOptions>): Promise<{ message: string; hint: string }> {
    const error = await openPostgresStores(at.options(changes)).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toMatchObject({ code: 'store_unavailable', hint: expect.any(String) });
    expect(`${error.message} ${error.hint} ${error.cause} ${JSON.stringify(error)}`).not.toContain(PASSWORD);
    return error;
  }

  it('names the port where nothing listens', async () => {
    const port = await freePorts(1);
    const { message, hint } = await refusal({ port });
    expect(message).toBe(`PostgreSQL at 127.0.0.1:${port} is not running, or not there`);
    expect(hint).toContain('see that it runs');
  });

  it('names the host that has no address', async () => {
    const { message } = await refusal({ host: 'no-such-host.invalid' });
    expect(message).toBe('no address is known for the host of PostgreSQL, no-such-host.invalid');
  });

  it('names the user whose password is wrong, and never the password', async () => {
    const { message, hint } = await refusal({ user: 'locked', password: secret(`${PASSWORD}!`) });
    expect(message).toBe(`PostgreSQL at ${place()} refuses the password of the user "locked"`);
    expect(hint).toContain('correct the password');
  });

  it('says when a password is asked for and there is none, whatever the environment holds', async () => {
    process.env.PGPASSWORD = PASSWORD;
    const { message } = await refusal({ user: 'locked', password: null }).finally(() => {
      delete process.env.PGPASSWORD;
    });
    expect(message).toBe(
      `PostgreSQL at ${place()} asks for the password of the user "locked", and none is configured`,
    );
  });

  it('opens with the right password', async () => {
    const stores = await openPostgresStores(at.options({ user: 'locked', password: secret(PASSWORD) }));
    await stores.reports.probe();
    await stores.close();
  });

  it('names the database that is not there, and how to make it', async () => {
    const { message, hint } = await refusal({ database: 'nowhere' });
    expect(message).toBe(`PostgreSQL at ${place()} has no database "nowhere"`);
    expect(hint).toContain(`create database "nowhere" owner "atlas" encoding 'UTF8'`);
  });

  it('names the user that is not let in', async () => {
    const { message, hint } = await refusal({ user: 'secret' });
    expect(message).toBe(`PostgreSQL at ${place()} does not let the user "secret" in from here`);
    expect(hint).toContain('pg_hba.conf');
  });

  it('goes over TLS to a server whose certificate bears the name', async () => {
    const tls = { ca: certificate.cert, serverName: 'server-01' };
    const stores = await openPostgresStores(at.options({ user: 'secret', tls }));
    await stores.reports.probe();
    await stores.close();
  });

  it('refuses a certificate of another name, and one of an unknown authority', async () => {
    const untrusted = (code: string) =>
      `the certificate of PostgreSQL at ${place()} is not to be trusted (${code})`;
    const other = await refusal({ tls: { ca: certificate.cert, serverName: 'server-02' } });
    expect(other.message).toBe(untrusted('ERR_TLS_CERT_ALTNAME_INVALID'));
    const unknown = await refusal({ tls: { ca: null, serverName: 'server-01' } });
    expect(unknown.message).toBe(untrusted('DEPTH_ZERO_SELF_SIGNED_CERT'));
    expect(unknown.hint).toContain('database.ca_file');
  });

  it('sends nothing to a server that does not offer TLS', async () => {
    const tls = { ca: certificate.cert, serverName: 'server-01' };
    const { message } = await refusal({ port: plainServer.port, tls });
    expect(message).toBe(`PostgreSQL at 127.0.0.1:${plainServer.port} does not offer TLS`);
  });
});

describe('PostgreSQL that goes away while the stores are open', () => {
  it('is missed with a code, and used again by itself when it is back', async () => {
    const log = new FakeLog();
    const { reports, accounts, attempts, close } = await at.open(log);
    await reports.append(realisticReport(1, 0));
    await Promise.all([reports.lastSeen(), accounts.users(), reports.machine(machineId(1))]);
    await server.process.end('SIGQUIT'); // which no backend outlives to answer once more
    const away = {
      code: 'store_unavailable',
      message: expect.stringContaining('PostgreSQL'), // its last word, or that nobody answers
      retryAfterSeconds: 10,
    };
    await expect(reports.append(realisticReport(1, 1))).rejects.toMatchObject(away);
    await expect(reports.probe()).rejects.toMatchObject(away);
    await expect(accounts.users()).rejects.toMatchObject(away);
    await expect(attempts.change(['ab'], () => new Map())).rejects.toMatchObject(away);
    expect(log.events()).toContain('store_connection_lost');
    await server.process.start();
    await eventually('it takes reports again', RECOVERY_MS, () => reports.append(realisticReport(1, 1)));
    expect(await reports.samples(machineId(1), ALL)).toHaveLength(2);
    await close();
  });

  it('is given up when it hangs in the middle of the work, and goes on afterwards', async () => {
    const { reports, close } = await openPostgresStores(at.options({ clock: HURRIED }));
    await Promise.all([reports.append(realisticReport(1, 0)), reports.lastSeen(), reports.machine('x')]);
    const backends = await at.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'atlas-fleet'`,
    );
    expect(backends.length).toBeGreaterThan(0);
    const all = [server.process.pid, ...backends.map(({ pid }) => pid)];
    for (const pid of all) process.kill(pid, 'SIGSTOP');
    const hung = {
      code: 'store_unavailable',
      message: `PostgreSQL at 127.0.0.1:${server.port} does not answer`,
    };
    await expect(reports.append(realisticReport(1, 1))).rejects.toMatchObject(hung);
    for (const pid of all) process.kill(pid, 'SIGCONT');
    await eventually('it takes reports again', RECOVERY_MS, () => reports.append(realisticReport(1, 1)));
    expect(await at.counts()).toEqual([2, 2, 2]);
    await close();
  });

  it('costs one limit, and not one for each connection, when the way to it swallows everything', async () => {
    const way = await Way.to(server.port);
    const { reports, close } = await openPostgresStores(at.options({ port: way.port, clock: HURRIED }));
    await Promise.all(Array.from({ length: 8 }, () => reports.lastSeen()));
    expect(way.connections).toBeGreaterThan(4);
    way.swallow();
    await expect(reports.lastSeen()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await reports.lastSeen()).toEqual([]);
    expect(await reports.append(realisticReport(1, 0))).toBe('stored');
    way.swallow();
    await close();
    await way.end();
  });
});

describe('connections that are all in use', () => {
  it('are said to be, keep no report and no probe waiting, and serve again', async () => {
    const { reports, accounts, attempts, close } = await at.open();
    const holder = new Client({ connectionString: server.url(at.name) });
    await holder.connect();
    await holder.query('begin; lock table attempts');
    const twiceAsMany = Array.from({ length: 2 * COMMON_CONNECTIONS }, (_, turn) => `subject ${turn}`);
    const held = Promise.allSettled(twiceAsMany.map((one) => attempts.change([one], () => new Map())));
    const waiting = expect(accounts.users()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'all connections to PostgreSQL are busy',
      retryAfterSeconds: 10,
    });
    expect(await reports.append(realisticReport(1, 0))).toBe('stored');
    await expect(reports.probe()).resolves.toBeUndefined();
    await waiting;
    await holder.query('commit');
    await holder.end();
    await held;
    expect(await accounts.users()).toEqual([]);
    await close();
  });
});

/** A TCP relay, whose present connections can be made to swallow all that is sent, as a lost network does. */
class Way {
  readonly #server: Server;
  #pairs: [Socket, Socket][] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<Way> {
    const way = new Way(createServer({ allowHalfOpen: true }));
    way.#server.on('connection', (near) => {
      const far = dial({ port, host: '127.0.0.1' });
      for (const socket of [near, far]) socket.on('error', () => {});
      near.pipe(far).pipe(near);
      way.#pairs.push([near, far]);
    });
    await new Promise<void>((resolve) => way.#server.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  get connections(): number {
    return this.#pairs.length;
  }

  swallow(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
    }
  }

  async end(): Promise<void> {
    for (const socket of this.#pairs.flat()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
