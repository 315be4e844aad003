/** The JSON Schema for editors, read by a validator that is not ours, and the documentation, held to the table. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freshConfig } from '../../src/config/fresh-config.ts';
import { configSchema, type KeyReference, keyReferences } from '../../src/config/reference.ts';
import { KEY_PATHS, SECTIONS } from '../../src/config/schema.ts';
import { generateSecretText } from '../../src/protocol/keyring.ts';
import { API_KEY, CLUSTER_SECRET, configFile, load, problemsOf, SERVER } from './config-file.ts';

type Validate = ((data: unknown) => boolean) & { errors?: readonly { instancePath: string }[] | null };
interface Validator {
  validateSchema(schema: object): boolean;
  compile(schema: object): Validate;
}

/** ajv comes with fastify; nothing of ours depends on it. */
const fromFastify = createRequire(fileURLToPath(import.meta.resolve('fastify')));
const { Ajv2020 } = fromFastify('ajv/dist/2020.js') as {
  Ajv2020: new (options: object) => Validator;
};

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const validate = ajv.compile(configSchema());

function wrongAt(text: string): string[] {
  validate(parse(text));
  return (validate.errors ?? []).map(({ instancePath }) => instancePath);
}

describe('the JSON Schema', () => {
  it('is one of draft 2020-12, with every key and its sentence', () => {
    const schema = configSchema() as {
      properties: Record<string, { properties: Record<string, { description: string }> }>;
    };
    expect(ajv.validateSchema(schema)).toBe(true);
    const described = Object.entries(schema.properties).flatMap(([section, { properties }]) =>
      Object.entries(properties).map(([name, { description }]) => [`${section}.${name}`, description]),
    );
    expect(described).toEqual(keyReferences().map(({ key, about }) => [key, about]));
  });

  it.each([
    ['a fresh config', freshConfig({ 'server.api_key': API_KEY, 'cluster.cluster_secret': CLUSTER_SECRET })],
    ['what a server needs', SERVER],
    ['empty sections', 'server:\ncluster:\n'],
    ['nulls of the package builder', 'cluster:\n  redis_host: ~\n  state_path: ~\n  node_id: ""\n'],
    ['both forms of a duration', 'cluster:\n  heartbeat_interval: 5\n  node_timeout: 1m\n'],
    ['PostgreSQL', 'database:\n  url: postgres://atlas@db/fleet\n'],
    ['lists', 'agent:\n  servers: [https://a.example]\ncluster:\n  redis_sentinels: ["a:1"]\n'],
  ])('takes what the loader takes: %s', (_, text) => {
    expect(wrongAt(text)).toEqual([]);
    const said = problemsOf(load(configFile(text), { role: 'any' }));
    expect(said.filter((line) => !line.includes('not_used_yet'))).toEqual([]);
  });

  it.each([
    ['server:\n  prot: 1\n', '/server'],
    ['severs: {}\n', ''],
    ['server:\n  port: "8768"\n', '/server/port'],
    ['server:\n  port: 0\n', '/server/port'],
    ['server:\n  accept_v1: "yes"\n', '/server/accept_v1'],
    ['server:\n  api_key: ~\n', '/server/api_key'],
    ['server: []\n', '/server'],
    ['log:\n  level: loud\n', '/log/level'],
    ['cluster:\n  cluster_id: ABC\n', '/cluster/cluster_id'],
    ['cluster:\n  node_id: ../etc\n', '/cluster/node_id'],
    ['cluster:\n  heartbeat_interval: 5 s\n', '/cluster/heartbeat_interval'],
    ['database:\n  url: mysql://x\n', '/database/url'],
    ['agent:\n  servers: https://a.example\n', '/agent/servers'],
  ])('refuses what the loader refuses: %j', (text, place) => {
    expect(wrongAt(text)).toContain(place);
    expect(load(configFile(text), { role: 'any' }).ok).toBe(false);
  });
});

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');

const cell = (text: string) => text.replaceAll('|', '\\|');

/** A row of the document, from the table of keys. */
function markdownRow({ key, type, default: usual, about, fromFile }: KeyReference): string {
  const name = key.slice(key.indexOf('.') + 1);
  const shown = usual === null ? '–' : `\`${usual}\``;
  return `| \`${name}\`${fromFile ? ' 🔒' : ''} | ${cell(type)} | ${shown} | ${cell(about)} |`;
}

describe('docs/configuration.md', () => {
  it.each(SECTIONS)('has section %s with every key, its type, its default and its sentence', (section) => {
    const rows = keyReferences().filter(({ key }) => key.startsWith(`${section}.`));
    const table = ['| key | value | default | |', '|---|---|---|---|', ...rows.map(markdownRow)].join('\n');
    expect(DOCUMENT).toContain(`### ${section}\n\n${table}\n`);
  });

  it('has no key that is none', () => {
    const named = [...DOCUMENT.matchAll(/^\| `([a-z0-9_]+)`(?: 🔒)? \|/gm)].map(([, name]) => name);
    expect(named).toEqual(KEY_PATHS.map((key) => key.slice(key.indexOf('.') + 1)));
  });

  const examples = [...DOCUMENT.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

  it('has examples', () => expect(examples.length).toBeGreaterThanOrEqual(3));

  it.each(examples)('has an example that loads once its secrets are filled in: %#', (example) => {
    const text = example
      .replaceAll('<secret>', generateSecretText)
      .replaceAll('<password>', () => crypto.randomUUID())
      .replaceAll(/^.*ca_file: .*\n/gm, '');
    expect(problemsOf(load(configFile(text), { role: 'any' }))).toEqual([]);
    expect(wrongAt(text)).toEqual([]);
  });
});
