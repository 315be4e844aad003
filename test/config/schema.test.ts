import { describe, expect, it } from 'vitest';
import { refusal } from '../../src/cli/configuration.ts';
import { exitCodeOf } from '../../src/cli/exit.ts';
import { placeText } from '../../src/config/problem.ts';
import { isKeyPath, KEY_PATHS, type KeyPath, rowOf, SECTIONS } from '../../src/config/schema.ts';
import { configFile, load, problemsOf } from './config-file.ts';

const nameOf = (key: KeyPath) => key.slice(key.indexOf('.') + 1);
const sectionOf = (key: KeyPath) => key.slice(0, key.indexOf('.'));

/** The keys of product.md, counted by section, so that none is lost unseen. */
const COUNTS = {
  server: 14,
  database: 2,
  cluster: 23,
  agent: 6,
  package: 2,
  log: 3,
  retention: 3,
  notify: 3,
};

function problemsWith(key: KeyPath, line: string): string[] {
  return problemsOf(load(configFile(`${sectionOf(key)}:\n  ${line}\n`), { role: 'any' }));
}

/** Each way to mistype a name by one letter: doubled, left out, swapped, replaced. */
function misspellings(name: string): string[] {
  const middle = Math.floor(name.length / 2);
  const [head, one, two, tail] = [
    name.slice(0, middle - 1),
    name[middle - 1],
    name[middle],
    name.slice(middle + 1),
  ];
  return [
    `${head}${one}${one}${two}${tail}`,
    `${head}${one}${tail}`,
    `${head}${two}${one}${tail}`,
    `${head}${one}x${tail}`,
  ];
}

/** At this letter: left out, doubled, swapped with the next, another in its place. */
function slips(name: string, at: number): string[] {
  const [head, letter = '', next = '', tail] = [
    name.slice(0, at),
    name[at],
    name[at + 1],
    name.slice(at + 2),
  ];
  return [
    `${head}${next}${tail}`,
    `${head}${letter}${letter}${next}${tail}`,
    `${head}${next}${letter}${tail}`,
    `${head}${letter === 'q' ? 'j' : 'q'}${next}${tail}`,
  ].filter((one) => one !== name && one !== '');
}

/** Values of another type than the key has: the type of the schema for editors says which those are. */
const WRONG_VALUES = KEY_PATHS.flatMap((key): [KeyPath, string, string][] => {
  const { kind, view } = rowOf(key);
  const types = JSON.stringify(kind.schema);
  const hidden = (what: string, shown: string) => (view === 'open' ? shown : `a ${what} that is not shown`);
  const takes = (type: string) => types.startsWith(`{"type":"${type}"`);
  const wrong: [KeyPath, string, string][] = [];
  if (!takes('object')) wrong.push([key, '{ a: 1 }', 'a section']);
  if (!takes('array')) wrong.push([key, '[1]', 'a list']);
  if (!takes('boolean')) wrong.push([key, 'true', hidden('boolean', 'true')]);
  if (!takes('integer') && !types.includes('"integer"'))
    wrong.push([key, '12', hidden('number', 'the number 12')]);
  if (takes('integer') || takes('boolean') || takes('array') || takes('object'))
    wrong.push([key, '"a"', hidden('text', 'the text "a"')]);
  return wrong;
});

describe('the table of keys', () => {
  it('has every section and as many keys as the product names', () => {
    const counts = Object.fromEntries(
      SECTIONS.map((section) => [section, KEY_PATHS.filter((key) => sectionOf(key) === section).length]),
    );
    expect(counts).toEqual(COUNTS);
  });

  it.each(KEY_PATHS)('tells in one sentence what %s is for', (key) => {
    expect(rowOf(key).about).toMatch(/^[A-Z][^\n]*\.$/);
  });

  it.each(KEY_PATHS)('takes its own example and its own default of %s', (key) => {
    const { kind, default: usual, derive, view } = rowOf(key);
    if (view === 'open')
      expect(
        kind.read(kind.example.startsWith('[') ? JSON.parse(kind.example) : kind.fromText(kind.example), '/'),
      ).toMatchObject({ ok: true });
    if (usual !== null && derive === undefined)
      expect(kind.read(usual as never, '/')).toEqual({ ok: true, value: usual });
  });
});

describe('every key', () => {
  it.each(KEY_PATHS)('%s, misspelt, is a named error with the right spelling', (key) => {
    for (const name of misspellings(nameOf(key))) {
      if (KEY_PATHS.includes(`${sectionOf(key)}.${name}` as KeyPath) || name === nameOf(key)) continue;
      const [problem, ...others] = problemsWith(key, `${name}: 1`);
      expect(others).toEqual([]);
      expect(problem).toBe(
        `2:3 unknown_key section ${sectionOf(key)} has no key "${name}" | Did you mean "${nameOf(key)}"?`,
      );
    }
  });

  it.each(KEY_PATHS)('%s, in another section or in none, is a named error with its own section', (key) => {
    const name = nameOf(key);
    const elsewhere = SECTIONS.find((section) => !KEY_PATHS.includes(`${section}.${name}` as KeyPath)) ?? '';
    const homes = KEY_PATHS.filter((one) => nameOf(one) === name)
      .map(sectionOf)
      .join(' or ');
    const inside = problemsOf(load(configFile(`${elsewhere}:\n  ${name}: 1\n`), { role: 'any' }));
    expect(inside).toHaveLength(1);
    expect(inside[0]).toContain(
      `2:3 wrong_section key "${name}" stands in section ${elsewhere}, and belongs in section ${homes} |`,
    );
    const outside = problemsOf(load(configFile(`${name}: 1\n`), { role: 'any' }));
    expect(outside).toHaveLength(1);
    expect(outside[0]).toContain(
      `1:1 wrong_section key "${name}" stands outside of any section, and belongs in section ${homes} |`,
    );
  });

  it.each(WRONG_VALUES)(
    '%s, given as %s, is a named error with its place and what is expected',
    (key, value, found) => {
      const name = nameOf(key);
      const [problem, ...others] = problemsWith(key, `${name}: ${value}`).filter(
        (line) => !line.includes('not_used_yet'),
      );
      expect(others).toEqual([]);
      expect(problem).toContain(
        `2:${name.length + 5} wrong_type ${key}: found ${found}; expected ${rowOf(key).kind.expected} | `,
      );
      expect(problem).toMatch(/ \| .{10,}$/);
    },
  );

  it.each(KEY_PATHS)('%s, misspelt in every way by one letter, ends in a refusal', async (key) => {
    const name = nameOf(key);
    const spellings = new Set([...name].flatMap((_, at) => slips(name, at)));
    for (const one of spellings) {
      if (isKeyPath(`${sectionOf(key)}.${one}`)) continue;
      const result = load(configFile(`${sectionOf(key)}:\n  ${one}: 1\n`), { role: 'any' });
      if (result.ok) throw new Error(`${one} was taken`);
      expect(result.problems.map(({ code, place }) => `${code} ${placeText(place).slice(-3)}`)).toEqual([
        'unknown_key 2:3',
      ]);
      expect(exitCodeOf(await refusal(result))).toBe(3);
    }
  });

  it.each(SECTIONS)('of section %s is refused as a list or a text in place of the section', (section) => {
    const problem = (value: string) =>
      problemsOf(load(configFile(`${section}: ${value}\n`), { role: 'any' }));
    const hint = `Write \`${section}:\`, and \`  key: value\` below it.`;
    const place = `1:${section.length + 3}`;
    expect(problem('[a]')).toEqual([
      `${place} wrong_type section ${section} is a list; expected keys and values | ${hint}`,
    ]);
    expect(problem('true')).toEqual([
      `${place} wrong_type section ${section} is true; expected keys and values | ${hint}`,
    ]);
    expect(problem('')).toEqual([]);
  });
});

describe('a section', () => {
  it.each([
    ['clster', 'Did you mean "cluster"?'],
    ['Server', 'Did you mean "server"?'],
    ['databases', 'Did you mean "database"?'],
    ['kubernetes', `The sections are ${SECTIONS.join(', ')}.`],
  ])('that is %s is unknown', (name, hint) => {
    const result = load(configFile(`${name}:\n  x: 1\n`), { role: 'any' });
    expect(problemsOf(result)).toEqual([`1:1 unknown_section there is no section "${name}" | ${hint}`]);
  });
});

describe('a value out of its bounds', () => {
  it.each([
    ['server.port', '0', 'out_of_range', 'the number 0'],
    ['server.port', '65536', 'out_of_range', 'the number 65536'],
    ['server.port', '"8768"', 'wrong_type', 'the text "8768"'],
    ['server.port', '87.5', 'wrong_type', 'the number 87.5'],
    ['server.host', '10.0.0.666', 'bad_value', 'the text "10.0.0.666"'],
    ['server.host', 'a/b', 'bad_value', 'the text "a/b"'],
    ['server.public_url', 'ftp://x', 'bad_value', 'a text of 7 characters'],
    ['server.public_url', 'https://user:hunter2@x', 'bad_value', 'a text of 22 characters'],
    ['server.public_url', 'https://x/path', 'bad_value', 'a text of 14 characters'],
    ['server.tls', 'on', 'bad_value', 'the text "on"'],
    ['server.accept_v1', 'yes', 'wrong_type', 'the text "yes"'],
    ['server.data_dir', '"a\\u0000b"', 'bad_value', 'the text "a\\u0000b"'],
    ['cluster.heartbeat_interval', '0', 'out_of_range', 'the number 0'],
    ['cluster.heartbeat_interval', '11', 'out_of_range', 'the number 11'],
    ['cluster.heartbeat_interval', '1m', 'out_of_range', 'the text "1m"'],
    ['cluster.heartbeat_interval', '10 s', 'bad_value', 'the text "10 s"'],
    ['cluster.heartbeat_interval', '-1', 'out_of_range', 'the number -1'],
    ['cluster.heartbeat_interval', '.nan', 'wrong_type', 'the number NaN'],
    ['cluster.clock_tolerance', '31', 'out_of_range', 'the number 31'],
    ['cluster.node_id', '../etc', 'bad_value', 'the text "../etc"'],
    ['cluster.node_id', '-a', 'bad_value', 'the text "-a"'],
    ['cluster.node_id', '"a\\u202eb"', 'bad_value', 'the text "a\\u202eb"'],
    ['cluster.node_id', '007', 'wrong_type', 'the number 7'],
    ['cluster.cluster_id', 'ABCDEF', 'bad_value', 'the text "ABCDEF"'],
    ['agent.spool_max_mb', '0', 'out_of_range', 'the number 0'],
    ['log.level', 'verbose', 'bad_value', 'the text "verbose"'],
    ['notify.quiet_hours', '"25:00-07:00"', 'bad_value', 'the text "25:00-07:00"'],
  ] as const)('%s: %s is %s', (key, value, code, found) => {
    const problems = problemsWith(key, `${nameOf(key)}: ${value}`);
    expect(problems[0]).toContain(
      `2:${nameOf(key).length + 5} ${code} ${key}: found ${found}; expected ${rowOf(key).kind.expected} | `,
    );
  });

  it.each([
    [
      'server.trusted_proxies',
      '[10.0.0.0/33]',
      'entry 1 is the text "10.0.0.0/33"; expected an IP address or a CIDR range',
    ],
    ['cluster.redis_sentinels', '["a:1", "b"]', 'entry 2 is the text "b"; expected host:port'],
    ['cluster.redis_sentinels', '["a:70000"]', 'entry 1 is the text "a:70000"; expected host:port'],
    [
      'agent.pins',
      '[abc]',
      'entry 1 is the text "abc"; expected base64 of the SHA-256 of a public key, 44 characters',
    ],
  ] as const)('%s: %s names the entry', (key, value, sentence) => {
    expect(problemsWith(key, `${nameOf(key)}: ${value}`)[0]).toContain(
      `bad_value ${key}: ${sentence}; expected a list`,
    );
  });

  it.each(['a'.repeat(40), 'server-01', '0', 'A.b_c-d'])('is not the node_id %s', (nodeId) => {
    expect(problemsWith('cluster.node_id', `node_id: "${nodeId}"`)).toEqual([]);
  });

  it('is a node_id of 41 characters', () => {
    expect(problemsWith('cluster.node_id', `node_id: ${'a'.repeat(41)}`)[0]).toMatch(
      /^2:12 bad_value cluster.node_id: found a text of 41/,
    );
  });

  it.each(['ada lovelace', '.ada', '"Ada"', 'a/b', 'x'.repeat(129)])(
    'is not the web_username %s, which no server would take',
    (name) => {
      expect(problemsWith('server.web_username', `web_username: ${JSON.stringify(name)}`)[0]).toMatch(
        /bad_value server\.web_username: .*; expected a user name: at most 128 letters, digits and/,
      );
    },
  );

  it('is not a web_username in another spelling of the same letters', () => {
    const [problem] = problemsWith('server.web_username', 'web_username: "\u212bsa"');
    expect(problem).toMatch(/bad_value server\.web_username: .*not in their usual spelling \(Unicode NFC\)/);
  });
});
