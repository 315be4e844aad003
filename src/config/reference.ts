/** What can be configured, from the table of keys: for people as rows, for editors as a JSON Schema (draft 2020-12). */
import type { JsonSchema } from './kind.ts';
import { KEY_PATHS, type KeyPath, rowOf, SECTIONS } from './schema.ts';
import { hasFileVariable, variableOf } from './variable.ts';

export interface KeyReference {
  readonly key: KeyPath;
  /** What a value has to be. */
  readonly type: string;
  /** As the file would spell it; null: not given. */
  readonly default: string | null;
  readonly variable: string;
  /** Whether there is a variable …_FILE as well. */
  readonly fromFile: boolean;
  readonly about: string;
}

export function keyReferences(): KeyReference[] {
  return KEY_PATHS.map((key) => ({
    key,
    type: rowOf(key).kind.expected,
    default: defaultText(key),
    variable: variableOf(key),
    fromFile: hasFileVariable(key),
    about: rowOf(key).about,
  }));
}

/** Paths from the folder of the file on. `dataDir`: as the file says it. */
export function defaultText(key: KeyPath, dataDir = 'data'): string | null {
  const { default: fixed, derive, kind } = rowOf(key);
  const value = derive?.({ config: '', data: dataDir }) ?? fixed;
  if (value === null) return null;
  return typeof value === 'object' && kind.toText ? kind.toText(value) : JSON.stringify(value);
}

export function configSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'config.yaml of Atlas Fleet',
    type: ['object', 'null'],
    additionalProperties: false,
    properties: Object.fromEntries(SECTIONS.map((section) => [section, sectionSchema(section)])),
  };
}

function sectionSchema(section: string): JsonSchema {
  const keys = KEY_PATHS.filter((key) => key.startsWith(`${section}.`));
  return {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: Object.fromEntries(keys.map((key) => [key.slice(section.length + 1), keySchema(key)])),
  };
}

/** `state_path:` with nothing behind it is the same as no such line, except for a secret. */
function keySchema(key: KeyPath): JsonSchema {
  const { about, kind, default: usual, derive, view } = rowOf(key);
  const isSecret = view === 'secret' || view === 'password';
  const mayBeNull = !isSecret && (usual === null || derive !== undefined);
  const values = mayBeNull ? { anyOf: [kind.schema, { type: 'null' }] } : kind.schema;
  const hasDefault = usual !== null && derive === undefined;
  return { description: about, ...values, ...(hasDefault && { default: usual }) };
}
