/** A real redis-server on loopback, with nothing in it. `npm test` brings the program where it is missing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { feedForeign, type Ran, runForeign } from '../scenario/foreign-program.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { makeBackendFolder, removeBackendFolder } from './backend-folder.ts';
import { ForeignServer } from './foreign-server.ts';

export interface RedisPlan {
  /** For the default user. */
  readonly password?: string;
  /** Every write on the disk before its answer, so that a restart brings it back; otherwise it starts empty. */
  readonly durable?: boolean;
  readonly replicaOf?: RedisServer;
  /** PEM files; then the port speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** The text of an ACL file. */
  readonly acl?: string;
  /** More of redis.conf, as arguments. */
  readonly args?: readonly string[];
}

export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly process: ForeignServer;
  readonly #plan: RedisPlan;

  private constructor(port: number, folder: string, plan: RedisPlan) {
    this.port = port;
    this.folder = folder;
    this.#plan = plan;
    this.process = new ForeignServer({
      program: 'redis-server',
      args: argsOf(port, folder, plan),
      folder,
      ready: /Ready to accept connections/,
    });
  }

  static async start(plan: RedisPlan = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePorts(1), makeBackendFolder('redis'), plan);
    await server.process.start();
    return server;
  }

  get password(): string | undefined {
    return this.#plan.password;
  }

  get url(): string {
    const password = this.#plan.password === undefined ? '' : `:${encodeURIComponent(this.#plan.password)}@`;
    return `redis${this.#plan.tls ? 's' : ''}://${password}127.0.0.1:${this.port}`;
  }

  /** redis-cli on this server, with `--no-auth-warning` and the password. Throws when it says no. */
  async cli(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tryCli(...args);
    if (code !== 0 || /^(ERR|WRONGTYPE|NOAUTH|NOPERM)/.test(stdout))
      throw new Error(`redis-cli: ${stdout}${stderr}`);
    return stdout.replace(/\n$/, '');
  }

  async tryCli(...args: readonly string[]): Promise<Ran> {
    return here(await runForeign('redis-cli', ...this.#door(), ...args));
  }

  /** Any commands with any bytes, in one go (redis-cli --pipe). Throws when one of them fails. */
  async send(commands: readonly (readonly (string | Uint8Array)[])[]): Promise<void> {
    const input = Buffer.concat(commands.map(asResp));
    const { code, stdout, stderr } = here(await feedForeign(input, 'redis-cli', ...this.#door(), '--pipe'));
    if (code !== 0 || !stdout.includes('errors: 0')) throw new Error(`redis-cli --pipe: ${stdout}${stderr}`);
  }

  /** Ends it and takes its folder away. */
  async stop(): Promise<void> {
    await this.process.end();
    removeBackendFolder(this.folder);
  }

  /** How redis-cli gets in. */
  #door(): string[] {
    const { password, tls } = this.#plan;
    const auth = password === undefined ? [] : ['--no-auth-warning', '-a', password];
    const secure = tls ? ['--tls', '--cacert', tls.ca] : [];
    return ['-h', '127.0.0.1', '-p', `${this.port}`, ...auth, ...secure];
  }
}

function here(ran: Ran | null): Ran {
  if (ran === null) throw new Error('there is no redis-cli on this machine');
  return ran;
}

/** One command as Redis reads it (RESP, an array of bulk strings). */
function asResp(command: readonly (string | Uint8Array)[]): Buffer {
  const parts = command.flatMap((part) => {
    const bytes = Buffer.from(part);
    return [Buffer.from(`$${bytes.byteLength}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${command.length}\r\n`), ...parts]);
}

function argsOf(
  port: number,
  folder: string,
  { password, durable, replicaOf, tls, acl, args }: RedisPlan,
): string[] {
  const doors = tls
    ? ['--port', '0', '--tls-port', `${port}`, '--tls-cert-file', tls.cert, '--tls-key-file', tls.key]
    : ['--port', `${port}`];
  const secure = tls ? ['--tls-ca-cert-file', tls.ca, '--tls-auth-clients', 'no'] : [];
  const kept = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const master = replicaOf ? ['--replicaof', '127.0.0.1', `${replicaOf.port}`] : [];
  const secret = password === undefined ? [] : ['--requirepass', password, '--masterauth', password];
  const users = acl === undefined ? [] : ['--aclfile', writeAcl(folder, acl)];
  const fixed = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
  return [...doors, ...fixed, ...secure, ...kept, ...master, ...secret, ...users, ...(args ?? [])];
}

function writeAcl(folder: string, acl: string): string {
  const path = join(folder, 'users.acl');
  writeFileSync(path, acl);
  return path;
}
