/**
 * The places a value can stand in (flags, environment, file), each turned into candidates: a known key, a plain
 * value and where it stands. What is no key of ours is a problem with the nearest name that is, because a
 * misspelt security setting that is ignored is a setting that is off.
 */
import { resolve } from 'node:path';
import { escapeControls } from '../base/log.ts';
import type { Given, Oddity, Section } from './document.ts';
import { describeFound, type Plain } from './kind.ts';
import { nearest } from './nearest.ts';
import { readPrivateFile, SECRET_FILE_MAX_BYTES } from './private-file.ts';
import type { Place, Problem, ProblemCode } from './problem.ts';
import { isKeyPath, KEY_PATHS, type KeyPath, rowOf, SECTIONS, type SecretPath } from './schema.ts';
import { ENV_PREFIX, hasFileVariable, variableOf } from './variable.ts';

/** Where a value came from. */
export type Origin =
  | { readonly from: 'flag'; readonly flag: string }
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'file'; readonly line: number }
  | { readonly from: 'default' };

export interface Candidate {
  readonly key: KeyPath;
  readonly plain: Plain;
  readonly place: Place;
  readonly origin: Origin;
  /** What a relative path in the value is relative to. */
  readonly folder: string;
  readonly oddity: Oddity | null;
}

export interface Found {
  readonly candidates: Candidate[];
  readonly problems: Problem[];
  /** Keys that a misspelt name probably meant: they are not missing as well. */
  readonly meant: Set<KeyPath>;
}

const nothing = (): Found => ({ candidates: [], problems: [], meant: new Set() });

function problem(
  code: ProblemCode,
  place: Place,
  key: string | null,
  sentence: string,
  hint: string,
): Problem {
  return { severity: 'error', code, place, key, sentence, hint };
}

// The file

export function fromFile(sections: readonly Section[], folder: string): Found {
  const found = nothing();
  for (const section of sections) {
    if (!SECTIONS.includes(section.name)) {
      refuseTopLevel(section, found);
    } else if (section.keys === null) {
      const sentence = `section ${section.name} is ${describeFound(section.plain)}; expected keys and values`;
      const hint = `Write \`${section.name}:\`, and \`  key: value\` below it.`;
      found.problems.push(problem('wrong_type', section.valuePlace, section.name, sentence, hint));
    } else {
      for (const given of section.keys) takeKey(section.name, given, folder, found);
    }
  }
  return found;
}

function takeKey(section: string, given: Given, folder: string, found: Found): void {
  const key = `${section}.${given.name}`;
  if (isKeyPath(key)) {
    const { plain, valuePlace: place, oddity } = given;
    const origin: Origin = { from: 'file', line: place.line };
    found.candidates.push({ key, plain, place, origin, folder, oddity });
  } else {
    refuseKey(section, given, found);
  }
}

function refuseTopLevel(section: Section, found: Found): void {
  const { name, keyPlace } = section;
  const homes = homesOf(name);
  if (homes.length > 0) {
    refuseWrongSection(name, keyPlace, 'stands outside of any section', homes, found);
    return;
  }
  const meant = nearest(name, SECTIONS);
  const hint =
    meant === undefined
      ? `The sections are ${SECTIONS.join(', ')}.`
      : `Did you mean "${meant}"?${lookAlike(name)}`;
  for (const key of KEY_PATHS) if (meant === sectionOf(key)) found.meant.add(key);
  found.problems.push(
    problem('unknown_section', keyPlace, null, `there is no section ${shownName(name)}`, hint),
  );
}

function refuseKey(section: string, { name, keyPlace }: Given, found: Found): void {
  const homes = homesOf(name);
  if (homes.length > 0) {
    refuseWrongSection(name, keyPlace, `stands in section ${section}`, homes, found);
    return;
  }
  const siblings = KEY_PATHS.filter((key) => sectionOf(key) === section);
  const sibling = nearest(name, siblings.map(nameOf));
  const stranger = sibling === undefined ? nearest(name, KEY_PATHS.map(nameOf)) : undefined;
  const meant = sibling === undefined ? homesOf(stranger ?? '') : [`${section}.${sibling}` as KeyPath];
  for (const key of meant) found.meant.add(key);
  let hint = `The keys of ${section} are ${siblings.map(nameOf).join(', ')}.`;
  if (sibling !== undefined) hint = `Did you mean "${sibling}"?${lookAlike(name)}`;
  if (stranger !== undefined)
    hint = `Did you mean "${stranger}", in section ${meant.map(sectionOf).join(' or ')}?`;
  const sentence = `section ${section} has no key ${shownName(name)}`;
  found.problems.push(problem('unknown_key', keyPlace, null, sentence, hint));
}

/** Such as a Cyrillic o, which a person cannot tell from ours. */
const lookAlike = (name: string) =>
  /^[ -~]*$/.test(name) ? '' : ' It has a letter that only looks like one of ours.';

function refuseWrongSection(
  name: string,
  place: Place,
  where: string,
  homes: readonly KeyPath[],
  found: Found,
): void {
  for (const key of homes) found.meant.add(key);
  const sentence = `key "${name}" ${where}, and belongs in section ${homes.map(sectionOf).join(' or ')}`;
  const hint = `Did you mean "${homes.join('" or "')}"? Move it below \`${homes.map(sectionOf).join(':` or `')}:\`.`;
  found.problems.push(problem('wrong_section', place, null, sentence, hint));
}

const sectionOf = (key: KeyPath) => key.slice(0, key.indexOf('.'));
const nameOf = (key: KeyPath) => key.slice(key.indexOf('.') + 1);
const homesOf = (name: string) => KEY_PATHS.filter((key) => nameOf(key) === name);

/**
 * A name of another form, or a longer one that is like none of ours, may be a value whose colon went astray
 * (`api_key:…`), and so a secret: not shown. The length is arbitrary, shorter than any API key that is taken.
 */
const SHOWN_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,19}$/;
const NAME_FORM = /^[A-Za-z][A-Za-z0-9_.-]*$/;
const OUR_NAMES = [...SECTIONS, ...KEY_PATHS.map((key) => nameOf(key))];

function shownName(name: string): string {
  const ours = NAME_FORM.test(name) && nearest(name, OUR_NAMES) !== undefined;
  return ours || SHOWN_NAME.test(name) ? `"${name}"` : `of this name (${name.length} characters, not shown)`;
}

// The environment

/** Names the file itself, so it is no key of it. */
export const CONFIG_VARIABLE = 'ATLAS_FLEET_CONFIG';
/** Names a folder of this machine and nothing of a server (program/cache-folder.ts). */
const CACHE_VARIABLE = 'ATLAS_FLEET_CACHE';
const KEYLESS_VARIABLES: readonly string[] = [CONFIG_VARIABLE, CACHE_VARIABLE];
const FILE_SUFFIX = '_FILE';

const KEY_OF_VARIABLE = new Map(KEY_PATHS.map((key) => [variableOf(key), key]));
const KEY_OF_FILE_VARIABLE = new Map(
  KEY_PATHS.filter(hasFileVariable).map((key) => [variableOf(key) + FILE_SUFFIX, key]),
);

export function fromEnvironment(env: Readonly<Record<string, string | undefined>>, folder: string): Found {
  const found = nothing();
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !variable.startsWith(ENV_PREFIX) || KEYLESS_VARIABLES.includes(variable))
      continue;
    const place: Place = { kind: 'environment', variable };
    const origin: Origin = { from: 'environment', variable };
    const key = KEY_OF_VARIABLE.get(variable);
    const fileKey = KEY_OF_FILE_VARIABLE.get(variable);
    if (key !== undefined) {
      const plain = rowOf(key).kind.fromText(text);
      found.candidates.push({ key, plain, place, origin, folder, oddity: null });
    } else if (fileKey === undefined) {
      found.problems.push(unknownVariable(variable, place));
    } else if (env[variableOf(fileKey)] !== undefined) {
      const sentence = `${variableOf(fileKey)} is set as well; one of the two is expected`;
      found.problems.push(problem('given_twice', place, fileKey, sentence, `Unset ${variableOf(fileKey)}.`));
    } else {
      takeSecretFile(fileKey, resolve(folder, text), origin, found);
    }
  }
  return found;
}

function unknownVariable(variable: string, place: Place): Problem {
  const names = [...KEY_OF_VARIABLE.keys(), ...KEY_OF_FILE_VARIABLE.keys(), ...KEYLESS_VARIABLES];
  const bare = homesOf(variable.slice(ENV_PREFIX.length).toLowerCase()).map(variableOf);
  const meant = bare.length > 0 ? bare.join(' or ') : nearest(variable, names);
  const hint =
    meant === undefined
      ? 'A key such as cluster.redis_host is ATLAS_FLEET_CLUSTER__REDIS_HOST; unset what is not ours.'
      : `Did you mean ${meant}?`;
  return problem(
    'unknown_variable',
    place,
    null,
    `no key has the variable ${escapeControls(variable)}`,
    hint,
  );
}

function takeSecretFile(key: KeyPath, path: string, origin: Origin, found: Found): void {
  const { text, problems } = readPrivateFile(path, SECRET_FILE_MAX_BYTES);
  const named = origin.from === 'flag' ? origin.flag : origin.from === 'environment' && `$${origin.variable}`;
  // A config.yaml that is missing is made by init; a file with one secret is not.
  const hint = named && `Check the path that ${named} names.`;
  for (const one of problems)
    found.problems.push({ ...one, key, hint: one.code === 'file_missing' && hint ? hint : one.hint });
  if (text === null) return;
  const place: Place = { kind: 'file', path, line: 1, column: 1 };
  // `echo secret > file` ends the line; that newline is not part of the secret.
  const plain = text.replace(/\r?\n$/, '');
  found.candidates.push({ key, plain, place, origin, folder: '/', oddity: null });
}

// Flags

/** `--server URL`, or `--api-key-file PATH` for a secret, which is never an argument itself. */
export type FlagValue =
  | { readonly flag: string; readonly key: Exclude<KeyPath, SecretPath>; readonly text: string }
  | { readonly flag: string; readonly key: SecretPath; readonly file: string };

export function fromFlags(flags: readonly FlagValue[], folder: string): Found {
  const found = nothing();
  for (const given of flags) {
    const origin: Origin = { from: 'flag', flag: given.flag };
    if ('file' in given) {
      takeSecretFile(given.key, resolve(folder, given.file), origin, found);
      continue;
    }
    const place: Place = { kind: 'flag', flag: given.flag };
    const plain = rowOf(given.key).kind.fromText(given.text);
    found.candidates.push({ key: given.key, plain, place, origin, folder, oddity: null });
  }
  return found;
}
