/**
 * Changes or removes one value in the text of config.yaml and leaves every other byte as it was, comments and all.
 * Pure; config-file.ts puts the text in its place.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { AtlasError } from '../base/errors.ts';
import { aboveKey } from './fresh-config.ts';
import { quoted, type Settable } from './quoted.ts';
import { isKeyPath, type KeyPath } from './schema.ts';
import { behindLine, placeOf } from './section-lines.ts';

/**
 * `source` with the one key set. One that is not there takes the place of the commented line that freshConfig() writes
 * for it; without one it becomes the last of its section. Throws AtlasError `config_invalid` when the text is not YAML
 * or of a form that cannot be edited surely: the result is read again and compared before it is given.
 */
export function setKey(source: string, key: KeyPath, value: Settable): string {
  if (!isKeyPath(key)) throw new TypeError(`no such key: ${key}`);
  const before = parse(source);
  const [section = '', name = ''] = key.split('.');
  const edited = apply(source, editOf(source, before, key, quoted(value)));
  const expected = (before.toJS() ?? {}) as Record<string, Record<string, unknown> | null>;
  expected[section] = { ...expected[section], [name]: value };
  if (!isDeepStrictEqual(parse(edited).toJS(), expected)) throw notEditable();
  return edited;
}

/** `source` without the key, and without the sentence that freshConfig() writes above it. Throws as setKey(). */
export function removeKey(source: string, key: KeyPath): string {
  const before = parse(source);
  const [section = '', name = ''] = key.split('.');
  const keys = isMap(before.contents) ? find(before.contents, section)?.value : undefined;
  const pair = isMap(keys) ? find(keys, name) : undefined;
  if (!isMap(keys) || pair === undefined) return source;
  const edit = keys.flow ? outOfFlow(keys, pair) : outOfLines(source, pair, aboveKey(key));
  const edited = apply(source, edit);
  const whole = before.toJS() as Record<string, Record<string, unknown>>;
  const { [name]: _, ...rest } = whole[section] ?? {};
  const isLeft = keys.flow || Object.keys(rest).length > 0;
  if (!isDeepStrictEqual(parse(edited).toJS(), { ...whole, [section]: isLeft ? rest : null }))
    throw notEditable();
  return edited;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const insert = (at: number, text: string): Edit => ({ start: at, end: at, text });
const apply = (source: string, { start, end, text }: Edit) =>
  source.slice(0, start) + text + source.slice(end);

function parse(source: string): Document.Parsed {
  const document = parseDocument(source, {
    keepSourceTokens: true,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'silent',
  });
  const isTree = document.contents === null || isMap(document.contents) || isNothing(document.contents);
  if (document.errors.length > 0 || !isTree) throw notEditable();
  return document;
}

function notEditable(): AtlasError {
  const hint =
    'Write sections as `section:` with `  key: value` below; `atlas-fleet config check` says what is wrong.';
  return new AtlasError('config_invalid', 'config.yaml cannot be edited in its present form', { hint });
}

function editOf(source: string, { contents: root }: Document.Parsed, key: KeyPath, value: string): Edit {
  const [section = '', name = ''] = key.split('.');
  const eol = source.includes('\r\n') ? '\r\n' : '\n';
  if (!isMap(root)) return append(source, `${section}:${eol}  ${name}: ${value}${eol}`, eol);
  const pair = find(root, section);
  if (pair === undefined) {
    if (root.flow) return intoFlow(root, `${section}: { ${name}: ${value} }`);
    const indent = ' '.repeat(columnOf(source, root));
    return append(source, `${indent}${section}:${eol}${indent}  ${name}: ${value}${eol}`, eol);
  }
  const keys = pair.value;
  const insertAt = (column: number) =>
    intoLines(source, root, pair, { key, line: `${' '.repeat(column)}${name}: ${value}`, eol });
  if (isMap(keys)) {
    const found = find(keys, name);
    if (found !== undefined) return replace(source, found, value, eol);
    if (keys.flow) return intoFlow(keys, `${name}: ${value}`);
    return insertAt(columnOf(source, keys));
  }
  if (!isNothing(keys)) throw notEditable();
  if (root.flow || !isAbsent(keys)) return replace(source, pair, `{ ${name}: ${value} }`, eol);
  return insertAt(columnOf(source, root) + 2);
}

function find(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

const isNothing = (node: unknown) => node === null || (isScalar(node) && node.value === null);
const isAbsent = (node: unknown) =>
  node === null || (isScalar(node) && node.value === null && node.source === '');

function rangeOf(node: unknown): readonly [start: number, end: number] {
  const range = (node as Node | null)?.range;
  if (!range) throw notEditable();
  return [range[0], range[1]];
}

const endOf = ({ key, value }: Pair) => rangeOf(isAbsent(value) ? key : value)[1];

/** Characters before the first key on its line. */
function columnOf(source: string, map: YAMLMap): number {
  const [start] = rangeOf(map.items[0]?.key ?? map);
  return start - (source.lastIndexOf('\n', start - 1) + 1);
}

function replace(source: string, pair: Pair, value: string, eol: string): Edit {
  if (isAbsent(pair.value)) {
    const colon = pair.srcToken?.sep?.find((token) => token.type === 'map-value-ind');
    return colon === undefined
      ? insert(rangeOf(pair.key)[1], `: ${value}`)
      : insert(colon.offset + 1, ` ${value}`);
  }
  const [start, end] = rangeOf(pair.value);
  // The range of a block scalar (| or >) ends behind its last newline.
  const isBlock = source.slice(start, end).endsWith('\n');
  return { start, end, text: isBlock ? value + eol : value };
}

function intoFlow(map: YAMLMap, entry: string): Edit {
  return insert(rangeOf(map)[0] + 1, map.items.length === 0 ? ` ${entry} ` : ` ${entry},`);
}

function intoLines(
  source: string,
  root: YAMLMap,
  section: Pair,
  { key, line, eol }: { readonly key: KeyPath; readonly line: string; readonly eol: string },
): Edit {
  const next = root.items[root.items.indexOf(section) + 1];
  const last = isMap(section.value) ? section.value.items.at(-1) : undefined;
  const extent = {
    begin: behindLine(source, rangeOf(section.key)[1]),
    valuesEnd: behindLine(source, endOf(last ?? section) - 1),
    stop: next === undefined ? source.length : rangeOf(next.key)[0],
    column: columnOf(source, root),
  };
  const { start, end } = placeOf(source, extent, key);
  if (start < end) return { start, end, text: line };
  return insert(start, source[start - 1] === '\n' ? `${line}${eol}` : `${eol}${line}${eol}`);
}

function append(source: string, lines: string, eol: string): Edit {
  const isLineOpen = source !== '' && !source.endsWith('\n');
  return insert(source.length, isLineOpen ? `${eol}${lines}` : lines);
}

/** Whole lines, to the end of the last one that the value stands on. */
function outOfLines(source: string, pair: Pair, sentence: string): Edit {
  const start = source.lastIndexOf('\n', rangeOf(pair.key)[0] - 1) + 1;
  const above = source.lastIndexOf('\n', start - 2) + 1;
  const hasSentence = source.slice(above, start).trim() === sentence;
  return { start: hasSentence ? above : start, end: behindLine(source, endOf(pair) - 1), text: '' };
}

/** With one of the commas around it. */
function outOfFlow({ items }: YAMLMap, pair: Pair): Edit {
  const at = items.indexOf(pair);
  const [before, after] = [items[at - 1], items[at + 1]];
  if (after !== undefined) return { start: rangeOf(pair.key)[0], end: rangeOf(after.key)[0], text: '' };
  return { start: before === undefined ? rangeOf(pair.key)[0] : endOf(before), end: endOf(pair), text: '' };
}
