/**
 * `atlas-fleet package cluster-node|standalone|agent`: a package from the running server, into a file of mode 0600 that
 * bears its name once it is whole. Its path goes to stdout; what to do with it, for people, to stderr.
 */
import { basename } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { AtlasError } from '../../base/errors.ts';
import { installCommands } from '../../installer/install-commands.ts';
import { ARCHITECTURES } from '../../installer/program.ts';
import { PACKAGE_NAME } from '../../protocol/limits.ts';
import { administer } from '../administer.ts';
import type { ControlClient } from '../control-client.ts';
import { runningServer } from '../control-socket.ts';
import { type Flags as CommonFlags, portNumber, withFlags } from '../flags.ts';
import { type NewFile, type WrittenFile, withNewFile } from '../new-file.ts';
import { type PackageKind, type PackageOrder, sayTerms } from '../package-terms.ts';
import { Progress } from '../progress.ts';
import { refuseInFlags } from '../refused-order.ts';
import { print, printJson, say, sayHint } from '../terminal.ts';
import { type Build, RECORDS_PATH } from './package-records.ts';
import { lifeOption } from './ticket.ts';

interface Flags extends CommonFlags {
  readonly out: string;
  readonly arch: string;
  readonly note?: string;
  readonly sign?: boolean;
  readonly force?: boolean;
  readonly port?: number;
}

interface NodeFlags extends Flags {
  readonly nodeName?: string;
  readonly credentials: string;
  readonly life: number;
  readonly redisHost?: string;
  readonly redisPort?: number;
  readonly existingConfig: string;
}

interface AgentFlags extends Flags {
  readonly server?: readonly string[];
  readonly interval?: number;
}

export function buildCommands(): Command[] {
  return [
    withBuildFlags(new Command('cluster-node'))
      .description('a package that makes a Mac one more server of this cluster; a server must run here')
      .option('--node-name <name>', 'its name in the cluster; without it, it makes one of its host name')
      .addOption(
        new Option('--credentials <way>', 'the secrets themselves, or a join ticket alone')
          .choices(['embedded', 'ticket'])
          .default('embedded'),
      )
      .addOption(lifeOption())
      .option('--port <number>', 'the port that it listens on', portNumber)
      .option('--redis-host <host>', 'Redis as the new server reaches it', String)
      .option('--redis-port <number>', 'its port', portNumber)
      .addOption(
        new Option('--existing-config <what>', 'what becomes of a config.yaml that is on the Mac already')
          .choices(['keep', 'replace'])
          .default('keep'),
      )
      .action(buildClusterNode),
    withBuildFlags(new Command('standalone'))
      .description('a package that makes a Mac a server of its own')
      .option('--port <number>', 'the port that it listens on', portNumber)
      .action(buildStandalone),
    withBuildFlags(new Command('agent'))
      .description('a package that makes a Mac send its reports here')
      .option('--server <url...>', 'whom it reports to; without it, all servers that answer')
      .option('--interval <seconds>', 'how often it reports', wholeNumber)
      .action(buildAgent),
  ];
}

function withBuildFlags(command: Command): Command {
  return withFlags(command, 'server')
    .requiredOption('--out <file>', 'the package')
    .addOption(new Option('--arch <arch>', 'for which Macs').choices(ARCHITECTURES).default('universal'))
    .option('--note <text>', 'what it is for, on record')
    .option('--sign', 'sign it with package.sign_key of config.yaml')
    .option('--force', 'write over a file that is there');
}

function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number of seconds.');
}

async function buildClusterNode(flags: NodeFlags, command: Command): Promise<void> {
  const { nodeName, credentials, life, port, redisHost, redisPort, existingConfig } = flags;
  const order = {
    ...commonOrder(flags),
    credentials,
    ticket_life_seconds: life,
    existing_config: existingConfig,
    ...given({ node_name: nodeName, port, redis_host: redisHost, redis_port: redisPort }),
  };
  await intoFile(flags, async (file) => {
    const server = await runningServer(flags);
    if (credentials === 'embedded' && command.getOptionValueSource('life') === 'cli')
      await requireTickets(server);
    await build(server, 'cluster-node', order, { file, flags });
  });
}

/** Secrets have no life; a ticket goes with them where the cluster lets nobody in without. */
async function requireTickets(server: ControlClient): Promise<void> {
  const { admission } = await server.get<{ admission: string }>('/api/fleet/cluster/roster');
  if (admission === 'ticket') return;
  throw new AtlasError('usage', 'embedded credentials do not end: --life is for a join ticket', {
    hint: 'Leave it away, or give --credentials ticket.',
  });
}

async function buildStandalone(flags: Flags): Promise<void> {
  const order = { ...commonOrder(flags), ...given({ port: flags.port }) };
  await intoFile(flags, (file) =>
    administer(flags, (server) => build(server, 'standalone', order, { file, flags })),
  );
}

async function buildAgent(flags: AgentFlags): Promise<void> {
  const { server: servers, interval } = flags;
  const order = { ...commonOrder(flags), ...given({ servers, interval_seconds: interval }) };
  await intoFile(flags, (file) =>
    administer(flags, (server) => build(server, 'agent', order, { file, flags })),
  );
}

function commonOrder({ out, arch: architecture, note, sign = false }: Flags): PackageOrder {
  const name = basename(out); // one that no order may have is the file's own business
  return { architecture, sign, ...given({ note, package_name: PACKAGE_NAME.test(name) ? name : undefined }) };
}

function given(order: Readonly<Record<string, unknown>>): Partial<PackageOrder> {
  return Object.fromEntries(Object.entries(order).filter(([, value]) => value !== undefined));
}

/** Begun before a ticket is made for it, and before anything is on record. */
function intoFile({ out, force = false }: Flags, work: (file: NewFile) => Promise<void>): Promise<void> {
  return withNewFile(out, { mayReplace: force, forceFlag: '--force' }, work);
}

const BUILD_PATHS: Readonly<Record<PackageKind, string>> = {
  'cluster-node': '/api/fleet/build-cluster-package',
  standalone: '/api/fleet/build-standalone-package',
  agent: '/api/fleet/build-agent-package',
};

async function build(
  server: ControlClient,
  kind: PackageKind,
  order: PackageOrder,
  { file, flags }: { readonly file: NewFile; readonly flags: Flags },
): Promise<void> {
  const { out } = flags;
  const values = await sayTerms(server, kind, order);
  say('Building it…');
  const { headers, chunks } = await server.download(BUILD_PATHS[kind], order).catch(refuseInFlags);
  const record = await server.get<Build>(`${RECORDS_PATH}/${headers['x-atlas-package']}`);
  const total = Number(headers['content-length']);
  const progress = new Progress('Writing', total);
  const count = (bytes: number) => progress.add(bytes);
  const written = await file.fill(whole(chunks, total), count).finally(() => progress.end());
  if (flags.json)
    printJson({ ...record, state: 'ready', path: out, size_bytes: written.size, sha256: written.sha256 });
  else print(out);
  sayWhatItIs(out, written, record, values);
}

/** Rejects when it broke off: the file then never gets its name. */
async function* whole(chunks: AsyncIterable<Uint8Array>, total: number): AsyncIterable<Uint8Array> {
  let count = 0;
  for await (const chunk of chunks) {
    count += chunk.byteLength;
    yield chunk;
  }
  if (count !== total)
    throw new AtlasError('unreachable', `the package broke off after ${count} of ${total} bytes`, {
      hint: 'see the log of the server, and build it again',
    });
}

/** `values`: sentences about those that are no secret. */
function sayWhatItIs(
  path: string,
  { size, sha256 }: WrittenFile,
  build: Build,
  values: readonly string[],
): void {
  const secrets = build.contents.filter(({ secret }) => secret);
  say(`${path}: ${size} bytes, ${build.signed ? 'signed' : 'not signed'}
SHA-256: ${sha256}
Secrets in it: ${secrets.length === 0 ? 'none' : secrets.map(withFingerprint).join(', ')}`);
  for (const value of values) say(value);
  if (build.ticket !== null)
    say(`Its join ticket lets one server in, once, until ${build.ticket.expires_at}.`);
  if (build.file_name !== basename(path)) say(`On record it is ${build.file_name}.`);
  for (const { what, command } of installCommands({ kind: build.kind, path, sha256, login: 'MAC' }))
    say(`${what}:\n  ${command}`);
  if (secrets.length > 0) sayHint(lossHint(build));
}

const withFingerprint = ({ name, fingerprint }: Build['contents'][number]) =>
  fingerprint === null ? name : `${name} (${fingerprint})`;

function lossHint({ kind, credentials, build_id: id }: Build): string {
  if (kind === 'agent')
    return 'treat it like a password, and delete it after installing: it holds what all agents share';
  if (credentials === 'ticket') return `lost it? atlas-fleet package revoke ${id}`;
  return 'treat it like a password, and delete it after installing; lost it? Change passwords and keys first, then the secret: atlas-fleet cluster security --leaks has the commands';
}
