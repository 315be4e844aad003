/** What goes over from one config.yaml into another: single values, as the file spells them, each right by itself. */
import { readDocument } from '../../config/document.ts';
import type { FreshValues } from '../../config/fresh-config.ts';
import type { Plain } from '../../config/kind.ts';
import { CONFIG_MAX_BYTES, readPrivateFile } from '../../config/private-file.ts';
import { type KeyPath, rowOf } from '../../config/schema.ts';

/** null: the file is not there, or no YAML. Who else may read it does not matter here. */
export function carriedOver(path: string, keys: readonly KeyPath[]): FreshValues | null {
  const { text } = readPrivateFile(path, CONFIG_MAX_BYTES);
  const reading = text === null ? null : readDocument(path, text);
  if (!reading?.ok) return null;
  const given = new Map<string, Plain>(
    reading.sections.flatMap(({ name, keys: below }) =>
      (below ?? []).map(({ name: key, plain }) => [`${name}.${key}`, plain] as const),
    ),
  );
  return Object.fromEntries(
    keys.filter((key) => says(key, given.get(key))).map((key) => [key, given.get(key)]),
  );
}

/** A placeholder is right too, and says nothing. */
function says(key: KeyPath, plain: Plain | undefined): boolean {
  const reading = plain === undefined ? null : rowOf(key).kind.read(plain, '/');
  return reading?.ok === true && reading.value !== null;
}
