/**
 * The text of config.yaml as sections of keys with plain values and their places. YAML 1.2 core schema, and of
 * it only what a config needs: no anchors, aliases, tags, directives, second documents or duplicate keys. The
 * bounds are checked on the flat token stream, before anything recursive runs. The parser's own messages are
 * never passed on: they may quote the text, and with it a secret.
 */
import {
  Composer,
  CST,
  type ErrorCode,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Plain } from './kind.ts';
import type { Place, Problem, ProblemCode } from './problem.ts';

/** Levels of nesting, the file itself being the first. A config uses four. */
const DEPTH_MAX = 8;
/** Tokens other than space and comments in one file. Arbitrary; a config with every key has about 400. */
const TOKENS_MAX = 4000;
/** Mistakes of YAML that are told of one file; most of them follow from the first. */
const MISTAKES_MAX = 20;

type FilePlace = Extract<Place, { kind: 'file' }>;

/**
 * What a value is beside what YAML reads in it. `runs_over`: several lines without being written so, mostly a colon
 * without a space after it. `odd_number`: a number that programs read differently, such as 010, 0x1F or 1e3.
 */
export type Oddity = 'runs_over' | 'odd_number';

export interface Given {
  readonly name: string;
  readonly plain: Plain;
  readonly keyPlace: FilePlace;
  readonly valuePlace: FilePlace;
  readonly oddity: Oddity | null;
}

export interface Section extends Omit<Given, 'plain' | 'oddity'> {
  /** null: the section is no mapping. */
  readonly keys: readonly Given[] | null;
  /** Of a section that is no mapping. */
  readonly plain: Plain;
}

export type Reading =
  | { readonly ok: true; readonly sections: readonly Section[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function readDocument(path: string, text: string): Reading {
  const counter = new LineCounter();
  const tokens = [...new Parser(counter.addNewLine).parse(text)];
  const at = (offset: number): FilePlace => {
    const { line, col } = counter.linePos(offset);
    return { kind: 'file', path, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const control = CONTROL.exec(text);
  if (control !== null) return { ok: false, problems: [controlProblem(control[0], at(control.index))] };
  const refused = refusedTokens(tokens).map(({ code, offset }) => yamlProblem(code, at(offset)));
  if (refused.length > 0) return { ok: false, problems: refused };

  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    logLevel: 'silent',
  });
  const [document, ...others] = composer.compose(tokens, true, text.length);
  if (document === undefined) return { ok: true, sections: [] };
  const problems = document.errors.map((error) =>
    yamlProblem(codeOf(error.code), at(error.pos[0]), error.code),
  );
  for (const other of others) problems.push(yamlProblem('yaml_documents', at(other.range[0])));
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MISTAKES_MAX) };

  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { ok: true, sections: [] };
  if (!isMap(root)) return { ok: false, problems: [yamlProblem('yaml_syntax', at(root.range?.[0] ?? 0))] };
  const reader = new Reader(text, at);
  return { ok: true, sections: root.items.map((pair) => reader.section(pair)) };
}

/**
 * What an editor does not show as it is: control characters but tab and line end, a byte order mark that is not
 * the first character, noncharacters, and the marks that let a line be read in another order than it is written.
 */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|\r(?!\n)|(?<!^)\ufeff/;

function controlProblem(character: string, place: FilePlace): Problem {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const sentence = `the character U+${code} stands there, which no editor shows as it is`;
  const hint = 'Remove it, and save the file as UTF-8 text; between double quotes it can be written as \\u…';
  return { severity: 'error', code: 'file_control', place, key: null, sentence, hint };
}

interface Refused {
  readonly code: ProblemCode;
  readonly offset: number;
}

const REFUSED: Readonly<Record<string, ProblemCode>> = {
  anchor: 'yaml_anchor',
  alias: 'yaml_anchor',
  tag: 'yaml_tag',
  directive: 'yaml_directive',
};

/** What a person may have any number of; the parser passes over it. */
const WEIGHTLESS: ReadonlySet<string> = new Set(['space', 'newline', 'comment']);

/** The first token of each kind that a config may not have. Walks with its own stack, never by recursion. */
function refusedTokens(tokens: readonly CST.Token[]): Refused[] {
  const found = new Map<ProblemCode, number>();
  const stack = tokens.map((token) => ({ token, depth: 0 })).reverse();
  let count = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { token, depth } = top;
    const code = REFUSED[token.type];
    if (code !== undefined && !found.has(code)) found.set(code, token.offset);
    if (!WEIGHTLESS.has(token.type)) count += 1;
    if (depth > DEPTH_MAX) return [{ code: 'yaml_too_deep', offset: token.offset }];
    if (count > TOKENS_MAX) return [{ code: 'yaml_too_many', offset: token.offset }];
    const below = CST.isCollection(token) ? depth + 1 : depth;
    for (const child of childrenOf(token).reverse()) stack.push({ token: child, depth: below });
  }
  return [...found].map(([code, offset]) => ({ code, offset }));
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return [...token.start, ...(token.value ? [token.value] : [])];
  if (token.type === 'block-scalar') return token.props;
  if (!CST.isCollection(token)) return [];
  const children: CST.Token[] = [];
  for (const item of token.items) {
    children.push(...item.start);
    if (item.key) children.push(item.key);
    if (item.sep) children.push(...item.sep);
    if (item.value) children.push(item.value);
  }
  return children;
}

class Reader {
  readonly #text: string;
  readonly #at: (offset: number) => FilePlace;

  constructor(text: string, at: (offset: number) => FilePlace) {
    this.#text = text;
    this.#at = at;
  }

  section(pair: Pair): Section {
    const { value } = pair;
    const { oddity: _, ...given } = this.given(pair);
    if (isMap(value)) return { ...given, keys: value.items.map((below) => this.given(below)) };
    return { ...given, keys: given.plain === null ? [] : null };
  }

  given(pair: Pair): Given {
    const key = pair.key as Node;
    const value = pair.value as Node | null;
    const [keyStart = 0, keyEnd = 0] = key.range ?? [];
    const [start = keyEnd, end = keyEnd] = value?.range ?? [];
    return {
      name: isScalar(key) ? String(key.value) : '',
      plain: toPlain(value),
      keyPlace: this.#at(keyStart),
      // An absent value is where its key is.
      valuePlace: this.#at(start === end ? keyStart : start),
      oddity:
        isScalar(value) && value.type === 'PLAIN' ? oddityOf(value, this.#text.slice(start, end)) : null,
    };
  }
}

const PLAIN_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

function oddityOf({ value }: Scalar, source: string): Oddity | null {
  if (source.includes('\n')) return 'runs_over';
  return typeof value === 'number' && !PLAIN_NUMBER.test(source) ? 'odd_number' : null;
}

function toPlain(node: unknown): Plain {
  if (isScalar(node)) return node.value as Plain;
  if (isSeq(node)) return node.items.map(toPlain);
  if (isMap(node)) return mapToPlain(node);
  return null;
}

/** Without a prototype, so that a key `__proto__` is a key like any other. */
function mapToPlain(node: YAMLMap): Plain {
  const plain: Record<string, Plain> = Object.create(null);
  for (const { key, value } of node.items) plain[String(isScalar(key) ? key.value : '')] = toPlain(value);
  return plain;
}

function codeOf(code: ErrorCode): ProblemCode {
  if (code === 'DUPLICATE_KEY') return 'duplicate_key';
  if (code === 'MULTIPLE_DOCS') return 'yaml_documents';
  if (code === 'RESOURCE_EXHAUSTION') return 'yaml_too_deep';
  return code === 'NON_STRING_KEY' ? 'wrong_type' : 'yaml_syntax';
}

const WORDS: Partial<Record<ProblemCode, readonly [sentence: string, hint: string]>> = {
  yaml_anchor: [
    'anchors (&) and aliases (*) are not read',
    'Write the value out; put quotes around a text that starts with & or *.',
  ],
  yaml_tag: ['tags (!) are not read', 'Remove the tag; put quotes around a text that starts with !.'],
  yaml_directive: [
    'directives (%) are not read',
    'Remove the line; put quotes around a text that starts with %.',
  ],
  yaml_documents: [
    'a second document starts here; one is read',
    'Remove the lines `---` and `...`, and what is not yours.',
  ],
  yaml_too_deep: [
    `it is nested deeper than ${DEPTH_MAX} levels`,
    'Sections hold keys, and keys hold values or lists; nothing goes deeper.',
  ],
  yaml_too_many: [`it has more than ${TOKENS_MAX} tokens`, 'Remove what does not belong there.'],
  duplicate_key: ['the same key stands there twice', 'Keep one of the two.'],
  wrong_type: ['a key has to be a text', 'Write `section:`, and `  key: value` below it.'],
};

/** For the mistakes that people make; whatever else is wrong gets the general sentence. */
const SYNTAX_WORDS: Partial<Record<ErrorCode, readonly [sentence: string, hint: string]>> = {
  TAB_AS_INDENT: ['a tab is used to indent', 'Indent with spaces.'],
  BAD_INDENT: ['the indentation does not fit', 'Indent the keys of a section by the same number of spaces.'],
  MISSING_CHAR: [
    'a closing quote, bracket or a colon is missing, here or above',
    'Close it; after a colon there has to be a space.',
  ],
  MULTILINE_IMPLICIT_KEY: [
    'a key runs over several lines',
    'After each colon there has to be a space: `key: value`.',
  ],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second key stands on the same line',
    'Put each key on its own line, or quotes around the value.',
  ],
  BAD_SCALAR_START: [
    'a value starts with a character that YAML reserves',
    'Put double quotes around the value.',
  ],
  BAD_DQ_ESCAPE: [
    'a double-quoted text has an unknown escape',
    'Write \\\\ for a backslash, or use single quotes.',
  ],
};

const GENERAL = ['it is not valid YAML here', 'Write `section:`, and `  key: value` below it.'] as const;

function yamlProblem(code: ProblemCode, place: FilePlace, syntax?: ErrorCode): Problem {
  const [sentence, hint] = WORDS[code] ?? (syntax && SYNTAX_WORDS[syntax]) ?? GENERAL;
  return { severity: 'error', code, place, key: null, sentence, hint };
}
