/**
 * Where a new key goes in a section of config.yaml that stands in lines. Found in the text and not in the tree, because
 * comments belong to no value. Pure; offsets are of `source`.
 */
import { aboveKey } from './fresh-config.ts';
import type { KeyPath } from './schema.ts';

export interface SectionExtent {
  /** Behind the line of `section:`. */
  readonly begin: number;
  /** Behind the line on which its last value ends. */
  readonly valuesEnd: number;
  /** Where the next section begins, or the end of the file. */
  readonly stop: number;
  /** Characters before `section:`; what is indented more belongs to it. */
  readonly column: number;
}

export interface Place {
  readonly start: number;
  /** The same as `start` where nothing gives way. */
  readonly end: number;
}

/** The line that shows the key commented out; without one, behind all that belongs to the section. */
export function placeOf(
  source: string,
  { begin, valuesEnd, stop, column }: SectionExtent,
  key: KeyPath,
): Place {
  const lines = [...linesOf(source, begin, stop)];
  const shown = lines.find(({ text }, at) => isShown(key, lines[at - 1]?.text, text));
  if (shown !== undefined) return shown;
  const isOwnComment = ({ start, text }: Line) =>
    start >= valuesEnd && text.search(/\S/) > column && text.trim().startsWith('#');
  const comment = lines.findLast(isOwnComment);
  const end = comment === undefined ? valuesEnd : behindLine(source, comment.start);
  return { start: end, end };
}

/** As freshConfig() shows it, its sentence above: a remark of somebody's own about the key stays. */
function isShown(key: KeyPath, above: string | undefined, text: string): boolean {
  const name = key.slice(key.indexOf('.') + 1);
  return above?.trim() === aboveKey(key) && text.trim().startsWith(`# ${name}: `);
}

interface Line extends Place {
  /** Without its line end, as `end` is before it. */
  readonly text: string;
}

function* linesOf(source: string, begin: number, stop: number): Generator<Line> {
  for (let start = begin; start < stop; start = behindLine(source, start)) {
    const text = source.slice(start, behindLine(source, start)).replace(/\r?\n$/, '');
    yield { start, end: start + text.length, text };
  }
}

/** Behind the newline of the line that `at` stands on; without one, the end of the file. */
export function behindLine(source: string, at: number): number {
  const newline = source.indexOf('\n', at);
  return newline === -1 ? source.length : newline + 1;
}
