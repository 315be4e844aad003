/** A whole config.yaml, made of a part or two, and all that is said of it. */
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { refusal } from '../../../src/cli/configuration.ts';
import { exitCodeOf } from '../../../src/cli/exit.ts';
import type { Role } from '../../../src/config/config.ts';
import type { LoadedConfig, RefusedConfig } from '../../../src/config/load.ts';
import { type Problem, placeText } from '../../../src/config/problem.ts';
import { makeCertificate, type OwnCertificate } from '../../fakes/certificate.ts';
import {
  API_KEY,
  CLUSTER_SECRET,
  DB_KEY,
  ENCRYPTION_KEY,
  load,
  problemsOf,
  SERVER,
  temporaryFolder,
  writeFile,
} from '../config-file.ts';

/** What stands in config.yaml after api_key, encryption_key and db_encryption_key in lines 2 to 4. */
export interface Parts {
  /** Lines below `server:`. */
  readonly server?: string;
  /** Lines below `cluster:`, which is enabled and has a secret, on Redis. */
  readonly redis?: string;
  /** The same on files. */
  readonly file?: string;
  /** Other sections. */
  readonly more?: string;
  /** DIR is the folder of config.yaml. */
  readonly env?: Readonly<Record<string, string>>;
  /** Beside config.yaml; CERT and KEY in their texts are a certificate and its key. */
  readonly files?: readonly (readonly [name: string, text: string, mode?: number])[];
  /** Of config.yaml. */
  readonly mode?: number;
  readonly role?: Role;
}

export interface Case extends Parts {
  /** Code, key (- for none) and place: line and column, or a variable. */
  readonly is: string;
  readonly says: RegExp;
  readonly mend: RegExp;
}

export type Cases = Readonly<Record<string, Case>>;

export function each<T>(
  values: readonly T[],
  make: (value: T) => readonly [title: string, one: Case],
): Cases {
  return Object.fromEntries(values.map(make));
}

export const lines = (text: string) => text.replaceAll(/^(?=.)/gm, '  ').replace(/[^\n]$/, '$&\n');
export const url = (value: string) => `database:\n  url: "${value}"\n`;
export const POSTGRES = url('postgres://atlas@db.example.com/fleet');
export const HERE = 'redis_host: 127.0.0.1';
export const AWAY = 'redis_host: 10.0.1.50';

function textOf({ server = '', redis, file, more = '' }: Parts): string {
  const below = redis ?? file;
  if (below === undefined) return `${SERVER}${lines(server)}${more}`;
  const backend = redis === undefined ? 'file' : 'redis';
  const head = `enabled: true\nbackend: ${backend}\ncluster_secret: "${CLUSTER_SECRET}"\n`;
  return `${SERVER}${lines(server)}cluster:\n${lines(head)}${lines(below)}${more}`;
}

let certificate: OwnCertificate;
beforeAll(async () => {
  certificate = await makeCertificate();
});

export function read(parts: Parts): LoadedConfig | RefusedConfig {
  const folder = temporaryFolder();
  for (const [name, text, mode = 0o644] of parts.files ?? []) {
    const pem = text.replace('CERT', certificate.cert).replace('KEY', certificate.key);
    writeFile(join(folder, name), pem, mode);
  }
  const path = writeFile(join(folder, 'config.yaml'), textOf(parts), parts.mode ?? 0o600);
  const env = Object.entries(parts.env ?? {}).map(([name, value]) => [name, value.replace('DIR', folder)]);
  return load(path, { env: Object.fromEntries(env), role: parts.role ?? 'server' });
}

/** Code, key and place, without the folder of the test. */
function shortly({ code, key, place }: Problem): string {
  const where = placeText(place)
    .replace(/^.*\/config\.yaml:/, '')
    .replace(/^.*\/(?=secret:)/, '');
  return `${code} ${key ?? '-'} ${where}`;
}

function expectSaid(problems: readonly Problem[], { is, says, mend }: Case): void {
  expect(problems.map(shortly)).toEqual([is]);
  expect(problems[0]?.sentence).toMatch(says);
  expect(problems[0]?.hint).toMatch(mend);
}

/** A test for each: one error, exit code 3, and no secret in what is said. */
export function refuses(cases: Cases): void {
  it.each(Object.entries(cases))('%s', async (_, one) => {
    const result = read(one);
    if (result.ok) throw new Error('it was taken');
    expectSaid(
      result.problems.filter(({ severity }) => severity === 'error'),
      one,
    );
    const said = problemsOf(result).join('\n');
    for (const secret of [API_KEY, CLUSTER_SECRET, ENCRYPTION_KEY, DB_KEY])
      expect(said).not.toContain(secret);
    expect(exitCodeOf(await refusal(result))).toBe(3);
  });
}

/** A test for each: one warning, and it starts. */
export function warnsOf(cases: Cases): void {
  it.each(Object.entries(cases))('%s', (_, one) => {
    const result = read(one);
    if (!result.ok) throw new Error(problemsOf(result).join('\n'));
    expectSaid(result.warnings, one);
  });
}

/** A test for each: not a word. */
export function takes(cases: Readonly<Record<string, Parts>>): void {
  it.each(Object.entries(cases))('%s', (_, parts) => {
    const said = problemsOf(read(parts));
    expect(said.filter((line) => !line.includes('not_used_yet'))).toEqual([]);
  });
}
