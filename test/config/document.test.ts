import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { API_KEY, CLUSTER_SECRET, configFile, load, problemsOf, SERVER } from './config-file.ts';

/** Far above what a refusal takes and far below what a bomb takes: a bound of work, not a measurement. */
const BOUND = { timeout: 60_000 };
/** The largest text that is read at all. */
const FULL = 65_536;
const fill = (part: string) => part.repeat(Math.floor(FULL / part.length));
const problems = (text: string) => problemsOf(load(configFile(text), { role: 'any' }));

const ALIAS_BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefghi'.split('').map((name, index) => {
    const before = 'abcdefgh'[index];
    return `${name}: &${name} [${`*${before}, `.repeat(9)}]`;
  }),
].join('\n');

describe('what YAML can do and a config does not need', () => {
  it.each([
    ['an anchor and an alias', 'server: &a\n  port: 1\ncluster: *a\n', ['1:9 yaml_anchor']],
    ['a merge by alias', 'server: &a\n  port: 1\nlog:\n  <<: *a\n', ['1:9 yaml_anchor']],
    ['a tag of its own', 'server:\n  port: !!js/function "x"\n', ['2:9 yaml_tag']],
    ['a standard tag', 'server:\n  port: !!str 1\n', ['2:9 yaml_tag']],
    ['a directive', '%YAML 1.1\n---\nserver:\n  accept_v1: yes\n', ['1:1 yaml_directive']],
    ['a second document', 'server:\n  port: 1\n---\nserver:\n  port: 2\n', ['3:1 yaml_documents']],
    ['a merge key', 'log:\n  <<: { level: debug }\n', ['2:3 unknown_key']],
    ['a merge key on top', '<<: { log: {} }\n', ['1:1 unknown_section']],
    ['a tag of Python', 'log:\n  level: !!python/object/apply:os.system ["id"]\n', ['2:10 yaml_tag']],
    ['binary', 'log:\n  level: !!binary ZGVidWc=\n', ['2:10 yaml_tag']],
    ['a verbatim tag', 'log:\n  level: !<tag:yaml.org,2002:str> debug\n', ['2:10 yaml_tag']],
    ['a tagged key', 'log:\n  !x level: debug\n', ['2:3 yaml_tag']],
    ['a tagged section', 'log: !!map\n  level: debug\n', ['1:6 yaml_tag']],
    ['an anchored key', 'log:\n  &a level: debug\n', ['2:3 yaml_anchor']],
    ['a directive of tags', '%TAG ! tag:x,2000:\n---\nlog: {}\n', ['1:1 yaml_directive']],
    ['a key twice', 'server:\n  port: 1\n  port: 2\n', ['3:3 duplicate_key']],
    ['a key twice, once with quotes', 'server:\n  port: 1\n  "port": 2\n', ['3:3 duplicate_key']],
    ['a key twice, once escaped', 'server:\n  port: 1\n  "p\\x6frt": 2\n', ['3:3 duplicate_key']],
    ['a key twice in braces', 'server: { port: 1, port: 2 }\n', ['1:20 duplicate_key']],
    ['a section twice', 'server:\n  port: 1\nlog: {}\nserver: {}\n', ['4:1 duplicate_key']],
    ['a key that is a list', 'server:\n  [a]: 1\n', ['2:3 wrong_type']],
    ['a text in place of sections', 'just a text\n', ['1:1 yaml_syntax']],
    ['a list in place of sections', '- server\n', ['1:1 yaml_syntax']],
    ['a tab as indentation', 'server:\n\tport: 1\n', ['2:1 yaml_syntax']],
    ['an open quote', 'server:\n  host: "abc\n', ['3:1 yaml_syntax']],
  ])('%s is refused with its place', (_, text, expected) => {
    expect(
      problems(text)
        .map((line) => line.split(' ', 2).join(' '))
        .slice(0, 1),
    ).toEqual(expected);
  });

  it('is said in words and with a mend', () => {
    expect(problems('server: &a\n  port: !x 1\n')).toEqual([
      '1:9 yaml_anchor anchors (&) and aliases (*) are not read | Write the value out; put quotes around a text that starts with & or *.',
      '2:9 yaml_tag tags (!) are not read | Remove the tag; put quotes around a text that starts with !.',
    ]);
  });

  it.each(['yes', 'no', 'on', 'off', 'y', 'n'])('is not YAML 1.1: %s is a text and no truth', (word) => {
    expect(problems(`server:\n  accept_v1: ${word}\n`)[0]).toContain(
      `2:14 wrong_type server.accept_v1: found the text "${word}"; expected true or false`,
    );
  });

  it.each(['010', '0o17', '0x1F', '1e3', '+5', '5.', '.5e1'])(
    'has one spelling of a number: %s is refused where a number is expected',
    (number) => {
      expect(problems(`server:\n  port: ${number}\n`)).toEqual([
        '2:9 bad_value server.port: the number is not written in plain decimal digits; expected a whole number from 1 to 65535 | ' +
          'Write it without leading zeros, sign, 0x, 0o or e.',
      ]);
    },
  );

  it.each([
    ['9'.repeat(400), 'wrong_type'],
    ['1e400', 'wrong_type'],
    ['99999999999999999999', 'wrong_type'],
    ['1_000', 'wrong_type'],
    ['1:30', 'wrong_type'],
    ['0b11', 'wrong_type'],
    ['.inf', 'wrong_type'],
    ['-0', 'out_of_range'],
  ])('takes no number that is none of ours: %s', (number, code) => {
    expect(problems(`server:\n  port: ${number}\n`)[0]).toMatch(new RegExp(`^2:9 ${code} server.port`));
  });
});

describe('a hostile file', () => {
  it.each([
    ['an alias bomb', ALIAS_BOMB, 'yaml_anchor'],
    ['deep lists', fill('['), 'yaml_too_deep'],
    ['deep maps', fill('{'), 'yaml_too_deep'],
    ['deep lists and maps', fill('[{'), 'yaml_too_deep'],
    ['deep block lists', fill('- '), 'yaml_too_deep'],
    ['deep explicit keys', fill('? '), 'yaml_too_deep'],
    [
      'deep indentation',
      Array.from({ length: 350 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'yaml_too_deep',
    ],
    ['nine levels', 'server:\n  port: [[[[[[[[1]]]]]]]]\n', 'yaml_too_deep'],
    [
      'many keys',
      Array.from({ length: 7000 }, (_, index) => `k${index}: 1`)
        .join('\n')
        .slice(0, FULL),
      'yaml_too_many',
    ],
    ['many equal keys', fill('a: 1\n'), 'yaml_too_many'],
    ['many entries', `server:\n  trusted_proxies: [${'1,'.repeat(30_000)}]\n`, 'yaml_too_many'],
    ['many documents', fill('---\n'), 'yaml_too_many'],
    ['many anchors', fill('&a '), 'yaml_too_many'],
    ['many tags', fill('!a '), 'yaml_too_many'],
    ['many directives', fill('%YAML 1.2\n'), 'yaml_too_many'],
    ['many closing brackets', fill(']'), 'yaml_too_many'],
    ['many quotes', fill('"'), 'yaml_syntax'],
    ['a line of 64 KB in quotes', `server:\n  host: "${'a'.repeat(60_000)}"\n`, 'bad_value'],
    ['a comment of 64 KB', `#${' a: b'.repeat(12_000)}\nserver: []\n`, 'wrong_type'],
    ['a key of 64 KB', `server:\n  ${'a'.repeat(60_000)}: 1\n`, 'yaml_syntax'],
    ['aliases that no anchor has', fill('- *a\n'), 'yaml_too_many'],
    ['merge keys', `log:\n${'  <<: {}\n'.repeat(1000)}`, 'duplicate_key'],
    ['a megabyte', `server:\n  host: ${'a'.repeat(1024 * 1024)}\n`, 'file_too_large'],
    ['a megabyte of depth', '['.repeat(1024 * 1024), 'file_too_large'],
  ])('with %s is refused in a bound of work', BOUND, (_, text, code) => {
    expect(problems(text)[0]?.split(' ')[1]).toBe(code);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'reaches nothing by the name %s',
    (name) => {
      expect(problems(`server:\n  ${name}: { polluted: 1 }\n`)[0]).toMatch(/^2:3 unknown_key /);
      expect(problems(`${name}:\n  polluted: 1\n`)[0]).toMatch(/^1:1 unknown_section /);
      expect(problems(`notify:\n  smtp: { ${name}: { polluted: 1 } }\n`)[0]).toMatch(/^2:9 not_used_yet /);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    },
  );
});

describe('what no editor shows as it is', () => {
  it.each([
    ['NUL', '\0', '0000'],
    ['bell', '\u0007', '0007'],
    ['escape', '\u001b', '001B'],
    ['delete', '\u007f', '007F'],
    ['next line', '\u0085', '0085'],
    ['line separator', '\u2028', '2028'],
    ['right-to-left override', '\u202e', '202E'],
    ['isolate', '\u2067', '2067'],
    ['a second byte order mark', '\ufeff', 'FEFF'],
    ['a noncharacter', '\uffff', 'FFFF'],
    ['a carriage return alone', '\r', '000D'],
  ])('is refused with its place, in a value and in a comment: %s', (_, character, code) => {
    const said = `file_control the character U+${code} stands there, which no editor shows as it is | `;
    expect(problems(`log:\n  level: de${character}bug\n`)[0]).toContain(`2:12 ${said}`);
    expect(problems(`log: {}\n# no${character}te\n`)[0]).toContain(`2:5 ${said}`);
  });

  it.each([
    ['UTF-16 with a mark, little end first', Buffer.from(`\ufeff${SERVER}`, 'utf16le'), 'file_not_utf8'],
    ['UTF-16 without a mark', Buffer.from(SERVER, 'utf16le'), 'file_control'],
    [
      'UTF-16 with a mark, big end first',
      Buffer.from(`\ufeff${SERVER}`, 'utf16le').swap16(),
      'file_not_utf8',
    ],
    ['a sequence cut short', Buffer.from([0x23, 0xe2, 0x82]), 'file_not_utf8'],
    ['an overlong slash', Buffer.from([0x23, 0xc0, 0xaf]), 'file_not_utf8'],
    ['half a surrogate pair', Buffer.from([0x23, 0xed, 0xa0, 0x80]), 'file_not_utf8'],
  ])('is refused as another encoding: %s', (_, bytes, code) => {
    expect(problemsOf(load(configFile(bytes), { role: 'any' }))[0]?.split(' ')[1]).toBe(code);
  });

  it.each([
    ['a Cyrillic o', 'server:\n  p\u043ert: 1\n', 'Did you mean "port"? It has a letter that only looks'],
    [
      'full-width letters',
      'server:\n  \uff50\uff4f\uff52\uff54: 1\n',
      'Did you mean "port"? It has a letter',
    ],
    ['a zero-width space', 'server:\n  po\u200brt: 1\n', 'Did you mean "port"? It has a letter'],
    ['a look-alike section', 's\u0435rver:\n  port: 1\n', 'Did you mean "server"? It has a letter'],
  ])('names the key that is meant: %s', (_, text, hint) => {
    expect(problems(text)).toHaveLength(1);
    expect(problems(text)[0]).toContain(hint);
  });
});

/** Pieces that YAML gives a meaning to, so that random texts come near to files. */
const PIECES = [
  ...['server', 'cluster', 'port', 'redis_host', 'url', 'postgres://a:b@c/d', 'true', '1', '010', '~', '""'],
  ...[
    ': ',
    ':',
    '\n',
    '\n  ',
    '\n\t',
    ' ',
    '- ',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '|',
    '>',
    '"',
    "'",
    '#',
    '\r\n',
  ],
  ...[
    '&a ',
    '*a',
    '!!str ',
    '<<',
    '%YAML 1.2\n',
    '---\n',
    '...',
    '__proto__',
    '\ufeff',
    '\0',
    '\u202e',
    '\\x',
  ],
];

describe('any file', () => {
  const ends = (text: string | Uint8Array) => {
    const result = load(configFile(text), { role: 'any' });
    if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
    for (const line of problemsOf(result)) expect(line).toMatch(/^\d+:\d+ [a-z0-9_]+ .+ \| .+$/u);
  };

  it('of random bytes ends in problems or in a configuration', BOUND, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => ends(bytes)),
      { numRuns: 300 },
    );
  });

  it('of random pieces of YAML ends in problems or in a configuration', BOUND, () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), (pieces) => ends(pieces.join(''))),
      { numRuns: 1000 },
    );
  });
});

describe('a secret that a slip puts in the wrong place', () => {
  it.each([
    [
      'no space after the colon, last line',
      `cluster:\n  enabled: true\n  cluster_secret:${CLUSTER_SECRET}\n`,
    ],
    [
      'no space after the colon, amid lines',
      `cluster:\n  cluster_secret:${CLUSTER_SECRET}\n  enabled: true\n`,
    ],
    ['no space after the colon, in braces', `cluster: { cluster_secret:${CLUSTER_SECRET} }\n`],
    ['no colon', `cluster:\n  cluster_secret ${CLUSTER_SECRET}\n  enabled: true\n`],
    ['as a key', `cluster:\n  ${CLUSTER_SECRET}: x\n`],
    ['as a section', `${CLUSTER_SECRET}:\n  x: 1\n`],
    ['below another key', `cluster:\n  node_id: ${CLUSTER_SECRET}\n`],
    ['below a misspelt key', `cluster:\n  cluster_secrt: ${CLUSTER_SECRET}\n`],
    ['in another section', `server:\n  cluster_secret: ${CLUSTER_SECRET}\n`],
    ['outside of any section', `cluster_secret: ${CLUSTER_SECRET}\n`],
    ['in an open quote', `cluster:\n  cluster_secret: "${CLUSTER_SECRET}\n`],
    ['with a bad escape', `cluster:\n  cluster_secret: "\\q${CLUSTER_SECRET}"\n`],
    ['twice', `cluster:\n  cluster_secret: ${CLUSTER_SECRET}\n  cluster_secret: ${CLUSTER_SECRET}\n`],
    ['with a tag', `cluster:\n  cluster_secret: !x ${CLUSTER_SECRET}\n`],
    ['in a list', `cluster:\n  cluster_secret: [${CLUSTER_SECRET}]\n`],
    ['in a list of something else', `agent:\n  servers: [${CLUSTER_SECRET}]\n`],
    ['behind a value', `cluster:\n  enabled: true ${CLUSTER_SECRET}\n`],
    ['as a directive', `%${CLUSTER_SECRET}\n`],
    ['as an anchor', `cluster:\n  cluster_secret: &${CLUSTER_SECRET} x\n`],
  ])('is refused and not repeated: %s', (_, text) => {
    const found = problems(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).not.toContain(CLUSTER_SECRET.slice(0, 12));
  });

  it('is not repeated either when it is short and stands on the next line', () => {
    const found = problems('server:\n  accept_v1: true\n    api_key:hunter2\n');
    expect(found).toEqual([
      '2:14 yaml_syntax server.accept_v1: the value runs on over the next line; expected true or false | ' +
        'After each colon there has to be a space: `key: value`.',
    ]);
  });

  it('is not repeated when it is a number', () => {
    const found = problems('cluster:\n  redis_password: 31415926\n');
    expect(found).toEqual([
      '2:19 wrong_type cluster.redis_password: found a number that is not shown; expected a password | ' +
        'Put the value between double quotes, so that it is read as text.',
    ]);
  });
});

describe('forms that people use', () => {
  it.each([
    ['nothing at all', ''],
    ['only comments', '# nothing yet\n'],
    ['a document mark', `---\n${SERVER}`],
    ['a byte order mark', `\uFEFF${SERVER}`],
    ['the line ends of Windows', SERVER.replaceAll('\n', '\r\n')],
    ['no newline at the end', SERVER.trimEnd()],
    ['braces', `{ server: { api_key: "${API_KEY}", port: 1 } }`],
    ['empty sections', 'server:\ncluster: {}\nlog: # none\n'],
  ])('are read: %s', (_, text) => {
    expect(problems(text)).toEqual([]);
  });
});
