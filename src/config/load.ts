/**
 * The one way from what an operator wrote to what the program believes: flag over environment over file over
 * default, read once, into two frozen values. Everything that is wrong is said at once, with its place and its
 * mend. Every value given is judged, also one that another overrides: it counts as soon as that other is gone.
 */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemCode } from '../base/errors.ts';
import { judgeWhole } from './combination.ts';
import { assembleConfig, assembleSecrets, type Config, type Role, type Secrets } from './config.ts';
import { readDocument, type Section } from './document.ts';
import { bad, describeFound, describeHidden, type Fault, type Kind, type Reading } from './kind.ts';
import { CONFIG_MAX_BYTES, readPrivateFile } from './private-file.ts';
import { errorCount, type Place, type Problem } from './problem.ts';
import type { Whole } from './rules/whole.ts';
import { isSecretPath, KEY_PATHS, type KeyPath, rowOf, type Values } from './schema.ts';
import {
  type Candidate,
  CONFIG_VARIABLE,
  type FlagValue,
  fromEnvironment,
  fromFile,
  fromFlags,
  type Origin,
} from './source.ts';
import { variableOf } from './variable.ts';

const DEFAULT_PATHS = ['/Library/FleetServer/config.yaml', '/etc/atlas-fleet/config.yaml'] as const;

export interface LoadOptions {
  /** Whose requirements must be met. */
  readonly role: Role;
  /** From --config. */
  readonly configPath?: string | undefined;
  readonly flags?: readonly FlagValue[];
  /** Go on without a file when none is named and none is found: an agent that runs from flags. */
  readonly fileOptional?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfig {
  readonly ok: true;
  readonly config: Config;
  readonly secrets: Secrets;
  /** By key, as the file spells it. */
  readonly values: Values;
  readonly origins: ReadonlyMap<KeyPath, Origin>;
  readonly warnings: readonly Problem[];
}

export interface RefusedConfig {
  readonly ok: false;
  /** The file that was looked at; null when none was found. */
  readonly path: string | null;
  /** Errors and warnings, in the order of their places. */
  readonly problems: readonly Problem[];
}

export function loadConfig(options: LoadOptions): LoadedConfig | RefusedConfig {
  const env = options.env ?? process.env;
  const path = findFile(options.configPath, env);
  if (path === null && !options.fileOptional) return { ok: false, path, problems: [noFile(options.role)] };
  const file = path === null ? { sections: [], problems: [] } : readFile(path);
  const sections = file.sections ?? [];
  const folder = path === null ? process.cwd() : dirname(path);
  const sources = [
    fromFile(sections, folder),
    fromEnvironment(env, process.cwd()),
    fromFlags(options.flags ?? [], process.cwd()),
  ];
  const candidates = sources.flatMap((source) => source.candidates);
  const { values, origins, problems: faults } = readValues(candidates, folder);
  const problems = [...file.problems, ...sources.flatMap((source) => source.problems), ...faults];

  // What could not be read at all lacks everything; to say so of each key would hide the one thing to mend.
  if (file.sections !== null) {
    const whole: Whole = {
      values,
      given: new Set(candidates.filter(({ plain }) => plain !== null).map(({ key }) => key)),
      doubtful: new Set([
        ...problems.flatMap((problem) => (problem.key === null ? [] : [problem.key as KeyPath])),
        ...sources.flatMap((source) => [...source.meant]),
      ]),
      hasFile: path !== null,
      placeOf: (key) => placeOf(key, candidates, sections, path),
    };
    problems.push(...judgeWhole(whole, options.role));
  }
  problems.sort(byPlace);
  if (errorCount(problems) > 0) return { ok: false, path, problems };
  return {
    ok: true,
    config: assembleConfig(values, path),
    secrets: assembleSecrets(values),
    values,
    origins,
    warnings: problems,
  };
}

function findFile(named: string | undefined, env: LoadOptions['env'] & {}): string | null {
  const given = named ?? (env[CONFIG_VARIABLE] || undefined);
  if (given !== undefined) return resolve(given);
  return DEFAULT_PATHS.find(exists) ?? null;
}

/** A file that we may not look at is there: it is reported as unreadable, and not passed over for another. */
function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
  }
}

function noFile(role: Role): Problem {
  return {
    severity: 'error',
    code: 'file_missing',
    place: { kind: 'flag', flag: '--config' },
    key: null,
    sentence: `not given, ${CONFIG_VARIABLE} is not set, and there is no ${DEFAULT_PATHS.join(' and no ')}`,
    hint:
      role === 'agent'
        ? 'Give --config, or --server with --api-key-file and --encryption-key-file.'
        : 'Run `atlas-fleet init` for a fresh config.yaml, and name it with --config.',
  };
}

function readFile(path: string): { sections: readonly Section[] | null; problems: readonly Problem[] } {
  const { text, problems } = readPrivateFile(path, CONFIG_MAX_BYTES);
  if (text === null) return { sections: null, problems };
  const reading = readDocument(path, text);
  if (reading.ok) return { sections: reading.sections, problems };
  return { sections: null, problems: [...problems, ...reading.problems] };
}

interface ReadValues {
  readonly values: Values;
  readonly origins: ReadonlyMap<KeyPath, Origin>;
  readonly problems: readonly Problem[];
}

/** `candidates`: the weakest source first. */
function readValues(candidates: readonly Candidate[], configFolder: string): ReadValues {
  const values: Record<string, unknown> = {};
  const origins = new Map<KeyPath, Origin>();
  const problems: Problem[] = [];
  for (const key of KEY_PATHS) {
    values[key] = rowOf(key).default;
    origins.set(key, { from: 'default' });
  }
  for (const candidate of candidates) {
    const { key, plain, origin } = candidate;
    const row = rowOf(key);
    // `state_path:` with nothing behind it is the same as no such line. For a secret it never is.
    const mayBeEmpty = row.default === null || row.derive !== undefined;
    if (plain === null && mayBeEmpty && !isSecretPath(key)) continue;
    const reading = readOne(row.kind, candidate);
    if (reading.ok) {
      values[key] = reading.value;
      origins.set(key, origin);
    } else {
      problems.push(faultProblem(candidate, reading));
    }
  }
  for (const key of KEY_PATHS) {
    const { derive } = rowOf(key);
    if (derive === undefined || origins.get(key)?.from !== 'default') continue;
    values[key] = derive({ config: configFolder, data: String(values['server.data_dir']) });
  }
  return { values: Object.freeze(values) as unknown as Values, origins, problems };
}

/** Never shown: behind `enabled: true` the next line may have been `cluster_secret:…`, without the space. */
const RUNS_OVER = bad('yaml_syntax', {
  sentence: 'the value runs on over the next line',
  hint: 'After each colon there has to be a space: `key: value`.',
});

/** Octal to one program and decimal to the next: whoever wrote it meant one of them. */
const ODD_NUMBER = bad('bad_value', {
  sentence: 'the number is not written in plain decimal digits',
  hint: 'Write it without leading zeros, sign, 0x, 0o or e.',
});

function readOne<T>(kind: Kind<T>, { plain, folder, oddity }: Candidate): Reading<T> {
  if (oddity === 'runs_over') return RUNS_OVER;
  const reading = kind.read(plain, folder);
  return reading.ok && oddity === 'odd_number' ? ODD_NUMBER : reading;
}

function faultProblem({ key, plain, place }: Candidate, fault: Fault): Problem {
  const { kind, view, default: usual } = rowOf(key);
  const found = view === 'open' ? describeFound(plain) : describeHidden(plain);
  const example = typeof usual === 'number' || typeof usual === 'string' ? String(usual) : kind.example;
  return {
    severity: 'error',
    code: fault.code,
    place,
    key,
    sentence: `${key}: ${fault.sentence ?? `found ${found}`}; expected ${kind.expected}`,
    hint: fault.hint ?? spelling(place, key, example),
  };
}

/** As the source spells it: who gave a flag is not sent to a file. */
function spelling(place: Place, key: KeyPath, example: string): string {
  const bare = example.replace(/^\["(.*)"\]$/, '$1'); // a list of one
  if (place.kind === 'flag') return `Give for example \`${place.flag} ${bare}\`.`;
  if (place.kind === 'environment') return `Set for example \`${place.variable}=${bare}\`.`;
  return `Write for example \`${key.slice(key.indexOf('.') + 1)}: ${example}\`.`;
}

/** Where the key stands; else its section, else the top of the file; without a file the variable it can be given by. */
function placeOf(
  key: KeyPath,
  candidates: readonly Candidate[],
  sections: readonly Section[],
  path: string | null,
): Place {
  const candidate = candidates.findLast((one) => one.key === key);
  if (candidate !== undefined) return candidate.place;
  if (path === null) return { kind: 'environment', variable: variableOf(key) };
  const section = sections.find((one) => one.name === key.slice(0, key.indexOf('.')));
  return section?.keyPlace ?? { kind: 'file', path, line: 1, column: 1 };
}

/** The file from top to bottom, then flags and environment in the order they were found. */
function byPlace({ place: a }: Problem, { place: b }: Problem): number {
  if (a.kind !== 'file' || b.kind !== 'file') return Number(a.kind !== 'file') - Number(b.kind !== 'file');
  return a.path === b.path ? a.line - b.line || a.column - b.column : 0;
}
