/**
 * The walls of the house: imports run downhill, and pure rooms touch nothing. The table is ARCHITECTURE.md's
 * import rule; a new room is first a row here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');
const CONSOLE = resolve(SRC, '../console');

interface Room {
  /** Prefixes of files below src that it may import; a room may always import itself. */
  readonly may: readonly string[];
  /** Of which it may import types only. */
  readonly types?: readonly string[];
  /** Packages and node: modules that it may touch; undefined: any. */
  readonly touches?: readonly string[];
  /** Words that would reach for the clock, the environment or the network behind the imports. */
  readonly without?: RegExp;
}

const AMBIENT =
  /\b(process\.|Date\.now|new Date\(\)|performance\.|setTimeout|setInterval|Math\.random|fetch\()/;
const STORE_CONTRACTS = [
  'store/member-store.ts',
  'store/registry-facts.ts',
  'store/report-store.ts',
  'store/account-store.ts',
  'store/attempt-store.ts',
  'store/audit-action.ts',
  'store/audit-log.ts',
  'store/package-store.ts',
  'store/password-marks.ts',
  'store/roster-store.ts',
];
/** HPKE seals through Web Cryptography: the one module of the protocol that must be waited for. */
const SEALING = 'protocol/envelope.ts';
/** What a signature of a package is written with. */
const CMS_SCHEMAS = ['@peculiar/asn1-cms', '@peculiar/asn1-schema', '@peculiar/asn1-x509'];
const PURE = ['base/', 'protocol/', 'membership/', 'fleet/'];

const ROOMS: Readonly<Record<string, Room>> = {
  'base/': { may: [], touches: ['node:crypto', 'node:util', 'pino'] },
  [SEALING]: { may: ['base/', 'protocol/'], touches: ['node:crypto', '@hpke/core'], without: AMBIENT },
  'protocol/': { may: ['base/'], touches: ['node:crypto', 'zod', 'canonicalize'], without: AMBIENT },
  'membership/': { may: ['base/', 'protocol/'], touches: [], without: AMBIENT },
  'fleet/': { may: ['base/', 'protocol/'], types: STORE_CONTRACTS, touches: [], without: AMBIENT },
  'installer/': {
    may: ['base/'],
    touches: ['node:zlib', 'node:crypto', ...CMS_SCHEMAS],
    without: AMBIENT,
  },
  'store/file/': {
    may: [...STORE_CONTRACTS, 'store/stranger-turns.ts', 'base/', 'protocol/'],
    touches: ['node:fs', 'node:fs/promises', 'node:path', 'node:crypto', 'zod'],
  },
  'store/redis/': {
    may: [...STORE_CONTRACTS, 'store/stranger-turns.ts', 'base/', 'protocol/'],
    touches: ['node:crypto', 'node:tls', 'redis', '@redis/client'],
  },
  'store/sql/': { may: [...STORE_CONTRACTS, 'base/'], types: PURE },
  'store/': { may: ['base/'], types: PURE, touches: [] },
  'services/': {
    may: [...PURE, 'installer/', ...STORE_CONTRACTS],
    touches: ['node:crypto', 'node:util'],
    without: AMBIENT,
  },
  'http/': {
    may: ['services/', 'base/', 'protocol/', 'fleet/series.ts', 'installer/program.ts', ...STORE_CONTRACTS],
  },
  'agent/': { may: ['protocol/', 'fleet/', 'base/'] },
  'joiner/': {
    may: [
      'base/',
      'protocol/',
      'membership/roster-chain.ts',
      'agent/pin-agent.ts',
      'store/file/identity.ts',
      'store/file/roster-disk.ts',
    ],
  },
  'program/': { may: ['installer/', 'base/'] },
  'config/': {
    may: [
      'base/',
      'protocol/keyring.ts',
      'protocol/limits.ts',
      'protocol/security-level.ts',
      'protocol/ticket.ts',
    ],
  },
  'cli/': {
    may: [
      'config/',
      'agent/',
      'joiner/',
      'base/',
      'node.ts',
      'engines.ts',
      'address.ts',
      'place.ts',
      'program/',
      'installer/',
      'protocol/keyring.ts',
      'protocol/limits.ts',
    ],
    types: ['package-parts.ts'],
  },
  'place.ts': { may: [], touches: ['node:fs', 'node:path'] },
  'engines.ts': { may: ['base/', 'config/', 'store/'] },
  'exposure.ts': { may: ['config/'], types: ['services/'] },
  'address.ts': {
    may: ['base/host-text.ts'],
    types: ['config/config.ts', 'http/tls.ts'],
    touches: ['node:crypto', 'node:os'],
  },
  'cluster-parts.ts': {
    may: ['base/errors.ts', 'protocol/', 'services/', 'engines.ts', 'exposure.ts'],
    types: ['config/config.ts'],
    touches: ['node:crypto'],
  },
  'package-parts.ts': {
    may: ['services/', 'installer/product.ts', 'config/', 'engines.ts', 'exposure.ts'],
    types: ['address.ts', 'base/', 'protocol/'],
    touches: [],
  },
  'server-parts.ts': {
    may: ['package-parts.ts', 'services/', 'engines.ts', 'exposure.ts', 'cluster-parts.ts'],
    types: ['address.ts', 'base/', 'config/config.ts', 'http/server.ts', 'protocol/'],
    touches: [],
  },
  'node.ts': {
    may: [
      'base/',
      'config/',
      'protocol/',
      'services/',
      'store/file/identity.ts',
      'engines.ts',
      'address.ts',
      'cluster-parts.ts',
      'server-parts.ts',
      'place.ts',
      'http/',
    ],
  },
};

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s)?([^'";]*?from\s+)?'([^']+)'|import\('([^']+)'\)/g;

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll('\\', '/'));
}

/** As seen from src. */
function consoleFiles(): string[] {
  return readdirSync(CONSOLE, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => relative(SRC, join(CONSOLE, name)));
}

/** What of src, and what else from there on, runs where these run. */
function reachedFrom(imports: readonly Import[], reached = new Set<string>()): Set<string> {
  for (const { target } of imports.filter(({ typeOnly }) => !typeOnly)) {
    if (reached.has(target)) continue;
    reached.add(target);
    if (target.endsWith('.ts')) reachedFrom(importsOf(target), reached);
  }
  return reached;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, type, , fixed, dynamic]) => {
    const named = fixed ?? dynamic ?? '';
    const target = named.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), named)) : named;
    return { file, target, typeOnly: type !== undefined };
  });
}

function codeOf(file: string): string {
  return readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

function roomOf(file: string): string {
  const room = Object.keys(ROOMS).find((name) => file.startsWith(name));
  if (room === undefined) throw new Error(`src/${file} stands in no room of the table`);
  return room;
}

function isAllowed({ file, target, typeOnly }: Import): boolean {
  const name = roomOf(file);
  const room = ROOMS[name];
  const isOurs = target.endsWith('.ts') || target.endsWith('.json');
  if (!isOurs) return room?.touches === undefined || room.touches.includes(target);
  if (target.startsWith(name)) return true;
  if (room?.may.some((prefix) => target.startsWith(prefix))) return true;
  return typeOnly && (room?.types?.some((prefix) => target.startsWith(prefix)) ?? false);
}

describe('the walls', () => {
  it('imports run downhill, and each room touches only what is its own', () => {
    const wrong = sourceFiles()
      .flatMap(importsOf)
      .filter((one) => !isAllowed(one))
      .map(({ file, target }) => `src/${file} imports ${target}`);
    expect(wrong).toEqual([]);
  });

  it('pure rooms and services reach for no clock, environment, chance or network of their own', () => {
    const wrong = sourceFiles().filter((file) => ROOMS[roomOf(file)]?.without?.test(codeOf(file)) ?? false);
    expect(wrong).toEqual([]);
  });

  it('the protocol is synchronous, except where it seals', () => {
    const asynchronous = sourceFiles()
      .filter((file) => file.startsWith('protocol/'))
      .filter((file) => /\b(async|await|Promise)\b/.test(codeOf(file)));
    expect(asynchronous).toEqual([SEALING]);
    const elsewhere = { file: 'protocol/record.ts', target: '@hpke/core', typeOnly: false };
    expect(isAllowed(elsewhere)).toBe(false);
  });

  it('the table is not empty of meaning: it refuses an import that runs uphill', () => {
    const uphill = { file: 'protocol/record.ts', target: 'store/member-store.ts', typeOnly: false };
    expect(isAllowed(uphill)).toBe(false);
    expect(isAllowed({ ...uphill, file: 'http/server.ts', target: 'store/sql/sqlite.ts' })).toBe(false);
    expect(isAllowed({ ...uphill, target: 'node:fs' })).toBe(false);
  });

  it('the page knows the shapes of the door, and runs of src what is typed for a package, its bounds and the plural, which touch nothing', () => {
    const ours = consoleFiles()
      .flatMap(importsOf)
      .filter(({ target }) => /^[^.].*\.ts$/.test(target));
    const types = ours.filter(({ typeOnly }) => typeOnly).map(({ target }) => target);
    expect(types.filter((target) => !/^(http\/shapes\/|installer\/install-commands)/.test(target))).toEqual(
      [],
    );
    expect([...reachedFrom(ours)].sort()).toEqual([
      'base/counted.ts',
      'base/shell-word.ts',
      'installer/install-commands.ts',
      'installer/product.ts',
      'protocol/limits.ts',
    ]);
  });

  it('only engines.ts names engines, and the identity on disk who starts a server or joins as one', () => {
    const naming = sourceFiles()
      .flatMap(importsOf)
      .filter(({ file, target }) => /^store\/(file|redis|sql)\//.test(target) && !file.startsWith('store/'))
      .map(({ file }) => file);
    expect([...new Set(naming)]).toEqual([
      'engines.ts',
      'node.ts',
      'joiner/joiner.ts',
      'joiner/own-standing.ts',
    ]);
  });
});
