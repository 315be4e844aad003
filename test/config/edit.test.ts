import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AtlasError } from '../../src/base/errors.ts';
import { removeKey, setKey } from '../../src/config/edit.ts';
import { freshConfig } from '../../src/config/fresh-config.ts';
import {
  API_KEY,
  CLUSTER_SECRET,
  configFile,
  DB_KEY,
  ENCRYPTION_KEY,
  load,
  loaded,
  problemsOf,
} from './config-file.ts';

const edited = (source: string) => setKey(source, 'cluster.cluster_secret', 'NEW');

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('setting a key', () => {
  it.each([
    ['a list in brackets', '[a, b] # keep\n', '["x","y"] # keep\n'],
    ['a list of lines', '\n    - a\n    - b\n', '\n    ["x","y"]\n'],
    ['one value', 'a\n', '["x","y"]\n'],
  ])('puts a list in the place of %s', (_, before, after) => {
    const source = (value: string) => `cluster:\n  roster_pins: ${value}  enabled: true\n`;
    expect(setKey(source(before), 'cluster.roster_pins', ['x', 'y'])).toBe(source(after));
  });

  it.each([
    [
      'replaces a plain value',
      'cluster:\n  cluster_secret: old # keep\n',
      'cluster:\n  cluster_secret: "NEW" # keep\n',
    ],
    [
      'replaces a quoted value',
      "cluster:\n  cluster_secret:   'old'\n",
      'cluster:\n  cluster_secret:   "NEW"\n',
    ],
    [
      'replaces a block value',
      'cluster:\n  cluster_secret: |\n    a\n    b\n  enabled: true\n',
      'cluster:\n  cluster_secret: "NEW"\n  enabled: true\n',
    ],
    ['replaces null', 'cluster:\n  cluster_secret: ~\n', 'cluster:\n  cluster_secret: "NEW"\n'],
    [
      'fills in an absent value',
      'cluster:\n  cluster_secret:   # here\n  enabled: true\n',
      'cluster:\n  cluster_secret: "NEW"   # here\n  enabled: true\n',
    ],
    [
      'inserts at the end of the section, below its comments',
      'cluster: # c\n  # on\n  enabled: true # on\n\n  # late\n\n# of the log\nlog: {}\n',
      'cluster: # c\n  # on\n  enabled: true # on\n\n  # late\n  cluster_secret: "NEW"\n\n# of the log\nlog: {}\n',
    ],
    [
      'inserts with the indentation of the section',
      'cluster:\n     enabled: true\n',
      'cluster:\n     enabled: true\n     cluster_secret: "NEW"\n',
    ],
    [
      'inserts behind a list of lines',
      'cluster:\n  roster_pins:\n    - a\n    - b # c\nlog: {}\n',
      'cluster:\n  roster_pins:\n    - a\n    - b # c\n  cluster_secret: "NEW"\nlog: {}\n',
    ],
    [
      'inserts behind a block value and what it keeps of blank lines',
      'cluster:\n  note: |+\n    a\n\n\nlog: {}\n',
      'cluster:\n  note: |+\n    a\n\n\n  cluster_secret: "NEW"\nlog: {}\n',
    ],
    [
      'inserts behind a last line without an end',
      'cluster:\n  enabled: true',
      'cluster:\n  enabled: true\n  cluster_secret: "NEW"\n',
    ],
    [
      'inserts into a section of comments',
      'cluster:\n  # enabled: true\nlog: {}\n',
      'cluster:\n  # enabled: true\n  cluster_secret: "NEW"\nlog: {}\n',
    ],
    [
      'inserts below a key of the long form',
      '? cluster\n: enabled: true\n',
      '? cluster\n: enabled: true\n  cluster_secret: "NEW"\n',
    ],
    [
      'lets a remark about the key stand',
      'cluster:\n  # cluster_secret: ask Ada\n  enabled: true\n',
      'cluster:\n  # cluster_secret: ask Ada\n  enabled: true\n  cluster_secret: "NEW"\n',
    ],
    ['inserts into an empty section', 'cluster:\nlog: {}\n', 'cluster:\n  cluster_secret: "NEW"\nlog: {}\n'],
    [
      'inserts into braces',
      'cluster: {enabled: true}\n',
      'cluster: { cluster_secret: "NEW",enabled: true}\n',
    ],
    ['inserts into empty braces', 'cluster: {}', 'cluster: { cluster_secret: "NEW" }'],
    ['appends a section', 'log: {}', 'log: {}\ncluster:\n  cluster_secret: "NEW"\n'],
    ['appends to a file of comments', '# only\n', '# only\ncluster:\n  cluster_secret: "NEW"\n'],
    ['fills an empty file', '', 'cluster:\n  cluster_secret: "NEW"\n'],
    ['keeps the line ends of Windows', 'log: {}\r\n', 'log: {}\r\ncluster:\r\n  cluster_secret: "NEW"\r\n'],
    [
      'keeps a byte order mark',
      '\uFEFFcluster:\n  cluster_secret: a\n',
      '\uFEFFcluster:\n  cluster_secret: "NEW"\n',
    ],
  ])('%s', (_, before, after) => {
    expect(edited(before)).toBe(after);
  });

  it.each(['cluster: [a]\n', 'cluster: text\n', '- a\n', 'cluster:\n  a: 1\n  a: 2\n', 'log: {}\n...\n'])(
    'refuses %j rather than to guess',
    (source) => {
      const error = errorOf(() => edited(source));
      expect(error).toBeInstanceOf(AtlasError);
      expect(error).toMatchObject({
        code: 'config_invalid',
        message: 'config.yaml cannot be edited in its present form',
      });
    },
  );

  it('writes any text so that it is read back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => {
        const text = setKey('cluster:\n  enabled: true\n', 'cluster.cluster_secret', value.toWellFormed());
        expect(parse(text).cluster.cluster_secret).toBe(value.toWellFormed());
      }),
    );
  });
});

describe('removing a key', () => {
  const removed = (source: string) => removeKey(source, 'cluster.cluster_secret');

  it.each([
    [
      'takes its line, and the comment behind it',
      'cluster: # c\n  # above\n  cluster_secret: a # gone\n  # below\n  enabled: true\n',
      'cluster: # c\n  # above\n  # below\n  enabled: true\n',
    ],
    [
      'takes all lines of a block value',
      'cluster:\n  cluster_secret: |\n    a\n    b\n  enabled: true\n',
      'cluster:\n  enabled: true\n',
    ],
    [
      'takes all lines of a quoted value',
      'cluster:\n  cluster_secret: "a\n    b" # gone\n  enabled: true\n',
      'cluster:\n  enabled: true\n',
    ],
    [
      'takes one without a value',
      'cluster:\n  enabled: true\n  cluster_secret:',
      'cluster:\n  enabled: true\n',
    ],
    ['leaves an empty section', 'cluster:\n  cluster_secret: a\nlog: {}\n', 'cluster:\nlog: {}\n'],
    [
      'takes the first in braces',
      'cluster: { cluster_secret: a, enabled: true }\n',
      'cluster: { enabled: true }\n',
    ],
    [
      'takes the last in braces',
      'cluster: { enabled: true, cluster_secret: a }\n',
      'cluster: { enabled: true }\n',
    ],
    ['takes the only one in braces', 'cluster: {cluster_secret: a}', 'cluster: {}'],
    [
      'keeps the line ends of Windows',
      'cluster:\r\n  cluster_secret: a\r\n  b: 1\r\n',
      'cluster:\r\n  b: 1\r\n',
    ],
    ['finds nothing to take', 'cluster:\n  enabled: true\n', 'cluster:\n  enabled: true\n'],
    ['finds nothing in an empty file', '# only\n', '# only\n'],
  ])('%s', (_, before, after) => {
    expect(removed(before)).toBe(after);
  });

  it('takes the sentence that a fresh config has above it', () => {
    const rest = { 'cluster.enabled': true, 'cluster.redis_host': 'r' };
    expect(removed(freshConfig({ ...rest, 'cluster.cluster_secret': 'a' }))).toBe(freshConfig(rest));
  });

  it.each(['cluster:\n  a: 1\n  a: 2\n', '? cluster\n: cluster_secret: a\n  enabled: true\n'])(
    'refuses %j rather than to guess',
    (source) => {
      expect(errorOf(() => removed(source))).toMatchObject({ code: 'config_invalid' });
    },
  );
});

// Files as people write them: sections, comments, blank lines, three styles of value and both line ends.

const comment = fc.constantFrom('', ' # note', '   # a: b', ' # "quoted" \u00e9');
const scalar = fc.constantFrom('10', '"a b"', "'it''s'", 'true', 'plain', '[1, 2]', '{ a: 1 }', '~', '');
const filler = fc.constantFrom('', '# between\n', '\n', '  # indented: comment\n');
const keyLine = fc.tuple(
  fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'cluster_secret'),
  scalar,
  comment,
  filler,
);
const section = fc.record({
  name: fc.constantFrom('server', 'cluster', 'log', 'agent'),
  note: comment,
  before: filler,
  keys: fc.uniqueArray(keyLine, { selector: ([name]) => name, maxLength: 5 }),
});
const file = fc
  .record({
    sections: fc.uniqueArray(section, { selector: ({ name }) => name, maxLength: 4 }),
    windows: fc.boolean(),
    ended: fc.boolean(),
  })
  .map(({ sections, windows, ended }) => {
    const lines = sections.map(({ name, note, before, keys }) => {
      const below = keys.map(([key, value, end, after]) => `  ${key}: ${value}${end}\n${after}`).join('');
      return `${before}${name}:${note}\n${below}`;
    });
    const text = lines.join('');
    const cut = ended ? text : text.replace(/\n$/, '');
    return windows ? cut.replaceAll('\n', '\r\n') : cut;
  });

describe('an edit of any file', () => {
  it('keeps every other byte and every other value, and can be done again', () => {
    fc.assert(
      fc.property(file, (source) => {
        const text = edited(source);
        const before = (parse(source) ?? {}) as Record<string, Record<string, unknown> | null>;
        expect(parse(text)).toEqual({ ...before, cluster: { ...before.cluster, cluster_secret: 'NEW' } });
        expectOneSpan(source, text);
        expect(edited(text)).toBe(text);
        const again = setKey(text, 'cluster.cluster_secret', 'OTHER');
        expect(again).toBe(text.replace('"NEW"', '"OTHER"'));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a removal from any file', () => {
  it('leaves every other value, and every other byte but its own lines', () => {
    fc.assert(
      fc.property(file, (source) => {
        const text = removeKey(source, 'cluster.cluster_secret');
        const { cluster_secret: _, ...cluster } = parse(source)?.cluster ?? {};
        expect(parse(text)?.cluster ?? {}).toEqual(cluster);
        expect({ ...parse(text), cluster: 0 }).toEqual({ ...parse(source), cluster: 0 });
        expect(removeKey(text, 'cluster.cluster_secret')).toBe(text);
        let start = 0;
        while (start < text.length && source[start] === text[start]) start += 1;
        expect(source.endsWith(text.slice(start))).toBe(true);
        const gone = source.slice(start, source.length + start - text.length);
        expect(gone.split('\n').length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 500 },
    );
  });
});

/** One span differs: what stands before and behind it is the same, and of the old text only the old value is gone. */
function expectOneSpan(source: string, text: string): void {
  let start = 0;
  while (start < source.length && source[start] === text[start]) start += 1;
  let end = 0;
  while (end < source.length - start && source.at(-1 - end) === text.at(-1 - end)) end += 1;
  const gone = source.slice(start, source.length - end);
  expect(gone).not.toMatch(/[\n#]/);
  expect(gone.length).toBeLessThanOrEqual('"it\'\'s"'.length + 1);
}

describe('a fresh config', () => {
  const text = freshConfig({
    'server.host': '127.0.0.1',
    'server.port': 9000,
    'server.tls': 'off',
    'server.api_key': API_KEY,
    'server.encryption_key': ENCRYPTION_KEY,
    'server.db_encryption_key': DB_KEY,
    'cluster.enabled': true,
    'cluster.cluster_secret': CLUSTER_SECRET,
    'agent.servers': ['http://127.0.0.1:9000'],
  });

  it('loads as it was given, without a warning', () => {
    const result = loaded(configFile(text));
    expect(problemsOf(result)).toEqual([]);
    expect(result.config.server).toMatchObject({ host: '127.0.0.1', port: 9000, tls: 'off' });
    expect(result.config.agent.servers).toEqual(['http://127.0.0.1:9000']);
    expect(result.secrets.apiKey?.revealText()).toBe(API_KEY);
  });

  it('has a comment above each key, and shows defaults that change nothing when they are let in', () => {
    const lines = text.split('\n').filter((line) => /^ {2}(?:# )?[a-z_]+: /.test(line));
    for (const line of lines)
      expect(text).toMatch(
        new RegExp(`\\n {2}# [A-Z].*\\.\\n${line.replace(/[[\]{}.*+?$^|()\\]/g, '\\$&')}\\n`),
      );
    const letIn = text
      .replaceAll(/^ {2}# ([a-z_]+: )/gm, '  $1')
      .replace(/^.*(?:public_url|node_id):.*\n/gm, '');
    const [plain, full] = [loaded(configFile(text)), loaded(configFile(letIn))];
    expect({ ...full.config, source: null, database: null }).toEqual({
      ...plain.config,
      source: null,
      database: null,
      server: { ...plain.config.server, dataDir: full.config.server.dataDir },
      cluster: { ...plain.config.cluster, statePath: full.config.cluster.statePath },
      agent: { ...plain.config.agent, spoolDir: full.config.agent.spoolDir },
    });
  });

  it('has the lines that a second server copies', () => {
    expect(text).toContain('\n  # url: sqlite:data/fleet.db\n');
    expect(text).toContain('\n  # state_path: "data/cluster"\n');
    const { config } = loaded(configFile(text));
    const folder = dirname(config.server.dataDir);
    expect(config.database).toEqual({ engine: 'sqlite', path: join(folder, 'data/fleet.db') });
    expect(config.cluster.statePath).toBe(join(folder, 'data/cluster'));
  });

  it.each([
    ['has a key set where it is shown', '\n'],
    ['of Windows has a key set where it is shown', '\r\n'],
  ])('%s', (_, eol) => {
    const shown = text.replaceAll('\n', eol);
    const edited = setKey(
      setKey(shown, 'cluster.heartbeat_interval', 20),
      'server.public_url',
      'https://a.b',
    );
    expect(edited).toBe(
      shown
        .replace('  # heartbeat_interval: 10', '  heartbeat_interval: 20')
        .replace(/ {2}# public_url: .*?(?=\r?\n)/, '  public_url: "https://a.b"'),
    );
  });

  it('with nothing set has a key set where it is shown', () => {
    const shown = freshConfig({});
    const edited = setKey(shown, 'log.level', 'debug');
    expect(edited).toBe(shown.replace(/ {2}# level: .*/, '  level: "debug"'));
  });

  it('has keys that it does not show set last in their section, in the order in which they come', () => {
    const values = [
      ['cluster.cluster_id', '0'.repeat(32)],
      ['cluster.redis_host', 'redis.example.com'],
    ] as const;
    const edited = values.reduce((before, [key, value]) => setKey(before, key, value), text);
    const lines = `  cluster_id: "${'0'.repeat(32)}"\n  redis_host: "redis.example.com"\n`;
    expect(edited).toBe(text.replace(/(\ncluster:\n(?: .*\n)+)/, `$1${lines}`));
  });

  it('can be edited', () => {
    const path = configFile(setKey(text, 'cluster.cluster_id', '0'.repeat(32)));
    expect(load(path)).toMatchObject({ ok: true, config: { cluster: { clusterId: '0'.repeat(32) } } });
  });
});
