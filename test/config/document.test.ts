import { describe, expect, it } from 'vitest';
import { API_KEY, CLUSTER_SECRET, configFile, load, problemsOf, SERVER } from './config-file.ts';

/** Far above what a refusal takes and far below what a bomb takes: a bound of work, not a measurement. */
const BOUND = { timeout: 5000 };
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
    ['a key twice', 'server:\n  port: 1\n  port: 2\n', ['3:3 duplicate_key']],
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

  it('is not YAML 1.1: yes, on and 010 are no truth and no octal number', () => {
    expect(problems('server:\n  accept_v1: on\n')[0]).toContain(
      '2:14 wrong_type server.accept_v1: found the text "on"',
    );
    expect(problems('server:\n  port: 010\n')).toEqual([]);
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
